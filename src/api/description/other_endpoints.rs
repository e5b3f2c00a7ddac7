//! Endpoints that are not derived from a table.

use super::context::DescriptionContext;
use super::examples;
use super::headers;
use super::operations::{ALWAYS, Body, Media, Operation, Success};
use super::{parameters, types};

/// One method of such an endpoint.
struct OtherEndpoint {
    path: &'static str,
    method: &'static str,
    id: &'static str,
    summary: &'static str,
    /// One or two sentences.
    about: &'static str,
    /// The description of its success.
    doc: &'static str,
    /// The schemas of the response and of the request body.
    schema: Option<&'static str>,
    body: Option<&'static str>,
    /// The type of the resource that it returns.
    resource: Option<&'static str>,
    /// The type that it lists.
    lists: Option<&'static str>,
    errors: &'static [u16],
    needs_credentials: bool,
}

/// The statuses of errors of a list.
const LISTS: &[u16] = &[400, 401, 403, 404, 406, 414, 429, 431, 500, 503];

/// Endpoints in [`endpoints`](crate::api::endpoints).
const OTHERS: &[OtherEndpoint] = &[
    OtherEndpoint {
        schema: Some("home"),
        errors: ALWAYS,
        needs_credentials: true,
        ..get(
            "/home",
            "get_home",
            "Get the addresses of all collections",
            "Returns the URL of each collection, the page sizes, and the limits of atomic operations.",
            "The collections.",
        )
    },
    OtherEndpoint {
        schema: Some("trash"),
        errors: ALWAYS,
        needs_credentials: true,
        ..get(
            crate::api::routes::TRASH,
            "get_trash",
            "List the collections of the trash",
            "Returns the collections of deleted resources, which are kept until they are restored or purged.",
            "The collections of deleted resources.",
        )
    },
    OtherEndpoint {
        path: crate::api::routes::OPERATIONS,
        method: "POST",
        id: "operate",
        summary: "Make several changes in one transaction",
        about: "Takes a document of the Atomic Operations extension: all operations are carried out, or none.",
        doc: "The results, in the order of the operations.",
        schema: Some("operations_results"),
        body: Some("operations"),
        resource: None,
        lists: None,
        errors: &[
            400, 401, 403, 404, 406, 408, 409, 412, 413, 414, 415, 422, 428, 429, 431, 500, 503,
        ],
        needs_credentials: true,
    },
    OtherEndpoint {
        path: "/access-checks",
        method: "POST",
        id: "check_access",
        summary: "Check what a user may do or see",
        about: "Checks whether the user has a permission or role, can change a grant, or can see hosts and bundles, and why. Nothing is stored.",
        doc: "The verdict.",
        schema: Some("access_checks_document"),
        body: Some("access_checks_new"),
        resource: None,
        lists: None,
        errors: &[
            400, 401, 403, 404, 406, 408, 409, 413, 414, 415, 422, 429, 431, 500, 503,
        ],
        needs_credentials: true,
    },
    OtherEndpoint {
        schema: Some("roles_list"),
        lists: Some("roles"),
        errors: LISTS,
        needs_credentials: true,
        ..get(
            "/users/{id}/effective-roles",
            "get_effective_roles",
            "List the effective roles of a user",
            "Returns every role that the user has: granted roles, the roles included in them, and roles held in a workspace or cluster.",
            "The roles; meta.origins of each lists the grants that it comes from.",
        )
    },
    OtherEndpoint {
        schema: Some("users_list"),
        lists: Some("users"),
        errors: LISTS,
        needs_credentials: true,
        ..get(
            "/roles/{id}/effective-users",
            "get_effective_users",
            "List the effective users of a role",
            "Returns every user who has the role, by a grant of it or of a role that includes it, anywhere.",
            "The users; meta.origins of each lists the grants that they have it from.",
        )
    },
    OtherEndpoint {
        path: "/auth",
        method: "POST",
        id: "sign_in",
        summary: "Sign in, or renew a sign-in",
        about: "Takes a username and a password, or a refresh token.",
        doc: "An access token and a refresh token.",
        schema: Some("session"),
        body: Some("credentials"),
        resource: None,
        lists: None,
        errors: &[400, 401, 403, 406, 408, 413, 414, 415, 429, 431, 500, 503],
        needs_credentials: false,
    },
    OtherEndpoint {
        path: "/auth",
        method: "DELETE",
        id: "sign_out",
        summary: "Sign out",
        about: "Ends the sign-in of the access token or refresh token that is sent.",
        doc: "It has ended.",
        schema: None,
        body: None,
        resource: None,
        lists: None,
        errors: ALWAYS,
        needs_credentials: true,
    },
    OtherEndpoint {
        schema: Some("users_document"),
        resource: Some("users"),
        errors: ALWAYS,
        needs_credentials: true,
        ..get(
            "/auth/user",
            "get_own",
            "Get your own user",
            "Returns the caller's own user with its roles.",
            "The caller.",
        )
    },
    OtherEndpoint {
        path: "/auth/user",
        method: "PATCH",
        id: "update_own",
        summary: "Update your own user",
        about: "Changes the attributes that the document names. A new password needs the old one.",
        doc: "The caller as they are now.",
        schema: Some("users_document"),
        body: Some("users_own"),
        resource: Some("users"),
        lists: None,
        errors: &[
            400, 401, 403, 404, 406, 408, 409, 413, 414, 415, 422, 429, 431, 500, 503,
        ],
        needs_credentials: true,
    },
    OtherEndpoint {
        schema: Some("keys"),
        errors: &[400, 429, 431, 500, 503],
        ..get(
            super::KEYS,
            "get_keys",
            "Get the keys that verify access tokens",
            "Other services can verify access tokens with these keys, without a request to this one.",
            "A JSON Web Key Set.",
        )
    },
];

