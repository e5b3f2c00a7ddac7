//! The APIs of other systems: routes, wire types and errors of each, as a thin layer
//! over `directory` and `auth`.

mod body;
pub mod cfengine;
mod email;
pub mod openl2m;
mod paths;
pub mod prp;
mod request_context;

pub use request_context::RequestContext;
