//! Schemas that all types share: links, pages, errors.

use serde_json::{Map, Value, json};

use super::context::DescriptionContext;
use super::errors;
use super::schemas::reference;
use super::service_schemas;
use super::types;

pub fn all(context: &DescriptionContext) -> Map<String, Value> {
    let links = ["self", "home", "describedby"];
    let pages = [&links[..], &["first", "last", "prev", "next"]].concat();
    let linkage = [&links[..], &["related", "first", "last", "prev", "next"]].concat();
    let living = types::all().filter(|kind| !kind.is_trash());
    let any: Vec<_> = living.map(|kind| reference(kind.name)).collect();
    let schemas = json!({
        "id": { "type": "string", "pattern": "^[1-9][0-9]{0,18}$", "examples": ["2"] },
        "link": { "type": "string", "format": "uri-reference" },
        "page_link": { "oneOf": [reference("link"), { "type": "null" }] },
        "links": links_object(&links, &links),
        "pages": links_object(&pages, &pages),
        "linkage_links": links_object(&linkage, &["self", "home", "describedby", "related"]),
        "relationship_links": links_object(&["self", "related"], &["self", "related"]),
        "included": {
            "type": "array",
            "description": "The included resources, each once.",
            "items": { "anyOf": any },
        },
        "list_meta": list_meta(context),
        "linkage_meta": linkage_meta(context),
        "pagination": pagination(),
        "cursor_pagination": cursor_pagination(),
        "cursor": cursor(),
        "cursor_meta": cursor_meta(),
        "stamp": stamp(),
        "access_checks_document": super::access::document(),
        "access_checks_new": super::access::new(context),
        "decision": super::access::decision(),
        "sight": super::access::sight(),
        "reason": super::access::reason(),
        "home": service_schemas::home(context),
        "trash": service_schemas::trash(),
        "health": service_schemas::health(),
        "session": service_schemas::session(),
        "credentials": service_schemas::credentials(),
        "operations": service_schemas::operations(context),
        "operations_results": service_schemas::results(),
        "keys": service_schemas::keys(),
        "errors": errors::document(),
        "error": errors::object(),
    });
    match schemas {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    }
}

pub fn links_object(names: &[&str], required: &[&str]) -> Value {
    let link = |name: &str| match name {
        "first" | "last" | "prev" | "next" => reference("page_link"),
        _ => reference("link"),
    };
    let properties: Map<_, _> = names
        .iter()
        .map(|name| ((*name).to_owned(), link(name)))
        .collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn list_meta(context: &DescriptionContext) -> Value {
    json!({
        "type": "object",
        "description": "pagination, or page for pages by cursor.",
        "properties": page_meta(context),
    })
}

fn linkage_meta(context: &DescriptionContext) -> Value {
    let mut properties = page_meta(context);
    let changed = json!({
        "type": "integer",
        "minimum": 0,
        "description": "How many members were added or removed; only in responses to changes.",
    });
    properties.insert("changed".to_owned(), changed);
    json!({ "type": "object", "properties": properties })
}

/// The members of `meta` of a page.
fn page_meta(context: &DescriptionContext) -> Map<String, Value> {
    let members = [
        ("pagination", reference("pagination")),
        ("page", reference("cursor_pagination")),
        (
            "total",
            json!({
                "type": "integer",
                "minimum": 0,
                "description": "All items, the same as pagination.count; absent where they were not counted.",
            }),
        ),
        (
            "count_is_estimated",
            json!({
                "type": "boolean",
                "description": "true with page[count]=estimated: total, count and page_count are approximate. Otherwise absent.",
            }),
        ),
        (
            "page_size_max",
            json!({
                "type": "integer",
                "description": "The maximum page size; only if a larger one was requested.",
                "examples": [context.query.max_page_size],
            }),
        ),
    ];
    members
        .map(|(name, schema)| (name.to_owned(), schema))
        .into_iter()
        .collect()
}

/// The page object of the cursor pagination profile.
fn cursor_pagination() -> Value {
    let total = |doc: &str| json!({ "type": "integer", "minimum": 0, "description": doc });
    json!({
        "type": "object",
        "description": "A page by cursor; totals only with page[count].",
        "properties": {
            "total": total("All items; with page[count]=exact."),
            "estimatedTotal": {
                "type": "object",
                "properties": { "bestGuess": total("An estimate; with page[count]=estimated.") },
                "required": ["bestGuess"],
            },
            "rangeTruncated": {
                "type": "boolean",
                "description": "true if the page does not contain all items between the two cursors. Otherwise absent.",
            },
        },
    })
}

/// The cursor of an item.
fn cursor() -> Value {
    json!({
        "type": "object",
        "description": "Only on pages by cursor.",
        "properties": {
            "cursor": {
                "type": "string",
                "description": "For page[after] and page[before], in the same order.",
            },
        },
        "required": ["cursor"],
    })
}

fn cursor_meta() -> Value {
    json!({ "type": "object", "properties": { "page": reference("cursor") } })
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
        "description": "Who created and changed the resource, and when; the same as the attributes.",
        "properties": {
            "created": { "type": "string", "format": "date-time" },
            "modified": { "type": "string", "format": "date-time" },
            "created_by": { "type": ["integer", "null"] },
            "modified_by": { "type": ["integer", "null"] },
            "external_id": {
                "type": "string",
                "format": "uuid",
                "description": "The client-generated id of the resource, if it has one.",
            },
            "origins": {
                "type": "array",
                "description": "The grants that an effective role or user comes from.",
                "items": reference("reason"),
            },
            "page": reference("cursor"),
        },
        "required": ["created", "modified", "created_by", "modified_by"],
    })
}
