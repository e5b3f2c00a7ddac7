//! What would be applied to a database, without doing it.

use diesel::backend::Backend;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::sqlite::Sqlite;
use diesel_migrations::EmbeddedMigrations;

use super::{
    Empty, POSTGRES, Place, SQLITE, Tables, check_file, concurrent_indexes, place, postgres,
};
use crate::config::Database;
use crate::storage::{StorageError, sqlite};

/// A migration that was not applied yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub name: String,
    /// Whether indexes are built before it, beside those who use the tables.
    pub builds_indexes: bool,
}

/// The migrations that [`super::migrate`] would apply, the oldest first. A database
/// that is not there stays so.
///
/// Blocks, as `migrate`.
///
/// # Errors
/// When it would refuse the database, or cannot reach it.
pub fn plan(settings: &Database) -> Result<Vec<Pending>, StorageError> {
    match place(settings)? {
        Place::File(path) => {
            check_file(path, Empty::Fill)?;
            let is_there = std::fs::metadata(path).is_ok_and(|file| file.len() > 0);
            let tables = match is_there {
                true => sqlite::connection::tables(path)?,
                false => Tables::default(),
            };
            pending::<Sqlite>(SQLITE, &tables.applied(), |_| false)
        }
        Place::Server(address, way) => {
            let applied = postgres::applied(*address, way)?;
            // A new database gets its indexes with its tables.
            let is_new = applied.is_empty();
            pending::<Pg>(POSTGRES, &applied, |version| {
                !is_new && concurrent_indexes::of(version).is_some()
            })
        }
    }
}

fn pending<DB: Backend>(
    source: EmbeddedMigrations,
    applied: &[String],
    builds_indexes: impl Fn(&str) -> bool,
) -> Result<Vec<Pending>, StorageError> {
    let all = MigrationSource::<DB>::migrations(&source)
        .map_err(|error| StorageError::Unavailable(error.to_string()))?;
    let mut pending: Vec<Pending> = Vec::new();
    for migration in &all {
        let version = migration.name().version().to_string();
        if !applied.contains(&version) {
            pending.push(Pending {
                name: migration.name().to_string(),
                builds_indexes: builds_indexes(&version),
            });
        }
    }
    pending.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(pending)
}
