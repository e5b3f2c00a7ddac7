//! CFEngine's API: an administrator may all; everybody else reads and changes
//! their own record, without its roles, and is refused all else unseen, so that
//! no name can be probed for. What other roles permit does not count here.

use super::{Governed, require};
use crate::auth::guard::Refusal;
use crate::auth::principal::Principal;
use crate::directory::cfengine::{
    CreateNamedRole, CreateNamedUser, DeleteNamedRole, DeleteNamedUser, FindNamedRole,
    FindNamedUser, ListNamedRoles, ListNamedUsers, UpdateNamedRole, UpdateNamedUser,
};
use crate::directory::listing::Visible;
use crate::directory::names::normalized;
use crate::directory::permissions::Permission;

fn refused() -> Refusal {
    Refusal::Forbidden("Only an administrator may do this.".into())
}

fn administrator(principal: &Principal) -> Result<(), Refusal> {
    match principal.is_administrator {
        true => Ok(()),
        false => Err(refused()),
    }
}

/// What is seen of a user by whoever may do something with their record.
fn record(
    principal: &Principal,
    username: &str,
    permission: Permission,
) -> Result<Visible, Refusal> {
    if principal.is_administrator {
        return Ok(Visible::All);
    }
    if normalized(username) != normalized(&principal.username) {
        return Err(refused());
    }
    require(principal, permission)?;
    Ok(Visible::Own(principal.id))
}

impl Governed for ListNamedUsers {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        administrator(principal)?;
        self.0.govern(principal)
    }
}

impl Governed for FindNamedUser {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = record(principal, &self.username, Permission::SelfRead)?;
        Ok(())
    }
}

impl Governed for CreateNamedUser {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        administrator(principal)?;
        self.create.govern(principal)
    }
}

impl Governed for UpdateNamedUser {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        let visible = record(principal, &self.username, Permission::SelfWrite)?;
        if self.roles.is_some() {
            administrator(principal)?;
        }
        self.update.visible = visible;
        self.update.reach = principal.reach();
        self.update.may_set_flags = principal.is_administrator;
        self.update.may_rename = principal.may_rename();
        Ok(())
    }

    fn is_only_own(&self, principal: &Principal) -> bool {
        !principal.is_administrator && !principal.may(Permission::UsersWrite)
    }
}

impl Governed for DeleteNamedUser {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        administrator(principal)?;
        self.delete.govern(principal)
    }
}

impl Governed for ListNamedRoles {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        administrator(principal)?;
        self.0.govern(principal)
    }
}

impl Governed for FindNamedRole {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        administrator(principal)
    }
}

impl Governed for CreateNamedRole {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        administrator(principal)?;
        self.0.govern(principal)
    }
}

impl Governed for UpdateNamedRole {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        administrator(principal)?;
        self.update.govern(principal)
    }
}

impl Governed for DeleteNamedRole {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        administrator(principal)?;
        self.delete.govern(principal)
    }
}
