//! The sentences of the commands that work on the database and through a
//! service alike.

use std::fmt::Display;

/// What became of a role that a user should hold, or hold no longer.
#[derive(Clone, Copy)]
pub enum Membership {
    Holds,
    AlreadyHeld,
    NoLongerHolds,
    DidNotHold,
}

impl Membership {
    pub fn sentence(self, username: &str, role: &str) -> String {
        let outcome = match self {
            Self::Holds => "now holds",
            Self::AlreadyHeld => "already held",
            Self::NoLongerHolds => "no longer holds",
            Self::DidNotHold => "did not hold",
        };
        format!("{username:?} {outcome} the role {role:?}.")
    }
}

pub fn user_added(username: &str, id: impl Display) -> String {
    format!("Added the user \"{username}\" with the id {id}.")
}

pub fn password_changed(username: &str, keep_tokens: bool) -> String {
    let tokens = match keep_tokens {
        true => "stay",
        false => "were revoked",
    };
    format!(
        "Changed the password of \"{username}\"; its sign-ins have ended, its API tokens {tokens}."
    )
}

pub fn user_deleted(username: &str) -> String {
    format!("Put the user {username:?} into the trash.")
}

pub fn user_restored(username: &str) -> String {
    format!("Restored the user {username:?} with the roles it had; its tokens stay revoked.")
}

pub fn user_purged(username: &str) -> String {
    format!("Purged the user {username:?} for good.")
}

pub fn token_created(id: impl Display, username: &str) -> String {
    format!("Made the token {id} for {username:?}; its secret is shown only now.")
}

/// What to do if the secret of a new token could not be shown.
pub fn token_unseen(id: impl Display) -> String {
    format!("revoke it with `rolecall token revoke {id}`")
}

pub fn no_such_token(id: i64) -> String {
    format!("there is no token {id}")
}

pub fn token_revoked(id: i64) -> String {
    format!("Revoked the token {id}.")
}
