//! The native surface: JSON:API at the root. A table per resource type, in
//! `resources/`, and the few handlers that serve them all, in `handlers/`.
//!
//! Not here: the specification itself (`jsonapi`), who may what (`auth`), and
//! every query (`directory`).

mod answer;
mod base;
mod call;
mod conditional;
mod decode;
mod error;
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

pub use call::Api;
pub use error::{not_found, read_only, unreachable};
pub use routes::{Endpoint, endpoints};
