//! `role-group/`: grants, changes and revokes roles.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::call::{Prp, answer};
use super::error::{ApiError, DOES_NOT_EXIST};
use super::field_errors::FieldErrors;
use super::fields::{Fields, Need, kind};
use crate::auth::PolicyError;
use crate::directory::DirectoryError;
use crate::directory::delegation::GrantScope;
use crate::directory::portal::{
    ChangePortalRole, GivePortalRoles, PortalRole, RemovePortalRole, Scope, WantedRole,
};

#[derive(Serialize)]
struct Given {
    user_id: i64,
    prp_roles: Vec<GivenRole>,
}

#[derive(Serialize)]
struct GivenRole {
    role: &'static str,
    workspace: Option<i64>,
    cluster: Option<i64>,
}

#[derive(Serialize)]
struct Changed {
    role: &'static str,
    is_active: bool,
}

pub async fn give(request: HttpRequest, prp: Data<Prp>, mut payload: Payload) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let object = call.object(&mut payload).await?;
        let (user, roles) = requested_roles(&object, call.prp.items)?;
        let operation = GivePortalRoles {
            user,
            roles: roles.clone(),
            authority: Default::default(),
        };
        let outcome = call.guard.write(operation).await;
        outcome.map_err(|error| at_entry(error, roles.len()))?;
        Answer::created(&Given {
            user_id: user,
            prp_roles: roles
                .into_iter()
                .map(|given| GivenRole {
                    role: given.role.name(),
                    workspace: given.place.workspace,
                    cluster: given.place.cluster,
                })
                .collect(),
        })
    })
    .await
}

/// Assigns a workspace or cluster that does not exist to the entry that names it.
fn at_entry(error: PolicyError, entries: usize) -> ApiError {
    match error {
        PolicyError::Directory(DirectoryError::RelatedNotFound {
            kind,
            relationship: Some(name @ ("workspace" | "cluster")),
            place,
        }) => {
            let mut each = vec![FieldErrors::default(); entries];
            if let Some(entry) = each.get_mut(place) {
                match (kind, name) {
                    ("clusters", "workspace") => entry.add(name, "invalid", NOT_ITS_WORKSPACE),
                    _ => entry.add(name, "does_not_exist", DOES_NOT_EXIST),
                }
            }
            let mut errors = FieldErrors::default();
            errors.each("prp_roles", each);
            errors.into()
        }
        PolicyError::Directory(DirectoryError::RelatedNotFound {
            relationship: Some("user"),
            ..
        }) => FieldErrors::one("user_id", "does_not_exist", DOES_NOT_EXIST).into(),
        other => other.into(),
    }
}

const NOT_ITS_WORKSPACE: &str = "The cluster belongs to another workspace.";

type Entry = WantedRole;

fn requested_roles(object: &Map<String, Value>, max: usize) -> Result<(i64, Vec<Entry>), ApiError> {
    let mut fields = Fields::of(object);
    let user = fields.id("user_id", Need::Required).flatten();
    let entries = fields.list("prp_roles", max, Need::Required);
    let roles = entries.and_then(|items| read_entries(&mut fields, items));
    fields.done()?;
    let empty = || FieldErrors::one("prp_roles", "empty", "This list may not be empty.");
    let roles = roles.filter(|roles| !roles.is_empty()).ok_or_else(empty)?;
    Ok((user.unwrap_or(0), roles))
}

fn read_entries(fields: &mut Fields<'_>, items: &[Value]) -> Option<Vec<Entry>> {
    let read: Vec<Result<Entry, FieldErrors>> = items.iter().map(entry).collect();
    if read.iter().any(Result::is_err) {
        let errors = read.into_iter().map(|one| one.err().unwrap_or_default());
        fields.errors.each("prp_roles", errors.collect());
        return None;
    }
    let roles: Vec<Entry> = read.into_iter().flatten().collect();
    let mut places: Vec<_> = roles
        .iter()
        .map(|wanted| (wanted.place.workspace, wanted.place.cluster))
        .collect();
    places.sort_unstable();
    places.dedup();
    let message = if places.len() < roles.len() {
        "Each cluster and each workspace can occur only once."
    } else if roles.len() > 1 && places.contains(&(None, None)) {
        "CLUSTER_SYSTEM_ADMIN cannot be combined with other roles."
    } else {
        return Some(roles);
    };
    let errors = FieldErrors::one("non_field_errors", "invalid", message);
    fields.errors.within("prp_roles", errors);
    None
}

/// A role with the place that its scope requires, and no other. A cluster can come with
/// its workspace.
fn entry(item: &Value) -> Result<Entry, FieldErrors> {
    let Value::Object(object) = item else {
        let got = kind(item);
        let message = format!("Invalid data. Expected a dictionary, but got {got}.");
        return Err(FieldErrors::one("non_field_errors", "invalid", &message));
    };
    let mut fields = Fields::of(object);
    let role = fields.choice("role", Need::Required, PortalRole::named);
    let mut place = GrantScope {
        workspace: fields.id("workspace", Need::Optional).flatten(),
        cluster: fields.id("cluster", Need::Optional).flatten(),
    };
    let Some(role) = role.flatten() else {
        fields.done()?;
        return Err(FieldErrors::one(
            "role",
            "required",
            "This field is required.",
        ));
    };
    let (workspace, cluster) = match role.scope() {
        Scope::Workspace => (true, false),
        Scope::Cluster => (false, true),
        Scope::Everywhere => (false, false),
    };
    let mut workspace_of_cluster = None;
    if cluster && place.cluster.is_some() {
        workspace_of_cluster = place.workspace.take();
    }
    for (name, wanted, sent) in [
        ("workspace", workspace, place.workspace),
        ("cluster", cluster, place.cluster),
    ] {
        if wanted && sent.is_none() {
            fields.add_error(name, "required", "This field is required.");
        } else if !wanted && sent.is_some() {
            let message = format!("{} is not held in a {name}.", role.name());
            fields.add_error(name, "invalid", &message);
        }
    }
    fields.done()?;
    Ok(WantedRole {
        role,
        place,
        workspace_of_cluster,
    })
}

pub async fn change(request: HttpRequest, prp: Data<Prp>, mut payload: Payload) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let object = call.object(&mut payload).await?;
        let mut fields = Fields::of(&object);
        let role = fields.choice("role", Need::Filled, PortalRole::named);
        let is_active = fields.flag("is_active", Need::Filled);
        fields.done()?;
        let change = ChangePortalRole {
            id: call.id(),
            role: role.flatten(),
            is_active,
            authority: Default::default(),
        };
        let after = call.guard.write(change).await?;
        Answer::ok(&Changed {
            role: after.role.name(),
            is_active: after.is_active,
        })
    })
    .await
}

pub async fn remove(request: HttpRequest, prp: Data<Prp>) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let remove = RemovePortalRole {
            id: call.id(),
            authority: Default::default(),
        };
        call.guard.write(remove).await?;
        Ok(Answer::empty())
    })
    .await
}
