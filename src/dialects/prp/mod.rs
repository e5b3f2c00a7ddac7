//! The ID management of the Partner Reporting Portal, as its own clients call
//! it, under `/api/id-management/`. `docs/guides/prp.md` tells where it departs from
//! the original and why.

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
