//! Reads and validates fields, and collects all errors with the messages and codes of
//! the original.

use serde_json::{Map, Value};

use super::field_errors::FieldErrors;

pub const NOT_A_CHOICE: &str = "is not a valid choice.";
const REQUIRED: &str = "This field is required.";
const NULL: &str = "This field may not be null.";
const BLANK: &str = "This field may not be blank.";

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

/// Whether a field is required and may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Must be present and not empty.
    Required,
    /// Not empty, if present.
    Filled,
    /// May be null or empty.
    Optional,
}

pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    pub errors: FieldErrors,
}

impl<'a> Fields<'a> {
    pub fn of(object: &'a Map<String, Value>) -> Self {
        Self {
            object,
            errors: FieldErrors::default(),
        }
    }

    /// # Errors
    /// All validation errors.
    pub fn done(self) -> Result<(), FieldErrors> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.errors)
        }
    }

    pub fn add_error(&mut self, field: &str, code: &str, message: &str) {
        self.errors.add(field, code, message);
    }

    pub fn raw(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field)
    }

    /// `None`: not sent or invalid. `Some(None)`: cleared.
    fn sent(&mut self, field: &str, need: Need) -> Option<Option<&'a Value>> {
        match (self.object.get(field), need) {
            (None, Need::Required) => self.add_error(field, "required", REQUIRED),
            (None, _) => {}
            (Some(Value::Null), Need::Optional) => return Some(None),
            (Some(Value::Null), _) => self.add_error(field, "null", NULL),
            (Some(value), _) => return Some(Some(value)),
        }
        None
    }

    /// A trimmed string of at most `max` characters.
    pub fn text(&mut self, field: &str, max: usize, need: Need) -> Option<Option<String>> {
        let Some(value) = self.sent(field, need)? else {
            return Some(None);
        };
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => {
                self.add_error(field, "invalid", "Not a valid string.");
                return None;
            }
        };
        if text.contains('\0') {
            let message = "Null characters are not allowed.";
            self.add_error(field, "null_characters_not_allowed", message);
            return None;
        }
        if text.is_empty() && need != Need::Optional {
            self.add_error(field, "blank", BLANK);
            return None;
        }
        if text.chars().count() > max {
            let message = format!("Ensure this field has no more than {max} characters.");
            self.add_error(field, "max_length", &message);
            return None;
        }
        Some(Some(text))
    }

    /// One of the choices; an empty string clears an optional field.
    pub fn choice<T>(
        &mut self,
        field: &str,
        need: Need,
        choice: impl Fn(&str) -> Option<T>,
    ) -> Option<Option<T>> {
        let Some(value) = self.sent(field, need)? else {
            return Some(None);
        };
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if text.is_empty() && need == Need::Optional {
            return Some(None);
        }
        let chosen = choice(&text);
        if chosen.is_none() {
            let message = format!("\"{text}\" {NOT_A_CHOICE}");
            self.add_error(field, "invalid_choice", &message);
        }
        chosen.map(Some)
    }

    pub fn flag(&mut self, field: &str, need: Need) -> Option<bool> {
        match self.sent(field, need)?? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if matches!(text.as_str(), "true" | "True" | "1") => Some(true),
            Value::String(text) if matches!(text.as_str(), "false" | "False" | "0") => Some(false),
            _ => {
                self.add_error(field, "invalid", "Must be a valid boolean.");
                None
            }
        }
    }

    /// An id, as a number or a string; an empty string clears an optional field.
    pub fn id(&mut self, field: &str, need: Need) -> Option<Option<i64>> {
        let value = match self.sent(field, need)? {
            None => return Some(None),
            Some(Value::String(text)) if text.trim().is_empty() => {
                if need == Need::Optional {
                    return Some(None);
                }
                self.add_error(field, "null", NULL);
                return None;
            }
            Some(value) => value,
        };
        let id = id(value);
        if id.is_none() {
            let message = format!(
                "Incorrect type. Expected pk value, received {}.",
                kind(value)
            );
            self.add_error(field, "incorrect_type", &message);
        }
        id.map(Some)
    }

    /// A list of at most `max` items.
    pub fn list(&mut self, field: &str, max: usize, need: Need) -> Option<&'a [Value]> {
        let value = self.sent(field, need)??;
        let Value::Array(items) = value else {
            let message = format!("Expected a list of items but got type \"{}\".", kind(value));
            let errors = FieldErrors::one("non_field_errors", "not_a_list", &message);
            self.errors.within(field, errors);
            return None;
        };
        if items.len() > max {
            let message = format!("Ensure this field has no more than {max} elements.");
            let errors = FieldErrors::one("non_field_errors", "max_length", &message);
            self.errors.within(field, errors);
            return None;
        }
        Some(items)
    }
}

/// Numbers out of range become 0, an id that nothing has.
pub fn id(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) if number.is_f64() => None,
        Value::Number(number) => Some(number.as_i64().unwrap_or(0)),
        Value::String(text) => {
            let text = text.trim();
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse().unwrap_or(0))
        }
        _ => None,
    }
}
