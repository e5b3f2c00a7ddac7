//! Request documents.

use std::fmt::Display;

use serde_json::{Value, json};

/// A new resource.
pub fn a_new(kind: &str, attributes: Value) -> Value {
    json!({"data": {"type": kind, "attributes": attributes}})
}

/// Changes of the attributes of a resource.
pub fn changes(kind: &str, id: impl Display, attributes: Value) -> Value {
    json!({"data": {"type": kind, "id": id.to_string(), "attributes": attributes}})
}

/// Linkage: resource identifiers of one type.
pub fn linkage(kind: &str, ids: &[i64]) -> Value {
    let member = |id: &i64| json!({"type": kind, "id": id.to_string()});
    json!({"data": ids.iter().map(member).collect::<Vec<_>>()})
}

/// Relationships as resources show them, without linkage.
pub fn links(own: &str, names: &[&str]) -> Value {
    let shown = |name: &&str| {
        let links = json!({
            "related": format!("{own}/{name}"),
            "self": format!("{own}/relationships/{name}"),
        });
        ((*name).to_owned(), json!({ "links": links }))
    };
    Value::Object(names.iter().map(shown).collect())
}
