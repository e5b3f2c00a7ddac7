//! Reads and validates the fields of a request body, and collects all errors.
//! Unknown fields are ignored.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::directory::{FieldError, values};

pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// With the names of the fields.
    errors: Vec<(Cow<'static, str>, FieldError)>,
}

impl<'a> Fields<'a> {
    pub fn of(object: &'a Map<String, Value>) -> Self {
        Self {
            object,
            errors: Vec::new(),
        }
    }

    /// # Errors
    /// All validation errors.
    pub fn done(self) -> Result<(), ApiError> {
        match self.errors.is_empty() {
            true => Ok(()),
            false => {
                let errors = self.errors.into_iter().map(|(_, problem)| problem);
                Err(ApiError::Invalid(errors.collect()))
            }
        }
    }

    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Drops the errors of fields whose value is unchanged: clients can send back what
    /// they have read, even if another surface accepted it.
    pub fn forget_unchanged(&mut self, current: &impl Serialize) {
        let current = serde_json::to_value(current).unwrap_or_default();
        let object = self.object;
        self.errors.retain(|(name, _)| {
            let current = current.get(&**name);
            current.is_none() || current != object.get(&**name)
        });
    }

    pub fn check<T>(&mut self, checked: Result<T, FieldError>) -> Option<T> {
        checked
            .map_err(|problem| self.errors.push((problem.field.clone(), problem)))
            .ok()
    }

    fn add_error(&mut self, name: &'static str, message: impl Into<String>) {
        self.errors
            .push((name.into(), FieldError::invalid(name, message)));
    }

    /// A string, if the field is present.
    pub fn text(&mut self, name: &'static str) -> Option<&'a str> {
        match self.object.get(name)? {
            Value::String(text) => Some(text),
            _ => {
                self.add_error(name, "This value must be a string.");
                None
            }
        }
    }

    /// An optional string of at most `max` characters. `None`: not sent or invalid;
    /// `Some(None)`: null or empty, which clears the field.
    pub fn optional(&mut self, name: &'static str, max: usize) -> Option<Option<String>> {
        self.optional_by(name, |text| {
            values::within(name, text, 0, max)?;
            Ok(text.to_owned())
        })
    }

    /// An optional string with a check.
    pub fn optional_by(
        &mut self,
        name: &'static str,
        check: impl FnOnce(&str) -> Result<String, FieldError>,
    ) -> Option<Option<String>> {
        if self.object.get(name)?.is_null() {
            return Some(None);
        }
        let text = self.text(name)?;
        match check(text) {
            Ok(text) => Some(Some(text).filter(|text| !text.is_empty())),
            Err(problem) => {
                self.errors.push((name.into(), problem));
                None
            }
        }
    }

    /// A list of at most `max` strings.
    pub fn texts(&mut self, name: &'static str, max: usize) -> Option<Vec<String>> {
        let text = |item: &Value| item.as_str().map(str::to_owned);
        let texts: Option<Vec<String>> = match self.object.get(name)? {
            Value::Array(items) if items.len() > max => {
                self.add_error(name, format!("Ensure there are no more than {max}."));
                return None;
            }
            Value::Array(items) => items.iter().map(text).collect(),
            _ => None,
        };
        if texts.is_none() {
            self.add_error(name, "This value must be a list of strings.");
        }
        texts
    }
}
