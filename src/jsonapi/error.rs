//! Error objects and error documents (JSON:API 1.1, "Errors").

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

/// The part of the request that caused an error: `errors[].source`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A JSON pointer to an existing value in the request document (D22).
    Pointer(String),
    /// The name of a query parameter as it was sent, decoded (Q25).
    Parameter(String),
    /// The name of a request header (E03).
    Header(&'static str),
}

/// One error object.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// The HTTP status; serialized as a string.
    pub status: u16,
    /// The stable identifier of the error kind.
    pub code: &'static str,
    /// The summary, the same for every error of the kind (E02).
    pub title: &'static str,
    /// The details of this error.
    pub detail: String,
    /// The part of the request that caused it.
    pub source: Option<Source>,
    /// Non-standard details. Boxed to keep results small, since few errors have any.
    pub meta: Option<Box<Map<String, Value>>>,
    /// `links.type`: the URI of an error type that a profile defines.
    pub type_link: Option<&'static str>,
}

impl Error {
    /// An error without source, `meta` and link.
    pub fn new(
        status: u16,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            title,
            detail: detail.into(),
            source: None,
            meta: None,
            type_link: None,
        }
    }

    /// Sets the source to a value in the request document; for a missing member, to its parent.
    pub fn at_pointer(mut self, pointer: impl Into<String>) -> Self {
        self.source = Some(Source::Pointer(pointer.into()));
        self
    }

    /// Sets the source to a query parameter, with its name as sent.
    pub fn at_parameter(mut self, parameter: impl Into<String>) -> Self {
        self.source = Some(Source::Parameter(parameter.into()));
        self
    }

    /// Sets the source to a request header.
    pub fn at_header(mut self, header: &'static str) -> Self {
        self.source = Some(Source::Header(header));
        self
    }

    /// Adds `meta`.
    pub fn with_meta(mut self, meta: Map<String, Value>) -> Self {
        self.meta = Some(Box::new(meta));
        self
    }

    /// Adds `links.type`, as one link (K18).
    pub fn with_type_link(mut self, uri: &'static str) -> Self {
        self.type_link = Some(uri);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.detail)
    }
}

impl std::error::Error for Error {}

/// The errors of one response: at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Errors(Vec<Error>);

impl From<Error> for Errors {
    fn from(error: Error) -> Self {
        Self(vec![error])
    }
}

impl Errors {
    /// `None` if there are no errors.
    pub fn from_vec(errors: Vec<Error>) -> Option<Self> {
        (!errors.is_empty()).then_some(Self(errors))
    }

    /// Adds one more.
    pub fn push(&mut self, error: Error) {
        self.0.push(error);
    }

    /// The errors in the order of the document.
    pub fn iter(&self) -> std::slice::Iter<'_, Error> {
        self.0.iter()
    }

    /// The HTTP status of the response: that of all errors if it is the same, otherwise 500 if there
    /// is any server error, otherwise 400 (E01).
    pub fn status(&self) -> u16 {
        let mut statuses = self.0.iter().map(|error| error.status);
        let first = statuses.next().unwrap_or(500);
        if statuses.all(|status| status == first) {
            first
        } else if self.0.iter().any(|error| error.status >= 500) {
            500
        } else {
            400
        }
    }

    /// Appends the error document.
    ///
    /// `home` becomes `links.home`. With `bedita_compat` the first error is repeated as the top-level
    /// `error` that BEdita's clients read. JSON:API does not define it (D04), so it is for
    /// `application/json` only.
    pub fn write(&self, out: &mut Vec<u8>, home: Option<&str>, bedita_compat: bool) {
        let document = Document {
            error: self.0.first().filter(|_| bedita_compat).map(Single::from),
            errors: &self.0,
            links: home.map(|home| Home { home }),
        };
        // Writing to memory does not fail, and all member names are strings.
        serde_json::to_writer(out, &document).ok();
    }
}

impl<'a> IntoIterator for &'a Errors {
    type Item = &'a Error;
    type IntoIter = std::slice::Iter<'a, Error>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Errors {
    type Item = Error;
    type IntoIter = std::vec::IntoIter<Error>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Single<'a>>,
    errors: &'a [Error],
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Home<'a>>,
}

#[derive(Serialize)]
struct Home<'a> {
    home: &'a str,
}

/// An error as BEdita's clients read it.
#[derive(Serialize)]
struct Single<'a> {
    status: Status,
    title: &'a str,
    detail: &'a str,
    code: &'a str,
}

impl<'a> From<&'a Error> for Single<'a> {
    fn from(error: &'a Error) -> Self {
        Self {
            status: Status(error.status),
            title: error.title,
            detail: &error.detail,
            code: error.code,
        }
    }
}

