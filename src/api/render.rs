//! Serializes rows as resource objects, directly into the response body.

use super::description::OPENAPI;
use super::include::Compound;
use super::resource::{Resource, Row};
use super::template::Template;
use crate::jsonapi::query::Fields;
use crate::jsonapi::write::raw;

/// The context that all resource objects of one response share.
pub struct Render<'a> {
    pub base: &'a str,
    pub fields: &'a Fields,
    pub compound: &'a Compound,
}

impl Render<'_> {
    /// A template for several resources of one type.
    pub fn template<R: Resource>(&self) -> Template<'_, R> {
        Template::new(self)
    }

    /// Writes one resource object.
    pub fn resource<R: Resource>(
        &self,
        out: &mut Vec<u8>,
        row: &Row<R>,
        once: &[(&'static str, String)],
    ) {
        self.template::<R>().write(out, row, once, [None, None]);
    }
}

/// `"page":{"cursor":"..."}`
pub fn cursor_member(cursor: &str) -> String {
    format!("\"page\":{{\"cursor\":\"{cursor}\"}}")
}

/// `"links":{"self":...,"home":...,"describedby":...`, without the closing brace.
pub fn open_links(out: &mut Vec<u8>, base: &str, own: &[u8]) {
    raw(out, "\"links\":{\"self\":\"");
    out.extend_from_slice(own);
    raw(out, "\",\"home\":\"");
    raw(out, base);
    raw(out, "/home\",\"describedby\":\"");
    raw(out, base);
    raw(out, OPENAPI);
    out.push(b'"');
}
