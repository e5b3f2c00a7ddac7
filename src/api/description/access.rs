//! The schemas of access checks and of what is told of effective roles.

use serde_json::{Value, json};

use super::context::DescriptionContext;
use super::schemas::reference;
use crate::directory::access::MAX_REASONS;
use crate::directory::delegation::VERBS;
use crate::directory::host_access::ListOf;
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
                        "properties": { "type": { "type": "string", "const": kind }, "id": reference("id") },
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

fn names(doc: &str, most: usize) -> Value {
    json!({
        "type": ["array", "null"],
        "description": doc,
        "items": { "type": "string" },
        "maxItems": most,
    })
}

/// What is asked: a permission, a role, a verb with a role and a target, or
/// what is seen: the classes of a host, bundles, many hosts.
pub fn new(context: &DescriptionContext) -> Value {
    let limits = context.access_checks;
    let classes = names(
        "All classes of one host of CFEngine: is it seen?",
        limits.names,
    );
    let bundles = names(
        "Bundles of CFEngine, each alone: is what they report seen?",
        limits.names,
    );

    json!({
        "type": "object",
        "properties": {
            "data": {
                "type": "object",
                "properties": {
                    "type": { "type": "string", "const": "access-checks" },
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
                                "type": "string",
                                "enum": VERBS,
                                "description": "With a role and a target: what shall be done to the grant.",
                            },
                            "classes": classes,
                            "bundles": bundles,
                            "hosts": {
                                "type": ["array", "null"],
                                "description": "Many hosts, answered one by one; not in operations.",
                                "maxItems": limits.hosts,
                                "items": {
                                    "type": "object",
                                    "properties": {
                                        "id": { "type": "string", "maxLength": MAX_TEXT },
                                        "classes": classes,
                                        "bundles": bundles,
                                    },
                                    "required": ["id"],
                                },
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
                    "type": { "type": "string", "const": "access-checks" },
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
                            "decided_by": decided_by(),
                            "bundles": {
                                "type": "array",
                                "description": "Of each bundle that was asked about.",
                                "items": reference("sight"),
                            },
                            "hosts": {
                                "type": "array",
                                "description": "Of each host that was asked about, in the same order; allowed tells whether all are seen.",
                                "items": reference("sight"),
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

fn decided_by() -> Value {
    json!({
        "type": "array",
        "description": "Of what is seen: for each role that includes, by which expression. \
            Of what is hidden: the role that hides it; none when there is no role.",
        "items": reference("decision"),
    })
}

/// Whether one host or one bundle is seen.
pub fn sight() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "string", "description": "That of the host." },
            "name": { "type": "string", "description": "That of the bundle." },
            "allowed": { "type": "boolean" },
            "decided_by": decided_by(),
            "bundles": { "type": "array", "items": reference("sight") },
        },
        "required": ["allowed", "decided_by"],
    })
}

/// What a role has to say about it.
pub fn decision() -> Value {
    let text = json!({ "type": ["string", "null"] });
    json!({
        "type": "object",
        "properties": {
            "role": reference("id"),
            "list": { "type": "string", "enum": ListOf::NAMES },
            "expression": text,
            "name": {
                "type": ["string", "null"],
                "description": "What the expression fits; null: no name fits any expression of the list.",
            },
        },
        "required": ["role", "list", "expression", "name"],
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
