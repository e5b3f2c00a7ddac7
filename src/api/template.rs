//! A template for the resource objects of one type in one response: the text that all
//! of them share is built once, and each row fills in the rest.

use super::render::Render;
use super::resource::{Relationship, Resource, Row};
use crate::jsonapi::write::{self, AttributeValue, Commas, raw};

/// A part of the template that a row fills in.
enum Slot<R: Resource> {
    Id,
    Attribute(for<'a> fn(&'a Row<R>) -> AttributeValue<'a>),
    /// One-time attributes; `follows` says whether other attributes come before them.
    OneTime {
        follows: bool,
    },
    /// `,"data":...` of a relationship whose linkage was loaded.
    Linkage(&'static Relationship),
    Meta,
}

pub struct Template<'a, R: Resource> {
    render: &'a Render<'a>,
    /// The shared text.
    text: Vec<u8>,
    /// The slots, each with the offset in the text at which it is inserted.
    slots: Vec<(usize, Slot<R>)>,
}

/// The approximate size of a template, to allocate memory once.
const TEXT_BYTES: usize = 1024;
const SLOTS: usize = 48;

impl<'a, R: Resource> Template<'a, R> {
    pub fn new(render: &'a Render<'a>) -> Self {
        let mut template = Self {
            render,
            text: Vec::with_capacity(TEXT_BYTES),
            slots: Vec::with_capacity(SLOTS),
        };
        template.raw("{\"id\":\"");
        template.slot(Slot::Id);
        template.raw("\",\"type\":\"");
        template.raw(R::TYPE);
        template.raw("\"");
        template.attributes();
        template.raw(",\"links\":{\"self\":\"");
        template.address();
        template.raw("\"}");
        template.relationships();
        template.slot(Slot::Meta);
        template.raw("}");
        template
    }

    fn raw(&mut self, text: &str) {
        raw(&mut self.text, text);
    }

    fn slot(&mut self, slot: Slot<R>) {
        self.slots.push((self.text.len(), slot));
    }

    /// `http://example.com/users/1`
    fn address(&mut self) {
        self.raw(self.render.base);
        self.raw("/");
        self.raw(R::PATH);
        self.raw("/");
        self.slot(Slot::Id);
    }

    fn attributes(&mut self) {
        self.raw(",\"attributes\":{");
        let mut commas = Commas::default();
        let mut follows = false;
        for attribute in R::attributes() {
            if let Some(get) = attribute.get
                && self.render.fields.shows(R::TYPE, attribute.name)
            {
                commas.next(&mut self.text);
                write::key(&mut self.text, attribute.name);
                self.slot(Slot::Attribute(get));
                follows = true;
            }
        }
        if !R::ONE_TIME.is_empty() {
            self.slot(Slot::OneTime { follows });
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
                self.slot(Slot::Linkage(relationship));
            }
            self.raw("}");
        }
        self.raw("}");
    }

    /// Writes one resource object. `once` are its one-time attributes, `notes` further
    /// members of its `meta`, such as the cursor of an item on a page (K08).
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
        for (end, slot) in &self.slots {
            let (before, rest) = text.split_at_checked(end - written).unwrap_or_default();
            out.extend_from_slice(before);
            (text, written) = (rest, *end);
            match slot {
                Slot::Id => write::number(out, id),
                Slot::Attribute(get) => write::value(out, get(row)),
                Slot::OneTime { follows } => self.one_time(out, *follows, once),
                Slot::Linkage(relationship) => self.linkage(out, relationship, id),
                Slot::Meta => meta::<R>(out, row, notes),
            }
        }
        out.extend_from_slice(text);
    }

    fn one_time(&self, out: &mut Vec<u8>, follows: bool, once: &[(&'static str, String)]) {
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
    let meta = R::meta(row);
    if meta.is_none() && notes == [None, None] {
        return;
    }
    raw(out, ",\"meta\":{");
    let mut commas = Commas::default();
    if let Some(meta) = meta {
        commas.next(out);
        raw(out, "\"created\":");
        write::string(out, meta.created);
        raw(out, ",\"modified\":");
        write::string(out, meta.modified);
        raw(out, ",\"created_by\":");
        write::value(out, AttributeValue::nullable_number(meta.created_by));
        raw(out, ",\"modified_by\":");
        write::value(out, AttributeValue::nullable_number(meta.modified_by));
        if let Some(id) = meta.external_id {
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
