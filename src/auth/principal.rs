use std::sync::Arc;

use crate::directory::Actor;
use crate::directory::listing::Visible;
use crate::directory::permissions::{Permission, Permissions, Reach};

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
}

impl Principal {
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
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

    pub fn reach(&self) -> Reach {
        if self.is_administrator {
            Reach::Everything
        } else {
            Reach::Within(self.permissions)
        }
    }

    pub fn actor(&self) -> Actor {
        Actor {
            id: self.id,
            username: self.username.clone(),
            token_id: self.token_id,
        }
    }
}
