//! A database for one test, gone with it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::Connection;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use rolecall::config::{DatabaseUrl, Settings};
use rolecall::storage::{Empty, Store};

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
    /// With the current schema: a copy of a template, which takes a tenth of the
    /// time that the migrations take.
    pub fn migrated() -> Self {
        let unique = unique();
        if is_postgres() {
            let server = server();
            let name = format!("rolecall_test_{unique}");
            copy_template(&server, &name);
            return Self::Postgres { server, name };
        }
        let database = Self::in_a_file(&unique);
        if let Self::Sqlite { folder } = &database {
            std::fs::copy(template_file(&unique), folder.join("rolecall.db")).unwrap();
        }
        database
    }

    /// Without tables.
    pub fn create() -> Self {
        let unique = unique();
        if is_postgres() {
            let server = server();
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

fn server() -> String {
    std::env::var("ROLECALL_TEST_POSTGRES").expect(
        "ROLECALL_TEST_POSTGRES must be the address of a server: eval \"$(.ci/postgres start)\"",
    )
}

/// A name for the template: another build of the tests may have other migrations.
fn template() -> String {
    let program = std::env::current_exe().unwrap();
    let built = std::fs::metadata(program).unwrap().modified().unwrap();
    let built = built.duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("rolecall_template_{:x}", built.as_nanos())
}

fn migrate(url: &str) {
    let mut settings = Settings::default();
    settings.database.url = DatabaseUrl::parse(url).unwrap();
    drop(Store::open(&settings.database, Empty::Fill).unwrap());
}

/// Every test is a process of its own: the first makes the template, and the others
/// wait for it.
fn copy_template(server: &str, name: &str) {
    let template = template();
    let copy = format!("CREATE DATABASE {name} TEMPLATE {template}");
    if try_sql(server, &copy).is_ok() {
        return;
    }
    let unfinished = format!("{template}_unfinished");
    let (url, address) = (on_server(server, &unfinished), server.to_owned());
    on_a_thread(move || {
        let mut connection =
            AsyncConnectionWrapper::<AsyncPgConnection>::establish(&address).unwrap();
        let mut run = |statement: String| {
            diesel::RunQueryDsl::execute(diesel::sql_query(statement), &mut connection).unwrap()
        };
        run("SELECT pg_advisory_lock(4711)".to_owned());
        let found = format!("SELECT FROM pg_database WHERE datname = '{template}'");
        if run(found) > 0 {
            return;
        }
        run(format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"));
        run(format!("CREATE DATABASE {unfinished}"));
        migrate(&url);
        run(format!("ALTER DATABASE {unfinished} RENAME TO {template}"));
    });
    sql(server, &copy);
}

/// The template, made by whichever test comes first. Two that make one at the same
/// time make the same.
fn template_file(unique: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(template());
    if !file.exists() {
        let made = folder.join(format!("{}_{unique}", template()));
        migrate(&format!("sqlite://{}", made.display()));
        let _ = std::fs::remove_file(made.with_extension("marker"));
        std::fs::rename(made, &file).unwrap();
    }
    file
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
    try_sql(server, statement).unwrap();
}

fn try_sql(server: &str, statement: &str) -> diesel::QueryResult<()> {
    let server = server.to_owned();
    let statement = statement.to_owned();
    on_a_thread(move || {
        let mut connection =
            AsyncConnectionWrapper::<AsyncPgConnection>::establish(&server).unwrap();
        diesel::RunQueryDsl::execute(diesel::sql_query(&statement), &mut connection).map(drop)
    })
}

/// The wrapper of the connection brings a runtime, and must not meet another on
/// this thread.
fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::spawn(work).join().unwrap()
}
