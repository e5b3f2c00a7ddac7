//! The queries compiled for SQLite, and how an operation runs there.

use diesel::{Connection, SqliteConnection};
use futures_util::FutureExt;

use super::{Context, DirectoryError, Operation};
use crate::storage::sqlite::env;

#[path = "queries/mod.rs"]
pub mod queries;

pub fn read<O>(
    context: &Context,
    operation: &O,
    connection: &mut SqliteConnection,
) -> Result<O::Answer, DirectoryError>
where
    O: Operation + queries::Run,
{
    if O::SNAPSHOT {
        connection.transaction(|connection| apply(context, operation, connection))
    } else {
        apply(context, operation, connection)
    }
}

pub fn apply<O: queries::Run>(
    context: &Context,
    operation: &O,
    connection: &mut SqliteConnection,
) -> Result<O::Answer, DirectoryError> {
    // Nothing in a query waits: SQLite works on this thread.
    operation
        .run(context, connection)
        .now_or_never()
        .unwrap_or_else(|| Err(DirectoryError::internal("a query that did not finish")))
}
