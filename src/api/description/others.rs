//! Addresses of their own kind, which follow from no table.

use super::examples;
use super::frame::Frame;
use super::headers;
use super::operations::{ALWAYS, Body, Media, Operation, Success};
use super::{parameters, types};

/// One method at such an address. `GET` stands for `HEAD` too.
struct Other {
    path: &'static str,
    method: &'static str,
    id: &'static str,
    summary: &'static str,
    /// What a success says.
    doc: &'static str,
    /// The schemas of the answer and of the body.
    schema: Option<&'static str>,
    body: Option<&'static str>,
    /// The type whose resource it answers with.
    resource: Option<&'static str>,
    /// The type that it lists.
    lists: Option<&'static str>,
    errors: &'static [u16],
    needs_credentials: bool,
}

/// Statuses of errors of a list.
const LISTS: &[u16] = &[400, 401, 403, 404, 406, 414, 429, 431, 500, 503];

/// Served like the tables.
const OTHERS: &[Other] = &[
    Other {
        schema: Some("home"),
        errors: ALWAYS,
        needs_credentials: true,
        ..get(
            "/home",
            "get_home",
            "Read where everything is",
            "The collections.",
        )
    },
    Other {
        schema: Some("trash"),
        errors: ALWAYS,
        needs_credentials: true,
        ..get(
            crate::api::routes::TRASH,
            "get_trash",
            "Read what has a place in the trash",
            "Where deleted resources are.",
        )
    },
    Other {
        path: crate::api::routes::OPERATIONS,
        method: "POST",
        id: "operate",
        summary: "Carry out several changes in one transaction (Atomic Operations)",
        doc: "The results, in the order of the operations.",
        schema: Some("operations.results"),
        body: Some("operations"),
        resource: None,
        lists: None,
        errors: &[
            400, 401, 403, 404, 406, 408, 409, 412, 413, 414, 415, 422, 428, 429, 431, 500, 503,
        ],
        needs_credentials: true,
    },
    Other {
        path: "/access-checks",
        method: "POST",
        id: "check_access",
        summary: "Ask whether a user may do something, or sees hosts and bundles, and why",
        doc: "The verdict; nothing is stored.",
        schema: Some("access-checks.document"),
        body: Some("access-checks.new"),
        resource: None,
        lists: None,
        errors: &[
            400, 401, 403, 404, 406, 408, 409, 413, 414, 415, 422, 429, 431, 500, 503,
        ],
        needs_credentials: true,
    },
    Other {
        schema: Some("roles.list"),
        lists: Some("roles"),
        errors: LISTS,
        needs_credentials: true,
        ..get(
            "/users/{id}/effective-roles",
            "get_effective_roles",
            "Read what a user has, roles within roles and those in places included",
            "The roles; meta.origins of each says by which grants.",
        )
    },
    Other {
        schema: Some("users.list"),
        lists: Some("users"),
        errors: LISTS,
        needs_credentials: true,
        ..get(
            "/roles/{id}/effective-users",
            "get_effective_users",
            "Read who has a role, by whatever role contains it, anywhere",
            "The users; meta.origins of each says by which grants.",
        )
    },
    Other {
        path: "/auth",
        method: "POST",
        id: "sign_in",
        summary: "Sign in, or refresh a sign-in",
        doc: "An access token and a refresh token.",
        schema: Some("session"),
        body: Some("credentials"),
        resource: None,
        lists: None,
        errors: &[400, 401, 403, 406, 408, 413, 414, 415, 429, 431, 500, 503],
        needs_credentials: false,
    },
    Other {
        path: "/auth",
        method: "DELETE",
        id: "sign_out",
        summary: "End the sign-in of the access token or refresh token that is sent",
        doc: "It has ended.",
        schema: None,
        body: None,
        resource: None,
        lists: None,
        errors: ALWAYS,
        needs_credentials: true,
    },
    Other {
        schema: Some("users.document"),
        resource: Some("users"),
        errors: ALWAYS,
        needs_credentials: true,
        ..get(
            "/auth/user",
            "get_own",
            "Read one's own record, roles included",
            "The caller.",
        )
    },
    Other {
        path: "/auth/user",
        method: "PATCH",
        id: "update_own",
        summary: "Change one's own record; a new password needs the old one",
        doc: "The caller as they are now.",
        schema: Some("users.document"),
        body: Some("users.own"),
        resource: Some("users"),
        lists: None,
        errors: &[
            400, 401, 403, 404, 406, 408, 409, 413, 414, 415, 422, 429, 431, 500, 503,
        ],
        needs_credentials: true,
    },
    Other {
        schema: Some("keys"),
        errors: &[400, 429, 431, 500, 503],
        ..get(
            super::KEYS,
            "get_keys",
            "Read the keys that verify access tokens",
            "A JSON Web Key Set.",
        )
    },
];

