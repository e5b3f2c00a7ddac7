//! Resource objects.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Limits;
use super::collector::ErrorCollector;
use super::identifier::{self, Linkage, Typing, read_id, read_lid, read_type};
use crate::jsonapi::error::{Errors, excerpt};
use crate::jsonapi::{kinds, pointer};

/// The purpose of a resource object in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A new resource: `id` may be missing.
    Create,
    /// A change: `id` is required (U07).
    Update,
}

/// A resource object of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceObject {
    /// The type; the caller checks it.
    pub r#type: String,
    /// The id; integers are converted to strings.
    pub id: Option<String>,
    /// The local id.
    pub lid: Option<String>,
    /// The attributes that were sent, without `@`-members.
    pub attributes: Map<String, Value>,
    /// The linkage of the relationships that were sent with `data`, by name. The pointer to one is
    /// [`relationship_pointer`](Self::relationship_pointer).
    pub relationships: BTreeMap<String, Linkage>,
    /// The names of members that JSON:API does not define.
    pub others: Vec<String>,
    /// Non-standard information; `None` if it is absent or not an object.
    pub meta: Option<Map<String, Value>>,
}

impl ResourceObject {
    /// A resource object with one relationship only.
    pub fn of_relationship(kind: &str, name: &str, linkage: Linkage) -> Self {
        Self {
            r#type: kind.into(),
            id: None,
            lid: None,
            attributes: Map::new(),
            relationships: BTreeMap::from([(name.to_owned(), linkage)]),
            others: Vec::new(),
            meta: None,
        }
    }

    /// The pointer to a member of the resource at `base`.
    pub fn member_pointer(base: &str, name: &str) -> String {
        pointer::join(base, name)
    }

    /// The pointer to an attribute, where `base` points at the resource.
    pub fn attribute_pointer(base: &str, name: &str) -> String {
        pointer::join(&pointer::join(base, "attributes"), name)
    }

    /// The pointer to the linkage of a relationship, where `base` points at the resource.
    pub fn relationship_pointer(base: &str, name: &str) -> String {
        let relationship = pointer::join(&pointer::join(base, "relationships"), name);
        pointer::join(&relationship, "data")
    }
}

/// Reads a resource object from parsed JSON; `pointer` is its position in the document.
///
/// # Errors
/// 400 with pointers to existing values, for a missing member to its parent: `type` missing or not
/// a string; `id` neither a string nor an integer, or missing from an update; `attributes`,
/// `relationships` or a relationship that is not an object; a relationship without `data` and
/// `links`; invalid linkage; a name used for an attribute and a relationship.
pub fn resource_from(
    value: Value,
    pointer: &str,
    purpose: Purpose,
    limits: &Limits,
) -> Result<ResourceObject, Errors> {
    let mut errors = ErrorCollector::default();
    let resource = read(value, pointer, purpose, limits, &mut errors);
    errors.finish(resource)
}

fn read(
    value: Value,
    base: &str,
    purpose: Purpose,
    limits: &Limits,
    errors: &mut ErrorCollector,
) -> Option<ResourceObject> {
    let Value::Object(mut object) = value else {
        let detail = "A single resource object is expected.";
        errors.add(&kinds::INVALID_DOCUMENT, base, detail);
        return None;
    };
    let r#type = read_type(object.remove("type"), base, errors);
    let id = match object.remove("id") {
        // Some clients send null as the id of a new resource.
        Some(Value::Null) if purpose == Purpose::Create => None,
        Some(id) => read_id(&id, base, errors),
        None => {
            if purpose == Purpose::Update {
                errors.add(&kinds::MISSING_MEMBER, base, "The resource has no \"id\".");
            }
            None
        }
    };
    let lid = object
        .remove("lid")
        .and_then(|lid| read_lid(lid, base, errors));
    let attributes = read_object(object.remove("attributes"), base, "attributes", errors);
    let sent = read_object(
        object.remove("relationships"),
        base,
        "relationships",
        errors,
    );
    let relationships = read_relationships(sent, &attributes, base, limits, errors);
    let meta = match object.remove("meta") {
        Some(Value::Object(meta)) => Some(meta),
        _ => None,
    };
    object.remove("links");
    Some(ResourceObject {
        r#type: r#type?,
        id,
        lid,
        attributes,
        relationships,
        others: object.into_iter().map(|(name, _)| name).collect(),
        meta,
    })
}

/// An optional member that is an object.
fn read_object(
    value: Option<Value>,
    base: &str,
    name: &str,
    errors: &mut ErrorCollector,
) -> Map<String, Value> {
    match value {
        Some(Value::Object(members)) => members,
        None => Map::new(),
        Some(_) => {
            let pointer = pointer::join(base, name);
            let detail = format!("\"{name}\" is an object.");
            errors.add(&kinds::INVALID_DOCUMENT, &pointer, detail);
            Map::new()
        }
    }
}

fn read_relationships(
    sent: Map<String, Value>,
    attributes: &Map<String, Value>,
    base: &str,
    limits: &Limits,
    errors: &mut ErrorCollector,
) -> BTreeMap<String, Linkage> {
    let base = pointer::join(base, "relationships");
    let mut relationships = BTreeMap::new();
    for (name, value) in sent {
        let pointer = pointer::join(&base, &name);
        if attributes.contains_key(&name) {
            let name = excerpt(&name);
            let detail = format!("{name} is an attribute as well.");
            errors.add(&kinds::DUPLICATE_FIELD, &pointer, detail);
        } else if let Some(linkage) = read_relationship(value, &pointer, limits, errors) {
            relationships.insert(name, linkage);
        }
    }
    relationships
}

/// `None` for a relationship object without linkage, or an invalid one.
fn read_relationship(
    value: Value,
    pointer: &str,
    limits: &Limits,
    errors: &mut ErrorCollector,
) -> Option<Linkage> {
    let Value::Object(mut object) = value else {
        let detail = "A relationship is an object.";
        errors.add(&kinds::INVALID_DOCUMENT, pointer, detail);
        return None;
    };
    if let Some(data) = object.remove("data") {
        let pointer = pointer::join(pointer, "data");
        return identifier::read(data, &pointer, Typing::Required, limits, errors);
    }
    // Clients send back links that they have received.
    if !object.contains_key("links") {
        let detail = "The relationship has no \"data\".";
        errors.add(&kinds::MISSING_MEMBER, pointer, detail);
    }
    None
}

#[cfg(test)]
mod tests;
