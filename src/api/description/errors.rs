//! The error kinds of the native API and of JSON:API.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::context::DescriptionContext;
use super::schemas::reference;
use crate::api::kinds as ours;
use crate::jsonapi::{ErrorKind, MEDIA_TYPE, PLAIN_JSON, kinds};

/// All error kinds by status.
pub fn by_status(context: &DescriptionContext) -> BTreeMap<u16, Vec<&'static ErrorKind>> {
    let mut all: BTreeMap<u16, Vec<&'static ErrorKind>> = BTreeMap::new();
    for kind in ours::KINDS.iter().chain(kinds::KINDS) {
        let is_of_data = [ours::INVALID_DATA, ours::UNKNOWN_ATTRIBUTE].contains(kind);
        let status = if is_of_data {
            context.invalid_data
        } else {
            kind.status
        };
        all.entry(status).or_default().push(kind);
    }
    all
}

/// A response for each status.
pub fn responses(context: &DescriptionContext) -> Map<String, Value> {
    by_status(context)
        .iter()
        .map(|(status, kinds)| (status.to_string(), response(*status, kinds)))
        .collect()
}

fn response(status: u16, kinds: &[&'static ErrorKind]) -> Value {
    let lines: Vec<_> = kinds
        .iter()
        .map(|kind| format!("`{}`: {}", kind.code, kind.meaning))
        .collect();
    let example = kinds.first().map(|kind| {
        json!({
            "errors": [{
                "status": status.to_string(),
                "code": kind.code,
                "title": kind.title,
                "detail": kind.meaning,
            }],
        })
    });
    let content = json!({ "schema": reference("errors"), "example": example });
    json!({
        "description": lines.join("\n\n"),
        "headers": headers(status),
        "content": { MEDIA_TYPE: content, PLAIN_JSON: content },
    })
}

fn headers(status: u16) -> Value {
    let header = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    match status {
        401 => json!({ "WWW-Authenticate": header("WWW-Authenticate") }),
        429 | 503 => json!({ "Retry-After": header("Retry-After") }),
        _ => json!({}),
    }
}

pub fn document() -> Value {
    json!({
        "type": "object",
        "properties": {
            "errors": { "type": "array", "items": reference("error"), "minItems": 1 },
            "links": {
                "type": "object",
                "properties": { "home": reference("link") },
            },
            "error": {
                "type": "object",
                "description": "A copy of the first error; only as application/json.",
            },
        },
        "required": ["errors"],
    })
}

pub fn object() -> Value {
    let all = ours::KINDS.iter().chain(kinds::KINDS);
    let codes: Vec<_> = all.map(|kind| kind.code).collect();
    json!({
        "type": "object",
        "properties": {
            "status": { "type": "string", "pattern": "^[45][0-9][0-9]$" },
            "code": {
                "description": "The stable identifier of the error kind. More may be added.",
                "anyOf": [{ "type": "string", "enum": codes }, { "type": "string" }],
            },
            "title": { "type": "string", "description": "The same for every error of the kind." },
            "detail": { "type": "string", "description": "The details of this error." },
            "source": source(),
            "links": { "type": "object", "properties": { "type": reference("link") } },
            "meta": {
                "type": "object",
                "description": "For invalid attributes: which one, and what is wrong with it.",
                "properties": {
                    "attribute": { "type": "string" },
                    "message": { "type": "string" },
                    "page": {
                        "type": "object",
                        "description": "For pages by cursor that are too large.",
                        "properties": { "maxSize": { "type": "integer" } },
                    },
                },
            },
        },
        "required": ["status", "code", "title", "detail"],
    })
}

fn source() -> Value {
    json!({
        "type": "object",
        "description": "The part of the request that caused it.",
        "properties": {
            "pointer": { "type": "string", "description": "A JSON pointer into the body." },
            "parameter": { "type": "string", "description": "A query parameter." },
            "header": { "type": "string", "description": "A header." },
        },
    })
}
