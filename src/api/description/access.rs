//! The schemas of access checks and of the origins of effective roles.

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
            "user": relationship("users", "The user to check; by default the caller."),
            "role": relationship("roles", "The role to check."),
            "target": relationship("users", "With a verb: the user whose grant it applies to."),
            "workspace": relationship("workspaces", "The scope. Without one, only roles held everywhere count."),
            "cluster": relationship("clusters", "The scope. Roles held in its workspace count as well."),
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

fn hosts(max: usize, classes: &Value, bundles: &Value) -> Value {
    json!({
        "type": ["array", "null"],
        "description": "Many hosts, each with a verdict; not in operations.",
        "maxItems": max,
        "items": {
            "type": "object",
            "properties": {
                "id": { "type": "string", "maxLength": MAX_TEXT },
                "classes": classes,
                "bundles": bundles,
            },
            "required": ["id"],
        },
    })
}

/// An access check: a permission, a role, a verb with a role and a target, the classes
/// of a host, bundles, or many hosts.
pub fn new(context: &DescriptionContext) -> Value {
    let limits = context.access_checks;
    let classes = names(
        "All classes of one CFEngine host: is the host visible?",
        limits.names,
    );
    let bundles = names(
        "CFEngine bundles, each on its own: are its reports visible?",
        limits.names,
    );
    let hosts = hosts(context.access_checks.hosts, &classes, &bundles);
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
                                "description": "With a role and a target: the change of the grant.",
                            },
                            "classes": classes,
                            "bundles": bundles,
                            "hosts": hosts,
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

/// The response to an access check.
pub fn document() -> Value {
    let text = json!({ "type": ["string", "null"] });
    json!({
        "type": "object",
        "properties": {
            "data": {
                "type": "object",
                "properties": {
                    "type": { "type": "string", "const": "access-checks" },
                    "id": { "type": "string", "description": "The request id; nothing is stored." },
                    "attributes": {
                        "type": "object",
                        "properties": {
                            "allowed": { "type": "boolean" },
                            "permission": text,
                            "role_name": text,
                            "verb": text,
                            "reasons": {
                                "type": "array",
                                "description": "The reasons, each sufficient on its own.",
                                "items": reference("reason"),
                                "maxItems": MAX_REASONS,
                            },
                            "missing": {
                                "type": ["string", "null"],
                                "description": "A sentence that says what is missing.",
                            },
                            "decided_by": decided_by(),
                            "bundles": {
                                "type": "array",
                                "description": "The verdict of each bundle.",
                                "items": reference("sight"),
                            },
                            "hosts": {
                                "type": "array",
                                "description": "The verdict of each host, in the same order; allowed says whether all are visible.",
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
        "description": "If it is visible: each role that includes it, with the expression. \
            If it is hidden: the role that hides it; empty without a role.",
        "items": reference("decision"),
    })
}

/// Whether one host or one bundle is visible.
pub fn sight() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "string", "description": "The id of the host." },
            "name": { "type": "string", "description": "The name of the bundle." },
            "allowed": { "type": "boolean" },
            "decided_by": decided_by(),
            "bundles": { "type": "array", "items": reference("sight") },
        },
        "required": ["allowed", "decided_by"],
    })
}

/// The decision of one role.
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
                "description": "The name that the expression matches; null: no name matches any expression of the list.",
            },
        },
        "required": ["role", "list", "expression", "name"],
    })
}

/// One grant that a permission or role comes from.
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
