//! A whole directory from SQLite to PostgreSQL, table by table, whatever the tables are.
//!
//! Both sides have the same migrations. The rows travel as JSON, some at a time, in one
//! transaction of PostgreSQL: the target has everything, or stays empty.

mod source;
mod target;

use std::collections::BTreeMap;
use std::path::Path;

use diesel::Connection;

use super::migrations::{self, Blocking, Place, with_connection};
use super::sqlite::copies;
use super::{Empty, StorageError};
use crate::config::Database;
use source::Source;
use target::Target;

/// Rows that travel together, unless they are large.
const ROWS: usize = 500;
const BYTES: usize = 1 << 20;

/// The tables and how many rows of each were moved.
pub type Moved = Vec<(String, i64)>;

/// Copies the directory in this file to an empty PostgreSQL.
///
/// Blocks, and must not be called on an async thread.
///
/// # Errors
/// When the file is in use, the target is not empty, or something else is in the way;
/// the target has no row then.
pub fn to_postgres(from: &Path, to: &Database) -> Result<Moved, StorageError> {
    migrations::check_file(from, Empty::Refuse)?;
    let file = Database {
        url: crate::config::DatabaseUrl::Sqlite(from.to_owned()),
        ..Database::default()
    };
    migrations::migrate(&file, Empty::Refuse)?;
    // Fails while somebody else has it open.
    copies::retire(from)?;
    migrations::migrate(to, Empty::Fill)?;
    let Place::Server(address, way) = migrations::place(to)? else {
        return Err(StorageError::Unavailable(
            "a directory moves from SQLite to PostgreSQL only".into(),
        ));
    };
    let from = from.to_owned();
    with_connection(*address, way, move |connection| {
        let mut source = Source::open(&from)?;
        connection.transaction(|connection| move_all(&mut source, &mut Target(connection)))
    })
}

fn move_all(source: &mut Source, target: &mut Target<'_>) -> Result<Moved, StorageError> {
    let tables = target.tables(&source.tables()?)?;
    target.require_empty(&tables)?;
    target.disable_triggers(true)?;
    target.clear(&tables)?;
    let counters = source.counters()?;
    let mut moved = Moved::new();
    for table in &tables {
        let columns = target.columns(table, &source.columns(table)?)?;
        source.read(table, &columns, &mut |rows| {
            target.insert(table, &columns, rows)
        })?;
        target.go_on_after(table, counters.get(table).copied())?;
        moved.push((table.clone(), target.count(table)?));
    }
    target.disable_triggers(false)?;
    for (table, there) in &moved {
        let here = source.count(table)?;
        if here != *there {
            return Err(StorageError::Unavailable(format!(
                "of {here} rows of {table} {there} arrived"
            )));
        }
    }
    target.analyze(&tables)?;
    Ok(moved)
}

/// A column, and whether it holds bytes.
struct Column {
    name: String,
    is_binary: bool,
}

/// The names, for a statement.
fn listed(columns: &[Column]) -> String {
    let names = columns.iter().map(|column| quoted(&column.name));
    names.collect::<Vec<_>>().join(", ")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// As a literal of SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// By the table, the highest id that was ever given.
type Counters = BTreeMap<String, i64>;

#[derive(diesel::QueryableByName)]
struct Named {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

#[derive(diesel::QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// Keeps the connection to itself for the whole move.
pub(super) type Server = Blocking;
