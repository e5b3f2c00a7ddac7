//! From the text of a record to a row, or to what is wrong with it.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::lines::{Lines, RecordError};
use super::table::Table;
use crate::auth::check_hash;
use crate::cli::error::CommandError;
use crate::directory::bulk::{
    Kind, Numbered, RowProblem, UNCHECKED, fields_of, is_reference, read_row,
};
use crate::directory::plural::pluralize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A JSON object on each line
    Ndjson,
    /// A table of one kind, its first line the names of the fields
    Csv,
}

/// A row, or the kind of the row that it would have been and what is wrong.
pub type Record = Result<Numbered, (Kind, u64, Vec<RowProblem>)>;

pub struct Records {
    pub lines: Lines,
    /// Of a CSV file.
    table: Option<Table>,
    /// Of rows that do not say it themselves.
    kind: Kind,
    header: Vec<String>,
}

impl Records {
    /// Reads the header, when there is one.
    pub fn new(mut lines: Lines, format: Format, kind: Kind) -> Result<Self, CommandError> {
        let table = match format {
            Format::Csv => Some(Table::new(&mut lines).map_err(|why| in_header(&why))?),
            Format::Ndjson => None,
        };
        let mut records = Self {
            lines,
            table,
            kind,
            header: Vec::new(),
        };
        records.header = records.read_header()?;
        Ok(records)
    }

    fn read_header(&mut self) -> Result<Vec<String>, CommandError> {
        let Some(table) = &mut self.table else {
            return Ok(Vec::new());
        };
        let Some((line, cells)) = table.next(&mut self.lines) else {
            return Ok(Vec::new());
        };
        let header = cells.map_err(|why| in_header(&why))?;
        let header: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        let known = fields_of(self.kind);
        for (place, name) in header.iter().enumerate() {
            let why = if !known.contains(&name.as_str()) {
                no_such_field(self.kind, name)
            } else if header.iter().take(place).any(|other| other == name) {
                format!("the field {name:?} is named twice")
            } else {
                continue;
            };
            return Err(CommandError::failed(format!("line {line}: {why}")));
        }
        Ok(header)
    }

    /// The next row; empty lines are none.
    pub fn next(&mut self) -> Result<Option<Record>, CommandError> {
        loop {
            let next = match &mut self.table {
                Some(table) => table.next(&mut self.lines).map(|(line, cells)| {
                    let is_blank = |cells: &Vec<String>| cells.iter().all(|c| c.trim().is_empty());
                    let is_blank = cells.as_ref().is_ok_and(|c| c.len() == 1 && is_blank(c));
                    let row = |cells| row_of_cells(self.kind, &self.header, cells);
                    (line, is_blank, cells.map(row))
                }),
                None => self.lines.next().map(|(line, text)| {
                    let is_blank = text.as_ref().is_ok_and(|text| text.trim().is_empty());
                    (line, is_blank, text.map(object))
                }),
            };
            let Some((line, is_blank, members)) = next else {
                return Ok(None);
            };
            if is_blank {
                continue;
            }
            let members = match members {
                Err(RecordError::Input(error)) => {
                    return Err(CommandError::failed(format!("cannot read on: {error}")));
                }
                Err(unread) => Err(message(&unread)),
                Ok(members) => members,
            };
            return Ok(Some(numbered(self.kind, line, members)));
        }
    }
}

fn in_header(unread: &RecordError) -> CommandError {
    CommandError::failed(format!("line 1: {}", message(unread)))
}

fn no_such_field(kind: Kind, name: &str) -> String {
    let kind = kind.name();
    match name {
        "password" => format!(
            "{kind} have no field \"password\" here: import \"password_hash\", or set passwords after the import"
        ),
        _ => format!("{kind} have no field {name:?}"),
    }
}

fn message(unread: &RecordError) -> String {
    match unread {
        RecordError::TooLong => "This line is too long: see --max-line-bytes.".to_owned(),
        RecordError::NotUtf8 => "This line is not valid UTF-8.".to_owned(),
        RecordError::OpenQuote { to } => {
            format!("A quote is not closed: nothing up to line {to} was read.")
        }
        RecordError::MisplacedQuote => {
            "A quoted cell goes on behind its quote: write a quote in it twice.".to_owned()
        }
        RecordError::CarriageReturn => {
            "A carriage return stands in a cell: put the cell in quotes.".to_owned()
        }
        RecordError::Input(error) => error.to_string(),
    }
}

fn numbered(kind: Kind, line: u64, members: Result<Map<String, Value>, String>) -> Record {
    let members = members.map_err(|why| (kind, line, vec![RowProblem::of_row(why)]))?;
    let kind = match members.get("kind") {
        None => kind,
        Some(named) => named.as_str().and_then(Kind::named).ok_or_else(|| {
            let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            let message = format!("Choose one of {}.", names.join(", "));
            (kind, line, vec![RowProblem::new("kind", message)])
        })?,
    };
    match read_row(kind, &members, check_hash) {
        Ok((row, doubts)) => Ok(Numbered { line, row, doubts }),
        Err(problems) => Err((kind, line, problems)),
    }
}

