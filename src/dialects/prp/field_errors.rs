//! What is wrong with the fields of a request: messages, and beside them in
//! the same shape the codes of these.

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

    /// Of two errors of one field the first is told.
    pub fn add(&mut self, field: &str, code: &str, message: &str) {
        if !self.messages.contains_key(field) {
            self.messages.insert(field.to_owned(), json!([message]));
            self.codes.insert(field.to_owned(), json!([code]));
        }
    }

    /// Those of the object that a field holds.
    pub fn within(&mut self, field: &str, errors: Self) {
        self.messages
            .insert(field.to_owned(), Value::Object(errors.messages));
        self.codes
            .insert(field.to_owned(), Value::Object(errors.codes));
    }

    /// Those of the objects in the list that a field holds: one for each, also
    /// for those without a fault.
    pub fn each(&mut self, field: &str, errors: Vec<Self>) {
        let (messages, codes): (Vec<Value>, Vec<Value>) = errors
            .into_iter()
            .map(|one| (Value::Object(one.messages), Value::Object(one.codes)))
            .unzip();
        self.messages.insert(field.to_owned(), messages.into());
        self.codes.insert(field.to_owned(), codes.into());
    }

    /// As it is answered.
    pub fn into_body(self) -> Value {
        let mut body = self.messages;
        body.insert("error_codes".into(), Value::Object(self.codes));
        Value::Object(body)
    }
}
