//! What the resource objects of one type look like in one answer: the text that
//! all of them share is put together once, and each row fills in the rest.

use super::render::Render;
use super::resource::{Relationship, Resource, Row};
use crate::jsonapi::write::{self, Commas, Shown, raw};

/// What a row fills in.
enum Blank<R: Resource> {
    Id,
    Attribute(for<'a> fn(&'a Row<R>) -> Shown<'a>),
    /// Attributes that no row holds; `follows` others.
    Once {
        follows: bool,
    },
    /// `,"data":...`, where the linkage was loaded.
    Linkage(&'static Relationship),
    Meta,
}

pub struct Template<'a, R: Resource> {
    render: &'a Render<'a>,
    /// The shared text, in one piece.
    text: Vec<u8>,
    /// Up to where the text goes, and what comes then.
    blanks: Vec<(usize, Blank<R>)>,
}

/// Bytes and blanks of a template, roughly; only to reserve memory once.
const TEXT_BYTES: usize = 1024;
const BLANKS: usize = 48;

impl<'a, R: Resource> Template<'a, R> {
    pub fn new(render: &'a Render<'a>) -> Self {
        let mut template = Self {
            render,
            text: Vec::with_capacity(TEXT_BYTES),
            blanks: Vec::with_capacity(BLANKS),
        };
        template.raw("{\"id\":\"");
        template.blank(Blank::Id);
        template.raw("\",\"type\":\"");
        template.raw(R::TYPE);
        template.raw("\"");
        template.attributes();
        template.raw(",\"links\":{\"self\":\"");
        template.address();
        template.raw("\"}");
        template.relationships();
        template.blank(Blank::Meta);
        template.raw("}");
        template
    }

    fn raw(&mut self, text: &str) {
        raw(&mut self.text, text);
    }

    fn blank(&mut self, blank: Blank<R>) {
        self.blanks.push((self.text.len(), blank));
    }

    /// `http://example.com/users/1`
    fn address(&mut self) {
        self.raw(self.render.base);
        self.raw("/");
        self.raw(R::PATH);
        self.raw("/");
        self.blank(Blank::Id);
    }

    fn attributes(&mut self) {
        self.raw(",\"attributes\":{");
        let mut commas = Commas::default();
        let mut follows = false;
        for attribute in R::attributes() {
            if let Some(show) = attribute.show
                && self.render.fields.shows(R::TYPE, attribute.name)
            {
                commas.next(&mut self.text);
                write::key(&mut self.text, attribute.name);
                self.blank(Blank::Attribute(show));
                follows = true;
            }
        }
        if !R::ONCE.is_empty() {
            self.blank(Blank::Once { follows });
        }
        self.raw("}");
    }

    fn relationships(&mut self) {
        let fields = self.render.fields;
        let mut shown = R::RELATIONSHIPS
            .iter()
            .filter(|relationship| fields.shows(R::TYPE, relationship.name))
            .peekable();
        if shown.peek().is_none() {
            return;
        }
        self.raw(",\"relationships\":{");
        let mut commas = Commas::default();
        for relationship in shown {
            commas.next(&mut self.text);
            write::key(&mut self.text, relationship.name);
            self.raw("{\"links\":{\"related\":\"");
            self.address();
            self.raw("/");
            self.raw(relationship.name);
            self.raw("\",\"self\":\"");
            self.address();
            self.raw("/relationships/");
            self.raw(relationship.name);
            self.raw("\"}");
            if self.render.compound.shows(R::TYPE, relationship.name) {
                self.blank(Blank::Linkage(relationship));
            }
            self.raw("}");
        }
        self.raw("}");
    }

    /// One resource object. `once` are attributes that no row holds: a secret
    /// that is shown when it is made. `notes` are further members of its `meta`:
    /// the cursor on an item of a page (K08).
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        row: &Row<R>,
        once: &[(&'static str, String)],
        notes: [Option<&str>; 2],
    ) {
        let id = R::id(row);
        let mut text = self.text.as_slice();
        let mut written = 0;
        for (end, blank) in &self.blanks {
            let (before, rest) = text.split_at_checked(end - written).unwrap_or_default();
            out.extend_from_slice(before);
            (text, written) = (rest, *end);
            match blank {
                Blank::Id => write::number(out, id),
                Blank::Attribute(show) => write::value(out, show(row)),
                Blank::Once { follows } => self.once(out, *follows, once),
                Blank::Linkage(relationship) => self.linkage(out, relationship, id),
                Blank::Meta => meta::<R>(out, row, notes),
            }
        }
        out.extend_from_slice(text);
    }

    fn once(&self, out: &mut Vec<u8>, follows: bool, once: &[(&'static str, String)]) {
        let mut commas = Commas::following(follows);
        let fields = self.render.fields;
        for (name, text) in once.iter().filter(|(name, _)| fields.shows(R::TYPE, name)) {
            commas.next(out);
            write::key(out, name);
            write::string(out, text);
        }
    }

    fn linkage(&self, out: &mut Vec<u8>, relationship: &Relationship, id: i64) {
        let ids = self.render.compound.linkage(R::TYPE, relationship.name, id);
        raw(out, ",\"data\":");
        match (relationship.to_many, ids) {
            (true, ids) => write::linkage(out, relationship.target, ids),
            (false, [only, ..]) => write::identifier(out, relationship.target, *only),
            (false, []) => raw(out, "null"),
        }
    }
}

fn meta<R: Resource>(out: &mut Vec<u8>, row: &Row<R>, notes: [Option<&str>; 2]) {
    let stamp = R::stamp(row);
    if stamp.is_none() && notes == [None, None] {
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
        write::value(out, Shown::maybe_number(stamp.created_by));
        raw(out, ",\"modified_by\":");
        write::value(out, Shown::maybe_number(stamp.modified_by));
        if let Some(id) = stamp.external_id {
            raw(out, ",\"external_id\":");
            write::string(out, id);
        }
    }
    for note in notes.into_iter().flatten() {
        commas.next(out);
        raw(out, note);
    }
    out.push(b'}');
}
