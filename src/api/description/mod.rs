//! The description of the native API, generated from its own tables: OpenAPI 3.1, and
//! an HTML reference. Both are generated once, on the first request.
//!
//! Not here: the tables themselves (`resources/`), and the query planner (`plan`), with
//! which every described parameter is tried.

mod access;
mod assets;
mod attribute_schemas;
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
mod service_schemas;
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

/// The media type of requests and responses with the extension.
const ATOMIC_TYPE: &str = "application/vnd.api+json;ext=\"https://jsonapi.org/ext/atomic\"";

/// The OpenAPI document, indented.
pub fn openapi(settings: &Settings) -> String {
    format!(
        "{:#}\n",
        openapi::document(&DescriptionContext::of(settings))
    )
}

/// The media type of responses that are not JSON:API documents.
fn media_type_of(path: &str) -> Option<&'static str> {
    match path {
        OPENAPI => Some("application/openapi+json"),
        PAGE => Some("text/html"),
        KEYS => Some("application/jwk-set+json"),
        "/health" | "/health/live" | "/health/ready" => Some(MEDIA_TYPE),
        OPERATIONS => Some(ATOMIC_TYPE),
        _ => None,
    }
}
