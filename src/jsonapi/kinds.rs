//! The table of error kinds of this module.
//!
//! The `title` is the same for every error of a kind (E02); its `detail` is specific.

use super::error::Error;

/// One kind of error. The documentation of error codes is generated from such tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorKind {
    /// The stable, machine-readable name: `errors[].code`.
    pub code: &'static str,
    /// The HTTP status of a single occurrence.
    pub status: u16,
    /// The short summary, the same for every occurrence: `errors[].title`.
    pub title: &'static str,
    /// When it occurs and what a client can do about it; for the documentation only.
    pub meaning: &'static str,
}

impl ErrorKind {
    /// An error of this kind.
    pub fn error(&self, detail: impl Into<String>) -> Error {
        Error::new(self.status, self.code, self.title, detail)
    }

    /// An entry of a table; other modules have tables of their own.
    pub const fn new(
        code: &'static str,
        status: u16,
        title: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self {
            code,
            status,
            title,
            meaning,
        }
    }
}

macro_rules! kinds {
    ($($name:ident = $code:literal, $status:literal, $title:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: ErrorKind = ErrorKind::new($code, $status, $title, $meaning);)*

        /// Every kind of this module, in the order of the documentation.
        pub const KINDS: &[&ErrorKind] = &[$(&$name),*];
    };
}

kinds! {
    INVALID_HEADER = "invalid_header", 400, "Invalid header", "A header value does not follow the grammar of HTTP.";
    NOT_ACCEPTABLE = "not_acceptable", 406, "Not acceptable", "No media type of the Accept header can be served.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", 415, "Unsupported media type", "The Content-Type is not supported, or has an unsupported parameter or extension; or the body has a Content-Encoding.";

    QUERY_TOO_LONG = "query_too_long", 414, "Query too long", "The query string has too many bytes.";
    TOO_MANY_PARAMETERS = "too_many_parameters", 400, "Too many parameters", "The query string has too many parameters.";
    INVALID_ENCODING = "invalid_encoding", 400, "Invalid encoding", "A query parameter is not UTF-8 once it is decoded.";
    INVALID_PARAMETER_NAME = "invalid_parameter_name", 400, "Invalid parameter name", "The name of a query parameter breaks the naming rules, or its family does not take such members.";
    UNKNOWN_PARAMETER = "unknown_parameter", 400, "Unknown parameter", "This endpoint does not support the query parameter.";
    DUPLICATE_PARAMETER = "duplicate_parameter", 400, "Duplicate parameter", "A query parameter is given twice, perhaps under an alias.";
    INVALID_PARAMETER = "invalid_parameter", 400, "Invalid parameter", "The value of a query parameter is too long.";
    INVALID_INCLUDE = "invalid_include", 400, "Invalid include", "The include parameter is not a list of relationship paths, or has too many or too long ones.";
    INVALID_FIELDS = "invalid_fields", 400, "Invalid fields", "A fields parameter is not a list of field names.";
    INVALID_SORT = "invalid_sort", 400, "Invalid sort", "The sort parameter is not a list of sort fields, or has too many.";
    INVALID_FILTER = "invalid_filter", 400, "Invalid filter", "A filter has an unknown operator or an invalid value, or is too large.";
    INVALID_PAGE = "invalid_page", 400, "Invalid page", "A page parameter has an invalid value.";
    CONFLICTING_PAGES = "conflicting_pages", 400, "Conflicting page parameters", "Paging by number, by offset and by cursor cannot be combined.";
    MAX_SIZE_EXCEEDED = "max_size_exceeded", 400, "Page size exceeds the maximum", "With the cursor pagination profile a page size above the maximum is rejected.";
    UNSUPPORTED_SORT = "unsupported_sort", 400, "Sort cannot be paged", "With the cursor pagination profile a list can be sorted only by the fields that it can be sorted by otherwise.";

    INVALID_JSON = "invalid_json", 400, "Invalid JSON", "The body is not one JSON text in UTF-8, names a member twice, or is nested too deeply.";
    INVALID_DOCUMENT = "invalid_document", 400, "Invalid document", "A value in the document does not have the type that JSON:API requires.";
    MISSING_MEMBER = "missing_member", 400, "Missing member", "The document lacks a member that JSON:API requires; the pointer is that of its parent.";
    DUPLICATE_FIELD = "duplicate_field", 400, "Duplicate field", "A name is used both for an attribute and for a relationship.";
    INVALID_OPERATION = "invalid_operation", 400, "Invalid operation", "An operation of POST /operations violates the Atomic Operations extension.";
    TOO_MANY_OPERATIONS = "too_many_operations", 400, "Too many operations", "One request has too many operations; send several.";
    INVALID_LID = "invalid_lid", 400, "Invalid lid", "A lid is not that of a resource created by an earlier operation, or is used twice.";
    TOO_MANY_IDENTIFIERS = "too_many_identifiers", 400, "Too many identifiers", "One linkage has too many identifiers; send several requests.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_and_titles_are_unique() {
        let codes: BTreeSet<_> = KINDS.iter().map(|kind| kind.code).collect();
        let titles: BTreeSet<_> = KINDS.iter().map(|kind| kind.title).collect();
        assert_eq!(codes.len(), KINDS.len());
        assert_eq!(titles.len(), KINDS.len());
    }

    #[test]
    fn every_kind_blames_the_client() {
        assert!(KINDS.iter().all(|kind| (400..500).contains(&kind.status)));
    }

    #[test]
    fn an_error_takes_status_code_and_title_from_its_kind() {
        let error = INVALID_SORT.error("why");
        assert_eq!(
            (error.status, error.code, error.title, error.detail.as_str()),
            (400, "invalid_sort", "Invalid sort", "why")
        );
    }
}
