use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::directory::listing::Visibility;
use crate::directory::members::Authority;
use crate::directory::permissions::{Permission, Permissions, PrivilegeCeiling};
use crate::directory::{Actor, Credential};

/// The sign-in that a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInUse {
    pub id: i64,
    /// When the password was verified.
    pub since: DateTime<Utc>,
}

/// An authenticated caller.
#[derive(Clone, Debug)]
pub struct Principal {
    pub id: i64,
    pub username: Arc<str>,
    /// Holds the role `admin`, and the token has no scopes.
    pub is_administrator: bool,
    /// The permissions of the roles, within the scopes of the token.
    pub permissions: Permissions,
    pub token_id: Option<i64>,
    /// The scopes of the token, including names of other services; `None` means all.
    pub scopes: Option<Arc<[String]>>,
    /// When the token expires, in stored form.
    pub expires: Option<Arc<str>>,
    /// The kind of credential that authenticated the caller.
    pub credential: Credential,
    /// The sign-in of an access token, or the one that the API token ends with.
    pub sign_in: Option<SignInUse>,
    /// Whether all users may change their own names (`auth.rename_self`).
    pub renames_self: bool,
}

impl Principal {
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
    }

    /// Whether this caller may rename the users whom they may change.
    pub fn may_rename(&self) -> bool {
        self.renames_self || self.may(Permission::UsersWrite)
    }

    /// All rows with the permission `everything`, or else the caller's own.
    pub fn visibility(&self, everything: Permission) -> Visibility {
        if self.may(everything) {
            Visibility::All
        } else if self.may(Permission::SelfRead) {
            Visibility::Own(self.id)
        } else {
            Visibility::Nothing
        }
    }

    /// The users that this caller can see: all, or those that grant rules show.
    pub fn user_visibility(&self) -> Visibility {
        match self.visibility(Permission::UsersRead) {
            Visibility::Own(own) if self.has_scope(Permission::UsersRead) => {
                Visibility::Delegated(own)
            }
            visible => visible,
        }
    }

    /// What entitles this caller to give and take roles.
    pub fn authority(&self) -> Authority {
        if self.may(Permission::GrantsWrite) {
            Authority::Permission(self.ceiling())
        } else if self.has_scope(Permission::GrantsWrite) {
            Authority::Rules(self.id)
        } else {
            Authority::Nothing
        }
    }

    /// Whether the scopes include this permission, whether or not a role grants it.
    pub(super) fn has_scope(&self, permission: Permission) -> bool {
        let scopes = self.scopes.as_ref();
        scopes.is_none_or(|scopes| scopes.iter().any(|scope| scope == permission.name()))
    }

    pub fn ceiling(&self) -> PrivilegeCeiling {
        if self.is_administrator {
            PrivilegeCeiling::Everything
        } else {
            PrivilegeCeiling::Caller
        }
    }

    /// Whether the password was verified with this request or less than `seconds` ago.
    /// Never true of API tokens.
    pub fn is_fresh(&self, now: DateTime<Utc>, seconds: u64) -> bool {
        let seconds = TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000));
        match (self.token_id, self.sign_in) {
            (Some(_), _) => false,
            (None, Some(sign_in)) => now - sign_in.since < seconds,
            (None, None) => true,
        }
    }

    pub fn actor(&self) -> Actor {
        Actor {
            token_id: self.token_id,
            scopes: self.scopes.clone(),
            sign_in_id: self.sign_in.map(|sign_in| sign_in.id),
            ..Actor::new(self.id, self.username.clone())
        }
    }
}
