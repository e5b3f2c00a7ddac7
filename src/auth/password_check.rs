//! Password checks: throttled, cached, and shared by identical concurrent requests.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::accounts::CachedAccount;
use super::authenticate::Auth;
use super::client_network::ClientNetwork;
use super::error::AuthError;
use super::external::Attempt;
use super::hashing::Hasher;
use super::principal::Principal;
use super::secret;
use super::single_flight::Flight;
use super::throttle::Key;
use crate::config::Secret;
use crate::directory::credentials::{Account, RecordTokenUse, RenewHash};
use crate::directory::names::normalized;
use crate::directory::{Context, Credential, DirectoryError};

/// Bytes of a username that are compared; names have at most 255 characters.
const MAX_NAME_BYTES: usize = 16 * 1024;

/// The outcome of a password check, shared with the callers that wait for it.
#[derive(Clone)]
pub(super) enum PasswordCheck {
    Valid(CachedAccount),
    Invalid,
}

/// The outcome of the lookup in the caches.
enum CacheCheck {
    Verified(CachedAccount),
    /// Not verified; with the account if it was just read.
    Read(Option<Option<CachedAccount>>),
}

impl Auth {
    /// Authenticates by username and password.
    ///
    /// The throttle comes first, so that no guess is answered during the wait, and
    /// each guess is charged before it is checked. Identical guesses that arrive at
    /// the same time from one address are checked and charged once: clients may send
    /// the right password with many parallel requests. A failure is answered after
    /// `auth.failure_ms` at the earliest, so that the time does not reveal whether an
    /// imported hash, which may be slower, was checked.
    pub(super) async fn check_password(
        &self,
        username: &str,
        password: &str,
        from: Option<IpAddr>,
        context: &Context,
    ) -> Result<CachedAccount, AuthError> {
        // All spellings of a name share one count of wrong passwords.
        let username = &*normalized(bounded(username));
        let begun = Instant::now();
        let outcome = self.check_guess(username, password, from, context).await;
        if matches!(outcome, Err(AuthError::Wrong)) {
            let min = Duration::from_millis(self.settings.failure_ms);
            tokio::time::sleep(min.saturating_sub(begun.elapsed())).await;
        }
        outcome.inspect_err(|error| self.record_failed_password(username, error, context))
    }

    async fn check_guess(
        &self,
        username: &str,
        password: &str,
        from: Option<IpAddr>,
        context: &Context,
    ) -> Result<CachedAccount, AuthError> {
        let context = &context.with_credential(Credential::Password);
        let attempt = Attempt {
            username,
            password,
            from,
        };
        let key = self.throttle.key(username, from);
        let mut known = None;
        if self.throttle.retry_after(&key, context.now).is_none() {
            match self.check_caches(&attempt, context).await? {
                CacheCheck::Verified(verified) => return Ok(verified),
                CacheCheck::Read(account) => known = account,
            }
        }
        let check = self.check_digest(&key, &attempt);
        loop {
            let follower = match self.checks.join(check) {
                Flight::Follower(follower) => follower,
                Flight::Leader(leader) => {
                    let outcome = self.charge_and_check(&attempt, &key, known, context).await;
                    match &outcome {
                        Ok(known) => leader.complete(PasswordCheck::Valid(known.clone())),
                        Err(AuthError::Wrong) => leader.complete(PasswordCheck::Invalid),
                        Err(_) => {}
                    }
                    return outcome;
                }
            };
            match follower.outcome().await {
                Some(PasswordCheck::Valid(known)) if self.is_unchanged(&known, context).await? => {
                    // The leader records the sign-in.
                    return Ok(CachedAccount {
                        is_newly_verified: false,
                        ..known
                    });
                }
                Some(PasswordCheck::Invalid) => {
                    self.charge(&key, context)?;
                    return Err(AuthError::Wrong);
                }
                _ => known = None,
            }
        }
    }

    /// Looks the password up in the caches, where it may have been verified already.
    async fn check_caches(
        &self,
        attempt: &Attempt<'_>,
        context: &Context,
    ) -> Result<CacheCheck, DirectoryError> {
        let cached = self.cached_account(attempt.username, context)?;
        let was_read = cached.is_none();
        let found = match cached {
            Some(cached) => Some(cached),
            None => self.read_account(attempt.username, context).await?,
        };
        let verified = self.recently_verified(attempt, found.as_ref(), context);
        if let Some(verified) = verified.await? {
            return Ok(CacheCheck::Verified(verified));
        }
        // A cached account is read again before the password is checked, so that
        // guesses cost one read whether the user exists or not.
        Ok(CacheCheck::Read(was_read.then_some(found)))
    }

    fn check_digest(&self, key: &Key, attempt: &Attempt<'_>) -> [u8; 32] {
        let mut text = Vec::with_capacity(96 + attempt.username.len() + attempt.password.len());
        text.extend_from_slice(&self.salt);
        text.extend_from_slice(key.bytes());
        text.extend_from_slice(&secret::digest(attempt.username.as_bytes()));
        text.extend_from_slice(attempt.password.as_bytes());
        secret::digest(&text)
    }

    fn charge(&self, key: &Key, context: &Context) -> Result<(), AuthError> {
        let paid = self.throttle.charge(key, context.now);
        paid.map_err(|seconds| AuthError::Throttled { seconds })
    }

