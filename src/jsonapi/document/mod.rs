//! Request documents: resource objects and linkage, read into plain values (JSON:API 1.1, "Document
//! Structure"; checklist C05 to C09, U07, R09 to R12).
//!
//! Checks the shape only: types, ids and names are for the caller to check. Members that JSON:API
//! does not define are ignored, members that start with `@` are dropped everywhere. All errors of a
//! document are reported together, up to a limit.

mod collector;
mod identifier;
mod json;
mod operations;
mod resource;

pub use identifier::{Identifier, Key, Linkage, linkage_from};
pub use json::read_json;
pub use operations::{Address, Op, Operation, Reference, operation_pointer, read_operations};
pub use resource::{Purpose, ResourceObject, resource_from};

use serde_json::Value;

use super::error::Errors;
use super::kinds;

/// The pointer of the primary data.
pub const DATA: &str = "/data";

/// Limits of request documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nested arrays and objects; the document itself is the first level.
    pub max_depth: usize,
    /// Identifiers in one linkage.
    pub max_identifiers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_depth: 32,
            max_identifiers: 1000,
        }
    }
}

/// Reads the document of a POST to a collection or a PATCH of a resource.
///
/// # Errors
/// All are 400: a body that is not JSON, without a source (E05); an invalid document, with pointers
/// to existing values (D22).
pub fn read_resource(
    body: &[u8],
    purpose: Purpose,
    limits: &Limits,
) -> Result<ResourceObject, Errors> {
    resource_from(primary_data(body, limits)?, DATA, purpose, limits)
}

/// Reads the document of a POST, PATCH or DELETE of a relationship URL. Its `data` may be an array,
/// one identifier (R11) or `null`, which the caller checks; identifiers may lack `type`.
///
/// # Errors
/// As [`read_resource`].
pub fn read_linkage(body: &[u8], limits: &Limits) -> Result<Linkage, Errors> {
    linkage_from(primary_data(body, limits)?, DATA, limits)
}

fn primary_data(body: &[u8], limits: &Limits) -> Result<Value, Errors> {
    let Value::Object(mut document) = read_json(body, limits)? else {
        let detail = "A document is a JSON object.";
        return Err(kinds::INVALID_DOCUMENT.error(detail).at_pointer("").into());
    };
    document.remove("data").ok_or_else(|| {
        let detail = "The document has no \"data\".";
        kinds::MISSING_MEMBER.error(detail).at_pointer("").into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonapi::error::Source;

    fn pointers(body: &str) -> Vec<Option<Source>> {
        let limits = Limits::default();
        let resource = read_resource(body.as_bytes(), Purpose::Create, &limits).unwrap_err();
        let linkage = read_linkage(body.as_bytes(), &limits).unwrap_err();
        assert_eq!(resource.status(), 400);
        assert_eq!(linkage.status(), 400);
        resource
            .into_iter()
            .chain(linkage)
            .map(|e| e.source)
            .collect()
    }

    #[test]
    fn a_document_is_an_object_with_data_c08() {
        let whole = Some(Source::Pointer(String::new()));
        for body in [
            "[]",
            "null",
            "1",
            "\"data\"",
            "{}",
            r#"{"meta":{}}"#,
            r#"{"@data":{}}"#,
        ] {
            assert_eq!(pointers(body), [whole.clone(), whole.clone()], "{body}");
        }
    }

    #[test]
    fn what_is_no_json_has_no_pointer_e05() {
        for body in ["", "{", "{\"data\":{}} x"] {
            assert_eq!(pointers(body), [None, None], "{body}");
        }
    }

    #[test]
    fn other_members_of_the_document_are_ignored_c09() {
        let body =
            br#"{"data":[],"jsonapi":7,"errors":[],"links":null,"meta":{},"x:y":1,"foo":[]}"#;
        let linkage = read_linkage(body, &Limits::default()).unwrap();
        assert_eq!(linkage, Linkage::Many(Vec::new()));
    }
}
