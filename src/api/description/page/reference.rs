//! One resource type: its addresses, attributes, relationships, filters, examples.

use serde_json::{Map, Value, json};

use super::html::{block, code, codes, escape, paragraph, part, table};
use crate::api::description::capabilities::QueryCapabilities;
use crate::api::description::context::DescriptionContext;
use crate::api::description::examples;
use crate::api::description::json_set::set;
use crate::api::description::operations::Operation;
use crate::api::description::parameters::{SEARCH_FILTER, SEARCHED, token};
use crate::api::description::types::{Field, Type};
use crate::api::plan::SEARCH;
use crate::api::resource::{AttributeKind, Relationship, Writability};
use crate::jsonapi::MEDIA_TYPE;

pub fn of_type(
    kind: &Type,
    operations: &[&Operation],
    capabilities: &QueryCapabilities,
    context: &DescriptionContext,
) -> String {
    let id = |what: &str| format!("{}-{what}", kind.name);
    let mut text = paragraph(&escape(kind.doc));
    text += &addresses(operations);
    text += &part(&id("attributes"), "Attributes", &attributes(kind, context));
    if !kind.relationships.is_empty() {
        text += &part(&id("relationships"), "Relationships", &relationships(kind));
    }
    let found = filters(capabilities) + &searches(capabilities) + &by_id(kind);
    text += &part(&id("filters"), "Filters", &found);
    text += &part(
        &id("sorts"),
        "Order and related resources",
        &sorts(capabilities),
    );
    text += &part(&id("example"), "Example", &example(kind, context));
    text
}

/// Methods and paths.
pub fn addresses(operations: &[&Operation]) -> String {
    let rows = operations.iter().map(|operation| {
        let method = format!("<b class=\"method\">{}</b>", operation.method);
        let headers = operation.headers.iter().map(|header| header.name());
        vec![
            method,
            code(&operation.path),
            escape(&operation.summary),
            codes(headers),
        ]
    });
    table(&["method", "address", "what it does", "headers"], rows)
}

fn attributes(kind: &Type, context: &DescriptionContext) -> String {
    let fields = kind.fields();
    let rows = fields.iter().map(|field| {
        vec![
            code(field.name),
            value(field),
            rules(field, context),
            escape(field.doc),
        ]
    });
    table(&["attribute", "value", "rules", "meaning"], rows)
}

fn value(field: &Field) -> String {
    let kind = match field.kind {
        AttributeKind::Text => "text",
        AttributeKind::Flag => "true or false",
        AttributeKind::Number => "number",
        AttributeKind::Time => "time",
        AttributeKind::Amount => "decimal number",
        AttributeKind::Structure if field.constraints.is_names => "array of names",
        AttributeKind::Structure => "object",
    };
    if field.constraints.nullable {
        format!("{kind} or null")
    } else {
        kind.into()
    }
}

fn rules(field: &Field, context: &DescriptionContext) -> String {
    let mut rules = Vec::new();
    if field.constraints.required {
        rules.push("required".to_owned());
    }
    if field.constraints.only_to_change {
        rules.push("only in changes".to_owned());
    }
    if field.constraints.only_to_create {
        rules.push("only in creation".to_owned());
    }
    if field.is_one_time {
        rules.push("shown once".into());
    } else if !field.is_writable {
        rules.push("read-only".into());
    }
    if !field.is_readable {
        rules.push("write-only".into());
    }
    let length = if field.name == "password" && field.constraints.required {
        Some(context.password)
    } else {
        field.constraints.length
    };
    match length {
        Some((0, most)) => rules.push(format!("at most {most} characters")),
        Some((least, most)) => rules.push(format!("{least} to {most} characters")),
        None => {}
    }
    if !field.constraints.choices.is_empty() {
        rules.push(codes(field.constraints.choices.iter().copied()));
    }
    rules.join(", ")
}

fn relationships(kind: &Type) -> String {
    let rows = kind.relationships.iter().map(|relationship| {
        let target = relationship.target;
        let many = if relationship.to_many { "many" } else { "one" };
        vec![
            code(relationship.name),
            format!("{many} <a href=\"#{target}\">{target}</a>"),
            sent(relationship).into(),
            escape(relationship.doc),
        ]
    });
    table(&["relationship", "to", "set in documents", "meaning"], rows)
}

