//! From the text of a record to a row, or to what is wrong with it.

use serde_json::{Map, Value};

use super::lines::{Lines, Unread};
use crate::auth::check_hash;
use crate::cli::failure::Failure;
use crate::directory::bulk::{Kind, Numbered, RowProblem, fields_of, read_row};

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
    format: Format,
    /// Of rows that do not say it themselves.
    kind: Kind,
    header: Vec<String>,
}

impl Records {
    /// Reads the header, when there is one.
    pub fn new(lines: Lines, format: Format, kind: Kind) -> Result<Self, Failure> {
        let mut records = Self {
            lines,
            format,
            kind,
            header: Vec::new(),
        };
        if format == Format::Csv {
            records.header = records.read_header()?;
        }
        Ok(records)
    }

    fn read_header(&mut self) -> Result<Vec<String>, Failure> {
        let Some((_, record)) = self.lines.next() else {
            return Ok(Vec::new());
        };
        let text =
            record.map_err(|unread| Failure::failed(format!("line 1: {}", told(&unread))))?;
        let header = cells(text.trim_start_matches('\u{feff}'))
            .map_err(|why| Failure::failed(format!("line 1: {why}")))?;
        let known = fields_of(self.kind);
        match header.iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Failure::failed(format!(
                "line 1: {} have no field {name:?}",
                self.kind.name()
            ))),
            None => Ok(header),
        }
    }

    /// The next row; empty lines are none.
    pub fn next(&mut self) -> Result<Option<Record>, Failure> {
        loop {
            let Some((line, record)) = self.lines.next() else {
                return Ok(None);
            };
            let members = match record {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => match self.format {
                    Format::Ndjson => object(text),
                    Format::Csv => row_of_cells(self.kind, &self.header, text),
                },
                Err(Unread::Input(error)) => {
                    return Err(Failure::failed(format!("cannot read on: {error}")));
                }
                Err(unread) => Err(told(&unread)),
            };
            return Ok(Some(numbered(self.kind, line, members)));
        }
    }
}

fn told(unread: &Unread) -> String {
    match unread {
        Unread::TooLong => "This line is too long: see --max-line-bytes.".to_owned(),
        Unread::NotUtf8 => "This line is not valid UTF-8.".to_owned(),
        Unread::Input(error) => error.to_string(),
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
        Ok(row) => Ok(Numbered { line, row }),
        Err(problems) => Err((kind, line, problems)),
    }
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err("This line is no JSON object.".to_owned()),
        Err(error) if error.is_eof() => Err("The JSON ends too early.".to_owned()),
        Err(error) => Err(format!("No JSON: column {}.", error.column())),
    }
}

/// The cells of one record.
fn cells(text: &str) -> Result<Vec<String>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(text.len().max(64))
        .from_reader(text.as_bytes());
    match reader.records().next() {
        Some(Ok(record)) => Ok(record.iter().map(str::to_owned).collect()),
        Some(Err(_)) | None => Err("This line is no CSV.".to_owned()),
    }
}

/// An empty cell says nothing.
fn row_of_cells(kind: Kind, header: &[String], text: &str) -> Result<Map<String, Value>, String> {
    let cells = cells(text)?;
    if cells.len() != header.len() {
        let (found, wanted) = (cells.len(), header.len());
        return Err(format!(
            "There are {found} cells, and {wanted} in the first line."
        ));
    }
    let filled = header
        .iter()
        .zip(cells)
        .filter(|(_, cell)| !cell.is_empty());
    Ok(filled
        .map(|(name, cell)| (name.clone(), value(kind, name, cell)))
        .collect())
}

/// What a cell means: flags are words, lists are JSON or parted by semicolons.
fn value(kind: Kind, name: &str, cell: String) -> Value {
    match (kind, name) {
        (_, "is_active" | "is_staff" | "external" | "unchangeable" | "is_default") => {
            match cell.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => Value::String(cell),
            }
        }
        (Kind::Users, "roles")
        | (Kind::Roles, "includes" | "permissions")
        | (Kind::Partners, "clusters") => match serde_json::from_str(&cell) {
            Ok(list @ Value::Array(_)) => list,
            _ => cell.split(';').map(|item| item.trim()).collect(),
        },
        _ => Value::String(cell),
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
