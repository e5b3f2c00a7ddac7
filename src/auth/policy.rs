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

use super::guard::Refusal;
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
pub trait Governed {
    /// Narrows the operation to what `principal` may see, or refuses it.
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal>;

    /// Whether it changes what is the principal's own, by no permission but that.
    fn is_only_own(&self, _: &Principal) -> bool {
        false
    }
}

fn require(principal: &Principal, permission: Permission) -> Result<(), Refusal> {
    if principal.may(permission) {
        return Ok(());
    }
    Err(Refusal::Forbidden(format!(
        "This needs the permission {}.",
        permission.name()
    )))
}

impl Governed for List<Users> {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees_users();
        Ok(())
    }
}

impl Governed for FindUser {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees_users();
        Ok(())
    }
}

impl Governed for CreateUser {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        require(principal, Permission::UsersWrite)?;
        if self.roles.as_ref().is_some_and(|roles| !roles.is_empty()) {
            require(principal, Permission::GrantsWrite)?;
        }
        self.reach = principal.reach();
        Ok(())
    }
}

impl Governed for UpdateUser {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees_users();
        self.reach = principal.reach();
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

impl Governed for UpdateOwn {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.0.visible = principal.sees_users();
        self.0.reach = principal.reach();
        self.0.may_rename = principal.may_rename();
        if self.0.id != principal.id {
            return Err(Refusal::Forbidden("This is somebody else's record.".into()));
        }
        require(principal, Permission::SelfWrite)
    }

    fn is_only_own(&self, principal: &Principal) -> bool {
        !principal.may(Permission::UsersWrite)
    }
}

impl Governed for FindTaken {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
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

impl Governed for DeleteUser {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees_users();
        self.reach = principal.reach();
        if can_see(self.visible, self.id) {
            require(principal, Permission::UsersWrite)?;
        }
        Ok(())
    }
}

/// The trash is for those who can do something about it; to others its users
/// are as good as gone, and nobody has a record of their own there.
fn see_trash(principal: &Principal) -> Result<Visible, Refusal> {
    require(principal, Permission::UsersRead)?;
    require(principal, Permission::UsersWrite)?;
    Ok(Visible::All)
}

impl Governed for List<TrashedUsers> {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = see_trash(principal)?;
        Ok(())
    }
}

impl Governed for FindTrashedUser {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = see_trash(principal)?;
        Ok(())
    }
}

impl Governed for RestoreUser {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = see_trash(principal)?;
        self.reach = principal.reach();
        Ok(())
    }
}

impl Governed for PurgeUser {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = see_trash(principal)?;
        self.reach = principal.reach();
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

impl Governed for List<Roles> {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
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

impl Governed for FindRole {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::RolesRead);
        Ok(())
    }
}

impl Governed for CreateRole {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        require(principal, Permission::RolesWrite)?;
        let names = |ids: &Option<Vec<i64>>| ids.as_ref().is_some_and(|ids| !ids.is_empty());
        if names(&self.users) || names(&self.includes) {
            require(principal, Permission::GrantsWrite)?;
        }
        self.reach = principal.reach();
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
) -> Result<(), Refusal> {
    *visible = principal.sees(Permission::RolesRead);
    needs
        .iter()
        .try_for_each(|permission| require(principal, *permission))
}

impl Governed for UpdateRole {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.reach = principal.reach();
        let needs: &[Permission] = if self.users.is_some() || self.includes.is_some() {
            DELEGATING
        } else {
            &[Permission::RolesWrite]
        };
        change_role(principal, needs, &mut self.visible)
    }
}

impl Governed for DeleteRole {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.reach = principal.reach();
        change_role(principal, &[Permission::RolesWrite], &mut self.visible)
    }
}

impl Governed for ListMembers {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
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

impl Governed for ChangeMembers {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
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
        self.authority = Authority::Reach(principal.reach());
        require(principal, needed)
    }
}

impl Governed for Batch {
    fn govern(&mut self, _: &Principal) -> Result<(), Refusal> {
        // Each of its steps carries the rule of its own operation.
        Ok(())
    }
}

impl Governed for FollowMembers {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        // Those whose members are followed were shown already.
        self.visible_members = sees_members(principal, self.relation);
        Ok(())
    }
}

impl Governed for List<Tokens> {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::TokensRead);
        Ok(())
    }
}

impl Governed for FindToken {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::TokensRead);
        Ok(())
    }
}

