//! Example values.

use serde_json::{Map, Value, json};

use super::json_set::set;
use super::types::{Field, Type};
use crate::api::resource::AttributeKind;

/// An example value of an attribute.
pub fn attribute(kind: &str, field: &Field) -> Value {
    match (kind, field.name) {
        ("users", "username" | "uname") => json!("johndoe"),
        ("users", "password") => json!("correct horse battery"),
        ("users", "old_password") => json!("johndoe's until now"),
        ("users", "name") => json!("John"),
        ("users", "surname") => json!("Doe"),
        ("users", "full_name") => json!("John Doe"),
        ("users", "email") => json!("johndoe@example.org"),
        ("users", "position") => json!("Accountant"),
        ("users", "organization") => json!("Example Ltd"),
        ("users", "time_zone") => json!("Europe/Rome"),
        ("users", "is_active") => json!(true),
        ("roles", "name") => json!("HR"),
        ("roles", "label") => json!("Human resources"),
        ("roles", "description") => json!("Hires people and looks after them."),
        ("roles", "permissions") | ("tokens", "scopes") => json!(["users:read"]),
        ("roles", "include_context") => json!("linux,debian_.*"),
        ("roles", "exclude_context") => json!("test_.*"),
        ("roles", "include_bundles") => json!("inventory_.*"),
        ("roles", "exclude_bundles") => json!("secrets"),
        ("workspaces", "title") => json!("Kenya"),
        ("workspaces", "code") => json!("KEN"),
        ("clusters", "title") => json!("Health"),
        ("clusters", "cluster_type") => json!("health"),
        ("clusters", "imported_type") => json!(null),
        ("clusters", "full_title") => json!("Health (Kenya)"),
        ("partners", "title") => json!("ACME Relief"),
        ("partners", "short_title") => json!("ACME"),
        ("partners", "partner_type") => json!("Gov"),
        ("partners", "email") => json!("office@example.org"),
        ("partners", "phone_number") => json!("+254 20 123456"),
        ("partners", "city") => json!("Nairobi"),
        ("partners", "country_code") => json!("KE"),
        ("grant-rules", "verbs") => json!(["give", "remove"]),
        ("tokens", "name") => json!("laptop"),
        ("tokens", "token") => json!(format!("rc_{}", "0".repeat(64))),
        ("tokens", "expires") => json!("2030-01-01T00:00:00+00:00"),
        ("events", "actor") => json!("admin"),
        ("events", "verb") => json!("update"),
        ("events", "subject_type") => json!("users"),
        ("events", "before") => json!({ "name": "Jon" }),
        ("events", "after") => json!({ "name": "John" }),
        ("events", "request_id") => json!("8735b1524bd3b15a"),
        ("events", "source_address") => json!("192.0.2.7"),
        ("events", "credential") => json!("api_token"),
        _ => value_of_kind(field),
    }
}

fn value_of_kind(field: &Field) -> Value {
    match field.kind {
        AttributeKind::Text => json!(
            field
                .constraints
                .choices
                .first()
                .copied()
                .unwrap_or("a text")
        ),
        AttributeKind::Flag => json!(false),
        AttributeKind::Number => json!(1),
        AttributeKind::Time => json!("2026-01-02T03:04:05+00:00"),
        AttributeKind::Amount => json!("10.50"),
        AttributeKind::Structure => json!({}),
    }
}

/// A document that creates a resource.
pub fn creation(kind: &Type) -> Value {
    let wanted = |field: &&Field| {
        field.is_writable
            && (field.constraints.required
                || matches!(field.name, "surname" | "permissions" | "scopes"))
    };
    let attributes = attributes(kind, wanted);
    let mut data = json!({ "type": kind.name, "attributes": attributes });
    let named = kind.required_relationships.iter();
    let named = named.filter_map(|name| kind.relationship(name));
    let links: Map<_, _> = named
        .map(|relationship| (relationship.name.to_owned(), one(relationship.target)))
        .collect();
    if !links.is_empty() {
        set(&mut data, &["relationships"], json!(links));
    }
    json!({ "data": data })
}

/// A document that changes one attribute.
pub fn change(kind: &Type) -> Value {
    if kind.is_trash() {
        return json!({ "data": { "type": kind.kind, "id": "2" } });
    }
    let name = match kind.name {
        "users" => "position",
        "roles" => "label",
        "workspaces" | "clusters" | "partners" => "title",
        _ => "name",
    };
    let attributes = attributes(kind, |field| field.name == name);
    json!({ "data": { "type": kind.name, "id": "2", "attributes": attributes } })
}

/// The body of an endpoint that is not derived from a table.
pub fn other(schema: &str) -> Value {
    match schema {
        "operations" => json!({
            "atomic:operations": [
                {
                    "op": "add",
                    "data": { "type": "roles", "lid": "hr", "attributes": { "name": "HR" } },
                },
                {
                    "op": "add",
                    "ref": { "type": "users", "id": "2", "relationship": "roles" },
                    "data": [{ "type": "roles", "lid": "hr" }],
                },
            ],
        }),
        "access_checks_new" => super::access::example(),
        "credentials" => json!({ "username": "johndoe", "password": "correct horse battery" }),
        _ => json!({
            "data": { "type": "users", "id": "2", "attributes": { "position": "Accountant" } },
        }),
    }
}

/// A change of linkage.
pub fn linkage(target: &str) -> Value {
    json!({ "data": [{ "type": target, "id": "2" }] })
}

/// A change of a to-one relationship.
pub fn one(target: &str) -> Value {
    json!({ "data": { "type": target, "id": "1" } })
}

fn attributes(kind: &Type, wanted: impl FnMut(&&Field) -> bool) -> Map<String, Value> {
    let fields = kind.fields();
    let chosen = fields.iter().filter(wanted);
    chosen
        .map(|field| (field.name.to_owned(), attribute(kind.kind, field)))
        .collect()
}
