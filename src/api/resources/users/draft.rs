//! The attributes of a request about a user, and how they become an operation.

use super::Users;
use crate::api::attribute::AsChanges;
use crate::api::decode::refuse_all;
use crate::api::error::ApiError;
use crate::api::resource::Resource;
use crate::auth::Guard;
use crate::auth::passwords::{self, Owner};
use crate::config::Secret;
use crate::directory::FieldError;
use crate::directory::name_conflicts::{FindNameConflicts, UniqueNames};
use crate::directory::trash::NewNames;
use crate::directory::users::{UpdateOwn, UpdateUser, User, UserChanges};

/// The decoded attributes of a request. The password is hashed only if all of them are
/// valid.
#[derive(Default)]
pub struct UserDraft {
    pub(super) changes: UserChanges,
    pub(super) password: Option<Secret>,
    /// Reauthenticates the caller, so that a stolen token is not enough to change the
    /// password.
    pub(super) old_password: Option<Secret>,
    pub(super) end_tokens: Option<bool>,
}

impl AsChanges for UserDraft {
    type Changes = UserChanges;

    fn changes(&mut self) -> &mut UserChanges {
        &mut self.changes
    }
}

pub(super) const OLD_PASSWORD: &str = "old_password";

impl UserDraft {
    pub fn names(self) -> NewNames {
        NewNames {
            username: self.changes.username,
            uname: self.changes.uname,
        }
    }

    /// The user's identity after the change, for the password check.
    pub(super) fn owner(&self, before: Option<User>) -> Owner {
        let (username, email) =
            before.map_or_else(Default::default, |user| (user.username, user.email));
        Owner {
            username: self.changes.username.clone().unwrap_or(username),
            email: self.changes.email.clone().unwrap_or(email),
        }
    }

    pub(super) async fn check_password(
        &self,
        guard: &Guard,
        owner: &Owner,
    ) -> Result<Option<FieldError>, ApiError> {
        let Some(password) = &self.password else {
            return Ok(None);
        };
        let found = guard.check_new_password(password.expose(), owner).await?;
        Ok(passwords::problem(&found))
    }

    /// Hashes the password. With `chooser`, the caller's own, its strength is estimated
    /// for the response.
    pub(super) async fn hash(
        &mut self,
        guard: &Guard,
        chooser: Option<Owner>,
    ) -> Result<(), ApiError> {
        if let Some(password) = self.password.take() {
            let password = password.expose();
            let hash = match chooser {
                Some(owner) => guard.hash_and_rate_new_password(password, owner).await?,
                None => guard.hash_new_password(password).await?,
            };
            self.changes.password_hash = Some(Some(hash));
        }
        Ok(())
    }
}

/// Moves a valid draft into an operation that the caller is permitted to carry out.
/// Errors are reported before the password is hashed.
pub(super) async fn apply_draft(
    operation: &mut UpdateUser,
    guard: &Guard,
    mut draft: UserDraft,
    mut field_errors: Vec<FieldError>,
) -> Result<(), ApiError> {
    // A user that the caller cannot see is not read, and the update fails later.
    let before = match &draft.password {
        Some(_) => guard.find(Users::find(operation.id)).await?,
        None => None,
    };
    let owner = draft.owner(before);
    field_errors.extend(draft.check_password(guard, &owner).await?);
    let is_own = operation.id == guard.principal().id;
    let has_new = draft.password.is_some();
    if is_own && has_new && draft.old_password.is_none() {
        field_errors.push(FieldError::missing(OLD_PASSWORD));
    }
    if draft.end_tokens.is_some() && !has_new {
        field_errors.push(FieldError::invalid(
            "end_tokens",
            "Send this together with a password.",
        ));
    }
    let claims = || {
        let claims = UniqueNames::User(Box::new(draft.changes.clone()));
        FindNameConflicts::new(claims, Some(operation.id))
    };
    refuse_all(guard, field_errors, claims).await?;
    let is_about_keys =
        has_new || draft.changes.username.is_some() || draft.changes.email.is_some();
    let old = draft.old_password.as_ref();
    if let Some(old) = old.filter(|_| is_own && is_about_keys) {
        if !guard.is_own_password(old.expose()).await? {
            return Err(ApiError::WrongPassword(OLD_PASSWORD));
        }
        operation.is_password_confirmed = true;
    }
    draft.hash(guard, Some(owner).filter(|_| is_own)).await?;
    operation.changes = draft.changes;
    operation.end_tokens = draft.end_tokens;
    Ok(())
}

/// Updates the caller's own record, for `/auth/user`.
pub async fn update_own(
    guard: &Guard,
    draft: UserDraft,
    field_errors: Vec<FieldError>,
) -> Result<User, ApiError> {
    let id = guard.principal().id;
    let mut operation = UpdateOwn::new(id, draft.changes.clone());
    guard.permits(&mut operation)?;
    apply_draft(&mut operation.0, guard, draft, field_errors).await?;
    Ok(guard.write(operation).await?)
}
