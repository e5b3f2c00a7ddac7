//! From an `Authorization` header to a principal.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::access_log::AccessLog;
use super::budget::Budget;
use super::cache::Cache;
use super::external::Attempt;
use super::hashing::Hasher;
use super::header::{Credentials, parse};
use super::keys::Keys;
use super::ldap::Ldap;
use super::passwords::PasswordPolicy;
use super::place::Place;
use super::principal::{Principal, SignInUse};
use super::secret;
use super::single_flight::{Flight, SingleFlight};
use super::throttle::{Key, Throttle};
use super::turns::Turns;
use crate::config::{self, Secret};
use crate::directory::credentials::{
    Account, FindAccount, FindTokenAccount, NoteUse, RenewHash, SignInOf, TokenAccount,
};
use crate::directory::mail::MailPolicy;
use crate::directory::names::{folded, normalized};
use crate::directory::permissions::{self, Permissions};
use crate::directory::{Context, Credential, Directory, DirectoryError, Reading, clock};

/// How often the last use of a token or a sign-in is written down, at most.
const NOTE_EVERY: TimeDelta = TimeDelta::seconds(60);

/// Bytes of a username that are looked at; names have at most 255 characters.
const LONGEST_NAME: usize = 16 * 1024;

/// Why nobody is known.
#[derive(Debug)]
pub enum AuthError {
    /// No credentials came.
    Missing,
    /// They are wrong, in whichever way: the caller is not told which.
    Wrong,
    /// Too many wrong passwords; the next may come after so many seconds.
    Throttled {
        seconds: u64,
    },
    /// They are right, but of no sign-in that could be ended.
    NoSignIn,
    /// The other directory, which keeps the password of external users, does not
    /// answer; the next attempt may come after so many seconds.
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

/// Knows callers. Cheap to share behind an `Arc`.
pub struct Auth {
    pub directory: Arc<Directory>,
    pub hasher: Hasher,
    /// By the digest of a token's secret.
    tokens: Cache<[u8; 32], Remembered>,
    /// By username, whatever the case.
    accounts: Cache<String, Remembered>,
    /// Digests of a password together with the hash that it fitted. A new
    /// password has a new hash, so nothing here can outlive a change.
    verified: Cache<[u8; 32], ()>,
    /// Digests of a username and a password that the other directory took, with
    /// the id and the name of the user whose they are.
    pub(super) external: Cache<[u8; 32], (i64, String)>,
    /// Where the passwords of external users are.
    pub(super) ldap: Option<Ldap>,
    /// Salts those digests, so that they mean nothing outside this process.
    salt: [u8; 32],
    settings: config::Auth,
    pub(super) throttle: Throttle,
    /// Changes of what is their own, by the ids of users.
    pub(super) own_changes: Budget<i64>,
    /// Passwords that are being checked just now.
    checks: SingleFlight<Checked>,
    pub(super) passwords: Arc<PasswordPolicy>,
    /// Where it is told who came in and who did not.
    pub access_log: Arc<AccessLog>,
    pub(super) turns: Turns,
    /// Which mails the changes of known callers queue.
    pub(super) mail: MailPolicy,
    pub(super) keys: Keys,
    /// Whom our access tokens name as their issuer.
    pub(super) issuer: String,
}

#[derive(Clone)]
pub(super) struct Remembered {
    version: u64,
    pub principal: Arc<Principal>,
    pub account: Arc<Account>,
    /// Whether the password was verified just now, and not remembered.
    pub newly_proved: bool,
}

/// How the check of a password ended, for those who wait for the same one.
#[derive(Clone)]
enum Checked {
    Fits(Remembered),
    Wrong,
}

impl Remembered {
    pub fn of(version: u64, account: Account) -> Self {
        Self {
            version,
            principal: Arc::new(of_account(&account)),
            account: Arc::new(account),
            newly_proved: false,
        }
    }

    pub(super) fn proved_now(self) -> Self {
        Self {
            newly_proved: true,
            ..self
        }
    }