fn sent(relationship: &Relationship) -> &'static str {
    match relationship.writability {
        Writability::Always => "to create and to change",
        Writability::OnCreate => "to create",
        Writability::Never => "never",
    }
}

/// Attributes with the same operators share a row.
fn filters(capabilities: &QueryCapabilities) -> String {
    let mut rows: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
    let plain = capabilities.filters.iter();
    for filter in plain.filter(|filter| filter.name != SEARCH_FILTER) {
        let operators: Vec<_> = filter.operators.iter().map(|o| o.name()).collect();
        match rows.iter_mut().find(|(known, _)| *known == operators) {
            Some((_, names)) => names.push(filter.name),
            None => rows.push((operators, vec![filter.name])),
        }
    }
    let rows = rows
        .into_iter()
        .map(|(operators, names)| vec![codes(names), codes(operators)]);
    table(&["attribute", "operators"], rows)
}

/// The two parameters of the search.
fn searches(capabilities: &QueryCapabilities) -> String {
    let names = [
        (capabilities.search, SEARCH),
        (
            capabilities
                .filters
                .iter()
                .any(|one| one.name == SEARCH_FILTER),
            "filter[query]",
        ),
    ];
    let names = names.into_iter().filter(|(is_served, _)| *is_served);
    let names: Vec<_> = names.map(|(_, name)| code(name)).collect();
    match names.is_empty() {
        true => String::new(),
        false => paragraph(&format!("{}: {SEARCHED}.", names.join(" or "))),
    }
}

/// The parameter `id` of collections.
fn by_id(kind: &Type) -> String {
    let path = kind.path;
    let mut text = format!(
        "{} is the same as {}",
        code(&format!("/{path}?id=2")),
        code(&format!("/{path}?filter[id]=2"))
    );
    if let Some(token) = token(kind) {
        text += &format!(
            "; {} lists the {token} of that resource",
            code(&format!("/{path}?id=2&{token}"))
        );
    }
    paragraph(&format!("{text}."))
}

fn sorts(capabilities: &QueryCapabilities) -> String {
    let sorts = codes(capabilities.sorts.iter().copied());
    let mut text = paragraph(&format!("<code>sort</code> takes {sorts}."));
    if !capabilities.includes.is_empty() {
        let paths = codes(capabilities.includes.iter().map(String::as_str));
        text += &paragraph(&format!("<code>include</code> takes {paths}."));
    }
    text
}

/// A request, and the resource in its response.
fn example(kind: &Type, context: &DescriptionContext) -> String {
    let base = context.address();
    let path = kind.path;
    let send = format!("curl -u $A -H 'Content-Type: {MEDIA_TYPE}'");
    let is_writable = kind.fields().iter().any(|field| field.is_writable);
    let command = if kind.is_trash() {
        let document = examples::change(kind);
        format!("curl -u $A {base}/{path}/2\n{send} -X PATCH {base}/{path}/2 -d '{document}'")
    } else if is_writable {
        let document = format!("{:#}", examples::creation(kind));
        format!("{send} {base}/{path} -d '\n{document}'")
    } else {
        format!("curl -u $A {base}/{path}/2")
    };
    block(&command)
        + &paragraph("The resource in the response:")
        + &block(&format!("{:#}", resource(kind, base)))
}

fn resource(kind: &Type, base: &str) -> Value {
    let own = format!("{base}/{}/2", kind.path);
    let attributes: Map<_, _> = kind
        .fields()
        .iter()
        .filter(|field| field.is_readable)
        .map(|field| (field.name.to_owned(), examples::attribute(kind.kind, field)))
        .collect();
    let mut resource = json!({
        "type": kind.kind,
        "id": "2",
        "attributes": attributes,
        "links": { "self": own },
    });
    if !kind.relationships.is_empty() {
        let links = |relationship: &Relationship| {
            let name = relationship.name;
            let related = format!("{own}/{name}");
            let linkage = format!("{own}/relationships/{name}");
            (
                name.to_owned(),
                json!({ "links": { "related": related, "self": linkage } }),
            )
        };
        let relationships = kind.relationships.iter().map(links).collect();
        set(
            &mut resource,
            &["relationships"],
            Value::Object(relationships),
        );
    }
    resource
}
