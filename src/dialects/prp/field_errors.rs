//! Validation errors: messages by field and, in the same structure, error codes.

use serde_json::{Map, Value, json};

#[derive(Clone, Debug, Default)]
pub struct FieldErrors {
    messages: Map<String, Value>,
    codes: Map<String, Value>,
}

impl FieldErrors {
    pub fn one(field: &str, code: &str, message: &str) -> Self {
        let mut errors = Self::default();
        errors.add(field, code, message);
        errors
    }

    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Keeps the first error of each field.
    pub fn add(&mut self, field: &str, code: &str, message: &str) {
        if !self.messages.contains_key(field) {
            self.messages.insert(field.to_owned(), json!([message]));
            self.codes.insert(field.to_owned(), json!([code]));
        }
    }

    /// Adds the errors of a nested object.
    pub fn within(&mut self, field: &str, errors: Self) {
        self.messages
            .insert(field.to_owned(), Value::Object(errors.messages));
        self.codes
            .insert(field.to_owned(), Value::Object(errors.codes));
    }

    /// Adds the errors of a list of objects: one entry for each object, with or without
    /// errors.
    pub fn each(&mut self, field: &str, errors: Vec<Self>) {
        let (messages, codes): (Vec<Value>, Vec<Value>) = errors
            .into_iter()
            .map(|one| (Value::Object(one.messages), Value::Object(one.codes)))
            .unzip();
        self.messages.insert(field.to_owned(), messages.into());
        self.codes.insert(field.to_owned(), codes.into());
    }

    /// The body of the response.
    pub fn into_body(self) -> Value {
        let mut body = self.messages;
        body.insert("error_codes".into(), Value::Object(self.codes));
        Value::Object(body)
    }
}
