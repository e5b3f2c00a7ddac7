//! The schema's history, embedded in the program.

use diesel::Connection;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{StorageError, sqlite};
use crate::config::DatabaseUrl;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Chosen once, only to keep two starting processes from migrating together.
const MIGRATION_LOCK: i64 = 0x726f_6c65_6361_6c6c;

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
            let joined = std::thread::spawn(move || postgres(&url)).join();
            joined
                .unwrap_or_else(|_| Err(StorageError::Unavailable("the migration panicked".into())))
        }
    }
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
) -> Result<(), StorageError> {
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