impl Governed for CreateToken {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        if self.user_id == principal.id {
            require(principal, Permission::SelfWrite)?;
            self.reach = crate::directory::permissions::Reach::Everything;
        } else {
            require(principal, Permission::TokensWrite)?;
            self.reach = principal.reach();
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
fn narrower(principal: &Principal, changes: &TokenChanges) -> Result<(), Refusal> {
    let expires = changes
        .expires
        .as_ref()
        .and_then(|expires| expires.as_deref());
    if let Some(own) = principal.expires.as_deref()
        && expires.is_none_or(|expires| expires > own)
    {
        return Err(Refusal::Forbidden(format!(
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
    Err(Refusal::Forbidden(
        "A token can only make tokens whose scopes are among its own.".into(),
    ))
}

/// Whether the token is one's own only the directory knows: it is looked for
/// among one's own unless everybody's may be changed.
fn change_token(principal: &Principal, visible: &mut Visible) -> Result<(), Refusal> {
    *visible = if principal.may(Permission::TokensWrite) {
        Visible::All
    } else {
        require(principal, Permission::SelfWrite)?;
        Visible::Own(principal.id)
    };
    Ok(())
}

impl Governed for UpdateToken {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.reach = principal.reach();
        change_token(principal, &mut self.visible)
    }

    fn is_only_own(&self, principal: &Principal) -> bool {
        !principal.may(Permission::TokensWrite)
    }
}

impl Governed for DeleteToken {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.reach = principal.reach();
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

impl Governed for CheckAccess {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.sees_all = sees_all(principal);
        self.visible = principal.sees_users();
        Ok(())
    }
}

impl Governed for FindSights {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.sees_all = sees_all(principal);
        self.visible = principal.sees_users();
        Ok(())
    }
}

impl Governed for FindOrigins {
    fn govern(&mut self, _: &Principal) -> Result<(), Refusal> {
        // The page that it tells more of was shown already.
        Ok(())
    }
}

impl Governed for List<Grants> {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = sees_grants(principal);
        Ok(())
    }
}

impl Governed for FindGrant {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
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
fn giving(principal: &Principal) -> Result<Authority, Refusal> {
    match principal.authority() {
        Authority::Nothing => {
            require(principal, Permission::GrantsWrite)?;
            Ok(Authority::Nothing)
        }
        authority => Ok(authority),
    }
}

impl Governed for CreateGrant {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.authority = giving(principal)?;
        // Whoever may give roles to all may do so without seeing all.
        // For rules it is enough to see whom they show.
        self.visible = match (self.authority, principal.sees_users()) {
            (Authority::Reach(_), _) => Visible::All,
            (Authority::Rules(granter), Visible::Own(_) | Visible::Nothing) => {
                Visible::Delegated(granter)
            }
            (_, visible) => visible,
        };
        Ok(())
    }
}

impl Governed for GiveRoles {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.authority = giving(principal)?;
        Ok(())
    }
}

impl Governed for UpdateGrant {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = sees_grants(principal);
        self.authority = giving(principal)?;
        Ok(())
    }
}

impl Governed for DeleteGrant {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = sees_grants(principal);
        self.authority = giving(principal)?;
        Ok(())
    }
}

impl Governed for List<GrantRules> {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::RolesRead);
        Ok(())
    }
}

impl Governed for FindGrantRule {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::RolesRead);
        Ok(())
    }
}

impl Governed for CreateGrantRule {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.reach = principal.reach();
        DELEGATING
            .iter()
            .try_for_each(|permission| require(principal, *permission))
    }
}

impl Governed for UpdateGrantRule {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.reach = principal.reach();
        change_role(principal, DELEGATING, &mut self.visible)
    }
}

impl Governed for DeleteGrantRule {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.reach = principal.reach();
        change_role(principal, DELEGATING, &mut self.visible)
    }
}

impl Governed for List<Workspaces> {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::WorkspacesRead);
        Ok(())
    }
}

impl Governed for FindWorkspace {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::WorkspacesRead);
        Ok(())
    }
}

impl Governed for CreateWorkspace {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        require(principal, Permission::WorkspacesWrite)
    }
}

impl Governed for UpdateWorkspace {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::WorkspacesRead);
        require(principal, Permission::WorkspacesWrite)
    }
}

impl Governed for DeleteWorkspace {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::WorkspacesRead);
        require(principal, Permission::WorkspacesWrite)
    }
}

impl Governed for List<Clusters> {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::ClustersRead);
        Ok(())
    }
}

impl Governed for FindCluster {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::ClustersRead);
        Ok(())
    }
}

impl Governed for CreateCluster {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        require(principal, Permission::ClustersWrite)?;
        if self.partners.as_ref().is_some_and(|some| !some.is_empty()) {
            require(principal, Permission::PartnersWrite)?;
        }
        Ok(())
    }
}

impl Governed for UpdateCluster {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::ClustersRead);
        self.reach = principal.reach();
        require(principal, Permission::ClustersWrite)?;
        if self.partners.is_some() {
            require(principal, Permission::PartnersWrite)?;
        }
        Ok(())
    }
}

impl Governed for DeleteCluster {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::ClustersRead);
        require(principal, Permission::ClustersWrite)
    }
}

impl Governed for List<Partners> {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::PartnersRead);
        Ok(())
    }
}

impl Governed for FindPartner {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::PartnersRead);
        Ok(())
    }
}

impl Governed for CreatePartner {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        require(principal, Permission::PartnersWrite)
    }
}

impl Governed for UpdatePartner {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::PartnersRead);
        require(principal, Permission::PartnersWrite)
    }
}

impl Governed for DeletePartner {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::PartnersRead);
        require(principal, Permission::PartnersWrite)
    }
}

impl Governed for List<Events> {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        require(principal, Permission::AuditRead)?;
        self.visible = Visible::All;
        Ok(())
    }
}

impl Governed for FindEvent {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        require(principal, Permission::AuditRead)?;
        self.visible = Visible::All;
        Ok(())
    }
}
