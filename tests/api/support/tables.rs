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

/// What is noted of requests in tables of its own.
const NOTED: [&str; 2] = ["idempotency", "token_addresses"];

/// The log tells of who comes and of who is refused.
const OF_THE_DOOR: &str =
    "'sign_in', 'sign_in_failed', 'throttled', 'refused', 'token_used', 'sign_out'";

/// The rows of a table that no mere request adds to.
fn rows_of(name: &str) -> String {
    match name {
        "events" => format!("\"events\" AS t WHERE verb NOT IN ({OF_THE_DOOR})"),
        _ => format!("\"{name}\" AS t"),
    }
}

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

impl Tables {
    /// The rows that only one of the two has, with the names of their tables.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let missing = |here: &Self, there: &Self, sign: char| {
            let of_table = |(name, rows): (&String, &Vec<String>)| {
                let others = there.0.get(name).cloned().unwrap_or_default();
                let alone = rows.iter().filter(move |row| !others.contains(row));
                let alone = alone.map(|row| format!("{sign} {name} {row}"));
                alone.collect::<Vec<_>>()
            };
            here.0.iter().flat_map(of_table).collect::<Vec<_>>()
        };
        let mut all = missing(self, other, '-');
        all.extend(missing(other, self, '+'));
        all
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
        let mut rows = texts(&format!("SELECT * FROM {}", rows_of(&name)));
        rows.sort();
        (name, rows)
    };
    let kept = |name: &String| !NOTED.contains(&name.as_str());
    names.into_iter().filter(kept).map(rows).collect()
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
    // What is in partitions is in the table that they are of.
    let names = "SELECT relname::text AS line FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition";
    let names = lines(names.to_owned());
    let rows = |name: String| {
        let [login, used] = NOTES;
        let row = format!("(to_jsonb(t) - '{login}' - '{used}')::text");
        let query = format!("SELECT {row} AS line FROM {} ORDER BY 1", rows_of(&name));
        let rows = lines(query);
        (name, rows)
    };
    let kept = |name: &String| !NOTED.contains(&name.as_str());
    names.into_iter().filter(kept).map(rows).collect()
}
