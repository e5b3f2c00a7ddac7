//! What a principal may: the one place that decides, for every surface.
//!
//! Every operation that a surface can ask for is governed here. Reading is
//! narrowed to what the principal may see, so that the rest does not exist for
//! them (404); a change that they may not make is refused (403). An operation
//! without a rule cannot be handed to a `Guard` at all.

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
use crate::directory::listing::{List, Visible};
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
use crate::directory::visibility::FindSights;
use crate::directory::workspaces::{
    CreateWorkspace, DeleteWorkspace, FindWorkspace, UpdateWorkspace, Workspaces,
};

/// An operation with a rule.
pub trait Authorize {
    /// Narrows the operation to what `principal` may see, or refuses it.
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError>;

    /// Whether it changes what is the principal's own, by no permission but that.
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
        self.visible = principal.sees_users();
        Ok(())
    }
}

impl Authorize for FindUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees_users();
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
        self.visible = principal.sees_users();
        self.ceiling = principal.ceiling();
        if !can_see(self.visible, self.id) {
            // The directory answers that there is no such user.
            return Ok(());
        }
        // An own record that is sent back whole names its flags, too: whether
        // they differ only the directory can tell.
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
        self.0.visible = principal.sees_users();
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
        self.visible = principal.sees_users();
        self.ceiling = principal.ceiling();
        if can_see(self.visible, self.id) {
            require(principal, Permission::UsersWrite)?;
        }
        Ok(())
    }
}

/// The trash is for those who can do something about it; to others its users
/// are as good as gone, and nobody has a record of their own there.
fn see_trash(principal: &Principal) -> Result<Visible, PolicyError> {
    require(principal, Permission::UsersRead)?;
    require(principal, Permission::UsersWrite)?;
    Ok(Visible::All)
}

impl Authorize for List<TrashedUsers> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = see_trash(principal)?;
        Ok(())
    }
}

impl Authorize for FindTrashedUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = see_trash(principal)?;
        Ok(())
    }
}

impl Authorize for RestoreUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = see_trash(principal)?;
        self.ceiling = principal.ceiling();
        Ok(())
    }
}

impl Authorize for PurgeUser {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = see_trash(principal)?;
        self.ceiling = principal.ceiling();
        Ok(())
    }
}

/// Whether the caller may see this user, as far as it is known before the
/// directory is asked.
fn can_see(visible: Visible, user: i64) -> bool {
    match visible {
        Visible::All | Visible::Delegated(_) => true,
        Visible::Own(own) => own == user,
        Visible::Nothing => false,
    }
}

impl Authorize for List<Roles> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = match &self.of {
            // Whoever sees a user sees what that user holds; whether they see
            // the user is asked before.
            Some(RolesOf::User(user) | RolesOf::Effective(user))
                if can_see(principal.sees_users(), *user) =>
            {
                Visible::All
            }
            // Ids come from linkage that was shown already.
            Some(RolesOf::Ids(_)) => Visible::All,
            _ => principal.sees(Permission::RolesRead),
        };
        Ok(())
    }
}

impl Authorize for FindRole {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::RolesRead);
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

/// Whoever puts a role into another gives it to all who hold the other, and
/// whoever makes a rule gives what can be given by it: no less is needed than
/// for giving.
const DELEGATING: &[Permission] = &[Permission::RolesWrite, Permission::GrantsWrite];

/// A role that is out of sight must answer like one that does not exist: to whom
/// a permission is lacking the surface says so, the directory to all others.
fn change_role(
    principal: &Principal,
    needs: &[Permission],
    visible: &mut Visible,
) -> Result<(), PolicyError> {
    *visible = principal.sees(Permission::RolesRead);
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
        self.visible_members = sees_members(principal, self.side.relation);
        self.visible = sees_side(principal, self.side.relation);
        Ok(())
    }
}

/// Whose members of such a relationship a caller may look at.
fn sees_side(principal: &Principal, relation: Relation) -> Visible {
    match relation {
        Relation::UserRoles => principal.sees_users(),
        Relation::RoleUsers | Relation::RoleIncludes | Relation::RuleTargets => {
            principal.sees(Permission::RolesRead)
        }
        Relation::PartnerClusters => principal.sees(Permission::PartnersRead),
        Relation::ClusterPartners => principal.sees(Permission::ClustersRead),
    }
}

/// Which members of it. Whoever sees who holds or has roles sees these.
fn sees_members(principal: &Principal, relation: Relation) -> Visible {
    match relation {
        Relation::RoleUsers => principal.sees_users(),
        Relation::UserRoles | Relation::RoleIncludes | Relation::RuleTargets => Visible::All,
        Relation::PartnerClusters => principal.sees(Permission::ClustersRead),
        Relation::ClusterPartners => principal.sees(Permission::PartnersRead),
    }
}

impl Authorize for ChangeMembers {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = sees_side(principal, self.side.relation);
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
        // Each of its steps carries the rule of its own operation.
        Ok(())
    }
}

impl Authorize for FollowMembers {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        // Those whose members are followed were shown already.
        self.visible_members = sees_members(principal, self.relation);
        Ok(())
    }
}

