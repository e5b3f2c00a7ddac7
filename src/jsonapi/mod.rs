//! JSON:API 1.1, independent of this application: everything here follows from the specification.
//!
//! Here: media types and content negotiation, the grammar of query strings, the shape of request
//! documents, JSON pointers and error documents.
//!
//! Not here: the types, attributes, relationships, filters and sorts that exist, authorization, the
//! web framework and the database. Callers parse requests with this module, check the names against
//! their own tables, and report unknown ones with [`Error`].

pub mod document;
pub mod error;
pub mod kinds;
pub mod media_type;
pub mod member;
pub mod negotiation;
pub mod pointer;
pub mod query;
pub mod write;

pub use document::{
    Identifier, Key, Linkage, Purpose, ResourceObject, read_linkage, read_resource,
};
pub use error::{Error, Errors, Source};
pub use kinds::ErrorKind;
pub use media_type::{ATOMIC, CURSOR_PAGINATION, MEDIA_TYPE, PLAIN_JSON};
pub use negotiation::{Accepted, Negotiation, RequestMediaType, prefers_html};
pub use query::{
    Count, Fields, Filter, IncludePath, Operator, Page, Query, SortKey, Test as FilterTest,
};
