//! Cached statements without values. Diesel parses the BEGIN and COMMIT of its own
//! transactions each time, which is a tenth of the work of a page of users.

use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl, SqliteConnection};

use crate::storage::StorageError;

pub struct StaticStatement(pub &'static str);

impl QueryId for StaticStatement {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Sqlite> for StaticStatement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

impl RunQueryDsl<SqliteConnection> for StaticStatement {}

/// Begins a read transaction.
pub fn begin(connection: &mut SqliteConnection) -> Result<(), StorageError> {
    run("BEGIN", connection)
}

/// Ends it.
pub fn commit(connection: &mut SqliteConnection) -> Result<(), StorageError> {
    run("COMMIT", connection)
}

/// After an error the state of the connection is unknown.
fn run(statement: &'static str, connection: &mut SqliteConnection) -> Result<(), StorageError> {
    match StaticStatement(statement).execute(connection) {
        Ok(_) => Ok(()),
        Err(error) => Err(StorageError::Unavailable(error.to_string())),
    }
}
