//! Users as an administrator keeps them who knows no scopes: a flag for who is
//! an administrator, and the ids of the other roles that are held everywhere.

use diesel::{Queryable, Selectable};

use super::Operation;
use super::users::UserChanges;
use crate::storage::schema::users;

/// What is shown of a user. Times in stored form.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Record {
    pub id: i64,
    pub username: String,
    pub name: Option<String>,
    pub surname: Option<String>,
    pub email: Option<String>,
    pub is_active: bool,
    pub is_staff: bool,
    pub last_login: Option<String>,
    pub created: String,
}

#[derive(Clone, Debug)]
pub struct Administered {
    pub record: Record,
    /// Holds the role `admin` without a scope.
    pub is_administrator: bool,
    /// The ids of the other roles held so, in their order.
    pub groups: Vec<i64>,
}

/// What else may change beside the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memberships {
    pub is_administrator: Option<bool>,
    /// Replaces the other un-scoped roles.
    pub groups: Option<Vec<i64>>,
}

/// The living users behind an id, in the order of the ids, so many at most.
#[derive(Debug)]
pub struct ListAdministered {
    pub after: i64,
    pub limit: i64,
}

impl Operation for ListAdministered {
    type Output = Vec<Administered>;
    const SNAPSHOT: bool = true;
}

#[derive(Debug)]
pub struct FindAdministered {
    pub id: i64,
}

impl Operation for FindAdministered {
    type Output = Option<Administered>;
    const SNAPSHOT: bool = true;
}

/// What a change would run into, told before anything is done.
#[derive(Debug, Default)]
pub struct CheckAdministered {
    /// Whom the change is about; none for a new user.
    pub id: Option<i64>,
    pub username: Option<String>,
    pub groups: Option<Vec<i64>>,
}

#[derive(Clone, Debug, Default)]
pub struct Conflicts {
    /// The user as they are; none: there is no such user.
    pub record: Option<Record>,
    /// Somebody else is called so.
    pub is_username_taken: bool,
    /// The first of the groups that is none.
    pub missing_group: Option<i64>,
}

impl Operation for CheckAdministered {
    type Output = Conflicts;
    const SNAPSHOT: bool = true;
}

#[derive(Clone, Debug)]
pub struct CreateAdministered {
    pub changes: UserChanges,
    pub memberships: Memberships,
}

impl Operation for CreateAdministered {
    type Output = Administered;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// Changes what is given, column by column.
#[derive(Clone, Debug)]
pub struct UpdateAdministered {
    pub id: i64,
    pub changes: UserChanges,
    pub memberships: Memberships,
    /// Whether the caller has given their own password for this change.
    pub is_password_confirmed: bool,
}

impl Operation for UpdateAdministered {
    type Output = Administered;
}
