//! The roles of the Partner Reporting Portal, and what follows from holding
//! them: whom one sees, whom one may invite, which partners one looks after.
//! Who may hand on which role is not here but in the grant rules.

mod partners;
mod role_groups;
mod users;

pub use partners::{
    AddPortalPartner, AssignableClusters, AssignablePartners, ChangePortalPartner,
    FindPortalPartner, ListPortalPartners, PartnerOrder, PortalPartner,
};
pub use role_groups::{
    ChangePortalRole, DEACTIVATED, GivePortalRoles, RemovePortalRole, RoleGroup, WantedRole,
};
pub use users::{
    HeldRole, InviteUser, InvitedAs, ListPortalUsers, PartnerBrief, PortalUser, UserOrder,
    UserStatus, WorkspaceBrief,
};

use super::delegation::GrantScope;
use super::listing::Slice;

/// A predefined role, known by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortalRole {
    IpAuthorizedOfficer,
    IpAdmin,
    IpEditor,
    IpViewer,
    ClusterSystemAdmin,
    ClusterImo,
    ClusterCoordinator,
    ClusterMember,
    ClusterViewer,
}

/// One of the two halves of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Portal {
    Cluster,
    Ip,
}

/// Where a predefined role is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Everywhere,
    Workspace,
    Cluster,
}

impl PortalRole {
    pub const ALL: [Self; 9] = [
        Self::IpAuthorizedOfficer,
        Self::IpAdmin,
        Self::IpEditor,
        Self::IpViewer,
        Self::ClusterSystemAdmin,
        Self::ClusterImo,
        Self::ClusterCoordinator,
        Self::ClusterMember,
        Self::ClusterViewer,
    ];

    /// As the migration names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::IpAuthorizedOfficer => "IP_AUTHORIZED_OFFICER",
            Self::IpAdmin => "IP_ADMIN",
            Self::IpEditor => "IP_EDITOR",
            Self::IpViewer => "IP_VIEWER",
            Self::ClusterSystemAdmin => "CLUSTER_SYSTEM_ADMIN",
            Self::ClusterImo => "CLUSTER_IMO",
            Self::ClusterCoordinator => "CLUSTER_COORDINATOR",
            Self::ClusterMember => "CLUSTER_MEMBER",
            Self::ClusterViewer => "CLUSTER_VIEWER",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::IpAuthorizedOfficer => "IP Authorized officer",
            Self::IpAdmin => "IP Admin",
            Self::IpEditor => "IP Editor",
            Self::IpViewer => "IP Viewer",
            Self::ClusterSystemAdmin => "Cluster System admin",
            Self::ClusterImo => "Cluster IMO",
            Self::ClusterCoordinator => "Cluster Coordinator",
            Self::ClusterMember => "Cluster Member",
            Self::ClusterViewer => "Cluster Viewer",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    pub fn names() -> [&'static str; 9] {
        Self::ALL.map(Self::name)
    }

    pub fn portal(self) -> Portal {
        match self.scope() {
            Scope::Workspace => Portal::Ip,
            Scope::Cluster | Scope::Everywhere => Portal::Cluster,
        }
    }

    pub fn scope(self) -> Scope {
        match self {
            Self::IpAuthorizedOfficer | Self::IpAdmin | Self::IpEditor | Self::IpViewer => {
                Scope::Workspace
            }
            Self::ClusterSystemAdmin => Scope::Everywhere,
            Self::ClusterImo
            | Self::ClusterCoordinator
            | Self::ClusterMember
            | Self::ClusterViewer => Scope::Cluster,
        }
    }
}

/// Who asks, as the policy has judged them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    pub id: i64,
    /// Holds the permission that stands above all roles of the portal.
    pub unbounded: bool,
}

/// What somebody holds at this moment.
#[derive(Clone, Debug, Default)]
pub struct HeldRoles {
    pub unbounded: bool,
    pub partner: Option<i64>,
    pub held: Vec<(PortalRole, GrantScope)>,
}

impl HeldRoles {
    pub fn is(&self, role: PortalRole) -> bool {
        self.held.iter().any(|(held, _)| *held == role)
    }

    /// Looks after all clusters: a system admin.
    pub fn is_system_admin(&self) -> bool {
        self.is(PortalRole::ClusterSystemAdmin)
    }

    /// May look after partners and people of all partners.
    pub fn knows_all_partners(&self) -> bool {
        self.unbounded || self.is_system_admin() || self.is(PortalRole::ClusterImo)
    }

    pub fn is_member(&self) -> bool {
        self.is(PortalRole::ClusterMember)
    }

    /// An authorized officer or an IP admin somewhere.
    pub fn manages_workspaces(&self) -> bool {
        self.is(PortalRole::IpAuthorizedOfficer) || self.is(PortalRole::IpAdmin)
    }

    /// Where they are that.
    pub fn managed_workspaces(&self) -> Vec<i64> {
        let manages = |role| matches!(role, PortalRole::IpAuthorizedOfficer | PortalRole::IpAdmin);
        let there = self.held.iter().filter(|(role, _)| manages(*role));
        there.filter_map(|(_, place)| place.workspace).collect()
    }

    /// Where a role of clusters is held.
    pub fn clusters_as(&self, role: PortalRole) -> Vec<i64> {
        let there = self.held.iter().filter(|(held, _)| *held == role);
        there.filter_map(|(_, place)| place.cluster).collect()
    }

    /// The half of the portal that is meant when none is named.
    pub fn usual_portal(&self) -> Portal {
        if self.manages_workspaces() && !self.knows_all_partners() && !self.is_member() {
            Portal::Ip
        } else {
            Portal::Cluster
        }
    }
}

/// A page by its number.
#[derive(Clone, Copy, Debug)]
pub struct PageWanted {
    /// From 1; none: the last.
    pub number: Option<i64>,
    pub size: i64,
}

impl PageWanted {
    /// The last page of so many rows; there is always one.
    pub fn last(self, total: i64) -> i64 {
        ((total + self.size - 1) / self.size).max(1)
    }

    /// Where the page is in a list of so many rows.
    pub fn slice(self, total: i64) -> Slice {
        let page = self.number.unwrap_or_else(|| self.last(total));
        Slice {
            offset: (page - 1).saturating_mul(self.size),
            limit: self.size,
        }
    }
}

impl Default for PageWanted {
    fn default() -> Self {
        Self {
            number: Some(1),
            size: 20,
        }
    }
}

/// A page of something, and how many there are.
#[derive(Debug)]
pub struct PortalPage<R> {
    pub rows: Vec<R>,
    pub total: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_found_by_its_name_and_in_its_half() {
        for role in PortalRole::ALL {
            assert_eq!(PortalRole::named(role.name()), Some(role));
            let is_ip = role.name().starts_with("IP_");
            assert_eq!(role.portal() == Portal::Ip, is_ip, "{}", role.name());
        }
        assert_eq!(PortalRole::named("admin"), None);
    }
}
