//! Users in the trash: deleted, but not gone. They keep their names and their
//! roles until they are restored or purged; the names are free for others.

use super::batch::{CreatedIds, ResolveIds};
use super::listing::{Entity, Visibility};
use super::permissions::PrivilegeCeiling;
use super::users::{User, UserColumn};
use super::{Expected, Operation};

/// What a list of the trash can be confined to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrashedUsersOf {
    Ids(Vec<i64>),
}

#[derive(Debug)]
pub struct TrashedUsers;

impl Entity for TrashedUsers {
    type Row = User;
    type Column = UserColumn;
    type Parent = TrashedUsersOf;
    const ID: UserColumn = UserColumn::Id;

    fn of_ids(ids: Vec<i64>) -> TrashedUsersOf {
        TrashedUsersOf::Ids(ids)
    }

    fn is_indexed(column: UserColumn) -> bool {
        // Those of the other columns are full of the living.
        matches!(column, UserColumn::DeletedAt | UserColumn::Id)
    }
}

/// One user in the trash.
#[derive(Debug)]
pub struct FindTrashedUser {
    pub id: i64,
    pub visible: Visibility,
}

impl Operation for FindTrashedUser {
    type Output = Option<User>;
}

/// Takes a user out of the trash. Their roles are in force again; their tokens
/// and sign-ins stay dead.
#[derive(Clone, Debug)]
pub struct RestoreUser {
    pub id: i64,
    /// Names in the place of those that somebody else has meanwhile.
    pub names: NewNames,
    pub expected: Expected,
    pub visible: Visibility,
    pub ceiling: PrivilegeCeiling,
}

/// What a restored user is called from now on; `None`: as before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewNames {
    pub username: Option<String>,
    pub uname: Option<String>,
}

impl Operation for RestoreUser {
    type Output = User;
}

/// Removes a user in the trash for good, with all that hangs on it; the audit
/// log keeps what it said.
#[derive(Clone, Debug)]
pub struct PurgeUser {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub ceiling: PrivilegeCeiling,
}

impl Operation for PurgeUser {
    type Output = ();
}

impl ResolveIds for RestoreUser {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
    }
}

impl ResolveIds for PurgeUser {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
    }
}
