//! API tokens: credentials for programs. The secret itself is never stored.

use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use serde::Serialize;

use super::batch::{CreatedIds, ResolveIds};
use super::error::FieldError;
use super::grants::last_author;
use super::listing::{Entity, Visibility};
use super::permissions::PrivilegeCeiling;
use super::users::{PasswordHash, drop_same};
use super::{Expected, Operation};
use crate::storage::schema::tokens;

#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = tokens)]
pub struct Token {
    pub id: i64,
    pub user_id: i64,
    pub name: String,
    /// A JSON array of permissions; none: all that the user may.
    pub scopes: Option<String>,
    pub expires: Option<String>,
    pub last_used: Option<String>,
    pub version: i64,
    pub created: String,
    pub modified: String,
    pub created_by: Option<i64>,
    /// Who changed it last; none in a row from before this column was there.
    pub modified_by: Option<i64>,
    /// The sign-in that the token ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_in_id: Option<i64>,
}

impl Token {
    /// The user who changed it last.
    pub fn last_author(&self) -> Option<i64> {
        last_author(self.version, self.created_by, self.modified_by)
    }
}

/// SHA-256 of a token's secret, in hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHash(pub String);

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("[secret]")
    }
}

#[derive(Insertable)]
#[diesel(table_name = tokens, treat_none_as_default_value = false)]
pub struct NewToken<'a> {
    pub hash: &'a str,
    pub user_id: i64,
    pub name: &'a str,
    pub scopes: Option<&'a str>,
    pub expires: Option<&'a str>,
    pub created: &'a str,
    pub modified: &'a str,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
    pub sign_in_id: Option<i64>,
}

/// What shall be changed; `None` leaves a column alone, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, AsChangeset)]
#[diesel(table_name = tokens)]
pub struct TokenChanges {
    pub name: Option<String>,
    pub scopes: Option<Option<String>>,
    pub expires: Option<Option<String>>,
}

impl TokenChanges {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Without what the token is already: clients send back whole records.
    pub fn without_unchanged(mut self, token: &Token) -> Self {
        drop_same(&mut self.name, &token.name);
        drop_same(&mut self.scopes, &token.scopes);
        drop_same(&mut self.expires, &token.expires);
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenColumn {
    Id,
    Name,
    Expires,
    LastUsed,
    Created,
    Modified,
}

/// What a list of tokens can be confined to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokensOf {
    /// What these users own.
    Users(Vec<i64>),
    /// These ids, for `include`.
    Ids(Vec<i64>),
}

#[derive(Debug)]
pub struct Tokens;

impl Entity for Tokens {
    type Row = Token;
    type Column = TokenColumn;
    type Parent = TokensOf;
    const ID: TokenColumn = TokenColumn::Id;

    fn of_ids(ids: Vec<i64>) -> TokensOf {
        TokensOf::Ids(ids)
    }

    fn is_indexed(column: TokenColumn) -> bool {
        matches!(column, TokenColumn::Id)
    }
}

#[derive(Debug)]
pub struct FindToken {
    pub id: i64,
    pub visible: Visibility,
}

impl Operation for FindToken {
    type Output = Option<Token>;
}

#[derive(Clone, Debug)]
pub struct CreateToken {
    pub hash: TokenHash,
    pub user_id: i64,
    pub changes: TokenChanges,
    /// Limits whose tokens can be made; callers make their own without a limit.
    pub ceiling: PrivilegeCeiling,
    /// How many tokens a user has at most, the new one among them.
    pub most: i64,
    /// Whether the caller has given their own password for this.
    pub is_password_confirmed: bool,
    /// The sign-in that the token ends with; none: it stands by itself.
    pub sign_in_id: Option<i64>,
}

impl CreateToken {
    pub fn missing(changes: &TokenChanges) -> Vec<FieldError> {
        if changes.name.is_none() {
            vec![FieldError::missing("name")]
        } else {
            Vec::new()
        }
    }
}

impl Operation for CreateToken {
    type Output = Token;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// Makes a token for somebody whose password was just verified, and revokes the
/// oldest of that name where there would be too many. Tells whether it did.
#[derive(Debug)]
pub struct IssueToken {
    pub user_id: i64,
    /// The hash that the password fitted, where it is kept here: without it, or
    /// without the user, nothing is made.
    pub password_hash: Option<PasswordHash>,
    pub hash: TokenHash,
    pub name: &'static str,
    /// How many of that name a user has at most, the new one among them.
    pub most: i64,
    /// And how many of all names.
    pub most_in_all: i64,
}

impl Operation for IssueToken {
    type Output = bool;
}

/// Renames a token or shortens what it may. Scopes and expiry can only narrow.
#[derive(Clone, Debug)]
pub struct UpdateToken {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub changes: TokenChanges,
    pub ceiling: PrivilegeCeiling,
}

impl Operation for UpdateToken {
    type Output = Token;
}

/// Revokes a token: its next use is refused.
#[derive(Clone, Debug)]
pub struct DeleteToken {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub ceiling: PrivilegeCeiling,
}

impl Operation for DeleteToken {
    type Output = ();
}

impl ResolveIds for CreateToken {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.user_id);
    }
}

impl ResolveIds for UpdateToken {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
    }
}

impl ResolveIds for DeleteToken {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
    }
}
