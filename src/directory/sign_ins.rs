//! Sign-ins: families of refresh tokens that replace one another, and the
//! account that an access token of theirs stands for.

mod list;

pub use list::{
    DeleteSignIn, FindSignInById, SignIn, SignInColumn, SignIns, SignInsOf, USER_AGENT_LENGTH,
};

use super::Operation;
use super::credentials::{Account, SignInOf};
use super::tokens::TokenHash;
use super::users::PasswordHash;

/// How many sign-ins a user can have at once; more end the oldest.
pub const MOST_SIGN_INS: i64 = 100;

/// A new refresh token. Times in stored form.
#[derive(Debug)]
pub struct NewRefresh {
    pub hash: TokenHash,
    pub expires: String,
}

/// Begins a sign-in of somebody whose password was just verified.
#[derive(Debug)]
pub struct BeginSignIn {
    pub user_id: i64,
    pub proof: Proof,
    pub refresh: NewRefresh,
    /// When the password is asked for again at the latest.
    pub ends: String,
    /// Where the request came from, and what sent it.
    pub address: Option<String>,
    pub user_agent: Option<String>,
    /// Whether the audit log gets an event of its own for it.
    pub has_own_event: bool,
}

/// What somebody's password was verified by. No sign-in begins when that is so no more.
#[derive(Debug)]
pub enum Proof {
    /// The hash here that it fitted.
    Hash(PasswordHash),
    /// Another directory, which keeps the password of external users.
    External,
}

impl Operation for BeginSignIn {
    type Output = Option<SignedIn>;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// Who signed in, with what an access token tells of them.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub sign_in_id: i64,
    pub ends: String,
    pub user_id: i64,
    pub username: String,
    pub held: Held,
}

/// The un-scoped roles that are in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    pub roles: Vec<String>,
    /// What they permit, names of other services included.
    pub permissions: Vec<String>,
    /// When the first of them ends.
    pub until: Option<String>,
}

/// Replaces a refresh token by another.
#[derive(Debug)]
pub struct Renew {
    pub hash: TokenHash,
    pub refresh: NewRefresh,
}

impl Operation for Renew {
    type Output = Renewed;

    fn touches_credentials(&self) -> bool {
        false
    }
}

#[derive(Debug)]
pub enum Renewed {
    Fresh(SignedIn),
    /// The token was used before: somebody has a copy. End the whole sign-in.
    Reused {
        sign_in_id: i64,
    },
    /// No such token, or it has expired, or its user may not come in.
    Refused,
}

/// The sign-in of a refresh token, used or not.
#[derive(Debug)]
pub struct FindSignIn {
    pub hash: TokenHash,
}

impl Operation for FindSignIn {
    type Output = Option<i64>;
}

/// The account behind an access token, while its sign-in lasts.
#[derive(Debug)]
pub struct FindSignInAccount {
    pub sign_in_id: i64,
}

/// The account with the sign-in that it is known by.
#[derive(Debug)]
pub struct SignInAccount {
    pub sign_in: SignInOf,
    pub last_used: Option<String>,
    pub account: Account,
}

impl Operation for FindSignInAccount {
    type Output = Option<SignInAccount>;
    const SNAPSHOT: bool = true;
}

/// Ends a sign-in: its refresh tokens are worth nothing, and its access tokens
/// are not believed here any more. Tells whether there was one.
#[derive(Debug)]
pub struct EndSignIn {
    pub sign_in_id: i64,
    pub why: EndOfSignIn,
    /// Whether the audit log gets an event of its own for it.
    pub has_own_event: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndOfSignIn {
    SignedOut,
    /// By somebody who looked at the list of sign-ins.
    Ended,
    /// A refresh token came a second time.
    Reused,
    /// Their directory no longer knows the user.
    Unknown,
}

impl EndOfSignIn {
    /// As the audit log says it.
    pub fn text(self) -> &'static str {
        match self {
            Self::SignedOut => "signed out",
            Self::Ended => "ended",
            Self::Unknown => "the user is gone from the other directory",
            Self::Reused => "a refresh token came a second time",
        }
    }
}

impl Operation for EndSignIn {
    type Output = bool;
}
