//! The surface described by its own tables: as OpenAPI 3.1 for programs, and
//! as a page for people. Both are made once, when they are asked for first.
//!
//! Not here: what the tables say (`resources/`), and what works (`plan`, which
//! is asked about every parameter that is described).

mod access;
mod assets;
mod capabilities;
mod common;
mod context;
mod errors;
mod examples;
mod headers;
mod json_set;
mod openapi;
mod operations;
mod other_endpoints;
mod page;
mod parameters;
mod schemas;
mod shape;
mod summaries;
mod types;

pub use assets::{POLICY, configure};
pub use page::not_found_page;
pub use types::Type as Described;

use super::routes::OPERATIONS;
use crate::config::Settings;
use crate::jsonapi::MEDIA_TYPE;
use context::DescriptionContext;

pub const OPENAPI: &str = "/openapi.json";
pub const PAGE: &str = "/docs";
const KEYS: &str = "/.well-known/jwks.json";
const STYLE: &str = "/docs/style.css";

/// The media type with the extension, both ways.
const ATOMIC_TYPE: &str = "application/vnd.api+json;ext=\"https://jsonapi.org/ext/atomic\"";

/// The OpenAPI document, for reading.
pub fn openapi(settings: &Settings) -> String {
    format!(
        "{:#}\n",
        openapi::document(&DescriptionContext::of(settings))
    )
}

/// Of answers that are no documents of JSON:API.
fn media_type_of(path: &str) -> Option<&'static str> {
    match path {
        OPENAPI => Some("application/openapi+json"),
        PAGE => Some("text/html"),
        KEYS => Some("application/jwk-set+json"),
        "/health" => Some(MEDIA_TYPE),
        OPERATIONS => Some(ATOMIC_TYPE),
        _ => None,
    }
}
