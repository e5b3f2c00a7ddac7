//! Sign-ins: families of rotating refresh tokens, and the account that an access
//! token of a sign-in stands for.

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

/// Begins the sign-in of a user whose password was just verified.
#[derive(Debug)]
pub struct BeginSignIn {
    pub user_id: i64,
    pub verified_by: VerifiedBy,
    pub refresh: NewRefresh,
    /// The latest time at which the password is required again.
    pub ends: String,
    /// Where the request came from, and what sent it.
    pub address: Option<String>,
    pub user_agent: Option<String>,
    /// Whether the audit log gets an event of its own for it.
    pub has_own_event: bool,
}

/// What a password was verified by. No sign-in begins if it has changed since.
#[derive(Debug)]
pub enum VerifiedBy {
    /// The stored hash that it matched.
    Hash(PasswordHash),
    /// The external directory, which has the passwords of external users.
    External,
}

impl Operation for BeginSignIn {
    type Output = Option<SignedIn>;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// The user who signed in, with the claims of an access token.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub sign_in_id: i64,
    pub ends: String,
    pub user_id: i64,
    pub username: String,
    pub held: RoleClaims,
}

/// The effective un-scoped roles, for the claims of an access token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleClaims {
    pub roles: Vec<String>,
    /// Their permissions, including those of other services.
    pub permissions: Vec<String>,
    /// When the first of them ends.
    pub until: Option<String>,
}

/// Replaces a refresh token by a new one.
#[derive(Debug)]
pub struct RotateRefreshToken {
    pub hash: TokenHash,
    pub refresh: NewRefresh,
}

impl Operation for RotateRefreshToken {
    type Output = Rotation;

    fn touches_credentials(&self) -> bool {
        false
    }
}

#[derive(Debug)]
pub enum Rotation {
    Fresh(SignedIn),
    /// The token was used before, so it has been copied: end the whole sign-in.
    Reused {
        sign_in_id: i64,
    },
    /// The token does not exist or has expired, or its user cannot sign in.
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

/// The account of a sign-in.
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

/// Ends a sign-in and invalidates its refresh and access tokens. Returns whether it
/// existed.
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
    /// Ended from the list of sign-ins.
    Ended,
    /// A refresh token was used a second time.
    Reused,
    /// The external directory no longer has the user.
    Unknown,
}

impl EndOfSignIn {
    /// The reason in the audit log.
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
