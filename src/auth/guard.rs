use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::authenticate::Auth;
use super::client_network::ClientNetwork;
use super::error::AuthError;
use super::passwords::{Owner, Strength, Weakness};
use super::pattern_limit::PatternPermit;
use super::policy::Authorize;
use super::principal::Principal;
use crate::directory::batch::{Find, Rule, Show, Subject, Task};
use crate::directory::listing::{Entity, List};
use crate::directory::users::PasswordHash;
use crate::directory::{Actor, Context, DirectoryError, Execute, Operation, ReadSession, Source};

/// Why the operation of an authenticated caller failed.
#[derive(Debug)]
pub enum PolicyError {
    /// The caller lacks a right. The text says which and can be shown.
    Forbidden(String),
    Directory(DirectoryError),
}

impl From<DirectoryError> for PolicyError {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Forbidden(why) => Self::Forbidden(why),
            error => Self::Directory(error),
        }
    }
}

/// Access to the directory for one principal: every operation passes the policy.
pub struct Guard {
    auth: Arc<Auth>,
    principal: Arc<Principal>,
    context: Context,
    reading: ReadSession,
    /// The client address, to throttle wrong passwords.
    from: Option<IpAddr>,
    strength: OnceLock<Strength>,
    /// Whether reads go to the replica. Decided once, so that an answer shows one
    /// state; it changes only towards the primary, whose state is newer.
    reads_replica: AtomicBool,
}

impl Guard {
    pub fn new(
        auth: Arc<Auth>,
        mut principal: Arc<Principal>,
        mut context: Context,
        from: Option<IpAddr>,
        reading: ReadSession,
    ) -> Self {
        if auth.settings().rename_self {
            Arc::make_mut(&mut principal).renames_self = true;
        }
        let seconds = auth.settings().reauthenticate_seconds;
        context.actor = Some(Actor {
            is_fresh: principal.is_fresh(context.now, seconds),
            ..principal.actor()
        });
        context.mail = auth.mail.clone();
        context.source = Source {
            address: from,
            credential: Some(principal.credential),
        };
        Self {
            auth,
            principal,
            context,
            reading,
            from,
            strength: OnceLock::new(),
            reads_replica: AtomicBool::new(false),
        }
    }

    /// For safe requests: reads may miss the latest changes of others, but never those
    /// of this caller.
    pub fn reading_only(mut self, is_safe: bool) -> Self {
        let caller = Some(self.principal.id);
        let may = is_safe && self.auth.directory.may_read_replica(caller);
        self.reads_replica = AtomicBool::new(may);
        self
    }

    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    pub fn context(&self) -> &Context {
        &self.context
    }

    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// Whether this is the caller's own password. Guesses are throttled like those of
    /// a sign-in.
    pub async fn is_own_password(&self, password: &str) -> Result<bool, AuthError> {
        self.auth
            .is_password_of(&self.principal, password, self.from, &self.context)
            .await
    }

    /// Checks a new password for this user; returns all its weaknesses.
    pub async fn check_new_password(
        &self,
        password: &str,
        owner: &Owner,
    ) -> Result<Vec<Weakness>, DirectoryError> {
        let policy = self.auth.passwords.clone();
        if !policy.reads_a_file() {
            return Ok(policy.check(password, owner));
        }
        let (password, owner) = (password.to_owned(), owner.clone());
        let check = move || policy.check(&password, &owner);
        self.auth
            .hasher
            .run(ClientNetwork::of(self.from), check)
            .await
    }

    pub async fn hash_new_password(&self, password: &str) -> Result<PasswordHash, DirectoryError> {
        let network = ClientNetwork::of(self.from);
        self.auth.hasher.hash(password, network).await
    }

    /// Hashes a new password and estimates its strength.
    pub async fn hash_and_rate_new_password(
        &self,
        password: &str,
        owner: Owner,
    ) -> Result<PasswordHash, DirectoryError> {
        let chosen = password.to_owned();
        let rate = move || Strength::of(&chosen, &owner);
        let strength = self
            .auth
            .hasher
            .run(ClientNetwork::of(self.from), rate)
            .await?;
        // A request reports the strength of its first password only.
        let _ = self.strength.set(strength);
        self.hash_new_password(password).await
    }

