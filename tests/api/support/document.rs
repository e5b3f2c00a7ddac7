//! A validator of answers: the document structure of JSON:API 1.1 (the rules D01
//! to D25 and their like), written from the specification and not from the
//! service. Every answer that a test client reads goes through it.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::client::JSON_API;

/// What an answer is an answer to.
#[derive(Clone, Copy, Default)]
pub struct Asked<'a> {
    pub method: &'a str,
    /// Perhaps a whole address.
    pub path: &'a str,
    pub body: Option<&'a [u8]>,
}

/// Fails with every violation of the specification that the answer shows.
/// Answers of other media types are not looked into.
#[track_caller]
pub fn check(asked: Asked<'_>, status: u16, content_type: Option<&str>, text: &str) {
    let faults = faults(asked, status, content_type, text);
    assert!(
        faults.is_empty(),
        "{} {} answered {status} with a faulty document:\n  {}\n{text}",
        asked.method,
        asked.path,
        faults.join("\n  ")
    );
}

/// All violations, one line each.
pub fn faults(
    asked: Asked<'_>,
    status: u16,
    content_type: Option<&str>,
    text: &str,
) -> Vec<String> {
    let mut lint = Lint {
        asked,
        status,
        faults: Vec::new(),
    };
    if status == 204 || asked.method == "HEAD" {
        lint.rule(text.is_empty(), "D24", "a body where none may be");
        return lint.faults;
    }
    let ours = content_type.is_some_and(|kind| kind.starts_with(JSON_API));
    if !ours {
        return lint.faults;
    }
    lint.content_type(content_type.unwrap_or_default());
    match parse(text) {
        Ok(Value::Object(document)) if document.contains_key(RESULTS) => {
            let named = content_type.is_some_and(|kind| kind.contains("ext/atomic"));
            lint.rule(
                named,
                "A01",
                "results without the extension in Content-Type",
            );
            lint.atomic(document);
        }
        Ok(Value::Object(document)) => lint.document(&document),
        Ok(_) => lint.fault("D01", "the root is no object"),
        Err(error) => lint.fault("D01", &error.to_string()),
    }
    lint.faults
}

struct Lint<'a> {
    asked: Asked<'a>,
    status: u16,
    faults: Vec<String>,
}

const RESULTS: &str = "atomic:results";
const TOP: &[&str] = &["data", "errors", "meta", "jsonapi", "links", "included"];
const RESOURCE: &[&str] = &["type", "id", "attributes", "relationships", "links", "meta"];
const PAGES: &[&str] = &["first", "last", "prev", "next"];
/// `home` is the one known exception (D15): the canonical description sends it.
const TOP_LINKS: &[&str] = &[
    "self",
    "related",
    "describedby",
    "first",
    "last",
    "prev",
    "next",
    "home",
];
const RELATIONSHIP_LINKS: &[&str] = &["self", "related", "first", "last", "prev", "next"];
const ERROR: &[&str] = &[
    "id", "links", "status", "code", "title", "detail", "source", "meta",
];
const LINK: &[&str] = &[
    "href",
    "rel",
    "describedby",
    "title",
    "type",
    "hreflang",
    "meta",
];
const SECRETS: &[&str] = &["password", "password_hash", "hash", "salt"];

