//! Schemas that no single type has for itself: links, pages, errors.

use serde_json::{Map, Value, json};

use super::errors;
use super::frame::Frame;
use super::schemas::reference;
use super::types::TYPES;

pub fn all(frame: &Frame) -> Map<String, Value> {
    let links = ["self", "home", "describedby"];
    let pages = [&links[..], &["first", "last", "prev", "next"]].concat();
    let linkage = [&links[..], &["related", "first", "last", "prev", "next"]].concat();
    let any: Vec<_> = TYPES.iter().map(|kind| reference(kind.name)).collect();
    let schemas = json!({
        "id": { "type": "string", "pattern": "^[1-9][0-9]{0,18}$", "examples": ["2"] },
        "link": { "type": "string", "format": "uri-reference" },
        "page.link": { "oneOf": [reference("link"), { "type": "null" }] },
        "links": links_object(&links, &links),
        "pages": links_object(&pages, &pages),
        "linkage.links": links_object(&linkage, &["self", "home", "describedby", "related"]),
        "relationship.links": links_object(&["self", "related"], &["self", "related"]),
        "included": {
            "type": "array",
            "description": "The resources that include asked for, each once.",
            "items": { "anyOf": any },
        },
        "list.meta": list_meta(frame),
        "linkage.meta": linkage_meta(),
        "pagination": pagination(),
        "stamp": stamp(),
        "home": home(frame),
        "health": health(),
        "session": session(),
        "credentials": credentials(),
        "keys": keys(),
        "errors": errors::document(),
        "error": errors::object(),
    });
    match schemas {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    }
}

fn links_object(names: &[&str], required: &[&str]) -> Value {
    let link = |name: &str| match name {
        "first" | "last" | "prev" | "next" => reference("page.link"),
        _ => reference("link"),
    };
    let properties: Map<_, _> = names
        .iter()
        .map(|name| ((*name).to_owned(), link(name)))
        .collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn list_meta(frame: &Frame) -> Value {
    json!({
        "type": "object",
        "properties": {
            "pagination": reference("pagination"),
            "page_size_max": {
                "type": "integer",
                "description": "The largest page; only where more was asked for.",
                "examples": [frame.query.max_page_size],
            },
        },
        "required": ["pagination"],
    })
}

fn linkage_meta() -> Value {
    json!({
        "type": "object",
        "properties": {
            "pagination": reference("pagination"),
            "page_size_max": { "type": "integer" },
            "changed": {
                "type": "integer",
                "minimum": 0,
                "description": "How many members were added or removed; only in answers to changes.",
            },
        },
    })
}

fn pagination() -> Value {
    let number =
        |least: u8, doc: &str| json!({ "type": "integer", "minimum": least, "description": doc });
    let known = |least: u8, doc: &str| json!({ "type": ["integer", "null"], "minimum": least, "description": doc });
    json!({
        "type": "object",
        "properties": {
            "count": known(0, "All items; null with page[count]=none."),
            "page": number(1, "This page, from 1."),
            "page_count": known(1, "All pages; null with page[count]=none."),
            "page_items": number(0, "Items on this page."),
            "page_size": number(1, "Items on a full page."),
        },
        "required": ["count", "page", "page_count", "page_items", "page_size"],
    })
}

fn stamp() -> Value {
    json!({
        "type": "object",
        "description": "Who made and changed the resource, and when; the same as the attributes.",
        "properties": {
            "created": { "type": "string", "format": "date-time" },
            "modified": { "type": "string", "format": "date-time" },
            "created_by": { "type": ["integer", "null"] },
            "modified_by": { "type": ["integer", "null"] },
        },
        "required": ["created", "modified", "created_by", "modified_by"],
    })
}

fn home(frame: &Frame) -> Value {
    let limits = &frame.query;
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
    let page_size = json!({
        "type": "object",
        "description": "Items on a page: without page[size], and at most.",
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
                    "resources": { "type": "object", "additionalProperties": entry },
                    "page_size": page_size,
                    "project": { "type": "object", "properties": { "name": { "type": "string" } } },
                    "version": { "type": "string" },
                },
                "required": ["resources", "page_size", "project", "version"],
            },
        },
        "required": ["links", "meta"],
    })
}

fn session() -> Value {
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
                        "description": "A refresh token, which gives another pair once.",
                    },
                },
                "required": ["jwt", "renew"],
            },
        },
        "required": ["links", "meta"],
    })
}

fn credentials() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "description": "A username and a password, or a refresh token; that may also come as Bearer.",
        "properties": {
            "grant_type": { "type": "string", "enum": ["password", "refresh_token"], "default": "password" },
            "username": text,
            "password": text,
            "refresh_token": text,
        },
    })
}

fn keys() -> Value {
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

fn health() -> Value {
    json!({
        "type": "object",
        "properties": {
            "meta": {
                "type": "object",
                "properties": { "status": { "const": "ok" }, "version": { "type": "string" } },
                "required": ["status", "version"],
            },
        },
        "required": ["meta"],
    })
}
