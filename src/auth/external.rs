//! External users: their passwords are kept in another directory, which is
//! asked; their records here are made when they first come.

use std::net::IpAddr;

use chrono::TimeDelta;

use super::authenticate::{Auth, Denied, Remembered};
use super::ldap::{Ldap, Person, Unanswered, Verdict};
use crate::config::RoleSync;
use crate::directory::credentials::{Account, NoteUse};
use crate::directory::external::{Admit, Foresee, IsTaken, Welcome};
use crate::directory::{Context, DirectoryError, values};

/// Who makes records and grants when somebody signs in, for the audit log.
const ACTOR: &str = "LDAP sign-in";

/// Somebody who tries to sign in, as they typed it.
pub(super) struct Attempt<'a> {
    pub username: &'a str,
    pub password: &'a str,
    pub from: Option<IpAddr>,
}

impl From<Unanswered> for Denied {
    fn from(unanswered: Unanswered) -> Self {
        Self::Unreachable {
            seconds: unanswered.seconds,
        }
    }
}

impl Auth {
    /// The other directory, when it is the one to ask about this name: whoever
    /// has a record here with a password here is never looked for there.
    pub(super) async fn elsewhere(
        &self,
        known: Option<&Remembered>,
        username: &str,
        context: &Context,
    ) -> Result<Option<&Ldap>, DirectoryError> {
        let Some(ldap) = &self.ldap else {
            return Ok(None);
        };
        let is_external = match known {
            Some(known) => known.account.external,
            None => {
                let username = username.to_owned();
                // Nobody is asked about who is inactive or in the trash.
                !self.directory.read(context, IsTaken { username }).await?
            }
        };
        Ok(is_external.then_some(ldap))
    }

    /// Whose password there this is.
    pub(super) async fn by_password_elsewhere(
        &self,
        ldap: &Ldap,
        attempt: &Attempt<'_>,
        is_known: bool,
        context: &Context,
    ) -> Result<Remembered, Denied> {
        let Attempt {
            username, password, ..
        } = *attempt;
        let longest = self.settings().password_max_length * 4;
        if username.len() > values::MAX_USERNAME * 4 || password.len() > longest {
            return self.wrong(password).await;
        }
        let digest = self.digest(&format!("ldap\0{username}"), password);
        if let Some(name) = self.external.get(&digest, context.now)
            && let Some(known) = self.account(&name, context).await?
            && known.account.external
        {
            return Ok(known);
        }
        let wants_groups = match ldap.settings().role_sync {
            RoleSync::Off => false,
            RoleSync::First => !is_known,
            RoleSync::Every => true,
        };
        let verdict = ldap
            .verify(username, password, wants_groups, context.now)
            .await?;
        let person = match verdict {
            Verdict::Known(person) => Some(*person),
            Verdict::Wrong(name) => {
                self.count_guess(name.as_deref(), attempt, context)?;
                None
            }
        };
        let Some(person) = person else {
            return self.wrong(password).await;
        };
        let name = person.username.clone();
        self.may_guess(&name, attempt, context)?;
        if !self.admit(ldap, person, context).await? {
            return self.wrong(password).await;
        }
        let known = self.account(&name, context).await?;
        let Some(known) = known.filter(|known| known.account.external) else {
            return Err(Denied::Wrong);
        };
        let seconds = i64::try_from(ldap.settings().cache_seconds).unwrap_or(0);
        let until = context.now + TimeDelta::seconds(seconds);
        self.external.put(digest, name, until, context.now);
        let user_id = known.account.id;
        // They may have been made, or given roles, on the way in.
        self.directory.has_written(user_id);
        self.note(context, NoteUse::SignIn { user_id });
        Ok(known.proved_now())
    }

    /// Whether an external user still exists there. True of everybody else.
    pub(super) async fn still_exists(
        &self,
        account: &Account,
        context: &Context,
    ) -> Result<bool, Denied> {
        match &self.ldap {
            Some(ldap) if account.external => {
                Ok(ldap.knows(&account.username, context.now).await?)
            }
            _ => Ok(true),
        }
    }

    /// Whether they may come in; their record and roles then are as they should be.
    async fn admit(
        &self,
        ldap: &Ldap,
        person: Person,
        context: &Context,
    ) -> Result<bool, DirectoryError> {
        let dn = person.dn.clone();
        let arrival = match ldap.arrival(person) {
            Ok(arrival) => arrival,
            Err(problem) => {
                log::warn!("LDAP: {dn:?} cannot sign in here: {}", problem.message);
                return Ok(false);
            }
        };
        let foreseen = self
            .directory
            .read(context, Foresee(arrival.clone()))
            .await?;
        let outcome: Welcome = match foreseen {
            Ok(changes) if !changes.is_nothing() => {
                let mut context = context.as_program(ACTOR);
                context.mail = self.mail.clone();
                self.directory.write(&context, Admit(arrival)).await?
            }
            settled => settled,
        };
        match outcome {
            Ok(_) => Ok(true),
            Err(unwelcome) => {
                log::info!("LDAP: {dn:?} may not sign in here: {}", unwelcome.text());
                Ok(false)
            }
        }
    }

    /// The answer to a wrong password, after the time that it takes for a user
    /// whose password is here.
    async fn wrong(&self, password: &str) -> Result<Remembered, Denied> {
        let longest = self.settings().password_max_length * 4;
        if password.len() <= longest {
            self.hasher.verify(password, None).await?;
        }
        Err(Denied::Wrong)
    }

    /// Counts a wrong guess for the user who was meant, in whichever of the ways
    /// in which LDAP lets a name be written.
    fn count_guess(
        &self,
        name: Option<&str>,
        attempt: &Attempt<'_>,
        context: &Context,
    ) -> Result<(), Denied> {
        let Some(name) = name.filter(|name| *name != attempt.username) else {
            return Ok(());
        };
        self.may_guess(name, attempt, context)?;
        let key = self.throttle.key(name, attempt.from);
        self.throttle.failed(key, context.now);
        Ok(())
    }

    /// While somebody has to wait, not even the right guess is told.
    fn may_guess(
        &self,
        name: &str,
        attempt: &Attempt<'_>,
        context: &Context,
    ) -> Result<(), Denied> {
        let key = self.throttle.key(name, attempt.from);
        match self.throttle.wait(&key, context.now) {
            Some(seconds) => Err(Denied::Throttled { seconds }),
            None => Ok(()),
        }
    }
}
