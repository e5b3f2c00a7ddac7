//! `POST /access-checks`: checks what a user can do or see, and explains the result.
//! Nothing is stored: the id of a check is the request id.

mod host_access;
mod hosts;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};

use host_access::HostQuery;
pub use host_access::write as write_verdict;
use hosts::Hosts;
pub use hosts::Limits;

use crate::api::call::{Api, Call, respond};
use crate::api::decode::{DocumentPosition, refuse, related_ids, text};
use crate::api::error::{ApiError, RequestDocument, body_too_large};
use crate::api::handlers::check_kind;
use crate::api::kinds;
use crate::api::member_names::MemberNames;
use crate::api::plan;
use crate::api::render::open_links;
use crate::api::response::Response;
use crate::directory::FieldError;
use crate::directory::access::{CheckAccess, Question, Reason, RoleNamed, Verdict};
use crate::directory::delegation::{GrantScope, VERBS, Verb};
use crate::directory::host_access::FindHostAccess;
use crate::directory::permissions::MAX_NAME;
use crate::directory::values;
use crate::jsonapi::write::raw;
use crate::jsonapi::{Linkage, Purpose, ResourceObject, read_resource};

pub const TYPE: &str = "access-checks";

pub async fn check_access(
    request: HttpRequest,
    api: Data<Api>,
    mut payload: Payload,
) -> HttpResponse {
    respond(&api, &request, async |call| {
        plan::refuse_parameters(&call.query(&[])?)?;
        let limits = call.api.access_checks;
        let max_bytes = call.api.access_check_bytes;
        let body = call.body_within(&mut payload, max_bytes).await?;
        let (body, hosts) = Hosts::extract(body, limits)?;
        if body.len() > call.api.body_bytes {
            return Err(body_too_large(call.api.body_bytes));
        }
        let document = read_resource(&body, Purpose::Create, &call.api.document_limits)?;
        let checked = async {
            check_kind(&document, TYPE, "/data")?;
            refuse_unknown(call.api, &document)?;
            let caller = call.guard.principal().id;
            match hosts {
                Some(hosts) => check_hosts(call, caller, &document, hosts).await,
                None => {
                    check_one(
                        call,
                        read(caller, &document, &DocumentPosition::DATA, limits)?,
                    )
                    .await
                }
            }
        };
        checked.await.map_err(|error: ApiError| {
            let at = RequestDocument::Resource(&document, "/data");
            error.with_pointers(at, call.api.invalid_data)
        })
    })
    .await
}

async fn check_one(call: &Call<'_>, asked: CheckRequest) -> Result<Response, ApiError> {
    let id = call.guard.context().request_id.to_string();
    let mut out = Vec::with_capacity(1024);
    raw(&mut out, "{\"data\":");
    match asked {
        CheckRequest::Access(check) => {
            let verdict = call.guard.read(check.clone()).await?;
            write(&mut out, &id, &check, &verdict);
        }
        CheckRequest::Visibility(find, query) => {
            let access = call.guard.read(find.clone()).await?;
            write_verdict(&mut out, &id, &find, &query, &access);
        }
    }
    out.push(b',');
    out.extend(links(call));
    out.push(b'}');
    Ok(Response::Document(out))
}

async fn check_hosts(
    call: &Call<'_>,
    caller: i64,
    document: &ResourceObject,
    hosts: Hosts,
) -> Result<Response, ApiError> {
    let others = ["permission", "role_name", "verb", "classes", "bundles"];
    let sent = |name: &&str| document.attributes.get(*name).is_some_and(|v| !v.is_null());
    if let Some(other) = others.into_iter().find(sent) {
        return Err(kinds::INVALID_DATA
            .error("With hosts, send no other question; each host has its classes and bundles.")
            .at_pointer(ResourceObject::attribute_pointer("/data", other))
            .into());
    }
    let find = find_host_access(caller, document, &DocumentPosition::DATA)?;
    hosts.check(call.api.access_checks).await?;
    let access = call.guard.read(find.clone()).await?;
    let id = call.guard.context().request_id.to_string();
    Ok(Response::Streamed(hosts.stream(
        &id,
        &find,
        access,
        &links(call),
    )))
}

