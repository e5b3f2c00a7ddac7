//! Authentication: from an `Authorization` header to a principal.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::access_log::AccessLog;
use super::cache::Cache;
use super::client_network::ClientNetwork;
use super::external::Attempt;
use super::hashing::Hasher;
use super::header::{Credentials, parse};
use super::ldap::Ldap;
use super::passwords::PasswordPolicy;
use super::pattern_limit::PatternLimit;
use super::principal::{Principal, SignInUse};
use super::rate_limiter::RateLimiter;
use super::secret;
use super::signing_keys::KeyStore;
use super::single_flight::{Flight, SingleFlight};
use super::throttle::{Key, Throttle};
use crate::config::{self, Secret};
use crate::directory::credentials::{
    Account, FindAccount, FindTokenAccount, NoteUse, RenewHash, SignInOf, TokenAccount,
};
use crate::directory::mail::MailPolicy;
use crate::directory::names::{folded, normalized};
use crate::directory::permissions::{self, Permissions};
use crate::directory::{Context, Credential, Directory, DirectoryError, Reading, clock};

/// The last use of a token or a sign-in is stored at most this often.
const USE_INTERVAL: TimeDelta = TimeDelta::seconds(60);

/// Bytes of a username that are compared; names have at most 255 characters.
const MAX_NAME_BYTES: usize = 16 * 1024;

/// Why a caller could not be authenticated.
#[derive(Debug)]
pub enum AuthError {
    /// The request has no credentials.
    Missing,
    /// They are wrong; the caller does not learn in which way.
    Wrong,
    /// Too many wrong passwords; `seconds` until the next attempt.
    Throttled {
        seconds: u64,
    },
    /// They are right, but do not belong to a sign-in that could be ended.
    NoSignIn,
    /// The LDAP directory, which has the passwords of external users, does not
    /// answer; `seconds` until the next attempt.
    Unreachable {
        seconds: u64,
    },
    Directory(DirectoryError),
}

impl From<DirectoryError> for AuthError {
    fn from(error: DirectoryError) -> Self {
        Self::Directory(error)
    }
}

/// Authenticates callers. Shared behind an `Arc`.
pub struct Auth {
    pub directory: Arc<Directory>,
    pub hasher: Hasher,
    /// By the digest of the token.
    tokens: Cache<[u8; 32], CachedAccount>,
    /// By case-folded username.
    accounts: Cache<String, CachedAccount>,
    /// Digests of a password together with the hash that it matches. A new password
    /// has a new hash, so that no entry outlives a change.
    verified: Cache<[u8; 32], ()>,
    /// Digests of a username and a password that LDAP has accepted, with the id and
    /// the username of the user.
    pub(super) external: Cache<[u8; 32], (i64, String)>,
    /// Checks the passwords of external users.
    pub(super) ldap: Option<Ldap>,
    /// Salts those digests, so that they are useless outside this process.
    salt: [u8; 32],
    settings: config::Auth,
    pub(super) throttle: Throttle,
    /// Limits the changes that users make to their own record, by user id.
    pub(super) own_changes: RateLimiter<i64>,
    /// Password checks in progress.
    checks: SingleFlight<PasswordCheck>,
    pub(super) passwords: Arc<PasswordPolicy>,
    /// Sign-ins, failures and denials for the audit log.
    pub access_log: Arc<AccessLog>,
    pub(super) pattern_limit: PatternLimit,
    /// Which mails the changes of callers queue.
    pub(super) mail: MailPolicy,
    pub(super) keys: KeyStore,
    /// The `iss` claim of access tokens.
    pub(super) issuer: String,
}

#[derive(Clone)]
pub(super) struct CachedAccount {
    version: u64,
    pub principal: Arc<Principal>,
    pub account: Arc<Account>,
    /// Whether the password was verified just now, not found in a cache.
    pub is_newly_verified: bool,
}

