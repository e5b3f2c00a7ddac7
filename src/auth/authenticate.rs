//! Authentication: from an `Authorization` header to a principal.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::access_log::AccessLog;
use super::accounts::{CachedAccount, of_account};
use super::cache::Cache;
use super::error::AuthError;
use super::hashing::Hasher;
use super::header::{Credentials, parse};
use super::ldap::Ldap;
use super::password_check::PasswordCheck;
use super::passwords::PasswordPolicy;
use super::pattern_limit::PatternLimit;
use super::principal::{Principal, SignInUse};
use super::rate_limiter::RateLimiter;
use super::secret;
use super::signing_keys::KeyStore;
use super::single_flight::SingleFlight;
use super::throttle::Throttle;
use crate::config;
use crate::directory::credentials::{FindTokenAccount, RecordTokenUse, SignInOf, TokenAccount};
use crate::directory::mail::MailPolicy;
use crate::directory::permissions::{self, Permissions};
use crate::directory::{Context, Credential, Directory, ReadSession, clock};

/// The last use of a token or a sign-in is stored at most this often.
const USE_INTERVAL: TimeDelta = TimeDelta::seconds(60);

/// Authenticates callers. Shared behind an `Arc`.
pub struct Auth {
    pub directory: Arc<Directory>,
    pub hasher: Hasher,
    /// By the digest of the token.
    tokens: Cache<[u8; 32], CachedAccount>,
    /// By case-folded username.
    pub(super) accounts: Cache<String, CachedAccount>,
    /// Digests of a password together with the hash that it matches. A new password
    /// has a new hash, so that no entry outlives a change.
    pub(super) verified: Cache<[u8; 32], ()>,
    /// Digests of a username and a password that LDAP has accepted, with the id and
    /// the username of the user.
    pub(super) external: Cache<[u8; 32], (i64, String)>,
    /// Checks the passwords of external users.
    pub(super) ldap: Option<Ldap>,
    /// Salts those digests, so that they are useless outside this process.
    pub(super) salt: [u8; 32],
    pub(super) settings: config::Auth,
    pub(super) throttle: Throttle,
    /// Limits the changes that users make to their own record, by user id.
    pub(super) own_changes: RateLimiter<i64>,
    /// Password checks in progress.
    pub(super) checks: SingleFlight<PasswordCheck>,
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
        reading: &ReadSession,
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
        reading: &ReadSession,
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
            RecordTokenUse::Token { token_id },
        );
        Ok(principal)
    }

    /// Records a use, unless the last one was recorded less than `USE_INTERVAL` ago.
    pub(super) fn note_use(&self, context: &Context, last: Option<&str>, note: RecordTokenUse) {
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

    pub(super) fn digest(&self, hash: &str, password: &str) -> [u8; 32] {
        let mut text = Vec::with_capacity(32 + hash.len() + 1 + password.len());
        text.extend_from_slice(&self.salt);
        text.extend_from_slice(hash.as_bytes());
        text.push(0);
        text.extend_from_slice(password.as_bytes());
        secret::digest(&text)
    }

    /// Records a use in the background. It may be lost when the database is busy.
    pub(super) fn note(&self, context: &Context, note: RecordTokenUse) {
        let directory = self.directory.clone();
        let context = context.beside();
        tokio::task::spawn_local(async move {
            if let Err(error) = directory.write(&context, note).await {
                log::debug!("could not record a use: {error}");
            }
        });
    }
}

/// As configured, or else the public address, or else the name of the program.
fn issuer(settings: &config::Settings) -> String {
    let configured = settings.auth.issuer.as_ref();
    configured
        .or(settings.server.base_url.as_ref())
        .map_or_else(|| "rolecall".to_owned(), Clone::clone)
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
