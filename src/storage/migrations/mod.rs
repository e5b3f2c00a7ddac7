//! The migrations, embedded in the program.

mod concurrent_indexes;
mod plan;
mod postgres;
mod revert;

use std::collections::BTreeSet;
use std::path::Path;

use diesel::backend::Backend;
use diesel::migration::{MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::postgres::Address;
use super::sqlite::connection::MIGRATION_WAIT;
use super::{StorageError, sqlite};
use crate::config::{Database, DatabaseUrl, Pooler};
pub use plan::{Pending, plan};
use postgres::Way;
pub(super) use postgres::{Blocking, with_connection};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// What to do with an empty database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// Create its tables.
    Fill,
    /// Reject it: its URL may be mistyped.
    Refuse,
}

/// The table of applied migrations, kept by Diesel.
pub mod history {
    diesel::table! {
        #[sql_name = "__diesel_schema_migrations"]
        migrations (version) {
            version -> Text,
        }
    }
    pub use migrations::{table, version};
}

const APPLIED: &str = "SELECT version FROM __diesel_schema_migrations";

/// Applies the pending migrations, directly if there is a pooler that can be
/// bypassed. Returns the names of those that were applied.
///
/// Blocks, and must not be called on an async thread.
pub fn migrate(settings: &Database, empty: Empty) -> Result<Vec<String>, StorageError> {
    match place(settings)? {
        Place::File(path) => sqlite::retry_while_busy(MIGRATION_WAIT, || migrate_file(path, empty)),
        Place::Server(address, way) => postgres::migrate(*address, way, empty),
    }
}

/// Reverts the migrations after this name or version, which may destroy data that
/// only the newer schema holds. Returns the names of those that were reverted.
///
/// Blocks, as [`migrate`].
pub fn revert_to(settings: &Database, name: &str) -> Result<Vec<String>, StorageError> {
    match place(settings)? {
        Place::File(path) => {
            let version = revert::find_version::<Sqlite>(SQLITE, name)?;
            check_file(path, Empty::Refuse)?;
            let mut connection = sqlite::connection::open(path, MIGRATION_WAIT)?;
            connection
                .immediate_transaction(|connection| {
                    let mut undone = Vec::new();
                    while let Some(name) = revert::step::<_, Sqlite>(connection, SQLITE, &version)?
                    {
                        undone.push(name);
                    }
                    Ok(undone)
                })
                .map_err(Failed::into_storage)
        }
        Place::Server(address, way) => {
            let version = revert::find_version::<Pg>(POSTGRES, name)?;
            postgres::revert_to(*address, way, version)
        }
    }
}

/// The database to migrate.
pub(super) enum Place<'a> {
    File(&'a Path),
    Server(Box<Address>, Way),
}

pub(super) fn place(settings: &Database) -> Result<Place<'_>, StorageError> {
    let (url, way) = match (&settings.direct_url, settings.pooler) {
        (Some(direct), _) => (direct, Way::Direct),
        (None, Pooler::None) => (&settings.url, Way::Direct),
        (None, Pooler::Transaction) => (&settings.url, Way::Pooler),
    };
    match url {
        DatabaseUrl::Sqlite(path) => Ok(Place::File(path)),
        DatabaseUrl::Postgres(url) => Ok(Place::Server(Box::new(Address::of(url, settings)?), way)),
    }
}

fn migrate_file(path: &Path, empty: Empty) -> Result<Vec<String>, StorageError> {
    // Before it is opened as ours, which would change it.
    check_file(path, empty)?;
    let mut connection = sqlite::connection::open(path, MIGRATION_WAIT)?;
    let found = RunQueryDsl::load(diesel::sql_query(APPLIED), &mut connection);
    let mut applied = Vec::new();
    if !is_current::<Sqlite>(found, SQLITE)? {
        // One transaction for all, so that two processes that start together wait for
        // each other.
        applied = connection
            .immediate_transaction(|connection| {
                Ok(known(connection.run_pending_migrations(SQLITE)?))
            })
            .map_err(Failed::into_storage)?;
    }
    if empty == Empty::Fill {
        sqlite::marker::put(path);
    }
    Ok(applied)
}

