//! JSON:API 1.1 on the API at the root, a file per section of its rules and a
//! test per rule. The names of the tests begin with the rule's number: N for
//! negotiation, D for documents, E for errors, F for reading, Q for query
//! parameters, C for creating, U for updating, R for relationships, X for
//! deleting, A for Atomic Operations, K for the cursor pagination profile. The structure of documents (D) is also
//! checked on every answer of the whole suite, by `support/document.rs`.

mod atomic;
mod conformance;
mod creating;
mod cursor_pagination;
mod deleting;
mod document;
mod errors;
mod linkage;
mod negotiation;
mod operation_lists;
mod query;
mod reading;
mod updating;

use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

const UNKNOWN_EXTENSION: &str = r#"ext="https://example.com/ext""#;

/// A document that makes a role: the cheapest thing that can be made.
fn new_role(name: &str) -> Value {
    json!({ "data": { "type": "roles", "attributes": { "name": name } } })
}

fn new_user(username: &str) -> Value {
    let attributes = json!({ "username": username, "password": "a long password" });
    json!({ "data": { "type": "users", "attributes": attributes } })
}

/// A document that changes attributes.
fn change(kind: &str, id: i64, attributes: Value) -> Value {
    json!({ "data": { "type": kind, "id": id.to_string(), "attributes": attributes } })
}

fn identifier(kind: &str, id: i64) -> Value {
    json!({ "type": kind, "id": id.to_string() })
}

fn identifiers(kind: &str, ids: &[i64]) -> Value {
    ids.iter().map(|id| identifier(kind, *id)).collect()
}

/// The number of roles there are.
fn count_roles(app: &TestApp) -> i64 {
    count(app, "/roles")
}

fn count(app: &TestApp, path: &str) -> i64 {
    let answer = app.admin().get(path).expect(200).json();
    answer["meta"]["pagination"]["count"].as_i64().unwrap()
}

/// The ids of a to-many linkage, read at its own address.
fn members(app: &TestApp, path: &str) -> Vec<i64> {
    let ids = app.admin().get(path).expect(200).ids();
    ids.iter().map(|id| id.parse().unwrap()).collect()
}

/// The included resources as `type/id`, in their order.
fn included(answer: &Answer) -> Vec<String> {
    let document = answer.json();
    let Some(included) = document["included"].as_array() else {
        panic!("no included in {document}");
    };
    let name = |item: &Value| {
        format!(
            "{}/{}",
            item["type"].as_str().unwrap(),
            item["id"].as_str().unwrap()
        )
    };
    included.iter().map(name).collect()
}

/// Each value of one attribute of the primary data.
fn each(answer: &Answer, attribute: &str) -> Vec<String> {
    let data = answer.data();
    let items = data.as_array().expect("an array");
    let text = |item: &Value| match &item["attributes"][attribute] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    items.iter().map(text).collect()
}
