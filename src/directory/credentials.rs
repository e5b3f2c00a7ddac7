//! What is needed to know a caller: the account and what its roles permit.

use super::Operation;
use super::permissions::Permissions;
use super::users::PasswordHash;

/// An account that can sign in: living and active ones only.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: i64,
    pub username: String,
    pub password_hash: Option<PasswordHash>,
    pub external: bool,
    pub is_administrator: bool,
    pub permissions: Permissions,
    /// From when on the above may differ, because a grant begins or ends.
    pub good_until: Option<String>,
    /// Whether others share the letters of the username, from before names were
    /// unique whatever the case: then it is theirs in this case alone.
    pub is_one_of_several: bool,
}

/// The account of a username, in whatever case it is written where that tells who
/// is meant.
#[derive(Debug)]
pub struct FindAccount {
    pub username: String,
}

impl Operation for FindAccount {
    type Output = Option<Account>;
    const SNAPSHOT: bool = true;
}

/// The account behind a token that has not expired.
#[derive(Debug)]
pub struct FindTokenAccount {
    pub hash: String,
}

impl Operation for FindTokenAccount {
    type Output = Option<TokenAccount>;
    const SNAPSHOT: bool = true;
}

#[derive(Clone, Debug)]
pub struct TokenAccount {
    pub token_id: i64,
    /// A JSON array; none: all that the user may.
    pub scopes: Option<String>,
    pub expires: Option<String>,
    pub last_used: Option<String>,
    /// The sign-in that the token ends with.
    pub sign_in: Option<SignInOf>,
    pub account: Account,
}

/// What a credential's sign-in is to it. Times in stored form.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct SignInOf {
    pub id: i64,
    pub created: String,
    pub expires: String,
}

/// Why a token whose secret fits lets nobody in; none where there is no such
/// token, or where nothing is wrong with it.
#[derive(Debug)]
pub struct FindTokenFault {
    pub hash: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    Expired,
    /// Its user is switched off.
    Inactive,
}

impl Operation for FindTokenFault {
    type Output = Option<TokenFault>;
}

/// Notes that somebody gave the password, or used a token.
#[derive(Debug)]
pub enum RecordTokenUse {
    SignIn { user_id: i64 },
    Token { token_id: i64 },
    AccessToken { sign_in_id: i64 },
}

impl Operation for RecordTokenUse {
    type Output = ();

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// Puts another hash of the same password in the place of the one that is there,
/// if it still is; tells whether it did. Nothing that anybody sees is changed.
#[derive(Debug)]
pub struct RenewHash {
    pub user_id: i64,
    pub old: PasswordHash,
    pub new: PasswordHash,
}

impl Operation for RenewHash {
    type Output = bool;
}

/// Makes the first administrator when nobody is one.
#[derive(Debug)]
pub struct CreateFirstAdministrator {
    pub username: String,
    pub password_hash: PasswordHash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstAdministrator {
    Created,
    /// Somebody is one already.
    Needless,
    /// The username is somebody else's.
    Taken,
}

impl Operation for CreateFirstAdministrator {
    type Output = FirstAdministrator;
}

/// Whether anybody holds the role of administrators now.
#[derive(Debug)]
pub struct HasAdministrator;

impl Operation for HasAdministrator {
    type Output = bool;
}

/// Whether one of them can prove who they are: with a password, with a token
/// that may do all that they may, or with what another directory knows.
#[derive(Debug)]
pub struct CanAdministrate {
    /// Whether external users can sign in.
    pub ldap: bool,
}

impl Operation for CanAdministrate {
    type Output = bool;
}

/// Asks the database for nothing but an answer.
#[derive(Debug)]
pub struct Reachable;

impl Operation for Reachable {
    type Output = ();
}
