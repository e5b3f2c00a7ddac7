//! The administration of users as OpenL2M's REST API has it, under
//! `/api/admin/users/`, and tokens for a password at `/api/users/token/`.
//! `docs/guides/openl2m.md` tells where it departs from the original and why.

mod answer;
mod body;
mod call;
mod datetime;
mod error;
mod field_errors;
mod fields;
mod list;
mod negotiation;
mod options;
mod record;
mod routes;
mod serializer;
mod tokens;
mod unauthenticated;
mod users;

pub use call::{OpenL2m, forbid_cross_origin, refuse_content_coding, too_many_requests};
pub use routes::{configure, endpoints, serves};
