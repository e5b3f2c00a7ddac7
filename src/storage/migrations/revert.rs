//! Reverts migrations, to the schema of an earlier version.

use diesel::backend::Backend;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use super::Failed;
use crate::storage::StorageError;

/// Reverts the newest migration, unless it has this version; returns its name.
pub fn step<C, DB>(
    connection: &mut C,
    source: EmbeddedMigrations,
    version: &str,
) -> Result<Option<String>, Failed>
where
    C: MigrationHarness<DB>,
    DB: Backend,
{
    let applied = connection.applied_migrations()?;
    let applied: Vec<String> = applied.iter().map(ToString::to_string).collect();
    if !applied.iter().any(|known| known == version) {
        return Err(Failed::Storage(StorageError::Unavailable(format!(
            "the migration {version} was not applied"
        ))));
    }
    // The newest comes first.
    if applied.first().is_some_and(|newest| newest == version) {
        return Ok(None);
    }
    Ok(Some(connection.revert_last_migration(source)?.to_string()))
}

/// Finds the version of `2026-11-30-000130_entry_ids`, or of its digits.
pub fn find_version<DB: Backend>(
    source: EmbeddedMigrations,
    name: &str,
) -> Result<String, StorageError> {
    let (numbers, _) = name.split_once('_').unwrap_or((name, ""));
    let version = numbers.replace('-', "");
    if super::versions::<DB>(source)?.contains(&version) {
        return Ok(version);
    }
    Err(StorageError::Unavailable(format!(
        "this program has no migration {name:?}: they are the folders of migrations/, such as 2026-11-30-000130_entry_ids"
    )))
}
