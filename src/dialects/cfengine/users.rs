//! `/api/user`: users by name.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::answer::Answer;
use super::call::{Call, Cfengine, answer};
use super::error::ApiError;
use super::fields::Fields;
use super::parameters::Page;
use crate::auth::passwords::{self, Owner};
use crate::config::Secret;
use crate::directory::cfengine::{
    CreateNamedUser, DeleteNamedUser, FindNamedUser, ListNamedUsers, NamedUser, UpdateNamedUser,
    displayed_name,
};
use crate::directory::listing::{Comparison, Condition, List, Operand};
use crate::directory::users::{
    CreateUser, DeleteUser, PasswordHash, UpdateUser, UserChanges, UserColumn,
};
use crate::directory::{DirectoryError, values};

pub async fn list(request: HttpRequest, cfengine: Data<Cfengine>) -> HttpResponse {
    answer(&cfengine, &request, async |call| {
        let mut list = ListNamedUsers(List::new(Page::ONLY.slice()));
        // Authorization comes before validation of the query.
        call.guard.permits(&mut list)?;
        let page = call.parameters.page(call.cfengine.sizes)?;
        list.0.slice = page.slice();
        list.0.condition = condition(call)?;
        let permit = call.guard.pattern_permit(&list.0)?;
        let found = call.guard.read(list).await?;
        drop(permit);
        let total = found.total.unwrap_or_default();
        let bodies: Vec<UserBody> = found.rows.into_iter().map(UserBody::of).collect();
        Answer::page(call, page, total, &bodies)
    })
    .await
}

fn condition(call: &Call<'_>) -> Result<Option<Condition<UserColumn>>, ApiError> {
    let test = |column, comparison, operand| Condition::Test {
        column,
        comparison,
        operands: vec![operand],
    };
    let id = call.parameters.pattern("id")?;
    let external = call.parameters.flag("external")?;
    let parts: Vec<_> = id
        .map(|id| {
            test(
                UserColumn::Username,
                Comparison::Matches,
                Operand::Pattern(id),
            )
        })
        .into_iter()
        .chain(
            external.map(|flag| test(UserColumn::External, Comparison::Equal, Operand::Flag(flag))),
        )
        .collect();
    Ok((!parts.is_empty()).then_some(Condition::All(parts)))
}

/// The user in the path.
fn find(call: &Call<'_>) -> FindNamedUser {
    FindNamedUser {
        username: call.name(),
        visible: Default::default(),
    }
}

pub async fn get(request: HttpRequest, cfengine: Data<Cfengine>) -> HttpResponse {
    answer(&cfengine, &request, async |call| {
        let found = call.guard.find(find(call)).await?;
        Answer::one(call, UserBody::of(found.ok_or(DirectoryError::NotFound)?))
    })
    .await
}

pub async fn create(
    request: HttpRequest,
    cfengine: Data<Cfengine>,
    mut payload: Payload,
) -> HttpResponse {
    answer(&cfengine, &request, async |call| {
        let mut operation = CreateNamedUser {
            create: CreateUser {
                changes: UserChanges::default(),
                roles: None,
                ceiling: Default::default(),
            },
            roles: Vec::new(),
        };
        call.guard.permits(&mut operation)?;
        let sent = UserRequest::read(call, &mut payload, true).await?;
        operation.roles = sent.roles.unwrap_or_default();
        operation.create.changes = sent.changes;
        operation.create.changes.password_hash = hashed(call, sent.password.as_ref()).await?;
        call.guard.write(operation).await?;
        Ok(Answer::created())
    })
    .await
}

pub async fn update(
    request: HttpRequest,
    cfengine: Data<Cfengine>,
    mut payload: Payload,
) -> HttpResponse {
    answer(&cfengine, &request, async |call| {
        let mut operation = UpdateNamedUser {
            username: call.name(),
            update: UpdateUser {
                id: 0,
                expected: Default::default(),
                visible: Default::default(),
                changes: UserChanges::default(),
                roles: None,
                ceiling: Default::default(),
                may_set_flags: false,
                may_rename: false,
                is_password_confirmed: false,
                end_tokens: None,
            },
            roles: None,
        };
        call.guard.permits(&mut operation)?;
        let sent = UserRequest::read(call, &mut payload, false).await?;
        operation.roles.clone_from(&sent.roles);
        call.guard.permits(&mut operation)?;
        operation.update.is_password_confirmed =
            confirmed_password(call, &operation.username, &sent).await?;
        operation.update.changes = sent.changes;
        operation.update.changes.password_hash = hashed(call, sent.password.as_ref()).await?;
        call.guard.write(operation).await?;
        Ok(Answer::done())
    })
    .await
}

