//! A database for one test, gone with it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::Connection;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use rolecall::config::DatabaseUrl;

static NEXT: AtomicU32 = AtomicU32::new(0);

pub enum TestDatabase {
    Sqlite { folder: PathBuf },
    Postgres { server: String, name: String },
}

/// Whether this run is the one on PostgreSQL.
pub fn is_postgres() -> bool {
    std::env::var("ROLECALL_TEST_DATABASE").is_ok_and(|kind| kind == "postgres")
}

/// A part of a name that no other database has.
fn unique() -> String {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut random = [0_u8; 4];
    getrandom::fill(&mut random).unwrap();
    let random = u32::from_le_bytes(random);
    format!("{}_{number}_{random:x}", std::process::id())
}

impl TestDatabase {
    pub fn create() -> Self {
        let unique = unique();
        if is_postgres() {
            let server = std::env::var("ROLECALL_TEST_POSTGRES").expect(
                "ROLECALL_TEST_POSTGRES must be the address of a server: eval \"$(.ci/postgres start)\"",
            );
            let name = format!("rolecall_test_{unique}");
            sql(&server, &format!("CREATE DATABASE {name}"));
            Self::Postgres { server, name }
        } else {
            Self::in_a_file(&unique)
        }
    }

    /// On SQLite, whichever run this is.
    pub fn on_sqlite() -> Self {
        Self::in_a_file(&unique())
    }

    fn in_a_file(unique: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("rolecall_test_{unique}"));
        std::fs::create_dir_all(&folder).unwrap();
        Self::Sqlite { folder }
    }

    /// As `DATABASE_URL` takes it.
    pub fn address(&self) -> String {
        match self {
            Self::Sqlite { folder } => format!("sqlite://{}", folder.join("rolecall.db").display()),
            Self::Postgres { server, name } => on_server(server, name),
        }
    }

    pub fn url(&self) -> DatabaseUrl {
        DatabaseUrl::parse(&self.address()).unwrap()
    }

    /// Runs a statement beside the service, as another process would.
    pub fn execute(&self, statement: &str) {
        match self {
            Self::Sqlite { .. } => {
                let path = self.address().replace("sqlite://", "");
                let mut connection = diesel::SqliteConnection::establish(&path).unwrap();
                // The service may be writing down that a token was used.
                let wait = diesel::sql_query("PRAGMA busy_timeout = 5000");
                diesel::RunQueryDsl::execute(wait, &mut connection).unwrap();
                let run = diesel::sql_query(statement);
                diesel::RunQueryDsl::execute(run, &mut connection).unwrap();
            }
            Self::Postgres { .. } => sql(&self.address(), statement),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match self {
            Self::Sqlite { folder } => drop(std::fs::remove_dir_all(folder)),
            Self::Postgres { server, name } => {
                sql(
                    server,
                    &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                );
            }
        }
    }
}

/// The same server's other database.
fn on_server(server: &str, name: &str) -> String {
    let (address, options) = match server.split_once('?') {
        Some((address, options)) => (address, format!("?{options}")),
        None => (server, String::new()),
    };
    let (_, rest) = address.split_once("://").unwrap();
    let host = rest.split('/').next().unwrap();
    format!("postgres://{host}/{name}{options}")
}

pub(super) fn sql(server: &str, statement: &str) {
    let server = server.to_owned();
    let statement = statement.to_owned();
    // The wrapper brings a runtime, and must not meet another on this thread.
    std::thread::spawn(move || {
        let mut connection =
            AsyncConnectionWrapper::<AsyncPgConnection>::establish(&server).unwrap();
        diesel::RunQueryDsl::execute(diesel::sql_query(&statement), &mut connection).unwrap();
    })
    .join()
    .unwrap();
}
