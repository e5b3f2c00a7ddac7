//! Statements without values that stay prepared. What Diesel's own transactions
//! begin and end with is parsed each time, which for a page of users is a tenth
//! of all its work.

use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl, SqliteConnection};

use crate::storage::StorageError;

pub struct Fixed(pub &'static str);

impl QueryId for Fixed {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Sqlite> for Fixed {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

impl RunQueryDsl<SqliteConnection> for Fixed {}

/// Begins a transaction that reads.
pub fn begin(connection: &mut SqliteConnection) -> Result<(), StorageError> {
    run("BEGIN", connection)
}

/// Ends it.
pub fn commit(connection: &mut SqliteConnection) -> Result<(), StorageError> {
    run("COMMIT", connection)
}

/// Whatever goes wrong leaves the connection in doubt.
fn run(statement: &'static str, connection: &mut SqliteConnection) -> Result<(), StorageError> {
    match Fixed(statement).execute(connection) {
        Ok(_) => Ok(()),
        Err(error) => Err(StorageError::Unavailable(error.to_string())),
    }
}
