//! `/api/admin/users/`: creates, shows and changes users.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use super::answer;
use super::body::ParsedBody;
use super::call::Call;
use super::error::ApiError;
use super::field_errors::FieldErrors;
use super::fields::{no_object, too_long, too_short};
use super::record::{Draft, ORDER, PASSWORD_REQUIRED, TAKEN, WRONG_PASSWORD};
use super::serializer::UserBody;
use crate::auth::passwords::{Owner, Weakness};
use crate::auth::{Guard, PolicyError};
use crate::directory::DirectoryError;
use crate::directory::administered::{
    Administered, CheckAdministered, Conflicts, CreateAdministered, FindAdministered,
    UpdateAdministered,
};

pub async fn create(call: &Call<'_>, payload: &mut Payload) -> Result<HttpResponse, ApiError> {
    let guard = call.guard().await?;
    let sent = call.body(payload).await?;
    let mut draft = read(call, &guard, &sent, false);
    let conflicts = check(&guard, None, &draft).await?;
    validate(&mut draft, None, conflicts, &guard).await?;
    let Draft {
        changes,
        memberships,
        ..
    } = draft;
    let groups = memberships.groups.clone();
    let made = guard
        .write(CreateAdministered {
            changes,
            memberships,
        })
        .await;
    let made = made.map_err(|error| locate_group(error, groups.as_deref()))?;
    respond(call, StatusCode::CREATED, &made)
}

pub async fn get(call: &Call<'_>) -> Result<HttpResponse, ApiError> {
    let guard = call.guard().await?;
    let found = guard.find(FindAdministered { id: id(call) }).await?;
    respond(call, StatusCode::OK, &found.ok_or(ApiError::UserNotFound)?)
}

pub async fn update(call: &Call<'_>, payload: &mut Payload) -> Result<HttpResponse, ApiError> {
    let guard = call.guard().await?;
    let id = id(call);
    let sent = call.body(payload).await;
    let mut draft = match &sent {
        Ok(sent) => read(call, &guard, sent, true),
        Err(_) => Draft::default(),
    };
    // An unknown user is reported before an invalid body.
    let mut conflicts = check(&guard, Some(id), &draft).await?;
    let before = conflicts.record.take().ok_or(ApiError::UserNotFound)?;
    draft = draft.without_unchanged(&sent?, &before);
    let is_password_confirmed = confirm_password(call, &guard, id, &mut draft).await?;
    validate(&mut draft, Some(id), conflicts, &guard).await?;
    let Draft {
        changes,
        memberships,
        ..
    } = draft;
    let groups = memberships.groups.clone();
    let update = UpdateAdministered {
        id,
        changes,
        memberships,
        is_password_confirmed,
    };
    let changed = guard.write(update).await;
    let changed = changed.map_err(|error| locate_group(error, groups.as_deref()))?;
    respond(call, StatusCode::OK, &changed)
}

/// The id in the path, which has digits only; 0, which no user has, if it is too
/// large.
fn id(call: &Call<'_>) -> i64 {
    let text = call.request.match_info().get("id").unwrap_or_default();
    text.parse().unwrap_or(0)
}

fn read(call: &Call<'_>, guard: &Guard, sent: &ParsedBody, is_partial: bool) -> Draft {
    Draft::read(
        sent,
        is_partial,
        guard.auth().settings(),
        call.shared.groups,
    )
}

async fn check(guard: &Guard, id: Option<i64>, draft: &Draft) -> Result<Conflicts, PolicyError> {
    let check = CheckAdministered {
        id,
        username: draft.changes.username.clone(),
        groups: draft.memberships.groups.clone(),
    };
    guard.read(check).await
}

/// Whether the caller has confirmed their own password, if they change their own
/// credentials. For names and addresses the directory decides whether that is needed.
async fn confirm_password(
    call: &Call<'_>,
    guard: &Guard,
    id: i64,
    draft: &mut Draft,
) -> Result<bool, ApiError> {
    let changes = &draft.changes;
    let has_new = draft.password.is_some();
    let is_about_keys = has_new || changes.username.is_some() || changes.email.is_some();
    let is_own = id == guard.principal().id;
    if !is_own || !is_about_keys || call.has_password() {
        return Ok(false);
    }
    match &draft.old_password {
        Some(old) if guard.is_own_password(old.expose()).await? => return Ok(true),
        Some(_) => draft.errors.add("old_password", WRONG_PASSWORD),
        None if has_new => draft.errors.add("old_password", PASSWORD_REQUIRED),
        None => {}
    }
    Ok(false)
}

/// Reports all errors at once; hashes the password only if there are none.
async fn validate(
    draft: &mut Draft,
    id: Option<i64>,
    conflicts: Conflicts,
    guard: &Guard,
) -> Result<(), ApiError> {
    let mut errors = std::mem::take(&mut draft.errors);
    if let Some(password) = &draft.password {
        let owner = owner(draft, id, guard).await?;
        for weakness in guard.check_new_password(password.expose(), &owner).await? {
            errors.add("password", message(weakness));
        }
    }
    if conflicts.is_username_taken {
        errors.add("username", TAKEN);
    }
    if let Some(group) = conflicts.missing_group {
        errors.add("groups", no_object(group));
    }
    if !errors.is_empty() {
        return Err(errors.sorted(ORDER).into());
    }
    if let Some(password) = draft.password.take() {
        let hash = guard.hash_new_password(password.expose()).await?;
        draft.changes.password_hash = Some(Some(hash));
    }
    Ok(())
}

/// Length errors have the same wording as those of other fields.
fn message(weakness: Weakness) -> String {
    match weakness {
        Weakness::Short(min) => too_short(min),
        Weakness::Long(max) => too_long(max),
        weakness => weakness.to_string(),
    }
}

/// The owner of the new password, after the change.
async fn owner(draft: &Draft, id: Option<i64>, guard: &Guard) -> Result<Owner, PolicyError> {
    let (mut username, mut email) = (String::new(), None);
    if let Some(id) = id
        && let Some(found) = guard.find(FindAdministered { id }).await?
    {
        (username, email) = (found.record.username, found.record.email);
    }
    Ok(Owner {
        username: draft.changes.username.clone().unwrap_or(username),
        email: draft.changes.email.clone().unwrap_or(email),
    })
}

/// Names the group that was deleted between the check and the change.
fn locate_group(error: PolicyError, groups: Option<&[i64]>) -> ApiError {
    let PolicyError::Directory(DirectoryError::RelatedNotFound { place, .. }) = &error else {
        return error.into();
    };
    match groups.and_then(|groups| groups.get(*place)) {
        Some(group) => FieldErrors::one("groups", no_object(group)).into(),
        None => error.into(),
    }
}

fn respond(
    call: &Call<'_>,
    status: StatusCode,
    user: &Administered,
) -> Result<HttpResponse, ApiError> {
    answer::json(
        status,
        call.endpoint.allow,
        &UserBody::of(user),
        call.request_id(),
    )
}
