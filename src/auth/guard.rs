use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::authenticate::{Auth, AuthError};
use super::passwords::{Owner, Strength, Weakness};
use super::place::Place;
use super::policy::Authorize;
use super::principal::Principal;
use super::turns::Turn;
use crate::directory::batch::{Find, Rule, Show, Subject, Task};
use crate::directory::listing::{List, Noun};
use crate::directory::users::PasswordHash;
use crate::directory::{Actor, Context, DirectoryError, Execute, Operation, Reading, Source};

/// Why a known caller does not get what was asked.
#[derive(Debug)]
pub enum PolicyError {
    /// May not. The text says what is lacking, safe to show.
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

/// The directory as one principal may use it.
pub struct Guard {
    auth: Arc<Auth>,
    principal: Arc<Principal>,
    context: Context,
    reading: Reading,
    /// Where the caller is, for the count of wrong passwords.
    from: Option<IpAddr>,
    strength: OnceLock<Strength>,
    /// Whether reads go to the replica. Decided once, so that one answer is made
    /// of one state; it only ever turns to the primary, whose state is newer.
    reads_replica: AtomicBool,
}

impl Guard {
    pub fn new(
        auth: Arc<Auth>,
        mut principal: Arc<Principal>,
        mut context: Context,
        from: Option<IpAddr>,
        reading: Reading,
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

    /// For a request that changes nothing: its reads may be of a state that
    /// lacks what others have just written, but never what this caller has.
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

    /// Whether this is the caller's own password. Guesses count like those of a
    /// sign-in.
    pub async fn is_own_password(&self, password: &str) -> Result<bool, AuthError> {
        self.auth
            .is_password_of(&self.principal, password, self.from, &self.context)
            .await
    }

    /// All that is wrong with a new password for this user.
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
        self.auth.hasher.run(Place::of(self.from), check).await
    }

    pub async fn hash_new_password(&self, password: &str) -> Result<PasswordHash, DirectoryError> {
        let place = Place::of(self.from);
        self.auth.hasher.hash(password, place).await
    }

    /// The same, and finds out how strong it is.
    pub async fn hash_and_rate_new_password(
        &self,
        password: &str,
        owner: Owner,
    ) -> Result<PasswordHash, DirectoryError> {
        let chosen = password.to_owned();
        let rate = move || Strength::of(&chosen, &owner);
        let strength = self.auth.hasher.run(Place::of(self.from), rate).await?;
        // Of several passwords in one request none is told about.
        let _ = self.strength.set(strength);
        self.hash_new_password(password).await
    }

    /// How strong the password is that was set with this request.
    pub fn strength(&self) -> Option<&Strength> {
        self.strength.get()
    }

    /// Before a list that tries regular expressions on rows: it is the caller's
    /// turn until the answer is there.
    ///
    /// # Errors
    /// When the caller has too many of them made at once.
    pub fn turn_for<N: Noun>(&self, list: &List<N>) -> Result<Option<Turn>, DirectoryError> {
        match list.has_pattern() {
            true => self.auth.turns.take(self.principal.id).map(Some),
            false => Ok(None),
        }
    }

    /// Whether the policy lets this through, without doing it.
    pub fn permits<O: Authorize>(&self, operation: &mut O) -> Result<(), PolicyError> {
        operation.authorize(&self.principal)
    }

    /// A change for a batch, which asks the policy when it is its turn. With a
    /// `subject` that must be there for this caller, as for one change alone.
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

    /// One thing. What the replica does not have may just have been made, so
    /// the primary is asked before it is said not to be there.
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

    /// What the replica answers, when it may be asked and can.
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

/// Every change leaves an event, so those that take no permission are bounded.
fn charge<O: Authorize>(
    auth: &Auth,
    operation: &O,
    principal: &Principal,
    context: &Context,
) -> Result<(), DirectoryError> {
    if !operation.is_only_own(principal) {
        return Ok(());
    }
    let charged = auth.own_changes.charge(principal.id, context.now);
    charged.map_err(|seconds| DirectoryError::TooOften { seconds })
}
