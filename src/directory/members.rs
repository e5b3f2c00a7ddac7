//! Relationships whose both sides are many: users and roles, by the un-scoped,
//! unlimited grants between them, and the pairs that a table of its own keeps.

use super::batch::{CreatedIds, ResolveIds};
use super::listing::{Count, Seek, Slice, Visibility};
use super::permissions::PrivilegeCeiling;
use super::{Expected, Operation};

/// A relationship of a type of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The roles of a user.
    UserRoles,
    /// The users of a role.
    RoleUsers,
    /// The roles that a role contains.
    RoleIncludes,
    /// The roles that a rule lets be given.
    RuleTargets,
    /// The clusters that a partner works in.
    PartnerClusters,
    /// The partners that work in a cluster.
    ClusterPartners,
}

impl Relation {
    /// The kind of the things that have the members.
    pub fn own(self) -> &'static str {
        match self {
            Self::UserRoles => "users",
            Self::RoleUsers | Self::RoleIncludes => "roles",
            Self::RuleTargets => "grant-rules",
            Self::PartnerClusters => "partners",
            Self::ClusterPartners => "clusters",
        }
    }

    /// The kind of the members.
    pub fn other(self) -> &'static str {
        match self {
            Self::UserRoles | Self::RoleIncludes | Self::RuleTargets => "roles",
            Self::RoleUsers => "users",
            Self::PartnerClusters => "clusters",
            Self::ClusterPartners => "partners",
        }
    }

    /// What the relationship is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::UserRoles => "roles",
            Self::RoleUsers => "users",
            Self::RoleIncludes => "includes",
            Self::RuleTargets => "targets",
            Self::PartnerClusters => "clusters",
            Self::ClusterPartners => "partners",
        }
    }

    pub fn of(self, id: i64) -> Side {
        Side { relation: self, id }
    }
}

/// The relationship of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    pub relation: Relation,
    pub id: i64,
}

impl Side {
    /// User and role of the grant that a member of this side stands for.
    pub fn pair(self, member: i64) -> (i64, i64) {
        match self.relation {
            Relation::UserRoles => (self.id, member),
            _ => (member, self.id),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Add,
    Remove,
    Replace,
}

/// What entitles the caller to give and take roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authority {
    /// The permission `grants:write`: every role below the ceiling.
    Permission(PrivilegeCeiling),
    /// Only what the grant rules let this user do.
    Rules(i64),
    #[default]
    Nothing,
}

impl Authority {
    /// The ceiling that comes with the permission; grant rules cover grants only.
    pub fn ceiling(self) -> PrivilegeCeiling {
        match self {
            Self::Permission(ceiling) => ceiling,
            Self::Rules(_) | Self::Nothing => PrivilegeCeiling::Nothing,
        }
    }
}

/// Changes the members of one side, all or nothing. Answers how many changed.
/// Names that do not exist: an error when adding or replacing, no matter when removing.
#[derive(Clone, Debug)]
pub struct ChangeMembers {
    pub side: Side,
    pub expected: Expected,
    pub visible: Visibility,
    pub change: Change,
    pub members: Vec<i64>,
    pub authority: Authority,
}

impl Operation for ChangeMembers {
    type Output = usize;
}

/// A page of the ids of the other side, in their order.
#[derive(Debug)]
pub struct ListMembers {
    pub side: Side,
    /// Which resources whose members are asked for.
    pub visible: Visibility,
    /// Which of the members.
    pub visible_members: Visibility,
    pub part: Part,
}

/// Which part of the members.
#[derive(Clone, Debug)]
pub struct Part {
    pub slice: Slice,
    pub seek: Seek,
    pub count: Count,
}

impl Operation for ListMembers {
    type Output = Members;
    const SNAPSHOT: bool = true;
}

#[derive(Debug)]
pub struct Members {
    /// Whether there is such a resource that the caller may see.
    pub exists: bool,
    pub ids: Vec<i64>,
    /// Of all members, when that was asked.
    pub total: Option<i64>,
    /// Of the whole linkage, or at least of this page where it cannot be changed;
    /// none where there is no such resource.
    pub version: Option<i64>,
}

/// The members of several resources, as pairs (resource, member), for
/// `include`; at most `limit` pairs, so that a large role cannot fill the memory.
#[derive(Debug)]
pub struct FollowMembers {
    pub relation: Relation,
    pub ids: Vec<i64>,
    /// Which of the members.
    pub visible_members: Visibility,
    pub limit: i64,
}

impl Operation for FollowMembers {
    type Output = Vec<(i64, i64)>;
}

impl ResolveIds for ChangeMembers {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.side.id);
        created_ids.resolve_all(&mut self.members);
    }
}
