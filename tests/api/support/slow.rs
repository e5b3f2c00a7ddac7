//! A table whose rows do not come, as when a query is far too much work.

use super::beside::Beside;
use super::database::TestDatabase;

/// Whoever reads rows of this table waits for the first until the query is ended.
pub fn make_endless(database: &TestDatabase, table: &str) {
    let condition = match database {
        TestDatabase::Sqlite { .. } => {
            "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
             SELECT count(*) FROM n) > 0"
        }
        TestDatabase::Postgres { .. } => "pg_sleep(86400) IS NOT NULL",
    };
    put_before(database, table, condition);
}

/// Whoever reads this table waits for a moment, a tenth of a second at least.
pub fn make_slow(database: &TestDatabase, table: &str) {
    let condition = match database {
        TestDatabase::Sqlite { .. } => {
            "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000) \
             SELECT count(*) FROM n) > 0"
        }
        TestDatabase::Postgres { .. } => "(SELECT pg_sleep(0.1)) IS NOT NULL",
    };
    put_before(database, table, condition);
}

/// The table is again what it was.
pub fn restore(database: &TestDatabase, table: &str) {
    let mut beside = Beside::begin(database);
    beside.run(&format!(
        "DROP VIEW {table}; ALTER TABLE kept_{table} RENAME TO {table};"
    ));
    beside.commit();
}

fn put_before(database: &TestDatabase, table: &str, condition: &str) {
    let mut beside = Beside::begin(database);
    beside.run(&format!(
        "ALTER TABLE {table} RENAME TO kept_{table}; \
         CREATE VIEW {table} AS SELECT * FROM kept_{table} WHERE {condition};"
    ));
    beside.commit();
}