/// The outcome of a password check, shared with the callers that wait for it.
#[derive(Clone)]
enum PasswordCheck {
    Valid(CachedAccount),
    Invalid,
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
    pub fn new(
        directory: Arc<Directory>,
        settings: &config::Settings,
    ) -> Result<Self, std::io::Error> {
        let issuer = issuer(settings);
        let access_log = Arc::new(AccessLog::new(settings));
        let pattern_limit = PatternLimit::new(settings.limits.pattern_lists);
        let settings = settings.auth.clone();
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let hasher = Hasher::start(settings.hash_threads.unwrap_or(cores), settings.hash_queue)?;
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(std::io::Error::other)?;
        let capacity = settings.credential_cache_entries;
        let passwords = PasswordPolicy::new(&settings).map_err(std::io::Error::other)?;
        Ok(Self {
            directory,
            hasher,
            tokens: Cache::new(capacity),
            accounts: Cache::new(capacity),
            verified: Cache::new(capacity),
            external: Cache::new(capacity),
            ldap: None,
            salt,
            throttle: Throttle::new(&settings, salt),
            own_changes: RateLimiter::new(
                settings.own_changes,
                settings.own_change_seconds,
                capacity,
            ),
            checks: SingleFlight::default(),
            passwords: Arc::new(passwords),
            settings,
            access_log,
            pattern_limit,
            keys: KeyStore::default(),
            mail: MailPolicy::default(),
            issuer,
        })
    }

    /// Sets which mails changes queue.
    pub fn with_mail(self, mail: MailPolicy) -> Self {
        Self { mail, ..self }
    }

    /// Lets external users sign in with their LDAP password.
    pub fn with_ldap(self, ldap: Option<Ldap>) -> Self {
        Self { ldap, ..self }
    }

    pub fn settings(&self) -> &config::Auth {
        &self.settings
    }

    /// Authenticates the sender of this header. `context` has no actor yet.
    pub async fn authenticate(
        &self,
        header: Option<&[u8]>,
        from: Option<IpAddr>,
        context: &Context,
        reading: &Reading,
    ) -> Result<Arc<Principal>, AuthError> {
        let header = header.ok_or(AuthError::Missing)?;
        match parse(header).ok_or(AuthError::Wrong)? {
            // API tokens contain no dot, access tokens (JWTs) two.
            Credentials::Token(token) if token.contains('.') => {
                let known = self.by_access_token(token, context, reading).await;
                known.inspect_err(|error| {
                    self.record_failed_token(error, Credential::AccessToken, context);
                })
            }
            Credentials::Token(secret) => {
                let known = self.by_token(secret, context, reading).await;
                let known = known.inspect_err(|error| {
                    self.record_failed_token(error, Credential::ApiToken, context);
                })?;
                self.record_token_address(&known, context);
                Ok(known)
            }
            Credentials::Password { username, password } => {
                let known = self
                    .check_password(&username, &password, from, context)
                    .await?;
                if known.is_newly_verified {
                    self.record_sign_in(&known.principal, context);
                }
                Ok(known.principal)
            }
        }
    }

    async fn by_token(
        &self,
        secret: &str,
        context: &Context,
        reading: &Reading,
    ) -> Result<Arc<Principal>, AuthError> {
        let digest = secret::digest(secret.as_bytes());
        let version = reading.credential_version()?;
        if let Some(principal) = self.cached_token(&digest, version, context) {
            return Ok(principal);
        }
        let find = FindTokenAccount {
            hash: secret::hex(&digest),
        };
        let found = reading.read(context, find).await?.ok_or(AuthError::Wrong)?;
        let principal = Arc::new(of_token(&found));
        let ends = [
            found.account.good_until.as_deref(),
            found.expires.as_deref(),
            found.sign_in.as_ref().map(|sign_in| &*sign_in.expires),
        ];
        let until = self.until(context.now, &ends);
        let cached = CachedAccount {
            version,
            principal: principal.clone(),
            account: Arc::new(found.account),
            is_newly_verified: false,
        };
        self.tokens.put(digest, cached, until, context.now);
        let token_id = found.token_id;
        self.note_use(
            context,
            found.last_used.as_deref(),
            NoteUse::Token { token_id },
        );
        Ok(principal)
    }

