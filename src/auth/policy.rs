//! The authorization policy of all surfaces.
//!
//! Each operation that a surface can execute has a rule here. Reads are narrowed to
//! the rows that the principal can see, so that all others do not exist for it
//! (404); changes without the permission are denied (403). A `Guard` does not accept
//! an operation without a rule.

mod administered;
mod cfengine;
mod portal;
mod sign_ins;

use super::guard::PolicyError;
use super::principal::Principal;
use crate::directory::access::{CheckAccess, FindOrigins, SeesAll};
use crate::directory::batch::Batch;
use crate::directory::clusters::{
    Clusters, CreateCluster, DeleteCluster, FindCluster, UpdateCluster,
};
use crate::directory::events::{Events, FindEvent};
use crate::directory::grant_rules::{
    CreateGrantRule, DeleteGrantRule, FindGrantRule, GrantRules, UpdateGrantRule,
};
use crate::directory::grants::{
    CreateGrant, DeleteGrant, FindGrant, GiveRoles, Grants, UpdateGrant,
};
use crate::directory::host_access::FindHostAccess;
use crate::directory::listing::{List, Visibility};
use crate::directory::members::{Authority, ChangeMembers, FollowMembers, ListMembers, Relation};
use crate::directory::partners::{
    CreatePartner, DeletePartner, FindPartner, Partners, UpdatePartner,
};
use crate::directory::permissions::{Permission, names};
use crate::directory::roles::{CreateRole, DeleteRole, FindRole, Roles, RolesOf, UpdateRole};
use crate::directory::taken::{Claims, FindTaken};
use crate::directory::tokens::{
    CreateToken, DeleteToken, FindToken, TokenChanges, Tokens, UpdateToken,
};
use crate::directory::trash::{FindTrashedUser, PurgeUser, RestoreUser, TrashedUsers};
use crate::directory::users::{CreateUser, DeleteUser, FindUser, UpdateOwn, UpdateUser, Users};
use crate::directory::workspaces::{
    CreateWorkspace, DeleteWorkspace, FindWorkspace, UpdateWorkspace, Workspaces,
};

/// An operation with a rule of the policy.
pub trait Authorize {
    /// Narrows the operation to the rows that `principal` can see, or denies it.
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError>;

    /// Whether it changes the principal's own data, without any other permission.
    fn is_only_own(&self, _: &Principal) -> bool {
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

    fn is_only_own(&self, principal: &Principal) -> bool {
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
                "This is somebody else's record.".into(),
            ));
        }
        require(principal, Permission::SelfWrite)
    }

    fn is_only_own(&self, principal: &Principal) -> bool {
        !principal.may(Permission::UsersWrite)
    }
}

impl Authorize for FindTaken {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        let is_own = self.own == Some(principal.id);
        self.may = match &self.claims {
            Claims::User(_) if is_own => principal.may_rename(),
            Claims::User(_) => principal.may(Permission::UsersWrite),
            Claims::Role(_) => principal.may(Permission::RolesWrite),
            Claims::Workspace(_) => principal.may(Permission::WorkspacesWrite),
            Claims::Partner(_) => principal.may(Permission::PartnersWrite),
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

/// Whether the caller may see this user, as far as the policy can tell without the
/// database.
fn can_see(visible: Visibility, user: i64) -> bool {
    match visible {
        Visibility::All | Visibility::Delegated(_) => true,
        Visibility::Own(own) => own == user,
        Visibility::Nothing => false,
    }
}

impl Authorize for List<Roles> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = match &self.of {
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

impl Authorize for Batch {
    fn authorize(&mut self, _: &Principal) -> Result<(), PolicyError> {
        // Each step carries the rule of its own operation.
        Ok(())
    }
}

impl Authorize for FollowMembers {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        // The caller has seen the rows whose members are followed.
        self.visible_members = member_visibility(principal, self.relation);
        Ok(())
    }
}

impl Authorize for List<Tokens> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::TokensRead);
        Ok(())
    }
}

impl Authorize for FindToken {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::TokensRead);
        Ok(())
    }
}

impl Authorize for CreateToken {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        if self.user_id == principal.id {
            require(principal, Permission::SelfWrite)?;
            self.ceiling = crate::directory::permissions::PrivilegeCeiling::Everything;
        } else {
            require(principal, Permission::TokensWrite)?;
            self.ceiling = principal.ceiling();
        }
        // Without the password a token ends with the sign-in that created it.
        let bound = principal.sign_in.filter(|_| !self.is_proved);
        self.sign_in_id = bound.map(|sign_in| sign_in.id);
        within_own_token(principal, &self.changes)
    }

    fn is_only_own(&self, principal: &Principal) -> bool {
        self.user_id == principal.id && !principal.may(Permission::TokensWrite)
    }
}