impl Authorize for List<Tokens> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::TokensRead);
        Ok(())
    }
}

impl Authorize for FindToken {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::TokensRead);
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
        // What a sign-in makes does not outlast it, unless the password says so.
        let bound = principal.sign_in.filter(|_| !self.is_proved);
        self.sign_in_id = bound.map(|sign_in| sign_in.id);
        narrower(principal, &self.changes)
    }

    fn is_only_own(&self, principal: &Principal) -> bool {
        self.user_id == principal.id && !principal.may(Permission::TokensWrite)
    }
}

/// A token that may less than its user cannot make one that may more.
fn narrower(principal: &Principal, changes: &TokenChanges) -> Result<(), PolicyError> {
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

/// Whether the token is one's own only the directory knows: it is looked for
/// among one's own unless everybody's may be changed.
fn change_token(principal: &Principal, visible: &mut Visible) -> Result<(), PolicyError> {
    *visible = if principal.may(Permission::TokensWrite) {
        Visible::All
    } else {
        require(principal, Permission::SelfWrite)?;
        Visible::Own(principal.id)
    };
    Ok(())
}

impl Authorize for UpdateToken {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.ceiling = principal.ceiling();
        change_token(principal, &mut self.visible)
    }

    fn is_only_own(&self, principal: &Principal) -> bool {
        !principal.may(Permission::TokensWrite)
    }
}

impl Authorize for DeleteToken {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.ceiling = principal.ceiling();
        change_token(principal, &mut self.visible)
    }

    fn is_only_own(&self, principal: &Principal) -> bool {
        !principal.may(Permission::TokensWrite)
    }
}

/// Whoever asks for what they do not see must not learn whether it is there.
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
        self.visible = principal.sees_users();
        Ok(())
    }
}

impl Authorize for FindSights {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.sees_all = sees_all(principal);
        self.visible = principal.sees_users();
        Ok(())
    }
}

impl Authorize for FindOrigins {
    fn authorize(&mut self, _: &Principal) -> Result<(), PolicyError> {
        // The page that it tells more of was shown already.
        Ok(())
    }
}

impl Authorize for List<Grants> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = sees_grants(principal);
        Ok(())
    }
}

impl Authorize for FindGrant {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = sees_grants(principal);
        Ok(())
    }
}

/// Whoever sees a user sees what they hold.
fn sees_grants(principal: &Principal) -> Visible {
    if principal.may(Permission::GrantsRead) {
        Visible::All
    } else {
        principal.sees_users()
    }
}

/// The directory asks the grant rules when the caller has nothing but these.
fn giving(principal: &Principal) -> Result<Authority, PolicyError> {
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
        self.authority = giving(principal)?;
        // Whoever may give roles to all may do so without seeing all.
        // For rules it is enough to see whom they show.
        self.visible = match (self.authority, principal.sees_users()) {
            (Authority::Permission(_), _) => Visible::All,
            (Authority::Rules(granter), Visible::Own(_) | Visible::Nothing) => {
                Visible::Delegated(granter)
            }
            (_, visible) => visible,
        };
        Ok(())
    }
}

impl Authorize for GiveRoles {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.authority = giving(principal)?;
        Ok(())
    }
}

impl Authorize for UpdateGrant {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = sees_grants(principal);
        self.authority = giving(principal)?;
        Ok(())
    }
}

impl Authorize for DeleteGrant {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = sees_grants(principal);
        self.authority = giving(principal)?;
        Ok(())
    }
}

impl Authorize for List<GrantRules> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::RolesRead);
        Ok(())
    }
}

impl Authorize for FindGrantRule {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::RolesRead);
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
        self.visible = principal.sees(Permission::WorkspacesRead);
        Ok(())
    }
}

impl Authorize for FindWorkspace {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::WorkspacesRead);
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
        self.visible = principal.sees(Permission::WorkspacesRead);
        require(principal, Permission::WorkspacesWrite)
    }
}

impl Authorize for DeleteWorkspace {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::WorkspacesRead);
        require(principal, Permission::WorkspacesWrite)
    }
}

impl Authorize for List<Clusters> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::ClustersRead);
        Ok(())
    }
}

impl Authorize for FindCluster {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::ClustersRead);
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
        self.visible = principal.sees(Permission::ClustersRead);
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
        self.visible = principal.sees(Permission::ClustersRead);
        require(principal, Permission::ClustersWrite)
    }
}

impl Authorize for List<Partners> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::PartnersRead);
        Ok(())
    }
}

impl Authorize for FindPartner {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::PartnersRead);
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
        self.visible = principal.sees(Permission::PartnersRead);
        require(principal, Permission::PartnersWrite)
    }
}

impl Authorize for DeletePartner {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::PartnersRead);
        require(principal, Permission::PartnersWrite)
    }
}

impl Authorize for List<Events> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        require(principal, Permission::AuditRead)?;
        self.visible = Visible::All;
        Ok(())
    }
}

impl Authorize for FindEvent {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        require(principal, Permission::AuditRead)?;
        self.visible = Visible::All;
        Ok(())
    }
}