    /// The same, known by an access token of this sign-in.
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
        let turns = Turns::new(settings.limits.pattern_lists);
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
            own_changes: Budget::new(settings.own_changes, settings.own_change_seconds, capacity),
            checks: SingleFlight::default(),
            passwords: Arc::new(passwords),
            settings,
            access_log,
            turns,
            keys: Keys::default(),
            mail: MailPolicy::default(),
            issuer,
        })
    }

    /// Lets changes queue mails.
    pub fn with_mail(self, mail: MailPolicy) -> Self {
        Self { mail, ..self }
    }

    /// Lets external users sign in with the password that is kept there.
    pub fn with_ldap(self, ldap: Option<Ldap>) -> Self {
        Self { ldap, ..self }
    }

    pub fn settings(&self) -> &config::Auth {
        &self.settings
    }

    /// Who sent this header, and where from? `context` says when; it has no actor yet.
    pub async fn authenticate(
        &self,
        header: Option<&[u8]>,
        from: Option<IpAddr>,
        context: &Context,
        reading: &Reading,
    ) -> Result<Arc<Principal>, AuthError> {
        let header = header.ok_or(AuthError::Missing)?;
        match parse(header).ok_or(AuthError::Wrong)? {
            // Our API tokens have no dots, access tokens have two.
            Credentials::Token(token) if token.contains('.') => {
                let known = self.by_access_token(token, context, reading).await;
                known.inspect_err(|error| {
                    self.tell_token(error, Credential::AccessToken, context);
                })
            }
            Credentials::Token(secret) => {
                let known = self.by_token(secret, context, reading).await;
                let known = known.inspect_err(|error| {
                    self.tell_token(error, Credential::ApiToken, context);
                })?;
                self.tell_address(&known, context);
                Ok(known)
            }
            Credentials::Password { username, password } => {
                let known = self
                    .check_password(&username, &password, from, context)
                    .await?;
                if known.newly_proved {
                    self.tell_sign_in(&known.principal, context);
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
        if let Some(principal) = self.remembered_token(&digest, version, context) {
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
        let remembered = Remembered {
            version,
            principal: principal.clone(),
            account: Arc::new(found.account),
            newly_proved: false,
        };
        self.tokens.put(digest, remembered, until, context.now);
        let token_id = found.token_id;
        self.note_use(
            context,
            found.last_used.as_deref(),
            NoteUse::Token { token_id },
        );
        Ok(principal)
    }

    /// Writes a use down, unless the last that was noted is not long ago.
    pub(super) fn note_use(&self, context: &Context, last: Option<&str>, note: NoteUse) {
        let last = last.and_then(clock::parse);
        if last.is_none_or(|last| context.now - last >= NOTE_EVERY) {
            self.note(context, note);
        }
    }

    pub(super) fn remembered_token(
        &self,
        digest: &[u8; 32],
        version: u64,
        context: &Context,
    ) -> Option<Arc<Principal>> {
        let known = self.tokens.get(digest, context.now)?;
        (known.version == version).then_some(known.principal)
    }

    pub(super) fn remember_token(
        &self,
        digest: [u8; 32],
        remembered: Remembered,
        until: DateTime<Utc>,
        context: &Context,
    ) {
        self.tokens.put(digest, remembered, until, context.now);
    }

    /// Whose password this is. The wait after wrong ones comes first of all, so
    /// that no guess is answered before it is over, and a guess is paid for
    /// before it is checked. The same guess from the same address is checked
    /// once, however often it comes at the same time: clients that send a right
    /// password with many requests at once pay for one. No failure is answered
    /// before `auth.failure_ms` are over: a hash from elsewhere may take longer
    /// than our own.
    pub(super) async fn check_password(
        &self,
        username: &str,
        password: &str,
        from: Option<IpAddr>,
        context: &Context,
    ) -> Result<Remembered, AuthError> {
        // One spelling of a name, one count of wrong guesses.
        let username = &*normalized(bounded(username));
        let begun = Instant::now();
        let outcome = self.guess(username, password, from, context).await;
        if matches!(outcome, Err(AuthError::Wrong)) {
            let least = Duration::from_millis(self.settings.failure_ms);
            tokio::time::sleep(least.saturating_sub(begun.elapsed())).await;
        }
        outcome.inspect_err(|error| self.tell_guess(username, error, context))
    }

    async fn guess(
        &self,
        username: &str,
        password: &str,
        from: Option<IpAddr>,
        context: &Context,
    ) -> Result<Remembered, AuthError> {
        let context = &context.with_credential(Credential::Password);
        let attempt = Attempt {
            username,
            password,
            from,
        };
        let key = self.throttle.key(username, from);
        let mut known = None;
        if self.throttle.wait(&key, context.now).is_none() {
            let remembered = self.remembered_account(username, context)?;
            let was_read = remembered.is_none();
            let found = match remembered {
                Some(remembered) => Some(remembered),
                None => self.read_account(username, context).await?,
            };
            if let Some(verified) = self
                .verified_before(&attempt, found.as_ref(), context)
                .await?
            {
                return Ok(verified);
            }
            // Who is only remembered is read before a password is checked: one
            // reading for every guess, whether there is such a user or not.
            known = was_read.then_some(found);
        }
        let check = self.digest_of_check(&key, &attempt);
        loop {
            let follower = match self.checks.join(check) {
                Flight::Follower(follower) => follower,
                Flight::Leader(leader) => {
                    let outcome = self.pay_and_check(&attempt, &key, known, context).await;
                    match &outcome {
                        Ok(known) => leader.land(Checked::Fits(known.clone())),
                        Err(AuthError::Wrong) => leader.land(Checked::Wrong),
                        Err(_) => {}
                    }
                    return outcome;
                }
            };
            match follower.landed().await {
                Some(Checked::Fits(known)) if self.is_unchanged(&known, context).await? => {
                    // The leader tells that somebody came in.
                    return Ok(Remembered {
                        newly_proved: false,
                        ..known
                    });
                }
                Some(Checked::Wrong) => {
                    self.charge(&key, context)?;
                    return Err(AuthError::Wrong);
                }
                _ => known = None,
            }
        }
    }

    fn digest_of_check(&self, key: &Key, attempt: &Attempt<'_>) -> [u8; 32] {
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

    /// A caller who goes away meanwhile has paid, since the work may be done.
    async fn pay_and_check(
        &self,
        attempt: &Attempt<'_>,
        key: &Key,
        known: Option<Option<Remembered>>,
        context: &Context,
    ) -> Result<Remembered, AuthError> {
        self.charge(key, context)?;
        let outcome = self.by_password(attempt, known, context).await;
        match &outcome {
            // Twins share the count of their letters, so success of one must not
            // forgive the guesses at the other.
            Ok(known) if known.account.is_one_of_several => {
                self.throttle.give_back(key, context.now);
            }
            Ok(_) => self.throttle.fitted(key, context.now),
            Err(AuthError::Wrong | AuthError::Throttled { .. }) => {}
            Err(_) => self.throttle.give_back(key, context.now),
        }
        outcome
    }

    /// Whether what a password was checked against still stands.
    async fn is_unchanged(
        &self,
        checked: &Remembered,
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

    /// Whether this is the password of a known caller.
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

    /// Somebody whose password was found to be right a short while ago.
    async fn verified_before(
        &self,
        attempt: &Attempt<'_>,
        known: Option<&Remembered>,
        context: &Context,
    ) -> Result<Option<Remembered>, DirectoryError> {
        match known.filter(|known| !known.account.external) {
            Some(known) => {
                let digest = self.digest_of(known, attempt.password);
                let is_verified = |digest| self.verified.get(&digest, context.now).is_some();
                Ok(digest.is_some_and(is_verified).then(|| known.clone()))
            }
            None => self.verified_elsewhere(attempt, context).await,
        }
    }

    /// Of a password here together with the hash that it should fit.
    fn digest_of(&self, known: &Remembered, password: &str) -> Option<[u8; 32]> {
        let hash = known.account.password_hash.as_ref();
        hash.map(|hash| self.digest(hash.expose(), password))
    }

    /// `known`: the account of this name, when it was looked up already.
    async fn by_password(
        &self,
        attempt: &Attempt<'_>,
        known: Option<Option<Remembered>>,
        context: &Context,
    ) -> Result<Remembered, AuthError> {
        let Attempt {
            username, password, ..
        } = *attempt;
        let known = match known {
            Some(known) => known,
            None => self.read_account(username, context).await?,
        };
        if let Some(ldap) = self.elsewhere(known.as_ref(), username, context).await? {
            return self
                .by_password_elsewhere(ldap, attempt, known.is_some(), context)
                .await;
        }
        let known = known.filter(|known| !known.account.external);
        let hash = known
            .as_ref()
            .and_then(|known| known.account.password_hash.as_ref());
        // Unknown users and users without a password cost the same time.
        let fits = password.len() <= self.settings.password_max_length * 4
            && self
                .hasher
                .verify(password, hash, Place::of(attempt.from))
                .await?;
        let Some(known) = known.filter(|_| fits) else {
            return Err(AuthError::Wrong);
        };
        if let Some(digest) = self.digest_of(&known, password) {
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
        Ok(known.proved_now())
    }

    /// Puts a hash of our own in the place of one that came from elsewhere,
    /// without making the caller wait. When the password is changed meanwhile,
    /// or the hash threads are busy, nothing happens: the next sign-in asks again.
    fn renew_hash(&self, account: &Account, password: &str, context: &Context) {
        let Some(old) = account.password_hash.clone().filter(Hasher::is_foreign) else {
            return;
        };
        let (directory, hasher) = (self.directory.clone(), self.hasher.clone());
        let (user_id, password) = (account.id, Secret::new(password));
        let context = context.beside();
        tokio::task::spawn_local(async move {
            let renewed = async {
                let new = hasher.hash(password.expose(), Place::NOWHERE).await?;
                directory
                    .write(&context, RenewHash { user_id, old, new })
                    .await
            };
            if let Err(error) = renewed.await {
                log::debug!("a hash was not renewed: {error}");
            }
        });
    }

    pub(super) async fn account(
        &self,
        username: &str,
        context: &Context,
    ) -> Result<Option<Remembered>, DirectoryError> {
        match self.remembered_account(username, context)? {
            Some(known) => Ok(Some(known)),
            None => self.read_account(username, context).await,
        }
    }

    fn remembered_account(
        &self,
        username: &str,
        context: &Context,
    ) -> Result<Option<Remembered>, DirectoryError> {
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
    ) -> Result<Option<Remembered>, DirectoryError> {
        let version = self.directory.credential_version()?;
        let find = FindAccount {
            username: username.to_owned(),
        };
        let Some(account) = self.directory.read(context, find).await? else {
            return Ok(None);
        };
        let until = self.until(context.now, &[account.good_until.as_deref()]);
        let remembered = Remembered::of(version, account);
        let key = folded(username);
        self.accounts
            .put(key, remembered.clone(), until, context.now);
        Ok(Some(remembered))
    }

    /// Until when a principal may be remembered: never past the moment when a
    /// grant or a token ends, and only shortly where other processes may change
    /// the directory without our seeing it.
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

    /// Writes a use down without making the caller wait; a note that is lost
    /// because the database is busy is no harm.
    pub(super) fn note(&self, context: &Context, note: NoteUse) {
        let directory = self.directory.clone();
        let context = context.beside();
        tokio::task::spawn_local(async move {
            if let Err(error) = directory.write(&context, note).await {
                log::debug!("a use was not noted: {error}");
            }
        });
    }
}

/// The beginning of what is longer than any name in any spelling: more of it is
/// not folded and compared.
fn bounded(username: &str) -> &str {
    let mut ends = username.char_indices().map(|(at, _)| at);
    let end = ends.find(|at| *at >= LONGEST_NAME);
    end.and_then(|end| username.get(..end)).unwrap_or(username)
}

/// As configured; else the public address, else the program's name.
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

/// A moment that cannot be read is long ago.
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
