//! The schemas of access checks and of what is told of effective roles.

use serde_json::{Value, json};

use super::schemas::reference;
use crate::directory::access::MAX_REASONS;
use crate::directory::delegation::VERBS;
use crate::directory::permissions::MAX_NAME;
use crate::directory::values::MAX_TEXT;

fn relationship(kind: &str, doc: &str) -> Value {
    json!({
        "type": "object",
        "description": doc,
        "properties": {
            "data": {
                "oneOf": [
                    {
                        "type": "object",
                        "properties": { "type": { "const": kind }, "id": reference("id") },
                        "required": ["type", "id"],
                    },
                    { "type": "null" },
                ],
            },
        },
        "required": ["data"],
    })
}

fn relationships() -> Value {
    json!({
        "type": "object",
        "properties": {
            "user": relationship("users", "Who is asked about; the caller when it is left out."),
            "role": relationship("roles", "The role that is asked about."),
            "target": relationship("users", "With a verb: whose grant it is about."),
            "workspace": relationship("workspaces", "Where. Without a place only what is held everywhere counts."),
            "cluster": relationship("clusters", "Where. What is held in its workspace counts, too."),
        },
    })
}

/// What is asked: a permission, a role, or a verb with a role and a target.
pub fn new() -> Value {
    json!({
        "type": "object",
        "properties": {
            "data": {
                "type": "object",
                "properties": {
                    "type": { "const": "access-checks" },
                    "attributes": {
                        "type": "object",
                        "properties": {
                            "permission": {
                                "type": "string",
                                "maxLength": MAX_NAME,
                                "description": "A name like users:read.",
                            },
                            "role_name": {
                                "type": "string",
                                "maxLength": MAX_TEXT,
                                "description": "The role by its name instead of its id.",
                            },
                            "verb": {
                                "enum": VERBS,
                                "description": "With a role and a target: what shall be done to the grant.",
                            },
                        },
                    },
                    "relationships": relationships(),
                },
                "required": ["type"],
            },
        },
        "required": ["data"],
    })
}

/// What is answered.
pub fn document() -> Value {
    let text = json!({ "type": ["string", "null"] });
    json!({
        "type": "object",
        "properties": {
            "data": {
                "type": "object",
                "properties": {
                    "type": { "const": "access-checks" },
                    "id": { "type": "string", "description": "That of the request; nothing is stored." },
                    "attributes": {
                        "type": "object",
                        "properties": {
                            "allowed": { "type": "boolean" },
                            "permission": text,
                            "role_name": text,
                            "verb": text,
                            "reasons": {
                                "type": "array",
                                "description": "Why, each enough on its own.",
                                "items": reference("reason"),
                                "maxItems": MAX_REASONS,
                            },
                            "missing": {
                                "type": ["string", "null"],
                                "description": "What is missing, in words.",
                            },
                        },
                        "required": ["allowed", "reasons", "missing"],
                    },
                    "relationships": relationships(),
                },
                "required": ["type", "id", "attributes", "relationships"],
            },
            "links": reference("links"),
        },
        "required": ["data", "links"],
    })
}

/// One grant that gives something.
pub fn reason() -> Value {
    let id = json!({ "oneOf": [reference("id"), { "type": "null" }] });
    json!({
        "type": "object",
        "properties": {
            "grant": reference("id"),
            "roles": {
                "type": "array",
                "description": "From the role that is granted to the one that decides.",
                "items": reference("id"),
            },
            "workspace": id,
            "cluster": id,
            "valid_until": { "type": ["string", "null"], "format": "date-time" },
            "rule": id,
        },
        "required": ["grant", "roles", "workspace", "cluster", "valid_until", "rule"],
    })
}

pub fn example() -> Value {
    json!({
        "data": {
            "type": "access-checks",
            "attributes": { "permission": "users:read" },
            "relationships": { "user": { "data": { "type": "users", "id": "1" } } },
        },
    })
}
