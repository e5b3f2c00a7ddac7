//! The ID management API of the Partner Reporting Portal, under
//! `/api/id-management/`. `docs/guides/prp.md` lists the deviations from the original.

mod answer;
mod assignable;
mod call;
mod error;
mod field_errors;
mod fields;
mod options;
mod pagination;
mod parameters;
mod partner_fields;
mod partners;
mod role_groups;
mod routes;
mod users;

pub use call::{Prp, forbid_cross_origin, refuse_content_coding, too_many_requests};
pub use routes::{configure, endpoints, serves};
