//! Grants: a role held by a user. Here are the un-scoped, unlimited ones that
//! the relationship between users and roles shows and changes.

use diesel::Insertable;

use super::batch::{Made, Refers};
use super::listing::{Count, Seek, Slice, Visible};
use super::permissions::Reach;
use super::{Expected, Operation};
use crate::storage::schema::grants;

/// From which side the relationship is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The roles of this user.
    OfUser(i64),
    /// The users of this role.
    OfRole(i64),
}

impl Side {
    /// The kind of thing that is named by the ids of the other side.
    pub fn other(self) -> &'static str {
        match self {
            Self::OfUser(_) => "roles",
            Self::OfRole(_) => "users",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Add,
    Remove,
    Replace,
}

/// Changes the members of one side, all or nothing. Answers how many changed.
/// Names that do not exist: an error when adding or replacing, no matter when removing.
#[derive(Clone, Debug)]
pub struct ChangeMembers {
    pub side: Side,
    pub expected: Expected,
    pub visible: Visible,
    pub change: Change,
    pub members: Vec<i64>,
    pub reach: Reach,
}

impl Operation for ChangeMembers {
    type Output = usize;
}

/// A page of the ids of the other side, in their order.
#[derive(Debug)]
pub struct ListMembers {
    pub side: Side,
    /// Which users or roles whose members are asked for.
    pub visible: Visible,
    /// Which of the users among the members.
    pub visible_users: Visible,
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
    /// Whether there is such a user or role that the caller may see.
    pub exists: bool,
    pub ids: Vec<i64>,
    /// Of all members, when that was asked.
    pub total: Option<i64>,
    /// Of the whole linkage, or at least of this page where it cannot be changed;
    /// none where there is no such user or role.
    pub version: Option<i64>,
}

/// Which roles these users hold, as pairs (user, role), for `include`.
#[derive(Debug)]
pub struct RolesOfUsers {
    pub users: Vec<i64>,
}

impl Operation for RolesOfUsers {
    type Output = Vec<(i64, i64)>;
}

/// Which users hold these roles, as pairs (role, user), for `include`; at most
/// `limit` pairs, so that a large role cannot fill the memory.
#[derive(Debug)]
pub struct UsersOfRoles {
    pub roles: Vec<i64>,
    pub visible: Visible,
    pub limit: i64,
}

impl Operation for UsersOfRoles {
    type Output = Vec<(i64, i64)>;
}

#[derive(Insertable)]
#[diesel(table_name = grants)]
pub struct NewGrant<'a> {
    pub user_id: i64,
    pub role_id: i64,
    pub created: &'a str,
    pub modified: &'a str,
    pub created_by: Option<i64>,
}

impl Refers for ChangeMembers {
    fn refer(&mut self, made: &Made) {
        match &mut self.side {
            Side::OfUser(id) | Side::OfRole(id) => made.put(id),
        }
        made.put_all(&mut self.members);
    }
}