fn known(applied: Vec<MigrationVersion<'_>>) -> Vec<String> {
    applied.iter().map(ToString::to_string).collect()
}

/// The version of the first migration, which identifies our databases.
const FIRST: &str = "20261124000001";

/// Tables of ours with names that other programs may use, too.
const OURS: &[&str] = &[
    "users",
    "roles",
    "grants",
    "workspaces",
    "clusters",
    "partners",
];

/// Rejects another program's file, and a missing one unless it is to be created.
pub fn check_file(path: &Path, empty: Empty) -> Result<(), StorageError> {
    let is_there = std::fs::metadata(path).is_ok_and(|file| file.len() > 0);
    let tables = match is_there {
        true => sqlite::connection::tables(path)?,
        false => {
            sqlite::marker::check_new(path)?;
            Tables::default()
        }
    };
    tables.check(empty, |_| true)
}

/// The tables of a database before it is migrated.
#[derive(Debug, Default)]
pub struct Tables {
    pub names: Vec<String>,
    /// The versions of the applied migrations.
    pub versions: Vec<String>,
}

/// The history table of any program that uses Diesel.
pub const HISTORY: &str = "__diesel_schema_migrations";

impl Tables {
    fn is_ours(&self) -> bool {
        self.versions.iter().any(|version| version == FIRST)
    }

    /// What was applied of ours: others may keep a history, too.
    fn applied(self) -> Vec<String> {
        match self.is_ours() {
            true => self.versions,
            false => Vec::new(),
        }
    }

    /// `is_foreign` says which tables a database without our history cannot have.
    fn check(&self, empty: Empty, is_foreign: impl Fn(&str) -> bool) -> Result<(), StorageError> {
        if self.is_ours() {
            return refuse_newer(&self.versions);
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

#[derive(diesel::QueryableByName)]
struct Named {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// Whether all migrations were applied. Needs no lock, and works on read-only
/// databases.
fn is_current<DB: Backend>(
    applied: QueryResult<Vec<Applied>>,
    source: EmbeddedMigrations,
) -> Result<bool, StorageError> {
    // There is no such table yet.
    let Ok(applied) = applied else {
        return Ok(false);
    };
    let applied: Vec<String> = applied.into_iter().map(|row| row.version).collect();
    refuse_newer(&applied)?;
    let all = versions::<DB>(source)?;
    Ok(all.iter().all(|version| applied.contains(version)))
}

/// # Errors
/// When there are migrations that this program does not know: a newer version
/// made them, and what they changed would be misread.
fn refuse_newer(applied: &[String]) -> Result<(), StorageError> {
    // Both databases have migrations of the same names.
    let all = versions::<Sqlite>(SQLITE)?;
    let unknown = applied
        .iter()
        .filter(|version| !all.contains(*version))
        .max();
    match unknown {
        Some(unknown) => Err(StorageError::NotOurs(format!(
            "a newer version of rolecall has changed its tables (migration {unknown}): use that version, or restore a backup from before it"
        ))),
        None => Ok(()),
    }
}

/// Whether all migrations of this program are among the versions.
pub fn are_all_in(applied: &[String]) -> Result<bool, StorageError> {
    // Both databases have migrations of the same names.
    let all = versions::<Sqlite>(SQLITE)?;
    Ok(all.iter().all(|version| applied.contains(version)))
}

fn versions<DB: Backend>(source: EmbeddedMigrations) -> Result<BTreeSet<String>, StorageError> {
    let all = MigrationSource::<DB>::migrations(&source)
        .map_err(|error| StorageError::Unavailable(error.to_string()))?;
    let versions = all
        .iter()
        .map(|migration| migration.name().version().to_string());
    Ok(versions.collect())
}

#[derive(diesel::QueryableByName)]
struct Applied {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

type MigrationError = Box<dyn std::error::Error + Send + Sync>;

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

impl From<StorageError> for Failed {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<MigrationError> for Failed {
    fn from(error: MigrationError) -> Self {
        Self::Migration(error)
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
