//! The schema's history, embedded in the program.

use std::collections::BTreeSet;
use std::path::Path;

use diesel::backend::Backend;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::sqlite::Sqlite;
use diesel::{Connection, ConnectionError, QueryResult, RunQueryDsl};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::postgres::{Address, for_commands, to_pooler};
use super::{StorageError, sqlite};
use crate::config::{Database, DatabaseUrl, Pooler};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Chosen once, only to keep two starting processes from migrating together.
const MIGRATION_LOCK: i64 = 0x726f_6c65_6361_6c6c;

/// What becomes of a database that holds nothing yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// It gets its tables.
    Fill,
    /// It is none: perhaps its address is mistyped.
    Refuse,
}

const APPLIED: &str = "SELECT version FROM __diesel_schema_migrations";

/// Applies what is missing to the database with these settings, past a pooler
/// where there is a way. Returns the names of what was applied.
///
/// Blocks, and must not be called on an async thread.
pub fn bring_up(settings: &Database, empty: Empty) -> Result<Vec<String>, StorageError> {
    match (&settings.direct_url, &settings.url, settings.pooler) {
        (Some(direct), _, _) => run(direct, settings, empty),
        (None, DatabaseUrl::Postgres(url), Pooler::Transaction) => {
            let address = Address::of(url, settings)?;
            on_its_own(move || through_pooler(&address, empty))
        }
        (None, url, _) => run(url, settings, empty),
    }
}

fn run(url: &DatabaseUrl, settings: &Database, empty: Empty) -> Result<Vec<String>, StorageError> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            // Before it is opened as ours, which would leave marks in it.
            check_file(path, empty)?;
            let mut connection =
                sqlite::connection::open(path, sqlite::connection::MIGRATION_WAIT)?;
            if is_current::<Sqlite>(diesel::sql_query(APPLIED).load(&mut connection), SQLITE)? {
                return Ok(Vec::new());
            }
            // One transaction for all: two processes that start together on
            // one file wait for each other instead of meeting half way.
            connection
                .immediate_transaction(|connection| {
                    apply(connection, SQLITE).map_err(Failed::Migration)
                })
                .map_err(Failed::into_storage)
        }
        DatabaseUrl::Postgres(url) => {
            let address = Address::of(url, settings)?;
            on_its_own(move || postgres(&address, empty))
        }
    }
}

/// The version of the first migration: whoever has run it is one of ours.
const FIRST: &str = "20261124000001";

/// Tables that a database of ours has, by names that others may have, too.
const OURS: &[&str] = &[
    "users",
    "roles",
    "grants",
    "workspaces",
    "clusters",
    "partners",
];

/// Refuses a file that is another program's, and one that is not there unless it
/// is to be made.
pub fn check_file(path: &Path, empty: Empty) -> Result<(), StorageError> {
    let is_there = std::fs::metadata(path).is_ok_and(|file| file.len() > 0);
    let tables = match is_there {
        true => sqlite::connection::tables(path, FIRST)?,
        false => Tables::default(),
    };
    tables.check(empty, |_| true)
}

/// The same of a backup, which no newer version may have made either.
pub fn check_backup(path: &Path) -> Result<(), StorageError> {
    check_file(path, Empty::Refuse)?;
    let applied = sqlite::connection::versions(path);
    let applied = applied.map(|all| all.into_iter().map(|version| Applied { version }).collect());
    is_current::<Sqlite>(applied, SQLITE).map(drop)
}

/// What a database holds before it is migrated.
#[derive(Debug, Default)]
pub struct Tables {
    pub is_ours: bool,
    pub names: Vec<String>,
}

/// Keeps the history of every program that Diesel migrates.
pub const HISTORY: &str = "__diesel_schema_migrations";

impl Tables {
    /// `is_foreign` says which tables a database without our history cannot have.
    fn check(&self, empty: Empty, is_foreign: impl Fn(&str) -> bool) -> Result<(), StorageError> {
        if self.is_ours {
            return Ok(());
        }
        let mut names = self.names.iter().filter(|name| *name != HISTORY);
        match (names.find(|name| is_foreign(name)), empty) {
            (Some(table), _) => Err(StorageError::NotOurs(format!(
                "this is not a rolecall database: it has the table {table} of another program"
            ))),
            (None, Empty::Refuse) => Err(StorageError::NotOurs(
                "there is no such database: `rolecall serve` and `rolecall migrate` make one, --database names another".into(),
            )),
            (None, Empty::Fill) => Ok(()),
        }
    }
}

