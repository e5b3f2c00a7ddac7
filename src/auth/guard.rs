use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::authenticate::{Auth, Denied};
use super::policy::Governed;
use super::principal::Principal;
use super::turns::Turn;
use crate::directory::batch::{Find, Rule, Show, Subject, Task};
use crate::directory::listing::{List, Noun};
use crate::directory::{
    Actor, Context, DirectoryError, Execute, Operation, Problem, Reading, Source,
};

/// Why a known caller does not get what was asked.
#[derive(Debug)]
pub enum Refusal {
    /// May not. The text says what is lacking, safe to show.
    Forbidden(String),
    Directory(DirectoryError),
}

impl From<DirectoryError> for Refusal {
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
    pub async fn is_own_password(&self, password: &str) -> Result<bool, Denied> {
        self.auth
            .is_password_of(&self.principal, password, self.from, &self.context)
            .await
    }

    /// Lengths of new passwords count characters; both ends are settings.
    ///
    /// # Errors
    /// What to tell whoever chose it.
    pub fn check_new_password(&self, password: &str) -> Result<(), Problem> {
        let settings = self.auth.settings();
        let (least, most) = (settings.password_min_length, settings.password_max_length);
        let length = password.chars().count();
        let message = if length < least {
            format!("Use at least {least} characters.")
        } else if length > most {
            format!("Use at most {most} characters.")
        } else {
            return Ok(());
        };
        Err(Problem::invalid("password", message))
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
    pub fn permits<O: Governed>(&self, operation: &mut O) -> Result<(), Refusal> {
        operation.govern(&self.principal)
    }

    /// A change for a batch, which asks the policy when it is its turn. With a
    /// `subject` that must be there for this caller, as for one change alone.
    pub fn task<F: Governed, O: Operation + Governed>(
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

    fn rule<O: Governed>(&self) -> Rule<O> {
        let principal = self.principal.clone();
        Box::new(move |operation| {
            operation
                .govern(&principal)
                .map_err(|refusal| match refusal {
                    Refusal::Forbidden(why) => DirectoryError::Forbidden(why),
                    Refusal::Directory(error) => error,
                })
        })
    }

    pub async fn read<O: Execute + Governed>(
        &self,
        mut operation: O,
    ) -> Result<O::Output, Refusal> {
        operation.govern(&self.principal)?;
        match self.read_replica(&operation).await {
            Some(answer) => Ok(answer?),
            None => Ok(self.reading.read(&self.context, operation).await?),
        }
    }

    /// One thing. What the replica does not have may just have been made, so
    /// the primary is asked before it is said not to be there.
    pub async fn find<T, O>(&self, mut operation: O) -> Result<Option<T>, Refusal>
    where
        O: Execute + Operation<Output = Option<T>> + Governed,
    {
        operation.govern(&self.principal)?;
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

    pub async fn write<O: Execute + Governed>(
        &self,
        mut operation: O,
    ) -> Result<O::Output, Refusal> {
        operation.govern(&self.principal)?;
        Ok(self.auth.directory.write(&self.context, operation).await?)
    }
}
