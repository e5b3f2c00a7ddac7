use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::directory::listing::Visible;
use crate::directory::members::Authority;
use crate::directory::permissions::{Permission, Permissions, PrivilegeCeiling};
use crate::directory::{Actor, Credential};

/// A sign-in that a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInUse {
    pub id: i64,
    /// When the password was given.
    pub since: DateTime<Utc>,
}

/// A known caller.
#[derive(Clone, Debug)]
pub struct Principal {
    pub id: i64,
    pub username: Arc<str>,
    /// Holds the role `admin`, and no token narrows that.
    pub is_administrator: bool,
    /// Already narrowed by the token's scopes.
    pub permissions: Permissions,
    pub token_id: Option<i64>,
    /// Came with a token that may only this, names of other services included.
    pub scopes: Option<Arc<[String]>>,
    /// When the token ends that was used, in stored form.
    pub expires: Option<Arc<str>>,
    /// What proved who they are.
    pub credential: Credential,
    /// The sign-in of an access token, or the one that the API token ends with.
    pub sign_in: Option<SignInUse>,
    /// Whether everybody may change the names that they are known by.
    pub renames_self: bool,
}

impl Principal {
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
    }

    /// Whether this caller may rename users, as far as they may change them.
    pub fn may_rename(&self) -> bool {
        self.renames_self || self.may(Permission::UsersWrite)
    }

    /// All for whoever may `everything`, else what is their own.
    pub fn sees(&self, everything: Permission) -> Visible {
        if self.may(everything) {
            Visible::All
        } else if self.may(Permission::SelfRead) {
            Visible::Own(self.id)
        } else {
            Visible::Nothing
        }
    }

    /// The users that this caller sees: all, or those that grant rules show.
    pub fn sees_users(&self) -> Visible {
        match self.sees(Permission::UsersRead) {
            Visible::Own(own) if self.has_scope(Permission::UsersRead) => Visible::Delegated(own),
            visible => visible,
        }
    }

    /// By what right this caller gives and takes roles.
    pub fn authority(&self) -> Authority {
        if self.may(Permission::GrantsWrite) {
            Authority::Permission(self.ceiling())
        } else if self.has_scope(Permission::GrantsWrite) {
            Authority::Rules(self.id)
        } else {
            Authority::Nothing
        }
    }

    /// Whether no token leaves this out, whatever the roles permit.
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

    /// Whether the password came with the request, or not longer ago than this.
    /// An API token proves nothing of the kind.
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
