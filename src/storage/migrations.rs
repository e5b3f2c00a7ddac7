//! The schema's history, embedded in the program.

use diesel::Connection;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::postgres::to_pooler;
use super::{StorageError, sqlite};
use crate::config::{Database, DatabaseUrl, Pooler};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Chosen once, only to keep two starting processes from migrating together.
const MIGRATION_LOCK: i64 = 0x726f_6c65_6361_6c6c;

/// Applies what is missing to the database with these settings, past a pooler
/// where there is a way. Returns the names of what was applied.
///
/// Blocks, and must not be called on an async thread.
pub fn bring_up(settings: &Database) -> Result<Vec<String>, StorageError> {
    match (&settings.direct_url, &settings.url, settings.pooler) {
        (Some(direct), _, _) => run(direct),
        (None, DatabaseUrl::Postgres(url), Pooler::Transaction) => {
            let url = url.expose().to_owned();
            on_its_own(move || through_pooler(&url))
        }
        (None, url, _) => run(url),
    }
}

/// Applies what is missing and returns the names of what was applied.
///
/// Blocks, and must not be called on an async thread.
pub fn run(url: &DatabaseUrl) -> Result<Vec<String>, StorageError> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            let mut connection =
                sqlite::connection::open(path, sqlite::connection::MIGRATION_WAIT)?;
            // One transaction for all: two processes that start together on
            // one file wait for each other instead of meeting half way.
            connection
                .immediate_transaction(|connection| {
                    apply(connection, SQLITE).map_err(Failed::Migration)
                })
                .map_err(Failed::into_storage)
        }
        DatabaseUrl::Postgres(url) => {
            let url = url.expose().to_owned();
            on_its_own(move || postgres(&url))
        }
    }
}

/// Each connection brings a runtime, and must not meet another on its thread.
fn on_its_own(
    work: impl FnOnce() -> Result<Vec<String>, StorageError> + Send + 'static,
) -> Result<Vec<String>, StorageError> {
    let joined = std::thread::spawn(work).join();
    joined.unwrap_or_else(|_| Err(StorageError::Unavailable("the migration panicked".into())))
}

/// All in one transaction, which is as long as a session lasts there. What
/// cannot be done in one, such as an index made concurrently, says so, and
/// needs the way past the pooler.
fn through_pooler(url: &str) -> Result<Vec<String>, StorageError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| StorageError::Unavailable(error.to_string()))?;
    let _inside = runtime.enter();
    let connection = runtime.block_on(to_pooler(url))?;
    let mut connection = AsyncConnectionWrapper::<AsyncPgConnection>::from(connection);
    connection
        .transaction(|connection| {
            lock(connection, "pg_advisory_xact_lock")?;
            apply(connection, POSTGRES).map_err(Failed::Migration)
        })
        .map_err(Failed::into_storage)
}

fn postgres(url: &str) -> Result<Vec<String>, StorageError> {
    let mut connection = AsyncConnectionWrapper::<AsyncPgConnection>::establish(url)?;
    lock(&mut connection, "pg_advisory_lock")?;
    let applied = apply(&mut connection, POSTGRES);
    lock(&mut connection, "pg_advisory_unlock")?;
    applied.map_err(|error| StorageError::Unavailable(format!("migration failed: {error}")))
}

fn lock(
    connection: &mut AsyncConnectionWrapper<AsyncPgConnection>,
    function: &str,
) -> Result<(), diesel::result::Error> {
    let statement = diesel::sql_query(format!("SELECT {function}({MIGRATION_LOCK})"));
    diesel::RunQueryDsl::execute(statement, connection)?;
    Ok(())
}

type MigrationError = Box<dyn std::error::Error + Send + Sync>;

fn apply<C, DB>(
    connection: &mut C,
    source: EmbeddedMigrations,
) -> Result<Vec<String>, MigrationError>
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
{
    let applied = connection.run_pending_migrations(source)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

enum Failed {
    Query(diesel::result::Error),
    Migration(MigrationError),
}

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self::Query(error)
    }
}

impl Failed {
    fn into_storage(self) -> StorageError {
        match self {
            Self::Query(error) => error.into(),
            Self::Migration(error) => {
                StorageError::Unavailable(format!("migration failed: {error}"))
            }
        }
    }
}
