//! The authorization policy of all surfaces.
//!
//! Each operation that a surface can execute has a rule here. Reads are narrowed to
//! the rows that the principal can see, so that all others do not exist for it
//! (404); changes without the permission are denied (403). A `Guard` does not accept
//! an operation without a rule.

mod access;
mod administered;
mod cfengine;
mod grants;
mod members;
mod places;
mod portal;
mod roles;
mod sign_ins;
mod tokens;
mod users;

use super::guard::PolicyError;
use super::principal::Principal;
use crate::directory::batch::Batch;
use crate::directory::events::{Events, FindEvent};
use crate::directory::listing::{List, Visibility};
use crate::directory::permissions::Permission;

/// An operation with a rule of the policy.
pub trait Authorize {
    /// Narrows the operation to the rows that `principal` can see, or denies it.
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError>;

    /// Whether it changes the principal's own data, without any other permission.
    fn is_self_service(&self, _: &Principal) -> bool {
        false
    }
}

fn require(principal: &Principal, permission: Permission) -> Result<(), PolicyError> {
    if principal.may(permission) {
        return Ok(());
    }
    Err(PolicyError::Forbidden(format!(
        "This needs the permission {}.",
        permission.name()
    )))
}

/// Whether the caller may see this user, as far as the policy can tell without the
/// database.
fn can_see(visible: Visibility, user: i64) -> bool {
    match visible {
        Visibility::All | Visibility::Delegated(_) => true,
        Visibility::Own(own) => own == user,
        Visibility::Nothing => false,
    }
}

impl Authorize for Batch {
    fn authorize(&mut self, _: &Principal) -> Result<(), PolicyError> {
        // Each step carries the rule of its own operation.
        Ok(())
    }
}

impl Authorize for List<Events> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        require(principal, Permission::AuditRead)?;
        self.visible = Visibility::All;
        Ok(())
    }
}

impl Authorize for FindEvent {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        require(principal, Permission::AuditRead)?;
        self.visible = Visibility::All;
        Ok(())
    }
}
