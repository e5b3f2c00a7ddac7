//! What a change asks of somebody who changes who they are, and what it ends.

use crate::directory::users::{UpdateUser, User, UserChanges};
use crate::directory::{Context, DirectoryError, FieldError, FieldErrorKind};

const UNPROVED: &str = "Send your own password to change this.";

/// A token alone is no way to an account: its name and its e-mail address change
/// by a password that was given lately, its password by one that is given now.
pub fn require_password(
    update: &UpdateUser,
    changes: &UserChanges,
    context: &Context,
) -> Result<(), DirectoryError> {
    let own = context.actor.as_ref();
    let Some(actor) = own.filter(|actor| actor.id == update.id) else {
        return Ok(());
    };
    if update.is_password_confirmed || actor.came_with_password() {
        return Ok(());
    }
    let is_named_anew = changes.username.is_some() || changes.email.is_some();
    if changes.password_hash.is_some() || (is_named_anew && !actor.is_fresh) {
        return Err(DirectoryError::Invalid(vec![FieldError {
            field: "old_password".into(),
            kind: FieldErrorKind::Missing,
            message: UNPROVED.into(),
        }]));
    }
    Ok(())
}

/// Whether the API tokens end: by a new password where that is wanted, and when
/// somebody is switched on again, so that none of them comes back to life.
pub fn ends_tokens(update: &UpdateUser, before: &User, after: &User, context: &Context) -> bool {
    let is_back = !before.is_active && after.is_active;
    let is_others = context.actor_id() != Some(update.id);
    let has_new_password = update.changes.password_hash.is_some();
    is_back || (has_new_password && update.end_tokens.unwrap_or(is_others))
}
