//! Role-groups: the grants of predefined roles.

use super::PortalRole;
use crate::directory::Operation;
use crate::directory::delegation::GrantScope;
use crate::directory::members::Authority;

/// Refuses every change of what somebody holds who is switched off.
pub const DEACTIVATED: &str = "This user is deactivated.";

/// What a change leaves.
#[derive(Clone, Copy, Debug)]
pub struct RoleGroup {
    pub role: PortalRole,
    pub is_active: bool,
}

/// A role that shall be held in this place.
#[derive(Clone, Copy, Debug)]
pub struct WantedRole {
    pub role: PortalRole,
    pub place: GrantScope,
    /// What was named beside the cluster: it must be the cluster's own workspace.
    pub workspace_of_cluster: Option<i64>,
}

/// Gives several roles to one user, all or none, one for each place. A system
/// admin of clusters loses the roles in single ones.
#[derive(Clone, Debug)]
pub struct GivePortalRoles {
    pub user: i64,
    pub roles: Vec<WantedRole>,
    pub authority: Authority,
}

impl Operation for GivePortalRoles {
    type Output = ();
}

#[derive(Clone, Debug)]
pub struct ChangePortalRole {
    pub id: i64,
    pub role: Option<PortalRole>,
    pub is_active: Option<bool>,
    pub authority: Authority,
}

impl Operation for ChangePortalRole {
    type Output = RoleGroup;
}

#[derive(Clone, Debug)]
pub struct RemovePortalRole {
    pub id: i64,
    pub authority: Authority,
}

impl Operation for RemovePortalRole {
    type Output = ();
}
