//! Values of JSON texts as the attributes of the directory's things take them.

use serde_json::Value;

use super::{FieldError, clock, values};

pub fn text<'a>(field: &'static str, value: &'a Value) -> Result<&'a str, FieldError> {
    value
        .as_str()
        .ok_or_else(|| FieldError::invalid(field, "This value must be a string."))
}

/// A text that may be null, of at most `most` characters.
pub fn nullable_text(
    field: &'static str,
    value: &Value,
    most: usize,
) -> Result<Option<String>, FieldError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => {
            values::within(field, text, 0, most)?;
            Ok(Some(text.clone()))
        }
        _ => Err(FieldError::invalid(
            field,
            "This value must be a string or null.",
        )),
    }
}

/// A text that may be null, or becomes what `check` makes of it.
pub fn nullable(
    field: &'static str,
    value: &Value,
    check: impl Fn(&str) -> Result<String, FieldError>,
) -> Result<Option<String>, FieldError> {
    match value {
        Value::Null => Ok(None),
        value => text(field, value).and_then(check).map(Some),
    }
}

pub fn flag(field: &'static str, value: &Value) -> Result<bool, FieldError> {
    value
        .as_bool()
        .ok_or_else(|| FieldError::invalid(field, "This value must be true or false."))
}

/// A moment that may be null, in stored form, to the microsecond.
pub fn nullable_time(field: &'static str, value: &Value) -> Result<Option<String>, FieldError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => match clock::parse(text) {
            Some(moment) => Ok(Some(clock::precise_text(moment))),
            None => Err(FieldError::invalid(
                field,
                format!("This value must be {}.", clock::FORM),
            )),
        },
        _ => Err(FieldError::invalid(
            field,
            "This value must be a time or null.",
        )),
    }
}

/// An amount that may be null, in stored form; from a number or its text.
pub fn nullable_amount(field: &'static str, value: &Value) -> Result<Option<String>, FieldError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => values::amount(field, text).map(Some),
        Value::Number(number) => values::amount(field, &number.to_string()).map(Some),
        _ => Err(FieldError::invalid(
            field,
            "This value must be a number, its text, or null.",
        )),
    }
}

/// A list of texts.
pub fn texts(field: &'static str, value: &Value) -> Result<Vec<String>, FieldError> {
    let wrong = || FieldError::invalid(field, "This value must be an array of strings.");
    let items = value.as_array().ok_or_else(wrong)?;
    items
        .iter()
        .map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong))
        .collect()
}
