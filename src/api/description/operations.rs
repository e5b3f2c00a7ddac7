//! The operations: each method of each path.

use serde_json::Value;

use super::context::DescriptionContext;
use super::examples;
use super::headers::{self, Header};
use super::parameters::{self, Parameter};
use super::shape::Shape;
use super::summaries::{self, Summary};
use crate::api::resource::Writability;
use crate::api::routes::endpoints;

/// One method of one path.
pub struct Operation {
    pub path: String,
    pub method: &'static str,
    /// Its place in the tables; `None` for endpoints that are not derived from a table.
    pub shape: Option<Shape>,
    pub id: String,
    pub summary: String,
    pub doc: String,
    pub parameters: Vec<Parameter>,
    pub headers: Vec<Header>,
    pub body: Option<Body>,
    pub success: Success,
    /// The statuses of its errors.
    pub errors: Vec<u16>,
    pub needs_credentials: bool,
}

pub struct Body {
    /// The name of its schema.
    pub schema: String,
    pub example: Value,
    pub media: Media,
}

/// The media type of a request body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    Document,
    PlainJson,
    Atomic,
}

pub struct Success {
    pub status: u16,
    pub doc: &'static str,
    /// The name of its schema; `None` without a JSON body.
    pub schema: Option<String>,
}

/// All operations, in the order of the routes. HEAD is left out, and so are operations
/// that are always rejected.
pub fn all(context: &DescriptionContext) -> Vec<Operation> {
    let served = endpoints().into_iter().flat_map(|endpoint| {
        let path = endpoint.path;
        endpoint
            .methods
            .iter()
            .filter(|method| **method != "HEAD")
            .filter_map(move |method| match Shape::of(&path) {
                Some(shape) => of_shape(&path, method, shape, context),
                None => super::other_endpoints::operation(&path, method, context),
            })
    });
    served
        .chain(super::other_endpoints::public(context))
        .collect()
}

fn of_shape(
    path: &str,
    method: &'static str,
    shape: Shape,
    context: &DescriptionContext,
) -> Option<Operation> {
    if is_always_refused(shape, method) {
        return None;
    }
    let Summary { verb, summary, doc } = summaries::of(shape, method)?;
    Some(Operation {
        path: path.to_owned(),
        method,
        shape: Some(shape),
        id: format!("{verb}_{}", resource_part(shape)),
        summary,
        doc,
        parameters: parameters::of(shape, method, context),
        headers: headers::of(path, Some(shape), method),
        body: body(shape, method),
        success: success(shape, method),
        errors: errors(shape, method, context),
        needs_credentials: true,
    })
}

/// The part of an operation id that names the resource.
fn resource_part(shape: Shape) -> String {
    let name = match shape {
        Shape::Collection(kind) | Shape::Item(kind) => kind.name.to_owned(),
        Shape::Related(kind, relationship) | Shape::Linkage(kind, relationship) => {
            format!("{}_{}", kind.name, relationship.name)
        }
    };
    name.replace('-', "_")
}

fn body(shape: Shape, method: &str) -> Option<Body> {
    let (schema, example) = match (shape, method) {
        (Shape::Collection(kind), "POST") => {
            (format!("{}_new", kind.name), examples::creation(kind))
        }
        (Shape::Item(kind), "PATCH") => (format!("{}_changes", kind.name), examples::change(kind)),
        (Shape::Linkage(_, related), "PATCH") if !related.to_many => {
            let schema = format!("{}_member", related.target);
            (schema, examples::one(related.target))
        }
        (Shape::Linkage(_, related), "POST" | "PATCH" | "DELETE") => {
            let schema = format!("{}_members", related.target);
            (schema, examples::linkage(related.target))
        }
        _ => return None,
    };
    Some(Body {
        schema,
        example,
        media: Media::Document,
    })
}

fn success(shape: Shape, method: &str) -> Success {
    let (status, doc, schema) = match (shape, method) {
        (Shape::Collection(kind), "GET") => (200, "A page of them.", Some((kind.name, "list"))),
        (Shape::Collection(kind), _) => (
            201,
            "The resource that was created.",
            Some((kind.name, "document")),
        ),
        (Shape::Item(kind), "DELETE") if kind.is_trash() => {
            (204, "It is permanently deleted.", None)
        }
        (Shape::Item(_), "DELETE") => (204, "It is deleted.", None),
        (Shape::Item(kind), "PATCH") if kind.is_trash() => {
            (200, "The restored resource.", Some((kind.kind, "document")))
        }
        (Shape::Item(kind), _) => (200, "The resource as it is.", Some((kind.name, "document"))),
        (Shape::Related(_, related), _) if related.to_many => {
            (200, "A page of them.", Some((related.target, "list")))
        }
        (Shape::Related(_, related), _) => (
            200,
            "The related resource; null when there is none.",
            Some((related.target, "related")),
        ),
        (Shape::Linkage(_, related), _) => (
            200,
            "The linkage as it is.",
            Some((related.target, "linkage")),
        ),
    };
    Success {
        status,
        doc,
        schema: schema.map(|(kind, part)| format!("{kind}_{part}")),
    }
}

/// The statuses that every endpoint can respond with: invalid headers and queries,
/// missing credentials or permissions, and server errors.
pub const ALWAYS: &[u16] = &[400, 401, 403, 406, 414, 415, 429, 431, 500, 503];

fn errors(shape: Shape, method: &str, context: &DescriptionContext) -> Vec<u16> {
    let mut all = ALWAYS.to_vec();
    // Missing resources, missing related ones, and pages after the last.
    all.push(404);
    if matches!(method, "POST" | "PATCH")
        || matches!((shape, method), (Shape::Linkage(..), "DELETE"))
    {
        all.extend([408, 409, 413, context.invalid_data]);
    }
    for header in headers::of("", Some(shape), method) {
        match header {
            // A key that was used for another request.
            Header::IdempotencyKey => all.push(422),
            // The precondition failed, or is required.
            Header::IfMatch => all.extend([412, 428]),
            Header::IfNoneMatch => {}
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Whether it changes linkage that cannot be changed: such routes exist only to respond
/// with 403.
fn is_always_refused(shape: Shape, method: &str) -> bool {
    let Shape::Linkage(_, related) = shape else {
        return false;
    };
    method != "GET" && related.writability != Writability::Always
}
