//! The fields of rows: what each is called and how its value is taken. The rules
//! are those of the values themselves.

use serde_json::{Map, Value};

use super::rows::RowProblem;
use crate::directory::Problem;

pub struct Field<D> {
    pub name: &'static str,
    pub read: fn(&mut D, &Value) -> Result<(), Problem>,
}

/// A field of the draft's `changes`.
macro_rules! field {
    (put $name:ident, $read:expr) => {
        Field {
            name: stringify!($name),
            read: |draft, value| {
                let read: fn(&serde_json::Value) -> Result<_, crate::directory::Problem> = $read;
                draft.changes.$name = Some(read(value)?);
                Ok(())
            },
        }
    };
    (text $name:ident, $check:expr) => {
        field!(put $name, |value| json::text(stringify!($name), value).and_then($check))
    };
    (maybe_text $name:ident, $most:expr) => {
        field!(put $name, |value| json::maybe_text(stringify!($name), value, $most))
    };
    (maybe $name:ident, $check:expr) => {
        field!(put $name, |value| json::maybe(stringify!($name), value, $check))
    };
    (choice $name:ident, $choices:expr) => {
        field!(text $name, |text| values::choice(stringify!($name), text, $choices))
    };
    (maybe_choice $name:ident, $choices:expr) => {
        field!(maybe $name, |text| values::choice(stringify!($name), text, $choices))
    };
    (amount $name:ident) => {
        field!(put $name, |value| json::maybe_amount(stringify!($name), value))
    };
    (flag $name:ident) => {
        field!(put $name, |value| json::flag(stringify!($name), value))
    };
    (maybe_time $name:ident) => {
        field!(put $name, |value| json::maybe_time(stringify!($name), value))
    };
}

/// A field of the draft itself.
macro_rules! own {
    ($name:ident, $read:expr) => {
        Field {
            name: stringify!($name),
            read: |draft, value| {
                let read: fn(&serde_json::Value) -> Result<_, crate::directory::Problem> = $read;
                draft.$name = Some(read(value)?);
                Ok(())
            },
        }
    };
}

/// Takes every member; all problems are told. `kind` is nobody's field.
pub fn read<D: Default>(
    fields: &[Field<D>],
    members: &Map<String, Value>,
    problems: &mut Vec<RowProblem>,
) -> D {
    let mut draft = D::default();
    for (name, value) in members {
        if name == "kind" {
            continue;
        }
        match fields.iter().find(|field| field.name == name) {
            None => problems.push(RowProblem::new(name, no_such_field(name))),
            Some(field) => {
                if let Err(problem) = (field.read)(&mut draft, value) {
                    problems.push(problem.into());
                }
            }
        }
    }
    draft
}

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