/// A status, serialized as a string.
struct Status(u16);

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Serialize)]
struct TypeLink {
    r#type: &'static str,
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, value) = match self {
            Self::Pointer(pointer) => ("pointer", pointer.as_str()),
            Self::Parameter(parameter) => ("parameter", parameter.as_str()),
            Self::Header(header) => ("header", *header),
        };
        let mut object = serializer.serialize_map(Some(1))?;
        object.serialize_entry(name, value)?;
        object.end()
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("status", &Status(self.status))?;
        object.serialize_entry("code", self.code)?;
        object.serialize_entry("title", self.title)?;
        object.serialize_entry("detail", &self.detail)?;
        if let Some(source) = &self.source {
            object.serialize_entry("source", source)?;
        }
        if let Some(r#type) = self.type_link {
            object.serialize_entry("links", &TypeLink { r#type })?;
        }
        if let Some(meta) = &self.meta {
            object.serialize_entry("meta", meta.as_ref())?;
        }
        object.end()
    }
}

/// The maximum number of characters of a client's text that an error repeats.
const EXCERPT_LENGTH: usize = 80;

/// A client's text for a `detail`: quoted, and truncated if it is long.
pub(super) fn excerpt(text: &str) -> String {
    let mut excerpt: String = text.chars().take(EXCERPT_LENGTH).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    format!("\"{excerpt}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error(status: u16) -> Error {
        Error::new(status, "kind", "Title", "because")
    }

    fn written(errors: &Errors, home: Option<&str>, bedita_compat: bool) -> Value {
        let mut out = Vec::new();
        errors.write(&mut out, home, bedita_compat);
        serde_json::from_slice(&out).unwrap()
    }

    fn errors(statuses: &[u16]) -> Errors {
        Errors::from_vec(statuses.iter().copied().map(error).collect()).unwrap()
    }

    #[test]
    fn no_errors_are_no_errors() {
        assert_eq!(Errors::from_vec(Vec::new()), None);
    }

    #[test]
    fn one_error_sets_the_status_and_so_do_equal_ones() {
        assert_eq!(Errors::from(error(409)).status(), 409);
        assert_eq!(errors(&[404, 404]).status(), 404);
        assert_eq!(errors(&[503, 503]).status(), 503);
    }

    #[test]
    fn mixed_errors_are_answered_with_the_most_general_status() {
        assert_eq!(errors(&[404, 409]).status(), 400);
        assert_eq!(errors(&[404, 503]).status(), 500);
    }

    #[test]
    fn a_bare_error_has_four_strings_and_nothing_else() {
        let document = written(&error(400).into(), None, false);
        assert_eq!(
            document,
            json!({"errors": [{"status": "400", "code": "kind", "title": "Title", "detail": "because"}]})
        );
    }

    #[test]
    fn source_link_and_meta_are_written_when_set() {
        let mut meta = Map::new();
        meta.insert("page".into(), json!({"maxSize": 100}));
        let full = error(400)
            .at_parameter("page[size]")
            .with_type_link("https://example.org/kind")
            .with_meta(meta);
        let document = written(&full.into(), Some("/home"), false);
        assert_eq!(document["links"], json!({"home": "/home"}));
        let first = &document["errors"][0];
        assert_eq!(first["source"], json!({"parameter": "page[size]"}));
        assert_eq!(first["links"], json!({"type": "https://example.org/kind"}));
        assert_eq!(first["meta"], json!({"page": {"maxSize": 100}}));
    }

    #[test]
    fn the_source_is_a_pointer_a_parameter_or_a_header() {
        let source =
            |error: Error| written(&error.into(), None, false)["errors"][0]["source"].clone();
        assert_eq!(source(error(400).at_pointer("")), json!({"pointer": ""}));
        assert_eq!(
            source(error(400).at_header("Accept")),
            json!({"header": "Accept"})
        );
    }

    #[test]
    fn beditas_clients_find_the_first_error_at_the_top() {
        let mut both = Errors::from(error(404));
        both.push(error(409));
        let document = written(&both, None, true);
        assert_eq!(
            document["error"],
            json!({"status": "404", "title": "Title", "detail": "because", "code": "kind"})
        );
        assert_eq!(document["errors"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(excerpt("kurz"), "\"kurz\"");
        let cut = excerpt(&"ü".repeat(500));
        assert_eq!(cut.chars().count(), EXCERPT_LENGTH + 3);
    }

    #[test]
    fn results_with_an_error_stay_small() {
        assert!(size_of::<Error>() < 128);
    }
}
