//! JSON Schemas of attributes.

use serde_json::{Value, json};

use super::context::DescriptionContext;
use super::examples;
use super::json_set::set;
use super::types::{Field, Type};
use crate::api::resource::AttributeKind;
use crate::directory::permissions::{MAX_NAME, MAX_NAMES};

/// The schema of an attribute in responses.
pub fn attribute(kind: &Type, field: &Field, context: &DescriptionContext) -> Value {
    let mut schema = value(field);
    if let Some((least, most)) = field.constraints.length {
        set(&mut schema, &["maxLength"], json!(most));
        if least > 0 {
            set(&mut schema, &["minLength"], json!(least));
        }
    }
    if field.name == "password" && field.constraints.required {
        set(&mut schema, &["minLength"], json!(context.password.0));
        set(&mut schema, &["maxLength"], json!(context.password.1));
    }
    if let Some(pattern) = field.constraints.pattern {
        set(&mut schema, &["pattern"], json!(pattern));
    }
    if !field.constraints.choices.is_empty() && !field.constraints.is_names {
        let null = Value::Null;
        let choices = field.constraints.choices.iter().map(|choice| json!(choice));
        let choices = choices.chain(field.constraints.nullable.then_some(null));
        set(&mut schema, &["enum"], choices.collect());
    }
    if field.constraints.nullable {
        let inner = schema.get("type").cloned();
        set(&mut schema, &["type"], json!([inner, "null"]));
    }
    set(&mut schema, &["description"], json!(field.doc));
    set(
        &mut schema,
        &["examples"],
        json!([examples::attribute(kind.kind, field)]),
    );
    if !field.is_writable {
        set(&mut schema, &["readOnly"], json!(true));
    }
    if !field.is_readable {
        set(&mut schema, &["writeOnly"], json!(true));
    }
    schema
}

/// The schema of an attribute in requests, which accept more forms than responses have.
pub fn sent_attribute(kind: &Type, field: &Field, context: &DescriptionContext) -> Value {
    let mut schema = attribute(kind, field, context);
    if field.kind == AttributeKind::Amount {
        set(&mut schema, &["type"], json!(["string", "number", "null"]));
    }
    schema
}

/// A decimal amount.
const AMOUNT: &str = r"^-?[0-9]{1,10}(\.[0-9]{1,2})?$";

fn value(field: &Field) -> Value {
    match field.kind {
        AttributeKind::Text => json!({ "type": "string" }),
        AttributeKind::Flag => json!({ "type": "boolean" }),
        AttributeKind::Number => json!({ "type": "integer", "format": "int64" }),
        AttributeKind::Time => json!({ "type": "string", "format": "date-time" }),
        AttributeKind::Amount => json!({ "type": "string", "pattern": AMOUNT }),
        AttributeKind::Structure
            if field.constraints.is_names && !field.constraints.choices.is_empty() =>
        {
            json!({
                "type": "array",
                "items": { "type": "string", "enum": field.constraints.choices },
                "uniqueItems": true,
                "minItems": 1,
            })
        }
        AttributeKind::Structure if field.constraints.is_names => json!({
            "type": "array",
            "items": {
                "type": "string",
                "pattern": "^[a-z0-9_.-]+:[a-z0-9_.-]+$",
                "maxLength": MAX_NAME,
            },
            "uniqueItems": true,
            "maxItems": MAX_NAMES,
        }),
        AttributeKind::Structure => json!({ "type": "object" }),
    }
}
