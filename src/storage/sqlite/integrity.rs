//! What a file is, and whether it is sound, by SQLite's own check.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use diesel::connection::DefaultLoadingMode;
use diesel::result::Error as QueryError;
use diesel::sql_types::{BigInt, Text};
use diesel::{RunQueryDsl, SqliteConnection, sql_query};

use super::connection;
use super::copies::WAIT;
use crate::storage::StorageError;

/// The most kinds of damage that are reported of one file.
const MOST_DAMAGE: usize = 20;
/// What every SQLite database begins with.
const BEGINNING: &[u8] = b"SQLite format 3\0";

/// Why a file cannot be one of SQLite's databases: the end of a sentence about it.
///
/// No connection to the file may be open in this process: to close the file ends
/// their locks.
pub fn foreign(path: &Path) -> std::io::Result<Option<&'static str>> {
    let mut beginning = Vec::new();
    let most = u64::try_from(BEGINNING.len()).unwrap_or(u64::MAX);
    File::open(path)?.take(most).read_to_end(&mut beginning)?;
    Ok(match beginning.as_slice() {
        [] => Some("is empty: it holds no directory"),
        BEGINNING => None,
        _ => Some(
            "does not begin as an SQLite database does: it is another kind of file, or its first page is damaged",
        ),
    })
}

/// What `PRAGMA integrity_check` finds, with the names of the tables and indexes
/// that it is about; nothing for a sound file.
pub fn damage(path: &Path) -> Result<Vec<String>, StorageError> {
    let mut connection = connection::open_existing(path, WAIT)?;
    let (mut found, end) = check("", &mut connection);
    match end {
        // No permission is no damage.
        Some(error) if is_access(&error) => return Err(error.into()),
        // A page that the check itself needs: the parts may tell more.
        Some(error) => found.push(error.to_string()),
        None => {}
    }
    if found.is_empty() {
        return Ok(found);
    }
    let roots = roots(&mut connection);
    let named = found.iter().map(|line| named(line, &roots));
    let mut lines: Vec<String> = named.collect();
    // What was not named may be in any of them.
    if !lines.iter().any(|line| names_something(line, &roots)) {
        lines.extend(of_tables(&roots, &mut connection));
    }
    Ok(lines)
}

/// What is found before the check ends, and why it ended early. `of`: a table, or
/// nothing for all there is.
fn check(of: &str, connection: &mut SqliteConnection) -> (Vec<String>, Option<QueryError>) {
    let of = match of {
        "" => MOST_DAMAGE.to_string(),
        table => format!("\"{}\"", table.replace('"', "\"\"")),
    };
    let mut lines = Vec::new();
    let statement = sql_query(format!("PRAGMA integrity_check({of})"));
    let rows = match statement.load_iter::<Row, DefaultLoadingMode>(connection) {
        Ok(rows) => rows,
        Err(error) => return (lines, Some(error)),
    };
    for row in rows {
        match row {
            Ok(row) => lines.extend(row.integrity_check.lines().map(str::to_owned)),
            Err(error) => return (finding(lines), Some(error)),
        }
    }
    (finding(lines), None)
}

fn finding(lines: Vec<String>) -> Vec<String> {
    let is_finding = |line: &String| line != "ok" && !line.starts_with("*** in database");
    lines.into_iter().filter(is_finding).collect()
}

/// Whether the file cannot be read as it has to be, whatever it holds.
fn is_access(error: &QueryError) -> bool {
    let message = error.to_string();
    let known = ["readonly", "unable to open", "locked"];
    known.iter().any(|known| message.contains(known))
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

/// A table or an index.
struct Part {
    kind: String,
    name: String,
}

#[derive(diesel::QueryableByName)]
struct Root {
    #[diesel(sql_type = BigInt)]
    rootpage: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// Tables and indexes by the page that they begin with; as many as can be read.
fn roots(connection: &mut SqliteConnection) -> BTreeMap<i64, Part> {
    let listed = "SELECT rootpage, type AS kind, name FROM sqlite_schema WHERE rootpage > 0";
    let roots: Vec<Root> = sql_query(listed).load(connection).unwrap_or_default();
    let parts = roots.into_iter().map(|root| {
        let Root {
            rootpage,
            kind,
            name,
        } = root;
        (rootpage, Part { kind, name })
    });
    let schema = Part {
        kind: "table".to_owned(),
        name: "sqlite_schema".to_owned(),
    };
    std::iter::once((1, schema)).chain(parts).collect()
}

/// The check names a part by its first page, as in `Tree 12 page 45`.
fn named(line: &str, roots: &BTreeMap<i64, Part>) -> String {
    let number = line.strip_prefix("Tree ").and_then(|rest| {
        let number = rest.split(|letter: char| !letter.is_ascii_digit()).next();
        number?.parse::<i64>().ok()
    });
    match number.and_then(|number| roots.get(&number)) {
        Some(Part { kind, name }) => format!("{kind} {name}: {line}"),
        None => line.to_owned(),
    }
}

fn names_something(line: &str, roots: &BTreeMap<i64, Part>) -> bool {
    let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words.any(|word| roots.values().any(|part| part.name == word))
}

/// Each table with its indexes by itself.
fn of_tables(roots: &BTreeMap<i64, Part>, connection: &mut SqliteConnection) -> Vec<String> {
    let tables = roots.values().filter(|part| part.kind == "table");
    let mut lines = Vec::new();
    for Part { name, .. } in tables {
        let (found, end) = check(name, connection);
        let found = found.into_iter().chain(end.map(|error| error.to_string()));
        lines.extend(found.map(|line| format!("table {name}: {line}")));
    }
    lines.truncate(MOST_DAMAGE);
    lines
}
