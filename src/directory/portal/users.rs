//! People, as the portal lists and invites them.

use super::{Caller, PageWanted, Portal, PortalPage, PortalRole};
use crate::directory::Operation;
use crate::directory::members::Authority;
use crate::directory::search::Words;
use crate::directory::users::User;

/// A user with what the portal shows beside the record.
#[derive(Debug)]
pub struct PortalUser {
    pub user: User,
    pub partner: Option<PartnerBrief>,
    /// Of both halves, in the order of the ids.
    pub roles: Vec<HeldRole>,
}

#[derive(Clone, Debug)]
pub struct PartnerBrief {
    pub id: i64,
    pub title: String,
    pub ocha_external_id: Option<String>,
}

#[derive(Clone, Debug)]
pub struct WorkspaceBrief {
    pub id: i64,
    pub title: String,
    pub code: String,
}

/// A grant of a predefined role.
#[derive(Clone, Debug)]
pub struct HeldRole {
    pub id: i64,
    pub user: i64,
    pub role: PortalRole,
    pub workspace: Option<WorkspaceBrief>,
    /// Id and full title.
    pub cluster: Option<(i64, String)>,
    /// Whether it gives rights at this moment.
    pub is_active: bool,
}

/// By what lists can be narrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStatus {
    /// Has roles and has signed in.
    Active,
    /// Has roles and never signed in.
    Invited,
    /// Has no roles.
    Incomplete,
    /// Is switched off.
    Deactivated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserOrder {
    LastLogin,
    FirstName,
    LastName,
    Partner,
    Status,
}

/// A page of everybody whom the caller sees in one half of the portal, never
/// themselves; newest first. An empty filter lets everybody through.
#[derive(Debug, Default)]
pub struct ListPortalUsers {
    pub caller: Caller,
    /// `None`: everybody for who sees everybody, else the usual half.
    pub portal: Option<Portal>,
    /// Each anywhere in a name, the username or the e-mail address.
    pub name_email: Option<Words>,
    pub roles: Option<Vec<PortalRole>>,
    pub partners: Option<Vec<i64>>,
    pub clusters: Option<Vec<i64>>,
    pub workspaces: Option<Vec<i64>>,
    pub status: Option<Vec<UserStatus>>,
    /// Each with whether it descends.
    pub order: Vec<(UserOrder, bool)>,
    pub page: PageWanted,
}

impl ListPortalUsers {
    pub fn is_filtered(&self) -> bool {
        self.name_email.is_some()
            || self.roles.is_some()
            || self.partners.is_some()
            || self.clusters.is_some()
            || self.workspaces.is_some()
            || self.status.is_some()
    }
}

impl Operation for ListPortalUsers {
    type Output = PortalPage<PortalUser>;
    const SNAPSHOT: bool = true;

    fn is_slow(&self) -> bool {
        self.is_filtered() || !self.order.is_empty()
    }
}

/// As what somebody is invited to the half with clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitedAs {
    Partner,
    Imo,
    ClusterAdmin,
}

/// Makes an account without a password.
#[derive(Clone, Debug)]
pub struct InviteUser {
    pub caller: Caller,
    pub portal: Option<Portal>,
    pub invited_as: Option<InvitedAs>,
    /// The username as well.
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub position: Option<String>,
    pub organization: Option<String>,
    pub partner: Option<i64>,
    /// By what right the role of a cluster admin is given.
    pub authority: Authority,
}

impl Operation for InviteUser {
    type Output = PortalUser;
}