/// Other public endpoints.
const PUBLIC: &[OtherEndpoint] = &[
    OtherEndpoint {
        schema: Some("health"),
        errors: &[400, 406, 429, 431, 503],
        ..get(
            "/health",
            "get_health",
            "Check the health of the service",
            "Succeeds if the service can change its database. Otherwise `meta.reason` of the error says why not: `unreachable`, `standby`, `read_only`, `disk_full`, `disk_error`, `damaged` or `replaced`; reads may still work.",
            "The service can change its database.",
        )
    },
    OtherEndpoint {
        schema: Some("health"),
        errors: &[400, 429, 431],
        ..get(
            "/health/live",
            "get_health_live",
            "Check that the process answers",
            "Checks nothing else. If this fails, restart the process.",
            "The process answers.",
        )
    },
    OtherEndpoint {
        schema: Some("health"),
        errors: &[400, 406, 429, 431, 503],
        ..get(
            "/health/ready",
            "get_health_ready",
            "Check that requests may be sent here",
            "Succeeds if the database takes changes, its migrations are those of this version, the queue of changes has room, and the service is not about to stop. Otherwise `meta.reason` of the error says why not: the reasons of `/health`, `migrations`, `queue_full` or `stopping`.",
            "Requests may be sent here.",
        )
    },
    get(
        super::OPENAPI,
        "get_openapi",
        "Get this description",
        "Returns this document, which is generated from the program's own tables.",
        "An OpenAPI document.",
    ),
    get(
        super::PAGE,
        "get_docs",
        "Get the reference as a page",
        "Returns the same description as one HTML page.",
        "An HTML page.",
    ),
];

const fn get(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    about: &'static str,
    doc: &'static str,
) -> OtherEndpoint {
    OtherEndpoint {
        path,
        method: "GET",
        id,
        summary,
        about,
        doc,
        schema: None,
        body: None,
        resource: None,
        lists: None,
        errors: &[400, 431],
        needs_credentials: false,
    }
}

/// An operation of [`OTHERS`].
pub fn operation(path: &str, method: &str, context: &DescriptionContext) -> Option<Operation> {
    let known = OTHERS
        .iter()
        .find(|other| other.path == path && other.method == method)?;
    Some(known.operation(context))
}

pub fn public(context: &DescriptionContext) -> impl Iterator<Item = Operation> {
    PUBLIC.iter().map(move |other| other.operation(context))
}

impl OtherEndpoint {
    fn operation(&self, context: &DescriptionContext) -> Operation {
        let resource = self.resource.and_then(types::type_named);
        let is_empty = self.method == "DELETE";
        Operation {
            path: self.path.into(),
            method: self.method,
            shape: None,
            id: self.id.into(),
            summary: self.summary.into(),
            doc: self.about.into(),
            parameters: match self.lists.and_then(types::type_named) {
                Some(kind) => parameters::lists(kind, context),
                None => resource.map_or_else(Vec::new, |kind| parameters::one(kind, context)),
            },
            headers: headers::of(self.path, None, self.method),
            body: self.body.map(|schema| Body {
                schema: schema.into(),
                example: examples::other(schema),
                media: match schema {
                    "credentials" => Media::PlainJson,
                    "operations" => Media::Atomic,
                    _ => Media::Document,
                },
            }),
            success: Success {
                status: if is_empty { 204 } else { 200 },
                doc: self.doc,
                schema: self.schema.map(str::to_owned),
            },
            errors: self.errors(context),
            needs_credentials: self.needs_credentials,
        }
    }

    /// Invalid attributes have the status in the settings.
    fn errors(&self, context: &DescriptionContext) -> Vec<u16> {
        // 422 is also the status of a reused Idempotency-Key.
        let keeps = self.path == crate::api::routes::OPERATIONS;
        let is_meant = |status: &u16| *status != 422 || keeps || context.invalid_data == 422;
        self.errors.iter().copied().filter(is_meant).collect()
    }
}
