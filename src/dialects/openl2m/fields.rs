//! Reads and validates fields, and collects all errors in the words of Django REST
//! framework.

use chrono::{DateTime, Utc};
use serde_json::{Number, Value};

use super::body::ParsedBody;
use super::datetime;
use super::field_errors::FieldErrors;

const REQUIRED: &str = "This field is required.";
const BLANK: &str = "This field may not be blank.";
const NULL: &str = "This field may not be null.";
const NOT_A_STRING: &str = "Not a valid string.";
const NOT_A_BOOLEAN: &str = "Must be a valid boolean.";
const NUL: &str = "Null characters are not allowed.";

/// The Python name of a value's type.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// The message for an id that does not exist.
pub fn no_object(pk: impl std::fmt::Display) -> String {
    format!("Invalid pk \"{pk}\" - object does not exist.")
}

pub fn too_short(min: usize) -> String {
    format!("Ensure this field has at least {min} characters.")
}

pub fn too_long(max: usize) -> String {
    format!("Ensure this field has no more than {max} characters.")
}

/// A validator of a string; returns the message if it fails.
pub type Test = fn(&str) -> Option<&'static str>;

/// A string field and its constraints.
#[derive(Clone, Copy)]
pub struct Text {
    pub name: &'static str,
    pub max: usize,
    /// Required, unless the update is partial.
    pub is_required: bool,
    pub may_be_blank: bool,
    pub is_trimmed: bool,
    /// Validators that report before and after the length.
    pub first: Option<Test>,
    pub last: Option<Test>,
}

impl Text {
    pub const fn optional(name: &'static str, max: usize) -> Self {
        Self {
            name,
            max,
            is_required: false,
            may_be_blank: true,
            is_trimmed: true,
            first: None,
            last: None,
        }
    }

    pub const fn required(name: &'static str, max: usize) -> Self {
        Self {
            is_required: true,
            may_be_blank: false,
            ..Self::optional(name, max)
        }
    }
}

pub struct Fields<'a> {
    sent: &'a ParsedBody,
    /// Whether missing fields stay unchanged.
    is_partial: bool,
    pub errors: FieldErrors,
}

impl<'a> Fields<'a> {
    pub fn of(sent: &'a ParsedBody, is_partial: bool) -> Self {
        Self {
            sent,
            is_partial,
            errors: FieldErrors::default(),
        }
    }

    fn add_error<T>(&mut self, field: &'static str, message: impl Into<String>) -> Option<T> {
        self.errors.add(field, message);
        None
    }

    fn value(&mut self, field: &'static str, is_required: bool) -> Option<&'a Value> {
        match self.sent.members.get(field) {
            None if is_required && !self.is_partial => self.add_error(field, REQUIRED),
            None => None,
            Some(Value::Null) => self.add_error(field, NULL),
            Some(value) => Some(value),
        }
    }

    pub fn text(&mut self, wanted: &Text) -> Option<String> {
        let field = wanted.name;
        let text = match self.value(field, wanted.is_required)? {
            Value::String(text) if wanted.is_trimmed => text.trim().to_owned(),
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return self.add_error(field, NOT_A_STRING),
        };
        if text.is_empty() {
            return if wanted.may_be_blank {
                Some(text)
            } else {
                self.add_error(field, BLANK)
            };
        }
        let length = text.chars().count();
        let max = wanted.max;
        let messages = [
            wanted.first.and_then(|test| test(&text)).map(str::to_owned),
            (length > max).then(|| too_long(max)),
            text.contains('\0').then(|| NUL.to_owned()),
            wanted.last.and_then(|test| test(&text)).map(str::to_owned),
        ];
        let mut is_well = true;
        for message in messages.into_iter().flatten() {
            self.errors.add(field, message);
            is_well = false;
        }
        is_well.then_some(text)
    }

    pub fn flag(&mut self, field: &'static str) -> Option<bool> {
        let flag = match self.value(field, false)? {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => of_number(number),
            Value::String(text) if text.is_empty() && self.sent.is_form => Some(false),
            Value::String(text) => of_word(text.trim()),
            _ => None,
        };
        match flag {
            Some(flag) => Some(flag),
            None => self.add_error(field, NOT_A_BOOLEAN),
        }
    }

    /// `Some(None)`: cleared, if that is allowed.
    pub fn datetime(
        &mut self,
        field: &'static str,
        may_be_null: bool,
    ) -> Option<Option<DateTime<Utc>>> {
        if may_be_null && self.sent.members.get(field) == Some(&Value::Null) {
            return Some(None);
        }
        let Value::String(text) = self.value(field, false)? else {
            return self.add_error(field, datetime::WRONG_FORMAT);
        };
        if text.is_empty() && self.sent.is_form {
            return may_be_null.then_some(None);
        }
        match datetime::read(text) {
            Ok(datetime) => Some(Some(datetime)),
            Err(message) => self.add_error(field, message),
        }
    }

    /// A list of at most `max` ids.
    pub fn ids(&mut self, field: &'static str, max: usize) -> Option<Vec<i64>> {
        let value = self.value(field, false)?;
        let Value::Array(items) = value else {
            let got = kind(value);
            return self.add_error(
                field,
                format!("Expected a list of items but got type \"{got}\"."),
            );
        };
        if items.len() > max {
            return self.add_error(
                field,
                format!("Ensure this field has no more than {max} elements."),
            );
        }
        match items.iter().map(id).collect() {
            Ok(ids) => Some(ids),
            Err(message) => self.add_error(field, message),
        }
    }
}

fn of_number(number: &Number) -> Option<bool> {
    match number.as_f64() {
        Some(1.0) => Some(true),
        Some(0.0) => Some(false),
        _ => None,
    }
}

fn of_word(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn id(value: &Value) -> Result<i64, String> {
    let id = match value {
        Value::Number(number) if !number.is_f64() => number.as_i64(),
        Value::String(text) if is_integer(text.trim()) => text.trim().parse().ok(),
        Value::Null => return Err(no_object("None")),
        other => {
            let got = kind(other);
            return Err(format!(
                "Incorrect type. Expected pk value, received {got}."
            ));
        }
    };
    id.ok_or_else(|| match value {
        Value::String(text) => no_object(text),
        other => no_object(other),
    })
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