impl Lint<'_> {
    fn fault(&mut self, rule: &str, what: &str) {
        self.faults.push(format!("{rule}: {what}"));
    }

    fn rule(&mut self, holds: bool, rule: &str, what: &str) {
        if !holds {
            self.fault(rule, what);
        }
    }

    fn only(&mut self, object: &Map<String, Value>, known: &[&str], rule: &str, place: &str) {
        for name in object.keys() {
            let fine = known.contains(&name.as_str()) || name.starts_with('@');
            self.rule(fine, rule, &format!("{place} has a member {name}"));
        }
    }

    fn content_type(&mut self, value: &str) {
        for parameter in value.split(';').skip(1) {
            let name = parameter.split('=').next().unwrap_or_default().trim();
            let fine = name == "ext" || name == "profile";
            self.rule(fine, "N01", &format!("the media type has a {name}"));
        }
    }

    fn document(&mut self, document: &Map<String, Value>) {
        self.only(document, TOP, "D04", "the document");
        let has = |name: &str| document.contains_key(name);
        let says_something = has("data") || has("errors") || has("meta");
        self.rule(says_something, "D02", "no data, errors or meta");
        let both = has("data") && has("errors");
        self.rule(!both, "D03", "data beside errors");
        let alone = has("included") && !has("data");
        self.rule(!alone, "D05", "included without data");
        let failed = self.status >= 400;
        self.rule(
            failed == has("errors"),
            "D23",
            "errors and the status disagree",
        );
        if let Some(errors) = document.get("errors") {
            self.errors(errors);
        }
        if let Some(meta) = document.get("meta") {
            self.meta(meta, "the document's meta");
        }
        if let Some(jsonapi) = document.get("jsonapi") {
            self.jsonapi(jsonapi);
        }
        if let Some(links) = document.get("links") {
            self.links(links, TOP_LINKS, "the document");
            let pages = PAGES.iter().any(|name| links.get(*name).is_some());
            let collection = document.get("data").is_some_and(Value::is_array);
            self.rule(
                !pages || collection,
                "D16",
                "pagination links without a collection",
            );
        }
        if has("data") && self.asked.method == "GET" {
            let own = document.get("links").and_then(|links| links.get("self"));
            self.rule(own.is_some_and(Value::is_string), "F09", "no links.self");
        }
        self.data(document);
        self.secrets(&Value::Object(document.clone()));
    }

    /// A document of the Atomic Operations extension: results, each like a
    /// document of its own.
    fn atomic(&mut self, mut document: Map<String, Value>) {
        let results = document.remove(RESULTS).unwrap_or_default();
        for name in ["data", "included", "errors"] {
            let fine = !document.contains_key(name);
            self.rule(fine, "A20", &format!("{name} beside the results"));
        }
        for (place, result) in results.as_array().into_iter().flatten().enumerate() {
            let Some(result) = result.as_object() else {
                self.fault("A04", &format!("result {place} is no object"));
                continue;
            };
            self.only(result, &["data", "meta"], "A04", "a result");
            self.data(result);
            self.secrets(&Value::Object(result.clone()));
        }
        self.rule(results.is_array(), "A04", "the results are no array");
        document.insert(
            "meta".into(),
            document
                .get("meta")
                .cloned()
                .unwrap_or_else(|| Map::new().into()),
        );
        self.document(&document);
    }

    fn data(&mut self, document: &Map<String, Value>) {
        let Some(data) = document.get("data") else {
            return;
        };
        let primary: Vec<&Value> = match data {
            Value::Array(items) => items.iter().collect(),
            Value::Null => Vec::new(),
            one => vec![one],
        };
        let mut known = HashSet::new();
        for (place, item) in primary.iter().enumerate() {
            self.resource(item, &format!("data {place}"));
            let fresh = key(item).is_none_or(|key| known.insert(key));
            self.rule(fresh, "D17", &format!("data {place} is there twice"));
        }
        let Some(included) = document.get("included") else {
            return;
        };
        let Some(included) = included.as_array() else {
            return self.fault("D04", "included is no array");
        };
        // Linkage as primary data has identifiers, no resource objects.
        if primary.iter().all(|item| is_identifier(item)) {
            known.clear();
        }
        for (place, item) in included.iter().enumerate() {
            self.resource(item, &format!("included {place}"));
            let fresh = key(item).is_none_or(|key| known.insert(key));
            self.rule(fresh, "D17", &format!("included {place} is there twice"));
        }
        self.full_linkage(&primary, included);
    }

    /// Every included resource can be reached from the primary data (D18);
    /// only sparse fieldsets may hide the way.
    fn full_linkage(&mut self, primary: &[&Value], included: &[Value]) {
        if self.asked.path.contains("fields") {
            return;
        }
        let mut reached: BTreeSet<(String, String)> = BTreeSet::new();
        let mut todo: Vec<&Value> = primary.to_vec();
        for item in primary.iter().filter(|item| is_identifier(item)) {
            if let Some(key) = key(item) {
                reached.insert(key);
            }
        }
        todo.extend(
            included
                .iter()
                .filter(|item| key(item).is_some_and(|key| reached.contains(&key))),
        );
        while let Some(item) = todo.pop() {
            for key in linked(item) {
                if reached.insert(key.clone()) {
                    let found = |item: &&Value| self::key(item).as_ref() == Some(&key);
                    todo.extend(included.iter().filter(found));
                }
            }
        }
        for item in included {
            let fine = key(item).is_some_and(|key| reached.contains(&key));
            let what = format!("nothing leads to {:?}", key(item));
            self.rule(fine, "D18", &what);
        }
    }

    fn resource(&mut self, item: &Value, place: &str) {
        let Some(object) = item.as_object() else {
            return self.fault("D06", &format!("{place} is no object"));
        };
        self.only(object, RESOURCE, "D08", place);
        self.identity(object, place);
        let mut fields = HashSet::new();
        if let Some(attributes) = object.get("attributes") {
            self.names(attributes, &format!("{place} attributes"));
            let names = attributes.as_object().into_iter().flat_map(Map::keys);
            fields.extend(names.cloned());
        }
        if let Some(relationships) = object.get("relationships") {
            let Some(relationships) = relationships.as_object() else {
                return self.fault("D08", &format!("{place}: relationships is no object"));
            };
            for (name, relationship) in relationships {
                let place = format!("{place} {name}");
                self.name(name, &place);
                self.rule(fields.insert(name.clone()), "D10", &place);
                self.relationship(relationship, &place);
            }
        }
        for name in ["id", "type"] {
            self.rule(!fields.contains(name), "D10", &format!("{place} {name}"));
        }
        if let Some(links) = object.get("links") {
            self.links(links, &["self"], place);
        }
        if let Some(meta) = object.get("meta") {
            self.meta(meta, place);
        }
    }

    fn identity(&mut self, object: &Map<String, Value>, place: &str) {
        for name in ["type", "id"] {
            let text = object.get(name).and_then(Value::as_str);
            let fine = text.is_some_and(|text| !text.is_empty());
            self.rule(fine, "D07", &format!("{place}: {name} is no string"));
        }
        if let Some(kind) = object.get("type").and_then(Value::as_str) {
            self.name(kind, place);
        }
    }

    fn relationship(&mut self, value: &Value, place: &str) {
        let Some(object) = value.as_object() else {
            return self.fault("D11", &format!("{place} is no object"));
        };
        self.only(object, &["links", "data", "meta"], "D11", place);
        self.rule(!object.is_empty(), "D11", &format!("{place} is empty"));
        if let Some(links) = object.get("links") {
            self.links(links, RELATIONSHIP_LINKS, place);
        }
        for name in ["self", "related"] {
            // What is nowhere served has its linkage alone.
            let link = object.get("links").and_then(|links| links.get(name));
            let is_apart = !object.contains_key("links") && object.contains_key("data");
            self.rule(
                link.is_some() || is_apart,
                "D11",
                &format!("{place} has no {name}"),
            );
        }
        if let Some(meta) = object.get("meta") {
            self.meta(meta, place);
        }
        match object.get("data") {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) => {
                let mut known = HashSet::new();
                for item in items {
                    self.identifier(item, place);
                    let fresh = key(item).is_none_or(|key| known.insert(key));
                    self.rule(fresh, "D12", &format!("{place} repeats a member"));
                }
            }
            Some(one) => self.identifier(one, place),
        }
    }

    fn identifier(&mut self, value: &Value, place: &str) {
        let Some(object) = value.as_object() else {
            return self.fault("D12", &format!("{place}: an identifier is no object"));
        };
        self.only(object, &["type", "id", "meta"], "D12", place);
        self.identity(object, place);
        if let Some(meta) = object.get("meta") {
            self.meta(meta, place);
        }
    }

    fn links(&mut self, value: &Value, known: &[&str], place: &str) {
        let Some(links) = value.as_object() else {
            return self.fault("D13", &format!("{place}: links is no object"));
        };
        self.only(links, known, "D15", &format!("{place}: links"));
        for (name, link) in links {
            self.link(link, &format!("{place}: link {name}"));
        }
    }

    fn link(&mut self, value: &Value, place: &str) {
        match value {
            Value::Null => {}
            Value::String(text) => {
                let what = format!("{place} is no URI reference: {text}");
                self.rule(is_uri_reference(text), "D13", &what);
            }
            Value::Object(object) => {
                self.only(object, LINK, "D14", place);
                match object.get("href") {
                    Some(Value::String(text)) => {
                        self.rule(is_uri_reference(text), "D13", place);
                    }
                    _ => self.fault("D14", &format!("{place} has no href")),
                }
                for name in ["rel", "title", "type"] {
                    let fine = object.get(name).is_none_or(Value::is_string);
                    self.rule(fine, "D14", &format!("{place}: {name}"));
                }
                if let Some(meta) = object.get("meta") {
                    self.meta(meta, place);
                }
            }
            _ => self.fault("D13", &format!("{place} is no link")),
        }
    }

    fn meta(&mut self, value: &Value, place: &str) {
        self.rule(value.is_object(), "D19", place);
        self.names(value, place);
    }

    /// Member names, at any depth (D09).
    fn names(&mut self, value: &Value, place: &str) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    self.name(name, place);
                    self.names(value, place);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.names(item, place)),
            _ => {}
        }
    }

    fn name(&mut self, name: &str, place: &str) {
        let edge = |c: char| c.is_ascii_alphanumeric() || c >= '\u{80}';
        let fine = name.starts_with(edge)
            && name.ends_with(edge)
            && name.chars().all(|c| edge(c) || "-_ ".contains(c));
        self.rule(fine, "D09", &format!("{place}: the name {name:?}"));
    }

    fn jsonapi(&mut self, value: &Value) {
        let Some(object) = value.as_object() else {
            return self.fault("D20", "jsonapi is no object");
        };
        let known = ["version", "ext", "profile", "meta"];
        self.only(object, &known, "D20", "jsonapi");
        let version = object.get("version");
        let fine = version.is_none_or(|version| version == "1.1");
        self.rule(fine, "D20", "the version is not \"1.1\"");
    }

    fn errors(&mut self, value: &Value) {
        let errors = value.as_array().map(Vec::as_slice).unwrap_or_default();
        self.rule(!errors.is_empty(), "D21", "no errors in errors");
        let mut statuses = BTreeSet::new();
        for error in errors {
            let Some(object) = error.as_object() else {
                self.fault("D21", "an error is no object");
                continue;
            };
            self.only(object, ERROR, "D21", "an error");
            for name in ["status", "code", "title", "detail"] {
                let fine = object.get(name).is_some_and(Value::is_string);
                self.rule(fine, "D21", &format!("{name} of an error"));
            }
            if let Some(status) = object.get("status").and_then(Value::as_str) {
                statuses.insert(status.to_owned());
            }
            if let Some(links) = object.get("links") {
                self.links(links, &["about", "type"], "an error");
            }
            if let Some(meta) = object.get("meta") {
                self.meta(meta, "an error's meta");
            }
            if let Some(source) = object.get("source") {
                self.source(source);
            }
        }
        // One kind of status is the answer's; of several the most general is.
        let own = self.status.to_string();
        let fine = if statuses.len() == 1 {
            statuses.contains(&own)
        } else {
            own == "400" || own == "500"
        };
        self.rule(fine, "E01", &format!("errors {statuses:?} with {own}"));
    }

    fn source(&mut self, value: &Value) {
        let Some(source) = value.as_object() else {
            return self.fault("D21", "a source is no object");
        };
        let known = ["pointer", "parameter", "header"];
        self.only(source, &known, "D21", "a source");
        let text = |name: &str| source.get(name).and_then(Value::as_str);
        if let Some(pointer) = text("pointer") {
            // What cannot be parsed cannot be pointed into (E05).
            let sent = self.asked.body.unwrap_or_default();
            let sent: Option<Value> = serde_json::from_slice(sent).ok();
            let fine = sent.is_some_and(|sent| sent.pointer(pointer).is_some());
            let what = format!("{pointer:?} points at nothing in the request");
            self.rule(fine, "D22", &what);
        }
        if let Some(parameter) = text("parameter") {
            let fine = parameters(self.asked.path).contains(parameter);
            self.rule(fine, "Q25", &format!("{parameter:?} was not sent"));
        }
    }

    /// Secrets are in no document, by whatever name (D25).
    fn secrets(&mut self, value: &Value) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    // The audit log tells that a password changed, not how.
                    let fine = !SECRETS.contains(&name.as_str()) || value == "changed";
                    self.rule(fine, "D25", &format!("there is a member {name}"));
                    self.secrets(value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.secrets(item)),
            Value::String(text) => {
                let fine = !text.contains("$argon2");
                self.rule(fine, "D25", "there is a hash");
            }
            _ => {}
        }
    }
}

