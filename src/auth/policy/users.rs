//! The rules of users, and of users in the trash.

use super::{Authorize, can_see, require};
use crate::auth::guard::PolicyError;
use crate::auth::principal::Principal;
use crate::directory::listing::{List, Visibility};
use crate::directory::name_conflicts::{FindNameConflicts, UniqueNames};
use crate::directory::permissions::Permission;
use crate::directory::trash::{FindTrashedUser, PurgeUser, RestoreUser, TrashedUsers};
use crate::directory::users::{CreateUser, DeleteUser, FindUser, UpdateOwn, UpdateUser, Users};

impl Authorize for List<Users> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.user_visibility();
        Ok(())
    }
}

impl Authorize for FindUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.user_visibility();
        Ok(())
    }
}

impl Authorize for CreateUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        require(principal, Permission::UsersWrite)?;
        if self.roles.as_ref().is_some_and(|roles| !roles.is_empty()) {
            require(principal, Permission::GrantsWrite)?;
        }
        self.ceiling = principal.ceiling();
        Ok(())
    }
}

impl Authorize for UpdateUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.user_visibility();
        self.ceiling = principal.ceiling();
        if !can_see(self.visible, self.id) {
            // The directory answers with "not found".
            return Ok(());
        }
        // Clients send back whole records, including the flags; only the directory
        // knows whether they change.
        self.may_set_flags = principal.may(Permission::UsersWrite);
        self.may_rename = principal.may_rename();
        let own = self.id == principal.id && principal.may(Permission::SelfWrite);
        if !own {
            require(principal, Permission::UsersWrite)?;
        }
        if self.roles.is_some() {
            require(principal, Permission::GrantsWrite)?;
        }
        Ok(())
    }

    fn is_self_service(&self, principal: &Principal) -> bool {
        self.id == principal.id && !principal.may(Permission::UsersWrite)
    }
}

impl Authorize for UpdateOwn {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.0.visible = principal.user_visibility();
        self.0.ceiling = principal.ceiling();
        self.0.may_rename = principal.may_rename();
        if self.0.id != principal.id {
            return Err(PolicyError::Forbidden(
                "This record belongs to another user.".into(),
            ));
        }
        require(principal, Permission::SelfWrite)
    }

    fn is_self_service(&self, principal: &Principal) -> bool {
        !principal.may(Permission::UsersWrite)
    }
}

impl Authorize for FindNameConflicts {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        let is_own = self.own == Some(principal.id);
        self.may = match &self.names {
            UniqueNames::User(_) if is_own => principal.may_rename(),
            UniqueNames::User(_) => principal.may(Permission::UsersWrite),
            UniqueNames::Role(_) => principal.may(Permission::RolesWrite),
            UniqueNames::Workspace(_) => principal.may(Permission::WorkspacesWrite),
            UniqueNames::Partner(_) => principal.may(Permission::PartnersWrite),
        };
        Ok(())
    }
}

impl Authorize for DeleteUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.user_visibility();
        self.ceiling = principal.ceiling();
        if can_see(self.visible, self.id) {
            require(principal, Permission::UsersWrite)?;
        }
        Ok(())
    }
}

/// The trash is visible with the permissions to change it; nobody has a record of
/// their own there.
fn trash_visibility(principal: &Principal) -> Result<Visibility, PolicyError> {
    require(principal, Permission::UsersRead)?;
    require(principal, Permission::UsersWrite)?;
    Ok(Visibility::All)
}

impl Authorize for List<TrashedUsers> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = trash_visibility(principal)?;
        Ok(())
    }
}

impl Authorize for FindTrashedUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = trash_visibility(principal)?;
        Ok(())
    }
}

impl Authorize for RestoreUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = trash_visibility(principal)?;
        self.ceiling = principal.ceiling();
        Ok(())
    }
}

impl Authorize for PurgeUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = trash_visibility(principal)?;
        self.ceiling = principal.ceiling();
        Ok(())
    }
}
