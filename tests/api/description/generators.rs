//! What generators and testing tools stumble over is not in the description.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{description, operations};
use crate::support::TestApp;

/// Calls `visit` with each object that is a schema, and where it is.
fn schemas(value: &Value, place: &str, visit: &mut impl FnMut(&Value, &str)) {
    match value {
        Value::Object(members) => {
            visit(value, place);
            // Values, not schemas.
            let inner = members
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "example" | "examples"));
            inner.for_each(|(name, inner)| schemas(inner, &format!("{place}/{name}"), visit));
        }
        Value::Array(items) => items.iter().for_each(|item| schemas(item, place, visit)),
        _ => {}
    }
}

fn found(description: &Value, is_wrong: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    schemas(description, "", &mut |schema, place| {
        if is_wrong(schema) {
            found.insert(place.to_owned());
        }
    });
    found
}

#[test]
fn tools_that_fill_in_defaults_page_in_no_two_ways_at_once() {
    let app = TestApp::start();
    let description = description(&app);
    let parameters = description["components"]["parameters"].as_object().unwrap();
    for (name, parameter) in parameters {
        assert_eq!(parameter["schema"]["default"], Value::Null, "{name}");
    }
    let pages: String = ["page.number", "page.offset", "page.count"]
        .map(|name| parameters[name]["description"].as_str().unwrap())
        .join(" ");
    assert_eq!(pages.matches("default").count(), 3, "{pages}");
}

#[test]
fn a_constant_and_an_enumeration_have_a_type_beside_them() {
    let app = TestApp::start();
    let untyped = found(&description(&app), |schema| {
        let is_chosen = schema["const"].is_string()
            || schema["const"].is_boolean()
            || schema["enum"].is_array();
        is_chosen && !(schema["type"].is_string() || schema["type"].is_array())
    });
    assert_eq!(untyped, BTreeSet::new());
    let constant = found(&description(&app), |schema| schema["const"].is_boolean());
    assert_eq!(constant, BTreeSet::new());
}

#[test]
fn an_array_says_what_is_in_it() {
    let app = TestApp::start();
    let unclear = found(&description(&app), |schema| {
        let is_array = match &schema["type"] {
            Value::Array(types) => types.contains(&json!("array")),
            kind => *kind == "array",
        };
        is_array && !schema["items"].is_object()
    });
    assert_eq!(unclear, BTreeSet::new());
}

#[test]
fn names_of_schemas_and_operations_are_identifiers_and_each_schema_is_used() {
    let app = TestApp::start();
    let description = description(&app);
    let text = description.to_string();
    let is_identifier = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    for name in description["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        assert!(is_identifier(name), "{name}");
        let reference = format!("\"#/components/schemas/{name}\"");
        assert!(text.contains(&reference), "{name} is not used");
    }
    for (_, _, operation) in operations(&description) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(is_identifier(id), "{id}");
    }
}

#[test]
fn every_operation_can_succeed_and_says_in_a_sentence_what_it_does() {
    let app = TestApp::start();
    let description = description(&app);
    assert!(description["info"]["contact"]["name"].is_string());
    let mut summaries = BTreeSet::new();
    for (path, method, operation) in operations(&description) {
        assert_ne!(method, "HEAD", "{path}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{method} {path}"
        );
        let summary = operation["summary"].as_str().unwrap();
        assert!(!summary.contains("one of the"), "{summary}");
        assert!(summaries.insert(summary.to_owned()), "{summary}");
        let doc = operation["description"].as_str().unwrap();
        assert!(doc.ends_with('.'), "{method} {path}: {doc}");
    }
    for known in [
        "List users",
        "Create a user",
        "Get a user",
        "Get an event",
        "Restore a trashed user",
        "List the roles of a user",
        "List the ids of the roles of a user",
        "Get the partner of a user",
        "Set the partner of a user",
        "Add included roles to a role",
    ] {
        assert!(summaries.contains(known), "{known}");
    }
}