/// A token cannot create one with more scopes or a longer life.
fn within_own_token(principal: &Principal, changes: &TokenChanges) -> Result<(), PolicyError> {
    let expires = changes
        .expires
        .as_ref()
        .and_then(|expires| expires.as_deref());
    if let Some(own) = principal.expires.as_deref()
        && expires.is_none_or(|expires| expires > own)
    {
        return Err(PolicyError::Forbidden(format!(
            "A token can only make tokens that expire no later than itself, at {own}."
        )));
    }
    let Some(own) = &principal.scopes else {
        return Ok(());
    };
    let wanted = changes.scopes.as_ref().and_then(|scopes| scopes.as_deref());
    if wanted.is_some_and(|wanted| names(wanted).iter().all(|name| own.contains(name))) {
        return Ok(());
    }
    Err(PolicyError::Forbidden(
        "A token can only make tokens whose scopes are among its own.".into(),
    ))
}

/// Only the directory knows whose token it is, so without the permission for all
/// tokens it is searched among the caller's own.
fn token_visibility(principal: &Principal, visible: &mut Visibility) -> Result<(), PolicyError> {
    *visible = if principal.may(Permission::TokensWrite) {
        Visibility::All
    } else {
        require(principal, Permission::SelfWrite)?;
        Visibility::Own(principal.id)
    };
    Ok(())
}

impl Authorize for UpdateToken {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.ceiling = principal.ceiling();
        token_visibility(principal, &mut self.visible)
    }

    fn is_only_own(&self, principal: &Principal) -> bool {
        !principal.may(Permission::TokensWrite)
    }
}

impl Authorize for DeleteToken {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.ceiling = principal.ceiling();
        token_visibility(principal, &mut self.visible)
    }

    fn is_only_own(&self, principal: &Principal) -> bool {
        !principal.may(Permission::TokensWrite)
    }
}

/// Which entities the caller can see all of: an access check must not reveal whether
/// others exist.
fn sees_all(principal: &Principal) -> SeesAll {
    SeesAll {
        roles: principal.may(Permission::RolesRead),
        workspaces: principal.may(Permission::WorkspacesRead),
        clusters: principal.may(Permission::ClustersRead),
    }
}

impl Authorize for CheckAccess {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.sees_all = sees_all(principal);
        self.visible = principal.user_visibility();
        Ok(())
    }
}

impl Authorize for FindHostAccess {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.sees_all = sees_all(principal);
        self.visible = principal.user_visibility();
        Ok(())
    }
}

impl Authorize for FindOrigins {
    fn authorize(&mut self, _: &Principal) -> Result<(), PolicyError> {
        // The caller has seen the page that this explains.
        Ok(())
    }
}

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
fn grant_authority(principal: &Principal) -> Result<Authority, PolicyError> {
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

impl Authorize for List<Workspaces> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::WorkspacesRead);
        Ok(())
    }
}

impl Authorize for FindWorkspace {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::WorkspacesRead);
        Ok(())
    }
}

impl Authorize for CreateWorkspace {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        require(principal, Permission::WorkspacesWrite)
    }
}

impl Authorize for UpdateWorkspace {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::WorkspacesRead);
        require(principal, Permission::WorkspacesWrite)
    }
}

impl Authorize for DeleteWorkspace {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::WorkspacesRead);
        require(principal, Permission::WorkspacesWrite)
    }
}

impl Authorize for List<Clusters> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::ClustersRead);
        Ok(())
    }
}

impl Authorize for FindCluster {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::ClustersRead);
        Ok(())
    }
}

impl Authorize for CreateCluster {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        require(principal, Permission::ClustersWrite)?;
        if self.partners.as_ref().is_some_and(|some| !some.is_empty()) {
            require(principal, Permission::PartnersWrite)?;
        }
        Ok(())
    }
}

impl Authorize for UpdateCluster {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::ClustersRead);
        self.ceiling = principal.ceiling();
        require(principal, Permission::ClustersWrite)?;
        if self.partners.is_some() {
            require(principal, Permission::PartnersWrite)?;
        }
        Ok(())
    }
}

impl Authorize for DeleteCluster {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::ClustersRead);
        require(principal, Permission::ClustersWrite)
    }
}

impl Authorize for List<Partners> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::PartnersRead);
        Ok(())
    }
}

impl Authorize for FindPartner {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::PartnersRead);
        Ok(())
    }
}

impl Authorize for CreatePartner {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        require(principal, Permission::PartnersWrite)
    }
}

impl Authorize for UpdatePartner {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::PartnersRead);
        require(principal, Permission::PartnersWrite)
    }
}

impl Authorize for DeletePartner {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::PartnersRead);
        require(principal, Permission::PartnersWrite)
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