/// Rejects unknown member names.
pub fn refuse_unknown(api: &Api, document: &ResourceObject) -> Result<(), ApiError> {
    let known = || MemberNames::named(ATTRIBUTES, RELATIONSHIPS);
    Ok(refuse(api.unknown_members(document, known))?)
}

const ATTRIBUTES: &[&str] = &[
    "permission",
    "role_name",
    "verb",
    "classes",
    "bundles",
    "hosts",
];
const RELATIONSHIPS: &[&str] = &["user", "role", "target", "workspace", "cluster"];

fn links(call: &Call<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    open_links(&mut out, &call.base_url, call.address().as_bytes());
    out.push(b'}');
    out
}

/// An access check, parsed.
pub enum CheckRequest {
    Access(CheckAccess),
    /// The user, and the classes and bundles whose visibility is checked.
    Visibility(FindHostAccess, HostQuery),
}

fn find_host_access(
    caller: i64,
    document: &ResourceObject,
    at: &DocumentPosition<'_>,
) -> Result<FindHostAccess, ApiError> {
    let named = |name: &str, kind: &str| one(document, name, kind, at);
    Ok(FindHostAccess {
        user_id: named("user", "users")?.unwrap_or(caller),
        place: GrantScope {
            workspace: named("workspace", "workspaces")?,
            cluster: named("cluster", "clusters")?,
        },
        visible: Default::default(),
        sees_all: Default::default(),
    })
}

/// The question of an access check, as far as it was sent.
struct SentQuestion {
    permission: Option<String>,
    role: Option<RoleNamed>,
    verb: Option<Verb>,
    target: Option<i64>,
}

impl SentQuestion {
    fn read(
        document: &ResourceObject,
        at: &DocumentPosition<'_>,
        field_errors: &mut Vec<FieldError>,
    ) -> Result<Self, ApiError> {
        let mut attribute = |name: &'static str, max: usize| {
            let value = document.attributes.get(name).filter(|v| !v.is_null())?;
            let read = text(name, value).and_then(|text| {
                values::within(name, text, 1, max)?;
                Ok(text.to_owned())
            });
            read.map_err(|field_error| field_errors.push(field_error))
                .ok()
        };
        let permission = attribute("permission", MAX_NAME);
        let role_name = attribute("role_name", values::MAX_TEXT);
        let verb = attribute("verb", MAX_NAME);
        let named = |name: &str, kind: &str| one(document, name, kind, at);
        let role = named("role", "roles")?.map(RoleNamed::Id);
        let role = role.or(role_name.map(RoleNamed::Name));
        let target = named("target", "users")?;
        let verb = verb.and_then(|name| {
            let verb = Verb::named(&name);
            if verb.is_none() {
                let message = format!("Choose one of {}.", VERBS.join(", "));
                field_errors.push(FieldError::invalid("verb", message));
            }
            verb
        });
        Ok(Self {
            permission,
            role,
            verb,
            target,
        })
    }

    fn is_empty(&self) -> bool {
        self.permission.is_none()
            && self.role.is_none()
            && self.verb.is_none()
            && self.target.is_none()
    }

    /// `None` if the parts do not form one question.
    fn into_question(self) -> Option<Question> {
        match (self.permission, self.role, self.verb, self.target) {
            (Some(permission), None, None, None) => Some(Question::Permission(permission)),
            (None, Some(role), None, None) => Some(Question::Role(role)),
            (None, Some(role), Some(verb), Some(target)) => {
                Some(Question::Hand { verb, role, target })
            }
            _ => None,
        }
    }
}

