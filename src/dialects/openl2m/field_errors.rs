//! Validation errors: messages by field, in the order in which the fields were read.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// The key of errors that belong to no field.
pub const NON_FIELD: &str = "non_field_errors";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<(&'static str, Vec<String>)>);

impl FieldErrors {
    pub fn one(field: &'static str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        let message = message.into();
        match self.0.iter_mut().find(|(known, _)| *known == field) {
            Some((_, messages)) => messages.push(message),
            None => self.0.push((field, vec![message])),
        }
    }

    pub fn forget(&mut self, field: &str) {
        self.0.retain(|(known, _)| *known != field);
    }

    /// Sorts by the order of `fields`; other fields come last.
    pub fn sorted(mut self, fields: &[&str]) -> Self {
        let place = |field: &str| fields.iter().position(|known| *known == field);
        self.0
            .sort_by_key(|(field, _)| place(field).unwrap_or(usize::MAX));
        self
    }
}

impl Serialize for FieldErrors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (field, messages) in &self.0 {
            map.serialize_entry(field, messages)?;
        }
        map.end()
    }
}