pub async fn remove(request: HttpRequest, cfengine: Data<Cfengine>) -> HttpResponse {
    answer(&cfengine, &request, async |call| {
        let delete = DeleteNamedUser {
            username: call.name(),
            delete: DeleteUser {
                id: 0,
                expected: Default::default(),
                visible: Default::default(),
                ceiling: Default::default(),
            },
        };
        call.guard.write(delete).await?;
        Ok(Answer::done())
    })
    .await
}

/// A validated request body.
struct UserRequest {
    changes: UserChanges,
    password: Option<Secret>,
    old_password: Option<Secret>,
    roles: Option<Vec<String>>,
}

impl UserRequest {
    /// For a new user with the name from the path.
    async fn read(call: &Call<'_>, payload: &mut Payload, is_new: bool) -> Result<Self, ApiError> {
        let object = call.object(payload).await?;
        let mut fields = Fields::of(&object);
        let username = match is_new {
            true => fields.check(values::username(&call.name())),
            false => None,
        };
        let password = fields.text("password");
        let old_password = fields.text("old_password");
        let changes = UserChanges {
            username,
            full_name: fields.optional("name", values::MAX_TEXT),
            // Not validated: clients of this API expect any text to be accepted.
            email: fields.optional("email", values::MAX_EMAIL),
            time_zone: fields.optional("time_zone", values::MAX_TEXT),
            ..UserChanges::default()
        };
        let roles = fields.texts("roles", call.cfengine.items);
        if !is_new && fields.has_errors() {
            let mut find = find(call);
            // The change itself reports missing rights.
            if call.guard.permits(&mut find).is_ok()
                && let Some(found) = call.guard.find(find).await?
            {
                fields.forget_unchanged(&UserBody::of(found));
            }
        }
        if let Some(password) = password {
            let owner = owner(call, &changes, is_new).await?;
            let found = call.guard.check_new_password(password, &owner).await?;
            fields.check(passwords::problem(&found).map_or(Ok(()), Err));
        }
        fields.done()?;
        let secret = |text: &str| Secret::new(text.to_owned());
        Ok(Self {
            changes,
            password: password.map(secret),
            old_password: old_password.map(secret),
            roles,
        })
    }
}

/// Whether the caller has confirmed their own password. A new password requires it,
/// so that a stolen token cannot take over the account; for an e-mail address the
/// directory decides.
async fn confirmed_password(
    call: &Call<'_>,
    username: &str,
    sent: &UserRequest,
) -> Result<bool, ApiError> {
    let is_own = username == &*call.guard.principal().username;
    let is_about_keys = sent.password.is_some() || sent.changes.email.is_some();
    if !is_own || !is_about_keys || call.has_password() {
        return Ok(false);
    }
    match &sent.old_password {
        Some(old) if call.guard.is_own_password(old.expose()).await? => Ok(true),
        None if sent.password.is_none() => Ok(false),
        _ => Err(ApiError::PasswordRequired),
    }
}

/// The owner of the new password: the user in the path after the change.
async fn owner(call: &Call<'_>, changes: &UserChanges, is_new: bool) -> Result<Owner, ApiError> {
    let username = call.name();
    let email = match &changes.email {
        Some(email) => email.clone(),
        None if is_new => None,
        None => {
            let found = call.guard.find(find(call)).await?;
            found.and_then(|found| found.user.email)
        }
    };
    Ok(Owner { username, email })
}

async fn hashed(
    call: &Call<'_>,
    password: Option<&Secret>,
) -> Result<Option<Option<PasswordHash>>, ApiError> {
    match password {
        Some(password) => {
            let hash = call.guard.hash_new_password(password.expose()).await?;
            Ok(Some(Some(hash)))
        }
        None => Ok(None),
    }
}

#[derive(Serialize)]
struct UserBody {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    external: bool,
    roles: Vec<String>,
}

impl UserBody {
    fn of(found: NamedUser) -> Self {
        let NamedUser { user, roles } = found;
        let name = displayed_name(&user);
        let set = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            id: user.username,
            name,
            email: set(user.email),
            time_zone: set(user.time_zone),
            external: user.external,
            roles,
        }
    }
}
