//! The rules of roles and grant rules.

use super::{Authorize, can_see, require};
use crate::auth::guard::PolicyError;
use crate::auth::principal::Principal;
use crate::directory::grant_rules::{
    CreateGrantRule, DeleteGrantRule, FindGrantRule, GrantRules, UpdateGrantRule,
};
use crate::directory::listing::{List, Visibility};
use crate::directory::permissions::Permission;
use crate::directory::roles::{CreateRole, DeleteRole, FindRole, Roles, RolesOf, UpdateRole};

impl Authorize for List<Roles> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = match &self.parent {
            // The roles of a user are visible with the user, which is checked before.
            Some(RolesOf::User(user) | RolesOf::Effective(user))
                if can_see(principal.user_visibility(), *user) =>
            {
                Visibility::All
            }
            // The ids come from linkage that the caller has seen.
            Some(RolesOf::Ids(_)) => Visibility::All,
            _ => principal.visibility(Permission::RolesRead),
        };
        Ok(())
    }
}

impl Authorize for FindRole {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::RolesRead);
        Ok(())
    }
}

impl Authorize for CreateRole {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        require(principal, Permission::RolesWrite)?;
        let names = |ids: &Option<Vec<i64>>| ids.as_ref().is_some_and(|ids| !ids.is_empty());
        if names(&self.users) || names(&self.includes) {
            require(principal, Permission::GrantsWrite)?;
        }
        self.ceiling = principal.ceiling();
        Ok(())
    }
}

/// Including a role in another grants it to all holders of the other, and a grant
/// rule lets others grant its roles: both need the permissions for granting.
const DELEGATING: &[Permission] = &[Permission::RolesWrite, Permission::GrantsWrite];

/// Authorizes a change of a role. A role that the caller cannot see must look like
/// one that does not exist.
fn change_role(
    principal: &Principal,
    needs: &[Permission],
    visible: &mut Visibility,
) -> Result<(), PolicyError> {
    *visible = principal.visibility(Permission::RolesRead);
    needs
        .iter()
        .try_for_each(|permission| require(principal, *permission))
}

impl Authorize for UpdateRole {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.ceiling = principal.ceiling();
        let needs: &[Permission] = if self.users.is_some() || self.includes.is_some() {
            DELEGATING
        } else {
            &[Permission::RolesWrite]
        };
        change_role(principal, needs, &mut self.visible)
    }
}

impl Authorize for DeleteRole {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.ceiling = principal.ceiling();
        change_role(principal, &[Permission::RolesWrite], &mut self.visible)
    }
}

impl Authorize for List<GrantRules> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::RolesRead);
        Ok(())
    }
}

impl Authorize for FindGrantRule {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::RolesRead);
        Ok(())
    }
}

impl Authorize for CreateGrantRule {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.ceiling = principal.ceiling();
        DELEGATING
            .iter()
            .try_for_each(|permission| require(principal, *permission))
    }
}

impl Authorize for UpdateGrantRule {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.ceiling = principal.ceiling();
        change_role(principal, DELEGATING, &mut self.visible)
    }
}

impl Authorize for DeleteGrantRule {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.ceiling = principal.ceiling();
        change_role(principal, DELEGATING, &mut self.visible)
    }
}