    /// Callers who disconnect are charged all the same, since the work may be done.
    async fn charge_and_check(
        &self,
        attempt: &Attempt<'_>,
        key: &Key,
        known: Option<Option<CachedAccount>>,
        context: &Context,
    ) -> Result<CachedAccount, AuthError> {
        self.charge(key, context)?;
        let outcome = self.by_password(attempt, known, context).await;
        match &outcome {
            // Users whose names differ in case only share one count: the success of
            // one must not reset the count of the other.
            Ok(known) if known.account.is_one_of_several => {
                self.throttle.refund(key, context.now);
            }
            Ok(_) => self.throttle.record_success(key, context.now),
            Err(AuthError::Wrong | AuthError::Throttled { .. }) => {}
            Err(_) => self.throttle.refund(key, context.now),
        }
        outcome
    }

    /// Whether the account still has the hash that the password was checked against.
    async fn is_unchanged(
        &self,
        checked: &CachedAccount,
        context: &Context,
    ) -> Result<bool, DirectoryError> {
        let (then, now) = (
            &checked.account,
            self.account(&checked.account.username, context).await?,
        );
        Ok(now.is_some_and(|now| {
            let now = now.account;
            now.id == then.id
                && now.external == then.external
                && now.password_hash == then.password_hash
        }))
    }

    /// Whether this is the password of the principal.
    pub async fn is_password_of(
        &self,
        principal: &Principal,
        password: &str,
        from: Option<IpAddr>,
        context: &Context,
    ) -> Result<bool, AuthError> {
        let username = &principal.username;
        match self.check_password(username, password, from, context).await {
            Ok(known) => Ok(known.account.id == principal.id),
            Err(AuthError::Wrong) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The account, if this password was verified a short while ago.
    async fn recently_verified(
        &self,
        attempt: &Attempt<'_>,
        known: Option<&CachedAccount>,
        context: &Context,
    ) -> Result<Option<CachedAccount>, DirectoryError> {
        match known.filter(|known| !known.account.external) {
            Some(known) => {
                let digest = self.local_digest(known, attempt.password);
                let is_verified = |digest| self.verified.get(&digest, context.now).is_some();
                Ok(digest.is_some_and(is_verified).then(|| known.clone()))
            }
            None => self.recently_verified_externally(attempt, context).await,
        }
    }

    /// The digest of a password together with the stored hash.
    fn local_digest(&self, known: &CachedAccount, password: &str) -> Option<[u8; 32]> {
        let hash = known.account.password_hash.as_ref();
        hash.map(|hash| self.digest(hash.expose(), password))
    }

    /// Checks a password. `known`: the account, if it was looked up already.
    async fn by_password(
        &self,
        attempt: &Attempt<'_>,
        known: Option<Option<CachedAccount>>,
        context: &Context,
    ) -> Result<CachedAccount, AuthError> {
        let Attempt {
            username, password, ..
        } = *attempt;
        let known = match known {
            Some(known) => known,
            None => self.read_account(username, context).await?,
        };
        if let Some(ldap) = self
            .external_directory(known.as_ref(), username, context)
            .await?
        {
            return self
                .by_external_password(ldap, attempt, known.is_some(), context)
                .await;
        }
        let known = known.filter(|known| !known.account.external);
        let hash = known
            .as_ref()
            .and_then(|known| known.account.password_hash.as_ref());
        // Unknown users and users without a password take the same time.
        let fits = password.len() <= self.settings.password_max_length * 4
            && self
                .hasher
                .verify(password, hash, ClientNetwork::of(attempt.from))
                .await?;
        let Some(known) = known.filter(|_| fits) else {
            return Err(AuthError::Wrong);
        };
        if let Some(digest) = self.local_digest(&known, password) {
            let seconds = i64::try_from(self.settings.credential_cache_seconds).unwrap_or(0);
            let until = context.now + TimeDelta::seconds(seconds);
            self.verified.put(digest, (), until, context.now);
        }
        self.note(
            context,
            RecordTokenUse::SignIn {
                user_id: known.account.id,
            },
        );
        self.renew_hash(&known.account, password, context);
        Ok(known.newly_verified())
    }

    /// Replaces an imported hash by one of our own, in the background. If the password
    /// changes meanwhile or the queue is full, the next sign-in tries again.
    fn renew_hash(&self, account: &Account, password: &str, context: &Context) {
        let Some(old) = account.password_hash.clone().filter(Hasher::is_foreign) else {
            return;
        };
        let (directory, hasher) = (self.directory.clone(), self.hasher.clone());
        let (user_id, password) = (account.id, Secret::new(password));
        let context = context.beside();
        tokio::task::spawn_local(async move {
            let renewed = async {
                let new = hasher
                    .hash(password.expose(), ClientNetwork::INTERNAL)
                    .await?;
                directory
                    .write(&context, RenewHash { user_id, old, new })
                    .await
            };
            if let Err(error) = renewed.await {
                log::debug!("could not replace an imported hash: {error}");
            }
        });
    }
}

/// Cuts a username that is longer than any name, to bound the work of folding it.
fn bounded(username: &str) -> &str {
    let mut ends = username.char_indices().map(|(at, _)| at);
    let end = ends.find(|at| *at >= MAX_NAME_BYTES);
    end.and_then(|end| username.get(..end)).unwrap_or(username)
}