/// The members of an object, none of them named twice.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;

        impl<'de> Visitor<'de> for Once {
            type Value = Members;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if members.contains_key(&name) {
                        let message = format!("The member {name:?} stands there twice.");
                        return Err(A::Error::custom(message));
                    }
                    members.insert(name, value);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Once)
    }
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    let error = match serde_json::from_str(text) {
        Ok(Members(members)) => return Ok(members),
        Err(error) => error,
    };
    if error.is_eof() {
        return Err("The JSON ends too early.".to_owned());
    }
    if error.is_data() {
        let is_object = text.trim_start().starts_with('{');
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        return Err(match is_object {
            true => message.to_owned(),
            false => "This line is no JSON object.".to_owned(),
        });
    }
    Err(format!("No JSON: column {}.", error.column()))
}

/// An empty cell says nothing.
fn row_of_cells(
    kind: Kind,
    header: &[String],
    cells: Vec<String>,
) -> Result<Map<String, Value>, String> {
    if cells.len() != header.len() {
        let (found, wanted) = (cells.len(), header.len());
        let are = if found == 1 { "is" } else { "are" };
        let cells = pluralize(found, "cell", "cells");
        return Err(format!(
            "There {are} {cells}, and {wanted} in the first line."
        ));
    }
    let filled = header
        .iter()
        .zip(cells)
        .filter(|(_, cell)| !cell.is_empty());
    Ok(filled
        .map(|(name, cell)| (name.clone(), value(kind, name, plain(cell))))
        .collect())
}

/// What a cell means: flags are words, lists are JSON or parted by semicolons.
fn value(kind: Kind, name: &str, cell: String) -> Value {
    match (kind, name) {
        (_, "is_active" | "is_staff" | "external" | "unchangeable" | "is_default" | "is_gone") => {
            // Spreadsheets write them in capital letters.
            match cell.to_ascii_lowercase().as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => Value::String(cell),
            }
        }
        (Kind::Users, "partner") | (Kind::Grants, "cluster") if cell.starts_with('{') => {
            let object = serde_json::from_str(&cell).ok();
            let object = object.filter(|value| is_reference(kind, name, value));
            object.unwrap_or(Value::String(cell))
        }
        (_, UNCHECKED)
        | (Kind::Users, "roles" | "ldap_roles")
        | (Kind::Roles, "includes" | "permissions")
        | (Kind::Partners, "clusters") => match serde_json::from_str(&cell) {
            Ok(list @ Value::Array(_)) => list,
            _ => cell.split(';').map(|item| item.trim()).collect(),
        },
        _ => Value::String(cell),
    }
}

/// What a spreadsheet would take for a formula when a cell begins with it.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether an apostrophe before this text would be taken off again.
fn is_guarded(text: &str) -> bool {
    text.is_empty() || text.starts_with(FORMULA) || text.starts_with('\'')
}

/// A cell without the apostrophe that [`guarded`] has put before it.
fn plain(cell: String) -> String {
    match cell.strip_prefix('\'') {
        Some(text) if is_guarded(text) => text.to_owned(),
        _ => cell,
    }
}

/// A cell that no spreadsheet runs: an apostrophe stands before what it would
/// take for a formula, and before what would read like that. It stands for an
/// empty text, too, since an empty cell says nothing.
pub fn guarded(cell: String) -> String {
    let reads_so = cell.strip_prefix('\'').is_some_and(is_guarded);
    match cell.is_empty() || cell.starts_with(FORMULA) || reads_so {
        true => format!("'{cell}"),
        false => cell,
    }
}

/// The cell that means this value.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            let is_plain = |text: &&str| {
                !text.is_empty() && text.trim() == *text && !text.contains([';', '['])
            };
            if texts.len() == items.len() && !texts.is_empty() && texts.iter().all(is_plain) {
                texts.join(";")
            } else {
                value.to_string()
            }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_means_what_it_was() {
        for text in [
            "=1+1", "+49 30", "-5", "@cmd", "\tx", "\rx", "＝1", "'=1", "''=1", "''", "'''", "'@",
            "", "'",
        ] {
            let cell = guarded(text.to_owned());
            assert!(cell.starts_with('\''), "{text:?}");
            assert_ne!(cell, text);
            assert_eq!(plain(cell), text);
        }
        for text in ["'tis", "o'brien", "a=b", "1-2", " =1"] {
            assert_eq!(guarded(text.to_owned()), text);
            assert_eq!(plain(text.to_owned()), text);
        }
    }
}