    /// Records a use, unless the last one was recorded less than `USE_INTERVAL` ago.
    pub(super) fn note_use(&self, context: &Context, last: Option<&str>, note: NoteUse) {
        let last = last.and_then(clock::parse);
        if last.is_none_or(|last| context.now - last >= USE_INTERVAL) {
            self.note(context, note);
        }
    }

    pub(super) fn cached_token(
        &self,
        digest: &[u8; 32],
        version: u64,
        context: &Context,
    ) -> Option<Arc<Principal>> {
        let known = self.tokens.get(digest, context.now)?;
        (known.version == version).then_some(known.principal)
    }

    pub(super) fn cache_token(
        &self,
        digest: [u8; 32],
        cached: CachedAccount,
        until: DateTime<Utc>,
        context: &Context,
    ) {
        self.tokens.put(digest, cached, until, context.now);
    }

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
            let least = Duration::from_millis(self.settings.failure_ms);
            tokio::time::sleep(least.saturating_sub(begun.elapsed())).await;
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
            let cached = self.cached_account(username, context)?;
            let was_read = cached.is_none();
            let found = match cached {
                Some(cached) => Some(cached),
                None => self.read_account(username, context).await?,
            };
            if let Some(verified) = self
                .recently_verified(&attempt, found.as_ref(), context)
                .await?
            {
                return Ok(verified);
            }
            // A cached account is read again before the password is checked, so that
            // guesses cost one read whether the user exists or not.
            known = was_read.then_some(found);
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
            NoteUse::SignIn {
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

    fn cached_account(
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

    async fn read_account(
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

    pub(super) fn digest(&self, hash: &str, password: &str) -> [u8; 32] {
        let mut text = Vec::with_capacity(32 + hash.len() + 1 + password.len());
        text.extend_from_slice(&self.salt);
        text.extend_from_slice(hash.as_bytes());
        text.push(0);
        text.extend_from_slice(password.as_bytes());
        secret::digest(&text)
    }

    /// Records a use in the background. It may be lost when the database is busy.
    pub(super) fn note(&self, context: &Context, note: NoteUse) {
        let directory = self.directory.clone();
        let context = context.beside();
        tokio::task::spawn_local(async move {
            if let Err(error) = directory.write(&context, note).await {
                log::debug!("could not record a use: {error}");
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

/// As configured, or else the public address, or else the name of the program.
fn issuer(settings: &config::Settings) -> String {
    let configured = settings.auth.issuer.as_ref();
    configured
        .or(settings.server.base_url.as_ref())
        .map_or_else(|| "rolecall".to_owned(), Clone::clone)
}

fn of_account(account: &Account) -> Principal {
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

/// A time that cannot be parsed counts as long ago.
pub(super) fn sign_in_use(of: &SignInOf) -> SignInUse {
    SignInUse {
        id: of.id,
        since: clock::parse(&of.created).unwrap_or_default(),
    }
}

fn of_token(found: &TokenAccount) -> Principal {
    let whole = of_account(&found.account);
    let token = Principal {
        token_id: Some(found.token_id),
        expires: found.expires.as_deref().map(Arc::from),
        credential: Credential::ApiToken,
        sign_in: found.sign_in.as_ref().map(sign_in_use),
        ..whole
    };
    match found.scopes.as_deref() {
        None => token,
        Some(scopes) => Principal {
            is_administrator: false,
            permissions: token.permissions.and(Permissions::from_json(scopes)),
            scopes: Some(permissions::names(scopes).into()),
            ..token
        },
    }
}
