//! The fields of rows: what each is called and how its value is taken. The rules
//! are those of the values themselves. A text that breaks one is kept beside its
//! problem: what stands in a record is no fault, whatever the rules of today.

use serde_json::{Map, Value};

use super::rows::{Doubt, RowProblem};
use crate::directory::{FieldError, values};

pub struct Field<D> {
    pub name: &'static str,
    pub read: fn(&mut D, &Value) -> Result<(), FieldError>,
    /// Takes any text that can be kept.
    pub keep: Option<fn(&mut D, &str)>,
}

/// A text that can be kept in a column, and in its index.
fn keepable<'a>(name: &str, value: &'a Value) -> Option<&'a str> {
    let text = value.as_str()?;
    // The longest that any surface takes.
    let most = match name {
        "include_context" | "exclude_context" | "include_bundles" | "exclude_bundles" => {
            values::MAX_LONG_TEXT
        }
        _ => values::MAX_TEXT,
    };
    let is_kept = !text.is_empty() && !text.contains('\0') && text.chars().count() <= most;
    is_kept.then_some(text)
}

/// A field of the draft's `changes`.
macro_rules! field {
    (put $name:ident, $read:expr) => {
        Field {
            name: stringify!($name),
            read: |draft, value| {
                let read: fn(&serde_json::Value) -> Result<_, crate::directory::FieldError> = $read;
                draft.changes.$name = Some(read(value)?);
                Ok(())
            },
            keep: None,
        }
    };
    (text $name:ident, $check:expr) => {
        Field {
            keep: Some(|draft, text| draft.changes.$name = Some(text.to_owned())),
            ..field!(put $name, |value| json::text(stringify!($name), value).and_then($check))
        }
    };
    (nullable_text $name:ident, $most:expr) => {
        Field {
            keep: Some(|draft, text| draft.changes.$name = Some(Some(text.to_owned()))),
            ..field!(put $name, |value| json::nullable_text(stringify!($name), value, $most))
        }
    };
    (nullable $name:ident, $check:expr) => {
        Field {
            keep: Some(|draft, text| draft.changes.$name = Some(Some(text.to_owned()))),
            ..field!(put $name, |value| json::nullable(stringify!($name), value, $check))
        }
    };
    (choice $name:ident, $choices:expr) => {
        field!(put $name, |value| {
            json::text(stringify!($name), value)
                .and_then(|text| values::choice(stringify!($name), text, $choices))
        })
    };
    (nullable_choice $name:ident, $choices:expr) => {
        field!(put $name, |value| {
            let check = |text: &str| values::choice(stringify!($name), text, $choices);
            json::nullable(stringify!($name), value, check)
        })
    };
    (amount $name:ident) => {
        field!(put $name, |value| json::nullable_amount(stringify!($name), value))
    };
    (flag $name:ident) => {
        field!(put $name, |value| json::flag(stringify!($name), value))
    };
    (nullable_time $name:ident) => {
        field!(put $name, |value| json::nullable_time(stringify!($name), value))
    };
}

/// A field of the draft itself.
macro_rules! own {
    ($name:ident, $read:expr) => {
        Field {
            name: stringify!($name),
            read: |draft, value| {
                let read: fn(&serde_json::Value) -> Result<_, crate::directory::FieldError> = $read;
                draft.$name = Some(read(value)?);
                Ok(())
            },
            keep: None,
        }
    };
}

/// What was found wrong with a row.
#[derive(Default)]
pub struct Found {
    pub problems: Vec<RowProblem>,
    /// What is a problem unless it stands in the record already.
    pub doubts: Vec<Doubt>,
}

/// Takes every member; all problems are told. `kind` and `unchecked` are nobody's
/// fields.
pub fn read<D: Default>(fields: &[Field<D>], members: &Map<String, Value>, found: &mut Found) -> D {
    let mut draft = D::default();
    for (name, value) in members {
        if name == "kind" || name == UNCHECKED {
            continue;
        }
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            found
                .problems
                .push(RowProblem::new(name, no_such_field(name)));
            continue;
        };
        let Err(problem) = (field.read)(&mut draft, value) else {
            continue;
        };
        match (field.keep, keepable(name, value)) {
            (Some(keep), Some(text)) => {
                keep(&mut draft, text);
                found.doubts.push(Doubt {
                    problem: problem.into(),
                    value: text.to_owned(),
                });
            }
            _ => found.problems.push(problem.into()),
        }
    }
    draft
}

/// Names the fields of a row whose values are kept whatever the rules say: an
/// export writes it where a record has such values.
pub const UNCHECKED: &str = "unchecked";

pub fn names<D>(fields: &[Field<D>]) -> Vec<&'static str> {
    fields.iter().map(|field| field.name).collect()
}

fn no_such_field(name: &str) -> &'static str {
    match name {
        "password" => {
            "There is no such field. Import password_hash, or set passwords after the import."
        }
        _ => "There is no such field.",
    }
}
