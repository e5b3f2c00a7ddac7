//! Schemas of the endpoints that are not derived from a table.

use serde_json::{Map, Value, json};

use super::common::links_object;
use super::context::DescriptionContext;
use super::schemas::reference;

pub fn home(context: &DescriptionContext) -> Value {
    let limits = &context.query;
    let bounds = json!({
        "type": "object",
        "description": "The URL for atomic operations, and their limits.",
        "properties": {
            "href": reference("link"),
            "max_operations": { "type": "integer", "minimum": 1 },
            "max_passwords": { "type": "integer", "minimum": 1 },
        },
        "required": ["href", "max_operations", "max_passwords"],
    });
    let page_size = json!({
        "type": "object",
        "description": "Items on a page: the default and the maximum.",
        "properties": {
            "default": { "type": "integer", "minimum": 1, "examples": [limits.default_page_size] },
            "max": { "type": "integer", "minimum": 1, "examples": [limits.max_page_size] },
        },
        "required": ["default", "max"],
    });
    json!({
        "type": "object",
        "properties": {
            "links": reference("links"),
            "meta": {
                "type": "object",
                "properties": {
                    "resources": places(),
                    "page_size": page_size,
                    "operations": bounds,
                    "project": { "type": "object", "properties": { "name": { "type": "string" } } },
                    "version": { "type": "string" },
                },
                "required": ["resources", "page_size", "project", "version"],
            },
        },
        "required": ["links", "meta"],
    })
}

/// The collections by name.
fn places() -> Value {
    let hints = json!({
        "type": "object",
        "properties": {
            "allow": { "type": "array", "items": { "type": "string" } },
            "formats": { "type": "array", "items": { "type": "string" } },
        },
    });
    let entry = json!({
        "type": "object",
        "properties": { "href": reference("link"), "hints": hints },
        "required": ["href"],
    });
    json!({ "type": "object", "additionalProperties": entry })
}

pub fn trash() -> Value {
    json!({
        "type": "object",
        "properties": {
            "links": reference("links"),
            "meta": {
                "type": "object",
                "properties": { "resources": places() },
                "required": ["resources"],
            },
        },
        "required": ["links", "meta"],
    })
}

/// The request document of the Atomic Operations extension, which defines the details.
pub fn operations(context: &DescriptionContext) -> Value {
    let operation = json!({
        "type": "object",
        "properties": {
            "op": { "type": "string", "enum": ["add", "update", "remove"] },
            "ref": { "type": "object", "description": "type, id or lid, and optionally a relationship." },
            "href": reference("link"),
            "data": {
                "description": "A resource, linkage, or null to clear a to-one relationship.",
                "anyOf": [
                    { "type": "object" },
                    { "type": "array", "items": { "type": "object" } },
                    { "type": "null" },
                ],
            },
            "meta": {
                "type": "object",
                "properties": {
                    "if_match": { "type": "string", "description": "The ETag of the resource or linkage to change." },
                },
            },
        },
        "required": ["op"],
    });
    json!({
        "type": "object",
        "properties": {
            "atomic:operations": {
                "type": "array",
                "minItems": 1,
                "maxItems": context.operations,
                "items": operation,
            },
        },
        "required": ["atomic:operations"],
    })
}

pub fn results() -> Value {
    json!({
        "type": "object",
        "properties": {
            "atomic:results": {
                "type": "array",
                "items": { "type": "object", "description": "data and meta.etag, or nothing." },
            },
            "links": { "type": "object" },
            "jsonapi": { "type": "object", "description": "Names the extension." },
        },
        "required": ["atomic:results"],
    })
}

pub fn session() -> Value {
    json!({
        "type": "object",
        "properties": {
            "links": links_object(&["self", "home"], &["self", "home"]),
            "meta": {
                "type": "object",
                "properties": {
                    "jwt": {
                        "type": "string",
                        "description": "An access token, to be sent as Bearer.",
                    },
                    "renew": {
                        "type": "string",
                        "description": "A refresh token, which can be exchanged once for a new pair.",
                    },
                },
                "required": ["jwt", "renew"],
            },
        },
        "required": ["links", "meta"],
    })
}

pub fn credentials() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "description": "A username and a password, or a refresh token, which can also be sent as Bearer.",
        "properties": {
            "grant_type": { "type": "string", "enum": ["password", "refresh_token"], "default": "password" },
            "username": text,
            "password": text,
            "refresh_token": text,
        },
    })
}

pub fn keys() -> Value {
    let text = json!({ "type": "string" });
    let names = ["kty", "crv", "use", "alg", "kid", "x"];
    let key: Map<_, _> = names
        .iter()
        .map(|name| ((*name).to_owned(), text.clone()))
        .collect();
    json!({
        "type": "object",
        "properties": {
            "keys": {
                "type": "array",
                "items": { "type": "object", "properties": key, "required": names },
            },
        },
        "required": ["keys"],
    })
}

pub fn health() -> Value {
    json!({
        "type": "object",
        "properties": {
            "meta": {
                "type": "object",
                "properties": {
                    "status": { "type": "string", "const": "ok" },
                    "version": { "type": "string" },
                    "replica": {
                        "type": "object",
                        "description": "The replica of the database, if there is one.",
                        "properties": {
                            "status": { "type": "string", "enum": ["starting", "serving", "behind", "unreachable"] },
                            "lag_ms": {
                                "type": "integer",
                                "description": "How far the replica is behind the primary, in milliseconds.",
                            },
                        },
                        "required": ["status"],
                    },
                    "backup": {
                        "type": "object",
                        "description": "The backups that the service makes, if it does. They do not affect the status of the service.",
                        "properties": {
                            "status": {
                                "type": "string",
                                "enum": ["waiting", "ok", "failed"],
                                "description": "What became of the last attempt; `waiting` before the first.",
                            },
                            "last": {
                                "type": "string",
                                "format": "date-time",
                                "description": "When the last complete backup was made.",
                            },
                        },
                        "required": ["status"],
                    },
                },
                "required": ["status", "version"],
            },
        },
        "required": ["meta"],
    })
}
