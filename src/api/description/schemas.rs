//! JSON Schemas of documents, generated from the tables of attributes.

use serde_json::{Map, Value, json};

use super::attribute_schemas::{attribute, sent_attribute};
use super::context::DescriptionContext;
use super::json_set::set;
use super::types::{self, Type};
use crate::api::resource::{Relationship, Writability};
use crate::jsonapi::Purpose;

/// The names that `fields[TYPE]` takes.
pub fn field_names(kind: &Type) -> Vec<&'static str> {
    let attributes = kind.fields().into_iter().filter(|field| field.is_readable);
    let relationships = kind.relationships.iter().map(|r| r.name);
    attributes
        .map(|field| field.name)
        .chain(relationships)
        .collect()
}

pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{}", known_as(name)) })
}

/// The name of a schema in the components: most languages do not allow hyphens in names.
pub fn known_as(name: &str) -> String {
    name.replace('-', "_")
}

/// Every schema by its name.
pub fn all(context: &DescriptionContext) -> Map<String, Value> {
    let mut all = super::common::all(context);
    all.insert("users_own".into(), own(context));
    let mut add = |name: String, schema: Value| all.insert(known_as(&name), schema);
    for kind in types::all() {
        let name = kind.name;
        add(name.into(), resource(kind, context));
        let mut shape = document(reference(name));
        // The password of a token is not a new one.
        if kind.name == "users" {
            set(&mut shape, &["properties", "meta"], password_meta());
        }
        add(format!("{name}_document"), shape);
        let related = json!({ "oneOf": [reference(name), { "type": "null" }] });
        if is_target(name, false) {
            add(format!("{name}_related"), document(related));
        }
        add(format!("{name}_list"), list(reference(name), "pages"));
        if is_target(name, true) {
            let mut shape = identifier(name, &["type", "id"]);
            set(
                &mut shape,
                &["properties", "meta"],
                reference("cursor_meta"),
            );
            add(format!("{name}_identifier"), shape);
            add(format!("{name}_linkage"), linkage(name));
        }
        if is_changed(name, true) {
            add(format!("{name}_members"), members(name, context));
        }
        if is_target(name, false) && !is_target(name, true) {
            let shape = identifier(name, &["type", "id"]);
            add(format!("{name}_identifier"), shape);
            add(format!("{name}_linkage"), linkage_of_one(name));
        }
        if is_changed(name, false) {
            add(format!("{name}_member"), member(name));
        }
        // Resources in the trash are restored, never created there.
        if !kind.is_trash() && kind.fields().iter().any(|field| field.is_writable) {
            add(
                format!("{name}_new"),
                request(kind, Purpose::Create, context),
            );
            add(
                format!("{name}_changes"),
                request(kind, Purpose::Update, context),
            );
        }
        if kind.is_trash() {
            let restoring = request(kind, Purpose::Update, context);
            add(format!("{name}_changes"), restoring);
        }
    }
    all
}

/// The `meta` of a response to a new password.
fn password_meta() -> Value {
    json!({
        "type": "object",
        "description": "Present when the request set the caller's own password.",
        "properties": {
            "password_strength": {
                "type": "object",
                "description": "An estimate by zxcvbn.",
                "properties": {
                    "score": { "type": "integer", "minimum": 0, "maximum": 4 },
                    "warning": { "type": "string" },
                    "suggestions": { "type": "array", "items": { "type": "string" } },
                },
                "required": ["score"],
            },
        },
    })
}

/// Whether the type is the target of a to-many or of a to-one relationship.
fn is_target(name: &str, to_many: bool) -> bool {
    let mut all = types::all().flat_map(|kind| kind.relationships);
    all.any(|relationship| relationship.target == name && relationship.to_many == to_many)
}

/// Whether the linkage of such a relationship can be changed.
fn is_changed(target: &str, to_many: bool) -> bool {
    let mut all = types::all().flat_map(|kind| kind.relationships);
    all.any(|r| r.target == target && r.to_many == to_many && r.writability == Writability::Always)
}

fn resource(kind: &Type, context: &DescriptionContext) -> Value {
    let shown: Map<_, _> = kind
        .fields()
        .iter()
        .filter(|field| field.is_readable)
        .map(|field| (field.name.to_owned(), attribute(kind, field, context)))
        .collect();
    let mut properties = json!({
        "type": { "type": "string", "const": kind.kind },
        "id": reference("id"),
        "attributes": { "type": "object", "properties": shown },
        "links": {
            "type": "object",
            "properties": { "self": reference("link") },
            "required": ["self"],
        },
    });
    if !kind.relationships.is_empty() {
        let relationships: Map<_, _> = kind
            .relationships
            .iter()
            .map(|r| (r.name.to_owned(), relationship(r)))
            .collect();
        set(
            &mut properties,
            &["relationships"],
            json!({ "type": "object", "properties": relationships }),
        );
    }
    let is_stamped = kind.fields().iter().any(|field| field.name == "modified");
    let meta = if is_stamped { "stamp" } else { "cursor_meta" };
    set(&mut properties, &["meta"], reference(meta));
    json!({
        "type": "object",
        "description": kind.doc,
        "properties": properties,
        "required": ["type", "id", "attributes", "links"],
    })
}

/// A relationship in a resource object; it has linkage only if it is included.
fn relationship(relationship: &Relationship) -> Value {
    json!({
        "type": "object",
        "description": relationship.doc,
        "properties": {
            "links": reference("relationship_links"),
            "data": shown_linkage(relationship),
        },
        "required": ["links"],
    })
}

