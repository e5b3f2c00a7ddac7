//! The accounts of callers, cached for a short time.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::authenticate::Auth;
use super::principal::{Principal, SignInUse};
use crate::directory::credentials::{Account, FindAccount};
use crate::directory::names::folded;
use crate::directory::{Context, Credential, DirectoryError, clock};

/// An account, with the version of the credentials at which it was read.
#[derive(Clone)]
pub(super) struct CachedAccount {
    pub version: u64,
    pub principal: Arc<Principal>,
    pub account: Arc<Account>,
    /// Whether the password was verified just now, not found in a cache.
    pub is_newly_verified: bool,
}

impl CachedAccount {
    pub fn of(version: u64, account: Account) -> Self {
        Self {
            version,
            principal: Arc::new(of_account(&account)),
            account: Arc::new(account),
            is_newly_verified: false,
        }
    }

    pub(super) fn newly_verified(self) -> Self {
        Self {
            is_newly_verified: true,
            ..self
        }
    }

    /// The account of a caller with an access token of this sign-in.
    pub fn by_sign_in(version: u64, account: Account, sign_in: SignInUse) -> Self {
        let principal = Principal {
            credential: Credential::AccessToken,
            sign_in: Some(sign_in),
            ..of_account(&account)
        };
        Self {
            principal: Arc::new(principal),
            ..Self::of(version, account)
        }
    }
}

impl Auth {
    pub(super) async fn account(
        &self,
        username: &str,
        context: &Context,
    ) -> Result<Option<CachedAccount>, DirectoryError> {
        match self.cached_account(username, context)? {
            Some(known) => Ok(Some(known)),
            None => self.read_account(username, context).await,
        }
    }

    pub(super) fn cached_account(
        &self,
        username: &str,
        context: &Context,
    ) -> Result<Option<CachedAccount>, DirectoryError> {
        let version = self.directory.credential_version()?;
        let known = self.accounts.get(&folded(username), context.now);
        Ok(known.filter(|known| {
            let account = &known.account;
            known.version == version && (!account.is_one_of_several || account.username == username)
        }))
    }

    pub(super) async fn read_account(
        &self,
        username: &str,
        context: &Context,
    ) -> Result<Option<CachedAccount>, DirectoryError> {
        let version = self.directory.credential_version()?;
        let find = FindAccount {
            username: username.to_owned(),
        };
        let Some(account) = self.directory.read(context, find).await? else {
            return Ok(None);
        };
        let until = self.until(context.now, &[account.good_until.as_deref()]);
        let cached = CachedAccount::of(version, account);
        let key = folded(username);
        self.accounts.put(key, cached.clone(), until, context.now);
        Ok(Some(cached))
    }

    /// Until when a principal can be cached: not beyond the end of a grant or a token,
    /// and only for a short time if other processes can change the directory
    /// unnoticed.
    pub(super) fn until(&self, now: DateTime<Utc>, ends: &[Option<&str>]) -> DateTime<Utc> {
        let seconds = if self.directory.sees_every_change() {
            self.settings.credential_cache_seconds
        } else {
            self.settings.token_cache_seconds
        };
        let longest = now + TimeDelta::seconds(i64::try_from(seconds).unwrap_or(0));
        ends.iter()
            .flatten()
            .filter_map(|end| clock::parse(end))
            .fold(longest, |until, end| until.min(end))
    }
}

pub(super) fn of_account(account: &Account) -> Principal {
    Principal {
        id: account.id,
        username: account.username.as_str().into(),
        is_administrator: account.is_administrator,
        permissions: account.permissions,
        token_id: None,
        scopes: None,
        expires: None,
        credential: Credential::Password,
        sign_in: None,
        renames_self: false,
    }
}
