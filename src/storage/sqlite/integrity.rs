//! What a file is, and whether it is sound, by SQLite's own check.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

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
    let found = match check("", &mut connection) {
        Ok(found) => found,
        // No permission is no damage.
        Err(error) if is_access(&error) => return Err(error.into()),
        // A page that the check itself needs: the parts may tell more.
        Err(error) => vec![error.to_string()],
    };
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

/// `of`: a table, or nothing for all there is.
fn check(of: &str, connection: &mut SqliteConnection) -> diesel::QueryResult<Vec<String>> {
    let of = match of {
        "" => MOST_DAMAGE.to_string(),
        table => format!("\"{}\"", table.replace('"', "\"\"")),
    };
    let rows: Vec<Row> = sql_query(format!("PRAGMA integrity_check({of})")).load(connection)?;
    let lines = rows.iter().flat_map(|row| row.integrity_check.lines());
    let lines = lines.filter(|line| *line != "ok" && !line.starts_with("*** in database"));
    Ok(lines.map(str::to_owned).collect())
}

/// Whether the file cannot be read as it has to be, whatever it holds.
fn is_access(error: &diesel::result::Error) -> bool {
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
        match check(name, connection) {
            Ok(found) => lines.extend(found.iter().map(|line| format!("table {name}: {line}"))),
            Err(error) => lines.push(format!("table {name}: {error}")),
        }
    }
    lines.truncate(MOST_DAMAGE);
    lines
}
