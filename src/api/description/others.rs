//! Addresses of their own kind, which follow from no table.

use super::operations::{ALWAYS, Operation, Success};

struct Other {
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    doc: &'static str,
    schema: Option<&'static str>,
    errors: &'static [u16],
    needs_credentials: bool,
}

const OTHERS: &[Other] = &[Other {
    path: "/home",
    id: "get_home",
    summary: "Read where everything is",
    doc: "The collections with their methods, and what answers.",
    schema: Some("home"),
    errors: ALWAYS,
    needs_credentials: true,
}];

/// What needs no credentials and is served beside the tables.
const PUBLIC: &[Other] = &[
    Other {
        path: "/health",
        id: "get_health",
        summary: "Ask whether the service works",
        doc: "It does.",
        schema: Some("health"),
        errors: &[400, 406, 431, 503],
        needs_credentials: false,
    },
    Other {
        path: super::OPENAPI,
        id: "get_openapi",
        summary: "Read this description",
        doc: "An OpenAPI document.",
        schema: None,
        errors: &[400, 431],
        needs_credentials: false,
    },
    Other {
        path: super::PAGE,
        id: "get_docs",
        summary: "Read the reference as a page",
        doc: "A page for people.",
        schema: None,
        errors: &[400, 431],
        needs_credentials: false,
    },
];

/// One that `endpoints` serves.
pub fn operation(path: &str, method: &'static str) -> Option<Operation> {
    let known = OTHERS.iter().find(|other| other.path == path)?;
    Some(known.operation(method))
}

pub fn public() -> impl Iterator<Item = Operation> {
    PUBLIC
        .iter()
        .flat_map(|other| ["GET", "HEAD"].map(|method| other.operation(method)))
}

impl Other {
    fn operation(&self, method: &'static str) -> Operation {
        let is_head = method == "HEAD";
        let id = if is_head {
            self.id.replace("get_", "head_")
        } else {
            self.id.into()
        };
        Operation {
            path: self.path.into(),
            method,
            shape: None,
            id,
            summary: self.summary.into(),
            parameters: Vec::new(),
            body: None,
            success: Success {
                status: 200,
                doc: self.doc,
                schema: self.schema.filter(|_| !is_head).map(str::to_owned),
            },
            errors: self.errors.to_vec(),
            needs_credentials: self.needs_credentials,
        }
    }
}
