//! The rules of relationships and their members.

use super::{Authorize, can_see, require};
use crate::auth::guard::PolicyError;
use crate::auth::principal::Principal;
use crate::directory::listing::Visibility;
use crate::directory::members::{Authority, ChangeMembers, FollowMembers, ListMembers, Relation};
use crate::directory::permissions::Permission;

impl Authorize for ListMembers {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible_members = member_visibility(principal, self.side.relation);
        self.visible = side_visibility(principal, self.side.relation);
        Ok(())
    }
}

/// The rows whose relationship the caller can see.
fn side_visibility(principal: &Principal, relation: Relation) -> Visibility {
    match relation {
        Relation::UserRoles => principal.user_visibility(),
        Relation::RoleUsers | Relation::RoleIncludes | Relation::RuleTargets => {
            principal.visibility(Permission::RolesRead)
        }
        Relation::PartnerClusters => principal.visibility(Permission::PartnersRead),
        Relation::ClusterPartners => principal.visibility(Permission::ClustersRead),
    }
}

/// The members of a relationship that the caller can see. Roles are visible as
/// members with the row that has them.
fn member_visibility(principal: &Principal, relation: Relation) -> Visibility {
    match relation {
        Relation::RoleUsers => principal.user_visibility(),
        Relation::UserRoles | Relation::RoleIncludes | Relation::RuleTargets => Visibility::All,
        Relation::PartnerClusters => principal.visibility(Permission::ClustersRead),
        Relation::ClusterPartners => principal.visibility(Permission::PartnersRead),
    }
}

impl Authorize for ChangeMembers {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = side_visibility(principal, self.side.relation);
        let needed = match self.side.relation {
            Relation::UserRoles if !can_see(self.visible, self.side.id) => return Ok(()),
            Relation::UserRoles | Relation::RoleUsers => {
                self.authority = principal.authority();
                if self.authority != Authority::Nothing {
                    return Ok(());
                }
                Permission::GrantsWrite
            }
            Relation::RoleIncludes | Relation::RuleTargets => {
                require(principal, Permission::RolesWrite)?;
                Permission::GrantsWrite
            }
            Relation::PartnerClusters | Relation::ClusterPartners => Permission::PartnersWrite,
        };
        self.authority = Authority::Permission(principal.ceiling());
        require(principal, needed)
    }
}

impl Authorize for FollowMembers {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        // The caller has seen the rows whose members are followed.
        self.visible_members = member_visibility(principal, self.relation);
        Ok(())
    }
}