/// The same as [`check_file`], of the database that is connected to.
fn check_connected(connection: &mut Blocking, empty: Empty) -> Result<(), StorageError> {
    let listed =
        "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()";
    let listed: Vec<Named> = RunQueryDsl::load(diesel::sql_query(listed), connection)?;
    let names: Vec<String> = listed.into_iter().map(|table| table.name).collect();
    let has_history = names.iter().any(|name| name == HISTORY);
    let is_ours = has_history && {
        let first =
            format!("SELECT version::text AS name FROM {HISTORY} WHERE version = '{FIRST}'");
        let first: Vec<Named> = RunQueryDsl::load(diesel::sql_query(first), connection)?;
        !first.is_empty()
    };
    let tables = Tables { is_ours, names };
    // Others may keep their tables beside ours.
    tables.check(empty, |name| OURS.contains(&name))
}

#[derive(diesel::QueryableByName)]
struct Named {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// Each connection brings a runtime, and must not meet another on its thread.
fn on_its_own(
    work: impl FnOnce() -> Result<Vec<String>, StorageError> + Send + 'static,
) -> Result<Vec<String>, StorageError> {
    let joined = std::thread::spawn(work).join();
    joined.unwrap_or_else(|_| Err(StorageError::Unavailable("the migration panicked".into())))
}

type Blocking = AsyncConnectionWrapper<AsyncPgConnection>;

/// Drives a connection on a runtime of its own while `work` blocks.
fn with_connection(
    open: impl Future<Output = Result<AsyncPgConnection, ConnectionError>>,
    work: impl FnOnce(&mut Blocking) -> Result<Vec<String>, StorageError>,
) -> Result<Vec<String>, StorageError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| StorageError::Unavailable(error.to_string()))?;
    let _inside = runtime.enter();
    work(&mut Blocking::from(runtime.block_on(open)?))
}

/// All in one transaction, which is as long as a session lasts there. What
/// cannot be done in one, such as an index made concurrently, says so, and
/// needs the way past the pooler.
fn through_pooler(address: &Address, empty: Empty) -> Result<Vec<String>, StorageError> {
    with_connection(to_pooler(address), |connection| {
        connection
            .transaction(|connection| {
                lock(connection, "pg_advisory_xact_lock")?;
                check_connected(connection, empty).map_err(Failed::Storage)?;
                let applied = apply(connection, POSTGRES).map_err(Failed::Migration)?;
                let versions = diesel::sql_query(APPLIED).load(connection);
                is_current::<Pg>(versions, POSTGRES).map_err(Failed::Storage)?;
                Ok(applied)
            })
            .map_err(Failed::into_storage)
    })
}

fn postgres(address: &Address, empty: Empty) -> Result<Vec<String>, StorageError> {
    with_connection(for_commands(address), |connection| {
        if is_current::<Pg>(diesel::sql_query(APPLIED).load(connection), POSTGRES)? {
            return Ok(Vec::new());
        }
        lock(connection, "pg_advisory_lock")?;
        check_connected(connection, empty)?;
        let applied = apply(connection, POSTGRES);
        lock(connection, "pg_advisory_unlock")?;
        applied.map_err(|error| StorageError::Unavailable(format!("migration failed: {error}")))
    })
}

/// Whether all migrations were applied: a look that needs no lock, and works
/// where nothing can be written.
///
/// # Errors
/// When the database has migrations that this program does not know: a newer
/// version made them, and what they changed would be misread.
fn is_current<DB: Backend>(
    applied: QueryResult<Vec<Applied>>,
    source: EmbeddedMigrations,
) -> Result<bool, StorageError> {
    // There is no such table yet.
    let Ok(applied) = applied else {
        return Ok(false);
    };
    let known = MigrationSource::<DB>::migrations(&source)
        .map_err(|error| StorageError::Unavailable(error.to_string()))?;
    let known: BTreeSet<String> = known
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    let applied: BTreeSet<String> = applied.into_iter().map(|row| row.version).collect();
    match applied.difference(&known).last() {
        Some(unknown) => Err(StorageError::Unavailable(format!(
            "a newer version of rolecall has changed its tables (migration {unknown}): use that version, or restore a backup from before it"
        ))),
        None => Ok(known.is_subset(&applied)),
    }
}

#[derive(diesel::QueryableByName)]
struct Applied {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

fn lock(connection: &mut Blocking, function: &str) -> Result<(), diesel::result::Error> {
    let statement = diesel::sql_query(format!("SELECT {function}({MIGRATION_LOCK})"));
    statement.execute(connection)?;
    Ok(())
}

type MigrationError = Box<dyn std::error::Error + Send + Sync>;

fn apply<C, DB>(
    connection: &mut C,
    source: EmbeddedMigrations,
) -> Result<Vec<String>, MigrationError>
where
    C: MigrationHarness<DB>,
    DB: Backend,
{
    let applied = connection.run_pending_migrations(source)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

enum Failed {
    Storage(StorageError),
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
            Self::Storage(error) => error,
            Self::Query(error) => error.into(),
            Self::Migration(error) => {
                StorageError::Unavailable(format!("migration failed: {error}"))
            }
        }
    }
}
