//! The native surface: JSON:API at the root. A table per resource type, in
//! `resources/`, and the few handlers that serve them all, in `handlers/`.
//!
//! Not here: the specification itself (`jsonapi`), who may what (`auth`), and
//! every query (`directory`).

mod access_checks;
mod answer;
mod anybody;
mod astray;
#[macro_use]
mod attribute;
mod base;
mod call;
mod client;
mod conditional;
mod constraints;
mod decode;
mod description;
mod effective;
mod error;
mod filter;
mod handlers;
mod home;
mod idempotency;
mod include;
pub mod kinds;
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
mod unknown;

pub use astray::astray;
pub use base::{is_own_origin, is_secure, public as public_address};
pub use call::{Api, has_body, of_request, record_forbidden};
pub use client::address as client_address;
pub use description::{configure as describe, openapi};
pub use error::{forbid_cross_origin, not_ready, read_only, refuse_content_coding};
pub use routes::{Endpoint, endpoints};
