//! The user administration of OpenL2M's REST API, under `/api/admin/users/`, and
//! tokens for a password at `/api/users/token/`. `docs/guides/openl2m.md` lists the
//! deviations from the original.

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
