//! External users: their passwords are kept in another directory, which is
//! asked; their records here are made when they first come.

use std::net::IpAddr;

use chrono::TimeDelta;

use super::authenticate::{Auth, AuthError, Remembered};
use super::ldap::{BindOutcome, Ldap, LdapUnavailable, Person};
use super::place::Place;
use super::throttle::Key;
use crate::config::RoleSync;
use crate::directory::credentials::{Account, NoteUse};
use crate::directory::external::{Admit, FindEntryId, Foresee, IsSettledHere};
use crate::directory::log_limit::SIGN_IN_ELSEWHERE;
use crate::directory::{Context, DirectoryError, values};

/// Who makes records and grants when somebody signs in, for the audit log.
const ACTOR: &str = "LDAP sign-in";

/// Somebody who tries to sign in, as they typed it.
pub(super) struct Attempt<'a> {
    pub username: &'a str,
    pub password: &'a str,
    pub from: Option<IpAddr>,
}

impl From<LdapUnavailable> for AuthError {
    fn from(error: LdapUnavailable) -> Self {
        Self::Unreachable {
            seconds: error.seconds,
        }
    }
}

impl Auth {
    /// The other directory, when it is the one to ask about this name: who has a
    /// record here with a password here is never looked for there.
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
                let settled = IsSettledHere { username };
                !self.directory.read(context, settled).await?
            }
        };
        Ok(is_external.then_some(ldap))
    }

    /// Somebody whose password there was found to be right a short while ago.
    pub(super) async fn verified_elsewhere(
        &self,
        attempt: &Attempt<'_>,
        context: &Context,
    ) -> Result<Option<Remembered>, DirectoryError> {
        if self.ldap.is_none() || self.is_too_long(attempt) {
            return Ok(None);
        }
        let digest = self.digest_elsewhere(attempt);
        let Some((id, name)) = self.external.get(&digest, context.now) else {
            return Ok(None);
        };
        self.external_account(id, &name, context).await
    }

    /// The external user of this id, while they are called so: another may be by now.
    async fn external_account(
        &self,
        id: i64,
        name: &str,
        context: &Context,
    ) -> Result<Option<Remembered>, DirectoryError> {
        let known = self.account(name, context).await?;
        Ok(known.filter(|known| known.account.external && known.account.id == id))
    }

    fn is_too_long(&self, attempt: &Attempt<'_>) -> bool {
        attempt.username.len() > values::MAX_USERNAME * 4
            || attempt.password.len() > self.settings().password_max_length * 4
    }

    fn digest_elsewhere(&self, attempt: &Attempt<'_>) -> [u8; 32] {
        self.digest(&format!("ldap\0{}", attempt.username), attempt.password)
    }

    /// Whose password there this is.
    pub(super) async fn by_password_elsewhere(
        &self,
        ldap: &Ldap,
        attempt: &Attempt<'_>,
        is_known: bool,
        context: &Context,
    ) -> Result<Remembered, AuthError> {
        let Attempt {
            username, password, ..
        } = *attempt;
        if self.is_too_long(attempt) {
            return self.wrong(attempt).await;
        }
        let wants_groups = match ldap.settings().role_sync {
            RoleSync::Off => false,
            RoleSync::First => !is_known,
            RoleSync::Every => true,
        };
        let outcome = ldap
            .verify(username, password, wants_groups, context.now)
            .await?;
        let person = match outcome {
            BindOutcome::Accepted(person) => Some(*person),
            BindOutcome::Rejected(name) => {
                self.count_guess(name.as_deref(), attempt, context)?;
                None
            }
        };
        let Some(person) = person else {
            return self.wrong(attempt).await;
        };
        self.may_guess(&person.username, attempt, context)?;
        let Some((id, name)) = self.admit(ldap, person, context).await? else {
            return self.wrong(attempt).await;
        };
        let Some(known) = self.external_account(id, &name, context).await? else {
            return Err(AuthError::Wrong);
        };
        let seconds = i64::try_from(ldap.settings().cache_seconds).unwrap_or(0);
        let until = context.now + TimeDelta::seconds(seconds);
        let digest = self.digest_elsewhere(attempt);
        self.external.put(digest, (id, name), until, context.now);
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
    ) -> Result<bool, AuthError> {
        match &self.ldap {
            Some(ldap) if account.external => {
                let find = FindEntryId {
                    user_id: account.id,
                };
                let entry = self.directory.read(context, find).await?;
                Ok(ldap.knows(&account.username, entry, context.now).await?)
            }
            _ => Ok(true),
        }
    }

    /// Their record, by its id and username, when they may come in; its name and
    /// its roles then are as they should be.
    async fn admit(
        &self,
        ldap: &Ldap,
        person: Person,
        context: &Context,
    ) -> Result<Option<(i64, String)>, DirectoryError> {
        let dn = person.dn.clone();
        let arrival = match ldap.arrival(person) {
            Ok(arrival) => arrival,
            Err(problem) => {
                SIGN_IN_ELSEWHERE.log(format_args!(
                    "LDAP: {dn:?} cannot sign in here: {}",
                    problem.message
                ));
                return Ok(None);
            }
        };
        let foreseen = self
            .directory
            .read(context, Foresee(arrival.clone()))
            .await?;
        let outcome = if foreseen.is_settled() {
            foreseen
        } else {
            let mut context = context.as_program(ACTOR);
            context.mail = self.mail.clone();
            self.directory.write(&context, Admit(arrival)).await?
        };
        match outcome.welcome {
            Ok(changes) => {
                if let Some(name) = changes.name_taken {
                    SIGN_IN_ELSEWHERE.log(format_args!(
                        "LDAP: {dn:?} keeps the old name here: {name:?} is somebody else's"
                    ));
                }
                Ok(outcome.record)
            }
            Err(unwelcome) => {
                log::info!("LDAP: {dn:?} may not sign in here: {}", unwelcome.text());
                Ok(None)
            }
        }
    }

    /// The answer to a wrong password, after the time that it takes for a user
    /// whose password is here. Where the queue is full it comes at once: an error
    /// in its place would tell wrong guesses from right ones for free.
    async fn wrong(&self, attempt: &Attempt<'_>) -> Result<Remembered, AuthError> {
        let password = attempt.password;
        let longest = self.settings().password_max_length * 4;
        if password.len() <= longest {
            let place = Place::of(attempt.from);
            drop(self.hasher.verify(password, None, place).await);
        }
        Err(AuthError::Wrong)
    }

    /// The user who was meant, when LDAP lets the name be written in a way that
    /// was not paid for as theirs.
    fn meant(&self, name: &str, attempt: &Attempt<'_>) -> Option<Key> {
        let meant = self.throttle.key(name, attempt.from);
        let paid = self.throttle.key(attempt.username, attempt.from);
        (meant != paid).then_some(meant)
    }

    /// Counts a wrong guess for the user who was meant.
    fn count_guess(
        &self,
        name: Option<&str>,
        attempt: &Attempt<'_>,
        context: &Context,
    ) -> Result<(), AuthError> {
        match name.and_then(|name| self.meant(name, attempt)) {
            Some(meant) => {
                let counted = self.throttle.charge_name(&meant, context.now);
                counted.map_err(|seconds| AuthError::Throttled { seconds })
            }
            None => Ok(()),
        }
    }

    /// While somebody has to wait, not even the right guess is told.
    fn may_guess(
        &self,
        name: &str,
        attempt: &Attempt<'_>,
        context: &Context,
    ) -> Result<(), AuthError> {
        let meant = self.meant(name, attempt);
        match meant.and_then(|meant| self.throttle.wait(&meant, context.now)) {
            Some(seconds) => Err(AuthError::Throttled { seconds }),
            None => Ok(()),
        }
    }
}
