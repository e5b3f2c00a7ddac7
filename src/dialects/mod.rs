//! Surfaces that speak as other systems do: routes, wire types and errors of
//! each, thin, over `directory` and `auth`.

mod addresses;
mod body;
pub mod cfengine;
mod email;
pub mod openl2m;
pub mod prp;
mod request_context;

pub use request_context::RequestContext;