/// Parses an access check, of the caller unless the document names another `user`.
pub fn read(
    caller: i64,
    document: &ResourceObject,
    at: &DocumentPosition<'_>,
    limits: Limits,
) -> Result<CheckRequest, ApiError> {
    let mut field_errors = Vec::new();
    let query = HostQuery::read(document, limits.names, &mut field_errors);
    if document
        .attributes
        .get("hosts")
        .is_some_and(|v| !v.is_null())
    {
        let message = "Send hosts to /access-checks, as a list.";
        field_errors.push(FieldError::invalid("hosts", message));
    }
    let sent = SentQuestion::read(document, at, &mut field_errors)?;
    if !query.is_empty() {
        if !sent.is_empty() {
            let message = "Check what a user can do or what they can see, not both.";
            field_errors.push(FieldError::invalid("classes", message));
        }
        refuse(field_errors)?;
        return Ok(CheckRequest::Visibility(
            find_host_access(caller, document, at)?,
            query,
        ));
    }
    let question = sent.into_question();
    if field_errors.is_empty() && question.is_none() {
        field_errors.push(FieldError::invalid(
            "permission",
            "Send a permission, a role, a verb with a role and a target, or classes and bundles.",
        ));
    }
    let check = question.map(|question| {
        let FindHostAccess {
            user_id,
            place,
            visible,
            sees_all,
        } = find_host_access(caller, document, at)?;
        Ok::<_, ApiError>(CheckAccess {
            user_id,
            question,
            place,
            visible,
            sees_all,
        })
    });
    refuse(field_errors)?;
    match check {
        Some(check) => check.map(CheckRequest::Access),
        None => Err(kinds::INVALID_DATA
            .error("The document has no question.")
            .into()),
    }
}

/// The id in a to-one relationship, if it was sent.
fn one(
    document: &ResourceObject,
    name: &str,
    kind: &str,
    at: &DocumentPosition<'_>,
) -> Result<Option<i64>, ApiError> {
    let Some(linkage) = document.relationships.get(name) else {
        return Ok(None);
    };
    let base = ResourceObject::relationship_pointer(at.base, name);
    if matches!(linkage, Linkage::Many(_)) {
        let detail = format!("The relationship {name} takes one identifier or null.");
        return Err(kinds::INVALID_LINKAGE.error(detail).at_pointer(base).into());
    }
    let at = DocumentPosition { base: &base, ..*at };
    Ok(related_ids(linkage, kind, &at)?.first().copied())
}

#[derive(Serialize)]
struct AccessCheckObject<'a> {
    r#type: &'static str,
    id: &'a str,
    attributes: Attributes<'a>,
    relationships: Value,
}

#[derive(Serialize)]
struct Attributes<'a> {
    allowed: bool,
    permission: Option<&'a str>,
    role_name: Option<&'a str>,
    verb: Option<&'static str>,
    reasons: Vec<Value>,
    missing: Option<&'a str>,
}

/// Writes the resource object of the response.
pub fn write(out: &mut Vec<u8>, id: &str, check: &CheckAccess, verdict: &Verdict) {
    let (mut permission, mut role, mut verb, mut target) = (None, None, None, None);
    match &check.question {
        Question::Permission(name) => permission = Some(name.as_str()),
        Question::Role(named) => role = Some(named),
        Question::Hand {
            verb: asked,
            role: named,
            target: of,
        } => {
            (role, verb, target) = (Some(named), Some(asked.name()), Some(*of));
        }
    }
    let (role_id, role_name) = match role {
        Some(RoleNamed::Id(id)) => (Some(*id), None),
        Some(RoleNamed::Name(name)) => (None, Some(name.as_str())),
        None => (None, None),
    };
    let shown = AccessCheckObject {
        r#type: TYPE,
        id,
        attributes: Attributes {
            allowed: verdict.allowed,
            permission,
            role_name,
            verb,
            reasons: verdict.reasons.iter().map(reason).collect(),
            missing: verdict.missing.as_deref(),
        },
        relationships: json!({
            "user": linkage("users", Some(check.user_id)),
            "role": linkage("roles", role_id),
            "target": linkage("users", target),
            "workspace": linkage("workspaces", check.place.workspace),
            "cluster": linkage("clusters", check.place.cluster),
        }),
    };
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(out, &shown);
}

fn linkage(kind: &str, id: Option<i64>) -> Value {
    let data = id.map(|id| json!({ "type": kind, "id": id.to_string() }));
    json!({ "data": data })
}

/// A reason as JSON: the grant, the path of roles from the granted one to the decisive
/// one, the scope of the grant, and the grant rule, if one is decisive.
pub fn reason(reason: &Reason) -> Value {
    let text = |id: Option<i64>| id.map(|id| id.to_string());
    let roles: Vec<String> = reason.path.iter().map(ToString::to_string).collect();
    json!({
        "grant": reason.grant.to_string(),
        "roles": roles,
        "workspace": text(reason.place.workspace),
        "cluster": text(reason.place.cluster),
        "valid_until": reason.valid_until,
        "rule": text(reason.rule),
    })
}
