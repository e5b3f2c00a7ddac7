//! Schemas that all types share: links, pages, errors.

use serde_json::{Map, Value, json};

use super::context::DescriptionContext;
use super::errors;
use super::schemas::reference;
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
        "home": home(context),
        "trash": trash(),
        "health": health(),
        "session": session(),
        "credentials": credentials(),
        "operations": operations(context),
        "operations_results": results(),
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

fn home(context: &DescriptionContext) -> Value {
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

fn trash() -> Value {
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
fn operations(context: &DescriptionContext) -> Value {
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

fn results() -> Value {
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
                        "description": "A refresh token, which can be exchanged once for a new pair.",
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
        "description": "A username and a password, or a refresh token, which can also be sent as Bearer.",
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
                },
                "required": ["status", "version"],
            },
        },
        "required": ["meta"],
    })
}
