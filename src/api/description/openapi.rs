//! The OpenAPI 3.1 document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::errors;
use super::frame::Frame;
use super::operations::{self, Body, Media, Operation, Success, is_always_refused};
use super::schemas::{self, reference};
use super::set::set;
use super::types;
use crate::jsonapi::{MEDIA_TYPE, PLAIN_JSON};

const FORM: &str = "application/x-www-form-urlencoded";

const ABOUT: &str = "\
A directory of people, the roles they hold and what those roles permit, as [JSON:API 1.1](https://jsonapi.org/format/1.1/).

Filters must all hold. In front of the field `[or][N]` puts a filter into group N: \
`filter[or][0][name]=John&filter[or][1][surname]=Doe` asks for one or the other. \
Unknown parameters are refused with 400; nothing is ignored. A request uses one style of paging. \
Single resources and linkage carry an `ETag`: `If-None-Match` gives 304, `If-Match` on a change 412 when the state is another. \
`Idempotency-Key` on POST makes a retry safe: the same request gets the kept answer, another one 422. \
Bodies are `application/vnd.api+json` without `charset`; attributes that are unknown or read-only are passed over.";

pub fn document(frame: &Frame) -> Value {
    let operations = operations::all(frame);
    let server = frame.base_url.as_deref().unwrap_or("/");
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": frame.project,
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": server }],
        "security": [{ "basic": [] }, { "bearer": [] }],
        "tags": tags(),
        "paths": paths(&operations, frame),
        "components": components(&operations, frame),
    })
}

fn tags() -> Vec<Value> {
    let types = types::all().map(|kind| json!({ "name": kind.name, "description": kind.doc }));
    let service = json!({ "name": "service", "description": "The service itself." });
    types.chain([service]).collect()
}

fn paths(operations: &[Operation], frame: &Frame) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let path = paths
            .entry(operation.path.clone())
            .or_insert_with(|| path_item(&operation.path));
        set(
            path,
            &[&operation.method.to_ascii_lowercase()],
            written(operation, frame),
        );
    }
    Value::Object(paths)
}

fn path_item(path: &str) -> Value {
    if path.contains("{id}") {
        json!({ "parameters": [{ "$ref": "#/components/parameters/path.id" }] })
    } else {
        json!({})
    }
}

fn written(operation: &Operation, frame: &Frame) -> Value {
    let tag = operation.shape.map_or("service", |shape| shape.home().name);
    let parameters: Vec<_> = operation
        .parameters
        .iter()
        .map(|parameter| json!({ "$ref": format!("#/components/parameters/{}", parameter.key) }))
        .collect();
    let mut object = json!({
        "operationId": operation.id,
        "tags": [tag],
        "summary": operation.summary,
        "responses": responses(operation),
    });
    if !parameters.is_empty() {
        set(&mut object, &["parameters"], json!(parameters));
    }
    if let Some(body) = &operation.body {
        set(&mut object, &["requestBody"], request_body(body, frame));
    }
    if !operation.needs_credentials {
        set(&mut object, &["security"], json!([]));
    }
    if is_always_refused(operation) {
        set(
            &mut object,
            &["description"],
            json!("This relationship cannot be changed here: 403."),
        );
    }
    object
}

fn request_body(body: &Body, frame: &Frame) -> Value {
    let content = json!({ "schema": reference(&body.schema), "example": body.example });
    let kinds: &[&str] = match (body.media, frame.is_strict) {
        (Media::JsonOrForm, _) => &[PLAIN_JSON, FORM],
        (Media::Atomic, _) => &[super::ATOMIC_TYPE],
        (Media::Document, true) => &[MEDIA_TYPE],
        (Media::Document, false) => &[MEDIA_TYPE, PLAIN_JSON],
    };
    let content: Map<_, _> = kinds
        .iter()
        .map(|kind| ((*kind).to_owned(), content.clone()))
        .collect();
    json!({ "required": true, "content": content })
}

fn responses(operation: &Operation) -> Value {
    let mut all: Map<String, Value> = operation
        .errors
        .iter()
        .map(|status| {
            let response = json!({ "$ref": format!("#/components/responses/{status}") });
            (status.to_string(), response)
        })
        .collect();
    if !is_always_refused(operation) {
        let status = operation.success.status.to_string();
        all.insert(status, success(operation, &operation.success));
    }
    Value::Object(all)
}

fn success(operation: &Operation, success: &Success) -> Value {
    let mut object = json!({ "description": success.doc });
    let schema = match &success.schema {
        Some(schema) => json!({ "schema": reference(schema) }),
        None => json!({}),
    };
    if let Some(kind) = super::media_type_of(&operation.path) {
        set(&mut object, &["content"], json!({ kind: schema }));
    } else if success.schema.is_some() {
        let content = json!({ MEDIA_TYPE: schema, PLAIN_JSON: schema });
        set(&mut object, &["content"], content);
    }
    if success.status == 201 {
        let header = json!({ "$ref": "#/components/headers/Location" });
        set(&mut object, &["headers"], json!({ "Location": header }));
    }
    object
}

fn components(operations: &[Operation], frame: &Frame) -> Value {
    let mut parameters: Map<String, Value> = operations
        .iter()
        .flat_map(|operation| &operation.parameters)
        .map(|parameter| (parameter.key.clone(), parameter.written()))
        .collect();
    parameters.insert("path.id".into(), path_id());
    let used: BTreeSet<String> = operations
        .iter()
        .flat_map(|operation| &operation.errors)
        .map(ToString::to_string)
        .collect();
    let mut responses = errors::responses(frame);
    responses.retain(|status, _| used.contains(status));
    json!({
        "schemas": schemas::all(frame),
        "parameters": parameters,
        "responses": responses,
        "headers": headers(),
        "securitySchemes": security_schemes(),
    })
}

fn path_id() -> Value {
    json!({
        "name": "id",
        "in": "path",
        "required": true,
        "description": "The id of the resource.",
        "schema": { "type": "string", "pattern": "^[1-9][0-9]{0,18}$" },
        "example": "1",
    })
}

fn headers() -> Value {
    let text = |doc: &str| json!({ "description": doc, "schema": { "type": "string" } });
    json!({
        "Location": text("The address of the new resource; the same as its links.self."),
        "WWW-Authenticate": text("How to sign in: Basic, Bearer."),
        "Retry-After": text("Seconds after which another try is worth it."),
    })
}

fn security_schemes() -> Value {
    json!({
        "basic": {
            "type": "http",
            "scheme": "basic",
            "description": "Username and password.",
        },
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "The secret of an API token, made at /tokens or with `rolecall token create`.",
        },
    })
}
