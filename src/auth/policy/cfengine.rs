//! CFEngine's API: administrators can do everything. All others can read and change
//! their own record except for its roles; everything else is denied without a
//! lookup, so that names cannot be probed. Permissions of other roles do not count.

use super::{Authorize, require};
use crate::auth::guard::PolicyError;
use crate::auth::principal::Principal;
use crate::directory::cfengine::{
    CreateNamedRole, CreateNamedUser, DeleteNamedRole, DeleteNamedUser, FindNamedRole,
    FindNamedUser, ListNamedRoles, ListNamedUsers, UpdateNamedRole, UpdateNamedUser,
};
use crate::directory::listing::Visibility;
use crate::directory::names::normalized;
use crate::directory::permissions::Permission;

fn forbidden() -> PolicyError {
    PolicyError::Forbidden("Only administrators can do this.".into())
}

fn administrator(principal: &Principal) -> Result<(), PolicyError> {
    match principal.is_administrator {
        true => Ok(()),
        false => Err(forbidden()),
    }
}

/// The visibility of a user's record for this caller.
fn record_visibility(
    principal: &Principal,
    username: &str,
    permission: Permission,
) -> Result<Visibility, PolicyError> {
    if principal.is_administrator {
        return Ok(Visibility::All);
    }
    if normalized(username) != normalized(&principal.username) {
        return Err(forbidden());
    }
    require(principal, permission)?;
    Ok(Visibility::Own(principal.id))
}

impl Authorize for ListNamedUsers {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        administrator(principal)?;
        self.0.authorize(principal)
    }
}

impl Authorize for FindNamedUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = record_visibility(principal, &self.username, Permission::SelfRead)?;
        Ok(())
    }
}

impl Authorize for CreateNamedUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        administrator(principal)?;
        self.create.authorize(principal)
    }
}

impl Authorize for UpdateNamedUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        let visible = record_visibility(principal, &self.username, Permission::SelfWrite)?;
        if self.roles.is_some() {
            administrator(principal)?;
        }
        self.update.visible = visible;
        self.update.ceiling = principal.ceiling();
        self.update.may_set_flags = principal.is_administrator;
        self.update.may_rename = principal.may_rename();
        Ok(())
    }

    fn is_self_service(&self, principal: &Principal) -> bool {
        !principal.is_administrator && !principal.may(Permission::UsersWrite)
    }
}

impl Authorize for DeleteNamedUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        administrator(principal)?;
        self.delete.authorize(principal)
    }
}

impl Authorize for ListNamedRoles {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        administrator(principal)?;
        self.0.authorize(principal)
    }
}

impl Authorize for FindNamedRole {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        administrator(principal)
    }
}

impl Authorize for CreateNamedRole {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        administrator(principal)?;
        self.0.authorize(principal)
    }
}

impl Authorize for UpdateNamedRole {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        administrator(principal)?;
        self.update.authorize(principal)
    }
}

impl Authorize for DeleteNamedRole {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        administrator(principal)?;
        self.delete.authorize(principal)
    }
}
