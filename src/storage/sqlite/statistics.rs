//! What the planner knows of the tables' sizes. It believes what it was told
//! when the service last stopped: of a table that had a row then and has a
//! million now it reads every row, because one row is read soonest. Of tables
//! of which it knows nothing it supposes that they are large, and takes their
//! indexes. So only statistics of tables that were large already are kept.

use diesel::connection::SimpleConnection;
use diesel::sql_types::Bool;
use diesel::{QueryResult, RunQueryDsl, SqliteConnection};

use crate::storage::sql_fragment::fragment;

/// Takes fresh statistics, for the next start.
pub fn renew(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute("PRAGMA optimize;")?;
    forget_small(connection)
}

/// Forgets what is said of tables with fewer rows than an index is for.
pub fn forget_small(connection: &mut SqliteConnection) -> QueryResult<()> {
    let are_there =
        fragment::<Bool>("EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1')");
    let are_there: bool = diesel::select(are_there).get_result(connection)?;
    if are_there {
        // A statistic begins with the number of rows.
        let small = "FROM sqlite_stat1 WHERE CAST(stat AS INTEGER) < 10000";
        let some = fragment::<Bool>(format!("EXISTS (SELECT 1 {small})"));
        let some: bool = diesel::select(some).get_result(connection)?;
        if some {
            connection.batch_execute(&format!("DELETE {small};"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    use diesel::Connection;
    use diesel::sql_types::BigInt;

    fn filled(connection: &mut SqliteConnection, rows: i64) -> QueryResult<()> {
        connection.batch_execute(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             INSERT INTO things SELECT i FROM n; ANALYZE;"
        ))
    }

    fn told(connection: &mut SqliteConnection) -> i64 {
        let count = fragment::<BigInt>("(SELECT count(*) FROM sqlite_stat1)");
        diesel::select(count).get_result(connection).unwrap()
    }

    #[test]
    fn only_what_is_known_of_large_tables_is_kept() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        let tables = "CREATE TABLE things (id INTEGER); CREATE INDEX by_id ON things (id);";
        connection.batch_execute(tables).unwrap();
        forget_small(&mut connection).unwrap();
        filled(&mut connection, 9_999).unwrap();
        assert_eq!(told(&mut connection), 1);
        renew(&mut connection).unwrap();
        assert_eq!(told(&mut connection), 0);
        filled(&mut connection, 1).unwrap();
        renew(&mut connection).unwrap();
        assert_eq!(told(&mut connection), 1);
    }
}
