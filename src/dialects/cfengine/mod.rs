//! Users and roles in the API of CFEngine Enterprise: `/api`, `/api/user` and
//! `/api/role`. See `docs/guides/cfengine.md`.

mod answer;
mod call;
mod error;
mod fields;
mod parameters;
mod roles;
mod routes;
mod status;
mod users;

pub use call::{Cfengine, forbid_cross_origin, refuse_content_coding, too_many_requests};
pub use routes::{configure, endpoints, serves};
