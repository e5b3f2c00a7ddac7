//! Builds indexes of large PostgreSQL tables while the service runs. CREATE INDEX
//! blocks all writes; CREATE INDEX CONCURRENTLY does not, but cannot run in a
//! transaction, as a migration does.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl};

use super::Named;
use super::postgres::Blocking;
use crate::storage::StorageError;

/// Pause between two checks of an index that another process builds.
const PAUSE: Duration = Duration::from_millis(100);

/// The statements, by the version of the migration before which they run.
const BEFORE: &[(&str, &str)] = &[
    (
        "20261125000010",
        include_str!("../../../migrations/postgres/2026-11-25-000010_scoped_roles/before.sql"),
    ),
    (
        "20261125000030",
        include_str!("../../../migrations/postgres/2026-11-25-000030_trash/before.sql"),
    ),
    (
        "20261128000001",
        include_str!("../../../migrations/postgres/2026-11-28-000001_users_of_partners/before.sql"),
    ),
    (
        "20261129000001",
        include_str!("../../../migrations/postgres/2026-11-29-000001_counted_holders/before.sql"),
    ),
    (
        "20261130000100",
        include_str!(
            "../../../migrations/postgres/2026-11-30-000100_names_of_the_living/before.sql"
        ),
    ),
    (
        "20261130000130",
        include_str!("../../../migrations/postgres/2026-11-30-000130_entry_ids/before.sql"),
    ),
    (
        "20261201000030",
        include_str!(
            "../../../migrations/postgres/2026-12-01-000030_indexes_of_new_columns/before.sql"
        ),
    ),
    (
        "20261201000031",
        include_str!("../../../migrations/postgres/2026-12-01-000031_what_has_ended/before.sql"),
    ),
];

/// The statements to run before this migration.
pub fn of(version: &str) -> Option<&'static str> {
    let (_, statements) = BEFORE.iter().find(|(known, _)| *known == version)?;
    Some(statements)
}

/// Builds the missing ones of these indexes.
pub fn build(connection: &mut Blocking, statements: &str) -> Result<(), StorageError> {
    for statement in statements.split(';').filter(|part| part.contains("INDEX")) {
        loop {
            for unfinished in unfinished(false, connection)? {
                let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {unfinished}");
                connection.batch_execute(&drop)?;
            }
            match connection
                .batch_execute(statement)
                .map_err(StorageError::from)
            {
                // Two builds of one table waited for each other.
                Err(StorageError::Conflict(_)) => {}
                done => done?,
            }
            // Another process is building one, and may yet fail.
            if unfinished(true, connection)?.is_empty() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// Our invalid indexes: those that a killed process left behind, or also those that
/// are `being_built` now.
fn unfinished(being_built: bool, connection: &mut Blocking) -> Result<Vec<String>, StorageError> {
    let invalid = "SELECT relname::text AS name FROM pg_index
        JOIN pg_class ON pg_class.oid = indexrelid
        WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace";
    let left_behind = format!(
        "{invalid} AND NOT EXISTS
          (SELECT FROM pg_stat_progress_create_index WHERE index_relid = indexrelid)"
    );
    let query = if being_built { invalid } else { &left_behind };
    let found: Vec<Named> = connection.transaction(|connection| {
        let found = RunQueryDsl::load(diesel::sql_query(query), connection);
        found.map_err(StorageError::from)
    })?;
    // Somebody else may be building indexes of their own.
    let ours: BTreeSet<&str> = BEFORE
        .iter()
        .flat_map(|(_, statements)| statements.split_whitespace())
        .collect();
    let names = found.into_iter().map(|index| index.name);
    Ok(names.filter(|name| ours.contains(name.as_str())).collect())
}
