//! The Partner Reporting Portal: the permissions of the native surface take
//! precedence; without them the directory applies the portal's roles.

use super::grants::grant_authority;
use super::{Authorize, require};
use crate::auth::guard::PolicyError;
use crate::auth::principal::Principal;
use crate::directory::permissions::Permission;
use crate::directory::portal::{
    AddPortalPartner, AssignableClusters, AssignablePartners, Caller, ChangePortalPartner,
    ChangePortalRole, FindPortalPartner, GivePortalRoles, InviteUser, ListPortalPartners,
    ListPortalUsers, RemovePortalRole,
};

/// Denies only callers whose token lacks the scope.
fn caller(principal: &Principal, permission: Permission) -> Result<Caller, PolicyError> {
    let unbounded = principal.may(permission);
    if !unbounded && !principal.has_scope(permission) {
        require(principal, permission)?;
    }
    Ok(Caller {
        id: principal.id,
        unbounded,
    })
}

macro_rules! authorize_as_caller {
    ($($operation:ident by $permission:ident,)*) => {
        $(impl Authorize for $operation {
            fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
                self.caller = caller(principal, Permission::$permission)?;
                Ok(())
            }
        })*
    };
}

authorize_as_caller! {
    ListPortalUsers by UsersRead,
    ListPortalPartners by PartnersRead,
    FindPortalPartner by PartnersRead,
    AssignablePartners by PartnersRead,
    AssignableClusters by ClustersRead,
}

impl Authorize for InviteUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.caller = caller(principal, Permission::UsersWrite)?;
        self.authority = principal.authority();
        Ok(())
    }
}

impl Authorize for AddPortalPartner {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.caller = caller(principal, Permission::PartnersWrite)?;
        Ok(())
    }
}

impl Authorize for ChangePortalPartner {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.caller = caller(principal, Permission::PartnersWrite)?;
        // The rule above covers all partners.
        self.update.visible = crate::directory::listing::Visibility::All;
        Ok(())
    }
}

macro_rules! authorize_granting {
    ($($operation:ident,)*) => {
        $(impl Authorize for $operation {
            fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
                self.authority = grant_authority(principal)?;
                Ok(())
            }
        })*
    };
}

authorize_granting! {
    GivePortalRoles,
    ChangePortalRole,
    RemovePortalRole,
}
