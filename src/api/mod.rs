//! The native API: JSON:API at the root. `resources/` has a table for each resource
//! type, `handlers/` the generic handlers that serve them all.
//!
//! Not here: the specification itself (`jsonapi`), authorization (`auth`) and
//! queries (`directory`).

mod access_checks;
mod response;
#[macro_use]
mod attribute;
mod base_url;
mod call;
mod client;
mod conditional;
mod constraints;
mod decode;
mod description;
mod effective;
mod error;
mod fallback;
mod filter;
mod handlers;
mod home;
mod idempotency;
mod include;
pub mod kinds;
mod member_names;
mod operations;
mod paging;
mod plan;
mod render;
mod resource;
mod resources;
mod routes;
mod seal;
mod sign_in;
mod template;
mod unauthenticated;

pub use base_url::{is_own_origin, is_secure, public_url};
pub use call::{Api, has_body, record_forbidden, request_context};
pub use client::address as client_address;
pub use description::{configure as describe, openapi};
pub use error::{forbid_cross_origin, not_ready, read_only, refuse_content_coding};
pub use fallback::fallback;
pub use routes::{Endpoint, endpoints};
