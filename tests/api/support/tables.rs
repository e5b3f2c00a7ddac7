//! All that a database holds, to see that a request changed nothing.

use std::collections::BTreeMap;
use std::fmt;

use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use rusqlite::types::Value;

use super::database::TestDatabase;

/// When somebody was last here: noted beside the requests, which change nothing.
const NOTES: [&str; 2] = ["last_login", "last_used"];

/// The rows of every table as text, in an order of their own.
#[derive(PartialEq, Eq)]
pub struct Tables(BTreeMap<String, Vec<String>>);

/// Whole databases are no help in the message of a failed test.
impl fmt::Debug for Tables {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = self.0.iter().map(|(name, rows)| (name, rows.len()));
        let filled = sizes.filter(|(_, rows)| *rows > 0);
        out.debug_map().entries(filled).finish()
    }
}

/// What is there now.
pub fn tables(database: &TestDatabase) -> Tables {
    Tables(read(database))
}

fn read(database: &TestDatabase) -> BTreeMap<String, Vec<String>> {
    match database {
        TestDatabase::Sqlite { .. } => of_sqlite(&database.address().replace("sqlite://", "")),
        TestDatabase::Postgres { .. } => {
            let address = database.address();
            // The wrapper brings a runtime, and must not meet another on this thread.
            let reading = std::thread::spawn(move || of_postgres(&address));
            reading.join().unwrap()
        }
    }
}

fn of_sqlite(path: &str) -> BTreeMap<String, Vec<String>> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let texts = |query: &str| -> Vec<String> {
        let mut statement = connection.prepare(query).unwrap();
        let names = statement.column_names();
        let kept = names.iter().enumerate();
        let kept = kept.filter(|(_, name)| !NOTES.contains(name));
        let kept: Vec<usize> = kept.map(|(column, _)| column).collect();
        let rows = statement.query_map([], |row| {
            let values = kept.iter().map(|column| row.get::<_, Value>(*column));
            Ok(format!("{:?}", values.collect::<Result<Vec<_>, _>>()?))
        });
        rows.unwrap().map(Result::unwrap).collect()
    };
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(names).unwrap();
    let names = statement.query_map([], |row| row.get::<_, String>(0));
    let names: Vec<String> = names.unwrap().map(Result::unwrap).collect();
    let rows = |name: String| {
        let mut rows = texts(&format!("SELECT * FROM \"{name}\""));
        rows.sort();
        (name, rows)
    };
    names.into_iter().map(rows).collect()
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn of_postgres(address: &str) -> BTreeMap<String, Vec<String>> {
    let mut connection = AsyncConnectionWrapper::<AsyncPgConnection>::establish(address).unwrap();
    let mut lines = |query: String| -> Vec<String> {
        let lines = diesel::sql_query(query).load::<Line>(&mut connection);
        lines.unwrap().into_iter().map(|row| row.line).collect()
    };
    let names = "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public'";
    let names = lines(names.to_owned());
    let rows = |name: String| {
        let [login, used] = NOTES;
        let row = format!("(to_jsonb(t) - '{login}' - '{used}')::text");
        let query = format!("SELECT {row} AS line FROM \"{name}\" AS t ORDER BY 1");
        let rows = lines(query);
        (name, rows)
    };
    names.into_iter().map(rows).collect()
}