fn key(item: &Value) -> Option<(String, String)> {
    let text = |name: &str| Some(item.get(name)?.as_str()?.to_owned());
    Some((text("type")?, text("id")?))
}

fn is_identifier(item: &Value) -> bool {
    let resource = ["attributes", "relationships", "links"];
    resource.iter().all(|name| item.get(name).is_none())
}

/// What the relationships of a resource name.
fn linked(item: &Value) -> Vec<(String, String)> {
    let relationships = item.get("relationships").and_then(Value::as_object);
    relationships
        .into_iter()
        .flat_map(Map::values)
        .filter_map(|relationship| relationship.get("data"))
        .flat_map(|data| match data {
            Value::Array(items) => items.iter().collect(),
            one => vec![one],
        })
        .filter_map(key)
        .collect()
}

/// The characters of RFC 3986, without brackets: those are for IPv6 hosts.
fn is_uri_reference(text: &str) -> bool {
    let bytes = text.as_bytes();
    let legal = |b: &u8| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(b);
    let escapes = bytes.iter().enumerate().filter(|(_, b)| **b == b'%');
    let escaped = |place: usize| {
        let digits = bytes.get(place + 1..place + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    bytes.iter().all(legal) && escapes.into_iter().all(|(place, _)| escaped(place))
}

/// The decoded names of the query parameters of an address.
pub fn parameters(path: &str) -> BTreeSet<String> {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .map(|pair| decode(pair.split('=').next().unwrap_or_default()))
        .collect()
}

/// `application/x-www-form-urlencoded`, losing what is no UTF-8.
fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced)
        .decode_utf8_lossy()
        .into_owned()
}

/// Reads JSON in which no object has a member twice (D01).
pub fn parse(text: &str) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Unique.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element_seed(Unique)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = from.next_key::<String>()? {
            let value = from.next_value_seed(Unique)?;
            if members.insert(name.clone(), value).is_some() {
                return Err(A::Error::custom(format!("{name} is there twice")));
            }
        }
        Ok(Value::Object(members))
    }
}
