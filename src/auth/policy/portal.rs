//! The Partner Reporting Portal. Above its roles stands the permission of the
//! native surface; below it the directory looks at what the caller holds.

use super::{Governed, giving, require};
use crate::auth::guard::Refusal;
use crate::auth::principal::Principal;
use crate::directory::permissions::Permission;
use crate::directory::portal::{
    AddPortalPartner, AssignableClusters, AssignablePartners, Caller, ChangePortalPartner,
    ChangePortalRole, FindPortalPartner, GivePortalRoles, InviteUser, ListPortalPartners,
    ListPortalUsers, RemovePortalRole,
};

/// Refuses only whose token leaves the permission out.
fn caller(principal: &Principal, permission: Permission) -> Result<Caller, Refusal> {
    let unbounded = principal.may(permission);
    if !unbounded && !principal.has_scope(permission) {
        require(principal, permission)?;
    }
    Ok(Caller {
        id: principal.id,
        unbounded,
    })
}

macro_rules! governed {
    ($($operation:ident by $permission:ident,)*) => {
        $(impl Governed for $operation {
            fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
                self.caller = caller(principal, Permission::$permission)?;
                Ok(())
            }
        })*
    };
}

governed! {
    ListPortalUsers by UsersRead,
    ListPortalPartners by PartnersRead,
    FindPortalPartner by PartnersRead,
    AssignablePartners by PartnersRead,
    AssignableClusters by ClustersRead,
}

impl Governed for InviteUser {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.caller = caller(principal, Permission::UsersWrite)?;
        self.authority = principal.authority();
        Ok(())
    }
}

impl Governed for AddPortalPartner {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.caller = caller(principal, Permission::PartnersWrite)?;
        Ok(())
    }
}

impl Governed for ChangePortalPartner {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.caller = caller(principal, Permission::PartnersWrite)?;
        // Whoever knows all partners sees each of them.
        self.update.visible = crate::directory::listing::Visible::All;
        Ok(())
    }
}

macro_rules! governed_giving {
    ($($operation:ident,)*) => {
        $(impl Governed for $operation {
            fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
                self.authority = giving(principal)?;
                Ok(())
            }
        })*
    };
}

governed_giving! {
    GivePortalRoles,
    ChangePortalRole,
    RemovePortalRole,
}
