//! Access checks on the visibility of hosts and bundles.

use serde::Serialize;
use serde_json::{Value, json};

use super::{TYPE, linkage};
use crate::api::decode::texts;
use crate::directory::FieldError;
use crate::directory::host_access::{Decision, FindHostAccess, HostAccess, HostDecision, Subject};
use crate::jsonapi::ResourceObject;

/// The names to check: the classes of one host, bundles, or both.
#[derive(Clone, Debug, Default)]
pub struct HostQuery {
    pub classes: Option<Vec<String>>,
    pub bundles: Option<Vec<String>>,
}

impl HostQuery {
    pub fn read(document: &ResourceObject, max: usize, field_errors: &mut Vec<FieldError>) -> Self {
        let mut names = |name: &'static str| {
            let value = document.attributes.get(name).filter(|v| !v.is_null())?;
            let read = texts(name, value).and_then(|names| match names.len() > max {
                true => Err(FieldError::invalid(name, too_many(max))),
                false => Ok(names),
            });
            read.map_err(|field_error| field_errors.push(field_error))
                .ok()
        };
        Self {
            classes: names("classes"),
            bundles: names("bundles"),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.classes.is_none() && self.bundles.is_none()
    }

    pub fn has_more_than(&self, max: usize) -> bool {
        let has = |names: &Option<Vec<String>>| names.as_ref().is_some_and(|all| all.len() > max);
        has(&self.classes) || has(&self.bundles)
    }
}

pub fn too_many(max: usize) -> String {
    format!("Name at most {max}, as limits.access_check_names says.")
}

/// Whether a host or bundle is visible, and what decides it.
#[derive(Serialize)]
pub struct HostVerdict<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    pub allowed: bool,
    decided_by: Vec<DecidedBy<'a>>,
    /// The verdict of each bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    bundles: Option<Vec<HostVerdict<'a>>>,
}

#[derive(Serialize)]
struct DecidedBy<'a> {
    role: String,
    list: &'static str,
    expression: Option<&'a str>,
    name: Option<&'a str>,
}

impl<'a> DecidedBy<'a> {
    fn of(decision: Decision<'a>) -> Self {
        let Decision { role, list, fitted } = decision;
        Self {
            role: role.to_string(),
            list: list.name(),
            expression: fitted.map(|(expression, _)| expression),
            name: fitted.map(|(_, name)| name),
        }
    }
}

impl<'a> HostVerdict<'a> {
    fn of(decision: HostDecision<'a>) -> Self {
        Self {
            id: None,
            name: None,
            allowed: decision.allowed,
            decided_by: decision.decided_by.into_iter().map(DecidedBy::of).collect(),
            bundles: None,
        }
    }

    /// A query is allowed if all its names are visible.
    pub fn decide(access: &'a HostAccess, query: &'a HostQuery) -> Self {
        let bundle = |name: &'a String| Self {
            name: Some(name),
            ..Self::of(access.decide(Subject::Bundle, std::slice::from_ref(name)))
        };
        let bundles = query.bundles.as_ref();
        let bundles: Option<Vec<Self>> = bundles.map(|all| all.iter().map(bundle).collect());
        let mut verdict = match &query.classes {
            Some(classes) => Self::of(access.decide(Subject::Classes, classes)),
            None => Self::of(HostDecision {
                allowed: !access.0.is_empty(),
                decided_by: Vec::new(),
            }),
        };
        verdict.allowed &= bundles.iter().flatten().all(|bundle| bundle.allowed);
        verdict.bundles = bundles;
        verdict
    }
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
    #[serde(flatten)]
    verdict: HostVerdict<'a>,
    reasons: [&'static str; 0],
    missing: Option<&'static str>,
}

/// Writes the resource object of the response.
pub fn write(
    out: &mut Vec<u8>,
    id: &str,
    find: &FindHostAccess,
    query: &HostQuery,
    access: &HostAccess,
) {
    let verdict = HostVerdict::decide(access, query);
    let shown = AccessCheckObject {
        r#type: TYPE,
        id,
        attributes: Attributes {
            missing: missing(verdict.allowed, access),
            verdict,
            reasons: [],
        },
        relationships: relationships(find),
    };
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(out, &shown);
}

/// What is missing, as a sentence; `None` if the query is allowed.
pub fn missing(allowed: bool, access: &HostAccess) -> Option<&'static str> {
    match (allowed, access.0.is_empty()) {
        (true, _) => None,
        (false, true) => Some("The user has no role there, so sees nothing."),
        (false, false) => Some("A role that the user has there does not let it through."),
    }
}

pub fn relationships(find: &FindHostAccess) -> Value {
    json!({
        "user": linkage("users", Some(find.user_id)),
        "role": linkage("roles", None),
        "target": linkage("users", None),
        "workspace": linkage("workspaces", find.place.workspace),
        "cluster": linkage("clusters", find.place.cluster),
    })
}
