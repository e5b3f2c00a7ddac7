//! JSON:API 1.1 without our nouns: everything here can be quoted from the text of the specification.
//!
//! What lives here: media types and their negotiation, the grammar of query strings, the shape of
//! request documents, JSON pointers and error documents.
//!
//! What does not: which types, attributes, relationships, filters and sorts exist, who may use them,
//! the web framework and the database. A caller asks this room for plain values, checks the names in
//! them against its own tables, and reports unknown ones with the [`Error`] of this room.

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