    /// The strength of the password that was set with this request.
    pub fn strength(&self) -> Option<&Strength> {
        self.strength.get()
    }

    /// The permit for a list with regular expressions, to be held until the answer is
    /// complete. `None` for other lists.
    ///
    /// # Errors
    /// When the caller runs too many such lists at once.
    pub fn pattern_permit<N: Entity>(
        &self,
        list: &List<N>,
    ) -> Result<Option<PatternPermit>, DirectoryError> {
        match list.has_pattern() {
            true => self.auth.pattern_limit.acquire(self.principal.id).map(Some),
            false => Ok(None),
        }
    }

    /// Checks an operation against the policy without executing it.
    pub fn permits<O: Authorize>(&self, operation: &mut O) -> Result<(), PolicyError> {
        operation.authorize(&self.principal)
    }

    /// A change for a batch, authorized when it is executed. The `subject`, if any,
    /// must be visible to the caller.
    pub fn task<F: Authorize, O: Operation + Authorize>(
        &self,
        subject: Option<(i64, Find<F>)>,
        operation: O,
        show: Show<O::Output>,
    ) -> Task<F, O> {
        Task {
            subject: subject.map(|(id, find)| Subject {
                id,
                find,
                rule: self.rule(),
            }),
            operation,
            rule: self.rule(),
            show,
        }
    }

    fn rule<O: Authorize>(&self) -> Rule<O> {
        let (auth, context) = (self.auth.clone(), self.context.clone());
        let principal = self.principal.clone();
        Box::new(move |operation| {
            operation
                .authorize(&principal)
                .and_then(|()| Ok(charge(&auth, &*operation, &principal, &context)?))
                .map_err(|error| match error {
                    PolicyError::Forbidden(why) => DirectoryError::Forbidden(why),
                    PolicyError::Directory(error) => error,
                })
        })
    }

    pub async fn read<O: Execute + Authorize>(
        &self,
        mut operation: O,
    ) -> Result<O::Output, PolicyError> {
        operation.authorize(&self.principal)?;
        match self.read_replica(&operation).await {
            Some(answer) => Ok(answer?),
            None => Ok(self.reading.read(&self.context, operation).await?),
        }
    }

    /// Finds one row. If the replica does not have it, the primary is asked: it may
    /// have been created just now.
    pub async fn find<T, O>(&self, mut operation: O) -> Result<Option<T>, PolicyError>
    where
        O: Execute + Operation<Output = Option<T>> + Authorize,
    {
        operation.authorize(&self.principal)?;
        if let Some(Some(found)) = self.read_replica(&operation).await.transpose()? {
            return Ok(Some(found));
        }
        self.reads_replica.store(false, Ordering::Relaxed);
        Ok(self.reading.read(&self.context, operation).await?)
    }

    /// The answer of the replica, if reads go there and it is available.
    async fn read_replica<O: Execute>(
        &self,
        operation: &O,
    ) -> Option<Result<O::Output, DirectoryError>> {
        if !self.reads_replica.load(Ordering::Relaxed) {
            return None;
        }
        let directory = &self.auth.directory;
        let answer = directory.read_replica(&self.context, operation).await;
        if answer.is_none() {
            self.reads_replica.store(false, Ordering::Relaxed);
        }
        answer
    }

    pub async fn write<O: Execute + Authorize>(
        &self,
        mut operation: O,
    ) -> Result<O::Output, PolicyError> {
        operation.authorize(&self.principal)?;
        charge(&self.auth, &operation, &self.principal, &self.context)?;
        Ok(self.auth.directory.write(&self.context, operation).await?)
    }
}

/// Limits the rate of changes that need no permission: each leaves an audit event.
fn charge<O: Authorize>(
    auth: &Auth,
    operation: &O,
    principal: &Principal,
    context: &Context,
) -> Result<(), DirectoryError> {
    if !operation.is_self_service(principal) {
        return Ok(());
    }
    let charged = auth.own_changes.charge(principal.id, context.now);
    charged.map_err(|seconds| DirectoryError::TooOften { seconds })
}
