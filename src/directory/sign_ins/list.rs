//! Sign-ins as people look at them and end them.

use diesel::sql_types::Bool;
use diesel::{Queryable, Selectable};

use crate::directory::batch::{CreatedIds, ResolveIds};
use crate::directory::listing::{Entity, Visibility};
use crate::directory::permissions::PrivilegeCeiling;
use crate::directory::{Expected, Operation};
use crate::storage::schema::sign_ins;
use crate::storage::sql_fragment::{SqlFragment, fragment};

/// The characters of a user agent that are kept; the rest is cut off.
pub const USER_AGENT_LENGTH: usize = 256;

/// A sign-in without its secrets. Times in stored form.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sign_ins)]
pub struct SignIn {
    pub id: i64,
    pub user_id: i64,
    pub created: String,
    /// When it ends unless it is refreshed before.
    pub expires: String,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub last_used: Option<String>,
    /// Whether the request that asks came with its access token: no column.
    #[diesel(select_expression = fragment::<Bool>("FALSE"))]
    #[diesel(select_expression_type = SqlFragment<Bool>)]
    pub is_current: bool,
}

impl SignIn {
    /// Nobody edits a sign-in.
    pub const VERSION: i64 = 1;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInColumn {
    Id,
    Created,
    Expires,
    Address,
    UserAgent,
    LastUsed,
}

/// What a list of sign-ins can be confined to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInsOf {
    /// Those of these users.
    Users(Vec<i64>),
    /// These ids, for `include`.
    Ids(Vec<i64>),
}

#[derive(Debug)]
pub struct SignIns;

impl Entity for SignIns {
    type Row = SignIn;
    type Column = SignInColumn;
    type Parent = SignInsOf;
    const ID: SignInColumn = SignInColumn::Id;

    fn of_ids(ids: Vec<i64>) -> SignInsOf {
        SignInsOf::Ids(ids)
    }

    fn is_indexed(column: SignInColumn) -> bool {
        matches!(column, SignInColumn::Id | SignInColumn::Expires)
    }
}

/// One sign-in that is not over.
#[derive(Debug)]
pub struct FindSignInById {
    pub id: i64,
    pub visible: Visibility,
}

impl Operation for FindSignInById {
    type Output = Option<SignIn>;
}

/// Ends a sign-in with the tokens that end with it.
#[derive(Clone, Debug)]
pub struct DeleteSignIn {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    /// The users whose sign-ins the caller can end, beside their own.
    pub ceiling: PrivilegeCeiling,
}

impl Operation for DeleteSignIn {
    type Output = ();
}

impl ResolveIds for DeleteSignIn {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
    }
}