fn shown_linkage(relationship: &Relationship) -> Value {
    let identifier = reference(&format!("{}_identifier", relationship.target));
    if relationship.to_many {
        json!({ "type": "array", "items": identifier })
    } else {
        json!({ "oneOf": [identifier, { "type": "null" }] })
    }
}

/// A document that creates or updates a resource.
fn request(kind: &Type, purpose: Purpose, context: &DescriptionContext) -> Value {
    let fields = kind.fields();
    let is_new = purpose == Purpose::Create;
    let written = fields
        .iter()
        .filter(|field| field.is_writable && field.constraints.is_sent(is_new));
    let attributes: Map<_, _> = written
        .clone()
        .map(|field| (field.name.to_owned(), sent_attribute(kind, field, context)))
        .collect();
    let mut attributes = json!({ "type": "object", "properties": attributes });
    let mut data = json!({ "type": "object", "properties": { "type": { "type": "string", "const": kind.kind } } });
    if is_new {
        let required: Vec<_> = written
            .filter(|field| field.constraints.required)
            .map(|field| field.name)
            .collect();
        set(&mut attributes, &["required"], json!(required));
        if kind.takes_client_ids && context.keeps_client_ids {
            let id = json!({ "type": "string", "format": "uuid", "description": "Kept as meta.external_id." });
            set(&mut data, &["properties", "id"], id);
        }
        let mut required = vec!["type", "attributes"];
        if !kind.required_relationships.is_empty() {
            required.push("relationships");
        }
        set(&mut data, &["required"], json!(required));
    } else {
        set(&mut data, &["properties", "id"], reference("id"));
        set(&mut data, &["required"], json!(["type", "id"]));
    }
    if context.rejects_unknown_members {
        set(&mut attributes, &["additionalProperties"], json!(false));
    }
    set(&mut data, &["properties", "attributes"], attributes);
    if let Some(relationships) = sent_relationships(kind, purpose) {
        set(&mut data, &["properties", "relationships"], relationships);
    }
    json!({ "type": "object", "properties": { "data": data }, "required": ["data"] })
}

/// An update of the caller's own record, without relationships.
fn own(context: &DescriptionContext) -> Value {
    let Some(users) = types::type_named("users") else {
        return json!({});
    };
    let mut schema = request(users, Purpose::Update, context);
    if let Some(Value::Object(members)) = schema.pointer_mut("/properties/data/properties") {
        members.remove("relationships");
    }
    schema
}

fn sent_relationships(kind: &Type, purpose: Purpose) -> Option<Value> {
    let sent: Map<_, _> = kind
        .relationships
        .iter()
        .filter(|relationship| relationship.writability.fits(purpose))
        .map(|relationship| {
            let data = shown_linkage(relationship);
            let schema = json!({
                "type": "object",
                "description": relationship.doc,
                "properties": { "data": data },
                "required": ["data"],
            });
            (relationship.name.to_owned(), schema)
        })
        .collect();
    if sent.is_empty() {
        return None;
    }
    let mut schema = json!({ "type": "object", "properties": sent });
    if purpose == Purpose::Create && !kind.required_relationships.is_empty() {
        set(
            &mut schema,
            &["required"],
            json!(kind.required_relationships),
        );
    }
    Some(schema)
}

fn document(data: Value) -> Value {
    json!({
        "type": "object",
        "properties": {
            "data": data,
            "included": reference("included"),
            "links": reference("links"),
        },
        "required": ["data", "links"],
    })
}

fn list(items: Value, links: &str) -> Value {
    json!({
        "type": "object",
        "properties": {
            "data": { "type": "array", "items": items },
            "included": reference("included"),
            "links": reference(links),
            "meta": reference("list_meta"),
        },
        "required": ["data", "links", "meta"],
    })
}

/// A request that sets a to-one relationship, or clears it with null.
fn member(kind: &str) -> Value {
    let identifier = identifier(kind, &["id"]);
    json!({
        "type": "object",
        "properties": { "data": { "oneOf": [identifier, { "type": "null" }] } },
        "required": ["data"],
    })
}

fn identifier(kind: &str, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": { "type": { "type": "string", "const": kind }, "id": reference("id") },
        "required": required,
    })
}

/// Linkage as primary data.
fn linkage(kind: &str) -> Value {
    let identifier = reference(&format!("{kind}_identifier"));
    json!({
        "type": "object",
        "properties": {
            "data": {
                "oneOf": [
                    { "type": "array", "items": identifier },
                    identifier,
                    { "type": "null" },
                ],
            },
            "included": reference("included"),
            "links": reference("linkage_links"),
            "meta": reference("linkage_meta"),
        },
        "required": ["data", "links"],
    })
}

/// Linkage of a to-one relationship: without pages.
fn linkage_of_one(kind: &str) -> Value {
    let identifier = reference(&format!("{kind}_identifier"));
    json!({
        "type": "object",
        "properties": {
            "data": { "oneOf": [identifier, { "type": "null" }] },
            "links": reference("linkage_links"),
        },
        "required": ["data", "links"],
    })
}

/// A request that changes linkage. An array of one identifier can be sent as an object,
/// and `type` can be left out.
fn members(kind: &str, context: &DescriptionContext) -> Value {
    let identifier = identifier(kind, &["id"]);
    json!({
        "type": "object",
        "properties": {
            "data": {
                "oneOf": [
                    { "type": "array", "items": identifier, "maxItems": context.linkage_items },
                    identifier,
                ],
            },
        },
        "required": ["data"],
    })
}