/// Served beside the tables, for everybody.
const PUBLIC: &[Other] = &[
    Other {
        schema: Some("health"),
        errors: &[400, 406, 429, 431, 503],
        ..get(
            "/health",
            "get_health",
            "Ask whether the service works",
            "It does.",
        )
    },
    get(
        super::OPENAPI,
        "get_openapi",
        "Read this description",
        "An OpenAPI document.",
    ),
    get(
        super::PAGE,
        "get_docs",
        "Read the reference as a page",
        "A page for people.",
    ),
];

const fn get(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    doc: &'static str,
) -> Other {
    Other {
        path,
        method: "GET",
        id,
        summary,
        doc,
        schema: None,
        body: None,
        resource: None,
        lists: None,
        errors: &[400, 431],
        needs_credentials: false,
    }
}

/// One that `endpoints` serves.
pub fn operation(path: &str, method: &'static str, frame: &Frame) -> Option<Operation> {
    let known = OTHERS
        .iter()
        .find(|other| other.path == path && other.method == reading(method))?;
    Some(known.operation(method, frame))
}

/// HEAD is described as GET.
fn reading(method: &'static str) -> &'static str {
    if method == "HEAD" { "GET" } else { method }
}

pub fn public(frame: &Frame) -> impl Iterator<Item = Operation> {
    PUBLIC
        .iter()
        .flat_map(move |other| ["GET", "HEAD"].map(|method| other.operation(method, frame)))
}

impl Other {
    fn operation(&self, method: &'static str, frame: &Frame) -> Operation {
        let is_head = method == "HEAD";
        let id = if is_head {
            self.id.replace("get_", "head_")
        } else {
            self.id.into()
        };
        let resource = self.resource.and_then(types::named);
        let is_empty = method == "DELETE";
        Operation {
            path: self.path.into(),
            method,
            shape: None,
            id,
            summary: self.summary.into(),
            parameters: match self.lists.and_then(types::named) {
                Some(kind) => parameters::lists(kind, frame),
                None => resource.map_or_else(Vec::new, |kind| parameters::one(kind, frame)),
            },
            headers: headers::of(self.path, None, method),
            body: self.body.map(|schema| Body {
                schema: schema.into(),
                example: examples::other(schema),
                media: match schema {
                    "credentials" => Media::JsonOrForm,
                    "operations" => Media::Atomic,
                    _ => Media::Document,
                },
            }),
            success: Success {
                status: if is_empty { 204 } else { 200 },
                doc: self.doc,
                schema: self.schema.filter(|_| !is_head).map(str::to_owned),
            },
            errors: self.errors(frame),
            needs_credentials: self.needs_credentials,
        }
    }

    /// Invalid data has the status of the settings.
    fn errors(&self, frame: &Frame) -> Vec<u16> {
        // That of a reused Idempotency-Key stays.
        let keeps = self.path == crate::api::routes::OPERATIONS;
        let is_meant = |status: &u16| *status != 422 || keeps || frame.invalid_data == 422;
        self.errors.iter().copied().filter(is_meant).collect()
    }
}
