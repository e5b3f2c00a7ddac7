//! Surfaces that speak as other systems do: routes, wire types and errors of
//! each, thin, over `directory` and `auth`.

pub mod openl2m;
pub mod prp;
