//! The OpenAPI 3.1 document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::context::DescriptionContext;
use super::errors;
use super::headers::Header;
use super::json_set::set;
use super::operations::{self, Body, Media, Operation, Success};
use super::schemas::{self, reference};
use super::shape::Shape;
use super::types;
use crate::jsonapi::{MEDIA_TYPE, PLAIN_JSON};

const ABOUT: &str = "\
A directory of people, the roles they hold and what those roles permit, as [JSON:API 1.1](https://jsonapi.org/format/1.1/).

All filters must match. `[or][N]` before the field puts a filter into group N, and one of the groups must match: \
`filter[or][0][name]=John&filter[or][1][surname]=Doe`. \
Unknown parameters are rejected with 400; nothing is ignored. A request uses one style of paging. \
Every GET has a HEAD. \
Single resources and linkage have an `ETag`: `If-None-Match` gives 304, `If-Match` on a change gives 412 if the state is different. \
`Idempotency-Key` on POST makes a retry safe: the same request gets the stored response, another one 422. \
Bodies are `application/vnd.api+json` without `charset` \
(`application/json` is accepted too unless the settings are strict, and a form at `/auth`); read-only attributes are ignored, unknown member names are rejected with 400 unless `server.unknown_attributes` allows them. \
Lists of values can also be sent by repetition, as `name[]` and as `name[0]`.";

pub fn document(context: &DescriptionContext) -> Value {
    let operations = operations::all(context);
    let server = context.base_url.as_deref().unwrap_or("/");
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": context.project,
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "contact": { "name": format!("The administrators of {}", context.project) },
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": server }],
        "security": [{ "basic": [] }, { "bearer": [] }],
        "tags": tags(),
        "paths": paths(&operations),
        "components": components(&operations, context),
    })
}

fn tags() -> Vec<Value> {
    let types = types::all().map(|kind| json!({ "name": kind.name, "description": kind.doc }));
    let service = json!({ "name": "service", "description": "The service itself." });
    types.chain([service]).collect()
}

fn paths(operations: &[Operation]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let path = paths
            .entry(operation.path.clone())
            .or_insert_with(|| path_item(&operation.path));
        set(
            path,
            &[&operation.method.to_ascii_lowercase()],
            written(operation),
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

fn written(operation: &Operation) -> Value {
    let tag = operation
        .shape
        .map_or("service", |shape| shape.section().name);
    let queries = operation.parameters.iter().map(|query| query.key.clone());
    let headers = operation.headers.iter().map(|header| header.key());
    let parameters: Vec<_> = queries
        .chain(headers)
        .map(|key| json!({ "$ref": format!("#/components/parameters/{key}") }))
        .collect();
    let mut object = json!({
        "operationId": operation.id,
        "tags": [tag],
        "summary": operation.summary,
        "description": operation.doc,
        "responses": responses(operation),
    });
    if !parameters.is_empty() {
        set(&mut object, &["parameters"], json!(parameters));
    }
    if let Some(body) = &operation.body {
        set(&mut object, &["requestBody"], request_body(body));
    }
    if !operation.needs_credentials {
        set(&mut object, &["security"], json!([]));
    }
    object
}

/// Only one media type, though others are accepted: with two, code generators make the
/// body optional, and some generate invalid code.
fn request_body(body: &Body) -> Value {
    let content = json!({ "schema": reference(&body.schema), "example": body.example });
    let kind = match body.media {
        Media::PlainJson => PLAIN_JSON,
        Media::Atomic => super::ATOMIC_TYPE,
        Media::Document => MEDIA_TYPE,
    };
    json!({ "required": true, "content": { kind: content } })
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
    let status = operation.success.status.to_string();
    all.insert(status, success(operation, &operation.success));
    if operation.headers.contains(&Header::IfNoneMatch) {
        let known = json!({
            "description": "The client's copy is current.",
            "headers": response_headers(&["ETag"]),
        });
        all.insert("304".into(), known);
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
    let headers = headers_of(operation);
    if !headers.is_empty() {
        set(&mut object, &["headers"], response_headers(&headers));
    }
    object
}

/// The headers of a successful response.
fn headers_of(operation: &Operation) -> Vec<&'static str> {
    let mut all = Vec::new();
    if operation.success.status == 201 {
        all.push("Location");
    }
    let has_state = operation.headers.contains(&Header::IfNoneMatch)
        || matches!(operation.shape, Some(Shape::Item(_) | Shape::Linkage(..)))
        || operation.success.status == 201;
    if has_state && operation.success.status != 204 {
        all.push("ETag");
    }
    if operation.headers.contains(&Header::IdempotencyKey) {
        all.push("Idempotency-Replayed");
    }
    all
}

fn response_headers(names: &[&str]) -> Value {
    let headers = names.iter().map(|name| {
        let reference = json!({ "$ref": format!("#/components/headers/{name}") });
        ((*name).to_owned(), reference)
    });
    Value::Object(headers.collect())
}

fn components(operations: &[Operation], context: &DescriptionContext) -> Value {
    let mut parameters: Map<String, Value> = operations
        .iter()
        .flat_map(|operation| &operation.parameters)
        .map(|parameter| (parameter.key.clone(), parameter.written()))
        .collect();
    parameters.insert("path.id".into(), path_id());
    parameters.extend(Header::ALL.map(|header| (header.key(), header.written(context))));
    let used: BTreeSet<String> = operations
        .iter()
        .flat_map(|operation| &operation.errors)
        .map(ToString::to_string)
        .collect();
    let mut responses = errors::responses(context);
    responses.retain(|status, _| used.contains(status));
    json!({
        "schemas": schemas::all(context),
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
        "ETag": text("The state of the resource or linkage, for If-None-Match and If-Match; absent with included resources and on pages by cursor."),
        "Idempotency-Replayed": text("true on a stored response; absent on the first one."),
        "WWW-Authenticate": text("How to sign in: Basic, Bearer."),
        "Retry-After": text("Seconds after which to try again."),
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
            "description": "The secret of an API token, created at /tokens or with `rolecall token create`.",
        },
    })
}
