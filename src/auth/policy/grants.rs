//! The rules of grants.

use super::{Authorize, require};
use crate::auth::guard::PolicyError;
use crate::auth::principal::Principal;
use crate::directory::grants::{
    CreateGrant, DeleteGrant, FindGrant, GiveRoles, Grants, UpdateGrant,
};
use crate::directory::listing::{List, Visibility};
use crate::directory::members::Authority;
use crate::directory::permissions::Permission;

impl Authorize for List<Grants> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = grant_visibility(principal);
        Ok(())
    }
}

impl Authorize for FindGrant {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = grant_visibility(principal);
        Ok(())
    }
}

/// The grants of a user are visible with the user.
fn grant_visibility(principal: &Principal) -> Visibility {
    if principal.may(Permission::GrantsRead) {
        Visibility::All
    } else {
        principal.user_visibility()
    }
}

/// Without the permission the directory consults the grant rules.
pub(super) fn grant_authority(principal: &Principal) -> Result<Authority, PolicyError> {
    match principal.authority() {
        Authority::Nothing => {
            require(principal, Permission::GrantsWrite)?;
            Ok(Authority::Nothing)
        }
        authority => Ok(authority),
    }
}

impl Authorize for CreateGrant {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.authority = grant_authority(principal)?;
        // With the permission users need not be visible to receive a role; by grant
        // rules those that the rules show can.
        self.visible = match (self.authority, principal.user_visibility()) {
            (Authority::Permission(_), _) => Visibility::All,
            (Authority::Rules(granter), Visibility::Own(_) | Visibility::Nothing) => {
                Visibility::Delegated(granter)
            }
            (_, visible) => visible,
        };
        Ok(())
    }
}

impl Authorize for GiveRoles {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.authority = grant_authority(principal)?;
        Ok(())
    }
}

impl Authorize for UpdateGrant {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = grant_visibility(principal);
        self.authority = grant_authority(principal)?;
        Ok(())
    }
}

impl Authorize for DeleteGrant {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = grant_visibility(principal);
        self.authority = grant_authority(principal)?;
        Ok(())
    }
}
