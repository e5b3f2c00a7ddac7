//! Rows as resource objects, written straight into the answer.

use super::description::OPENAPI;
use super::include::Compound;
use super::resource::{Resource, Row};
use crate::jsonapi::query::Fields;
use crate::jsonapi::write::{self, Commas, raw};

/// What all resource objects of one answer share.
pub struct Render<'a> {
    pub base: &'a str,
    pub fields: &'a Fields,
    pub compound: &'a Compound,
}

impl Render<'_> {
    /// One resource object. `once` are attributes that no row holds: a secret
    /// that is shown when it is made.
    pub fn resource<R: Resource>(
        &self,
        out: &mut Vec<u8>,
        row: &Row<R>,
        once: &[(&'static str, String)],
    ) {
        self.item::<R>(out, row, once, None);
    }

    /// The same as an item of a page: with the cursor on it (K08).
    pub fn item<R: Resource>(
        &self,
        out: &mut Vec<u8>,
        row: &Row<R>,
        once: &[(&'static str, String)],
        cursor: Option<&str>,
    ) {
        let id = R::id(row);
        raw(out, "{\"id\":\"");
        write::number(out, id);
        raw(out, "\",\"type\":\"");
        raw(out, R::TYPE);
        out.push(b'"');
        self.attributes::<R>(out, row, once);
        raw(out, ",\"links\":{\"self\":\"");
        self.address::<R>(out, id);
        raw(out, "\"}");
        self.relationships::<R>(out, id);
        self.meta::<R>(out, row, cursor);
        out.push(b'}');
    }

    /// `http://example.com/users/1`
    pub fn address<R: Resource>(&self, out: &mut Vec<u8>, id: i64) {
        raw(out, self.base);
        out.push(b'/');
        raw(out, R::PATH);
        out.push(b'/');
        write::number(out, id);
    }

    fn attributes<R: Resource>(
        &self,
        out: &mut Vec<u8>,
        row: &Row<R>,
        once: &[(&'static str, String)],
    ) {
        raw(out, ",\"attributes\":{");
        let wanted = self.fields.get(R::TYPE);
        let shows = |name: &str| wanted.is_none_or(|names| names.iter().any(|n| n == name));
        let mut commas = Commas::default();
        for attribute in R::attributes() {
            if let Some(show) = attribute.show
                && shows(attribute.name)
            {
                commas.next(out);
                write::key(out, attribute.name);
                write::value(out, show(row));
            }
        }
        for (name, text) in once.iter().filter(|(name, _)| shows(name)) {
            commas.next(out);
            write::key(out, name);
            write::string(out, text);
        }
        out.push(b'}');
    }

    fn relationships<R: Resource>(&self, out: &mut Vec<u8>, id: i64) {
        let mut shown = R::RELATIONSHIPS
            .iter()
            .filter(|relationship| self.fields.shows(R::TYPE, relationship.name))
            .peekable();
        if shown.peek().is_none() {
            return;
        }
        raw(out, ",\"relationships\":{");
        let mut commas = Commas::default();
        for relationship in shown {
            commas.next(out);
            write::key(out, relationship.name);
            raw(out, "{\"links\":{\"related\":\"");
            self.address::<R>(out, id);
            out.push(b'/');
            raw(out, relationship.name);
            raw(out, "\",\"self\":\"");
            self.address::<R>(out, id);
            raw(out, "/relationships/");
            raw(out, relationship.name);
            raw(out, "\"}");
            if let Some(ids) = self.compound.linkage(R::TYPE, relationship.name, id) {
                raw(out, ",\"data\":");
                match (relationship.to_many, ids) {
                    (true, ids) => write::linkage(out, relationship.target, ids),
                    (false, [only, ..]) => write::identifier(out, relationship.target, *only),
                    (false, []) => raw(out, "null"),
                }
            }
            out.push(b'}');
        }
        out.push(b'}');
    }

    fn meta<R: Resource>(&self, out: &mut Vec<u8>, row: &Row<R>, cursor: Option<&str>) {
        let stamp = R::stamp(row);
        if stamp.is_none() && cursor.is_none() {
            return;
        }
        raw(out, ",\"meta\":{");
        let mut commas = Commas::default();
        if let Some(stamp) = stamp {
            commas.next(out);
            raw(out, "\"created\":");
            write::string(out, stamp.created);
            raw(out, ",\"modified\":");
            write::string(out, stamp.modified);
            raw(out, ",\"created_by\":");
            write::value(out, write::Shown::maybe_number(stamp.created_by));
            raw(out, ",\"modified_by\":");
            write::value(out, write::Shown::maybe_number(stamp.modified_by));
            if let Some(id) = stamp.external_id {
                raw(out, ",\"external_id\":");
                write::string(out, id);
            }
        }
        if let Some(cursor) = cursor {
            commas.next(out);
            write_cursor(out, cursor);
        }
        out.push(b'}');
    }
}

/// `"page":{"cursor":"..."}`
pub fn write_cursor(out: &mut Vec<u8>, cursor: &str) {
    raw(out, "\"page\":{\"cursor\":\"");
    raw(out, cursor);
    raw(out, "\"}");
}

/// `"links":{"self":...,"home":...,"describedby":...`, left open for more.
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
