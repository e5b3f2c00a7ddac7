//! External users: LDAP checks their passwords, and their records here are created
//! when they first sign in.

use std::net::IpAddr;

use chrono::TimeDelta;

use super::accounts::CachedAccount;
use super::authenticate::Auth;
use super::client_network::ClientNetwork;
use super::error::AuthError;
use super::ldap::{BindOutcome, Ldap, LdapUnavailable, Person};
use super::throttle::Key;
use crate::config::RoleSync;
use crate::directory::credentials::{Account, RecordTokenUse};
use crate::directory::external::{FindEntryId, IsProvisioned, PreviewProvisioning, ProvisionUser};
use crate::directory::log_limit::EXTERNAL_SIGN_IN;
use crate::directory::{Context, DirectoryError, values};

/// The actor, in the audit log, of records and grants that a sign-in creates.
const ACTOR: &str = "LDAP sign-in";

/// A sign-in attempt, as it was sent.
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
    /// LDAP, if it is responsible for this name: users with a password here are never
    /// searched there.
    pub(super) async fn external_directory(
        &self,
        known: Option<&CachedAccount>,
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
                let settled = IsProvisioned { username };
                !self.directory.read(context, settled).await?
            }
        };
        Ok(is_external.then_some(ldap))
    }

    /// The account, if LDAP accepted this password a short while ago.
    pub(super) async fn recently_verified_externally(
        &self,
        attempt: &Attempt<'_>,
        context: &Context,
    ) -> Result<Option<CachedAccount>, DirectoryError> {
        if self.ldap.is_none() || self.is_too_long(attempt) {
            return Ok(None);
        }
        let digest = self.external_digest(attempt);
        let Some((id, name)) = self.external.get(&digest, context.now) else {
            return Ok(None);
        };
        self.external_account(id, &name, context).await
    }

    /// The external user with this id and name; the name may belong to another user by
    /// now.
    async fn external_account(
        &self,
        id: i64,
        name: &str,
        context: &Context,
    ) -> Result<Option<CachedAccount>, DirectoryError> {
        let known = self.account(name, context).await?;
        Ok(known.filter(|known| known.account.external && known.account.id == id))
    }

    fn is_too_long(&self, attempt: &Attempt<'_>) -> bool {
        attempt.username.len() > values::MAX_USERNAME * 4
            || attempt.password.len() > self.settings().password_max_length * 4
    }

    fn external_digest(&self, attempt: &Attempt<'_>) -> [u8; 32] {
        self.digest(&format!("ldap\0{}", attempt.username), attempt.password)
    }

    /// Checks a password with LDAP and takes over the record.
    pub(super) async fn by_external_password(
        &self,
        ldap: &Ldap,
        attempt: &Attempt<'_>,
        is_known: bool,
        context: &Context,
    ) -> Result<CachedAccount, AuthError> {
        let Attempt {
            username, password, ..
        } = *attempt;
        if self.is_too_long(attempt) {
            return self.reject(attempt).await;
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
                self.charge_intended_user(name.as_deref(), attempt, context)?;
                None
            }
        };
        let Some(person) = person else {
            return self.reject(attempt).await;
        };
        self.check_intended_user(&person.username, attempt, context)?;
        let Some((id, name)) = self.provision(ldap, person, context).await? else {
            return self.reject(attempt).await;
        };
        let Some(known) = self.external_account(id, &name, context).await? else {
            return Err(AuthError::Wrong);
        };
        let seconds = i64::try_from(ldap.settings().cache_seconds).unwrap_or(0);
        let until = context.now + TimeDelta::seconds(seconds);
        let digest = self.external_digest(attempt);
        self.external.put(digest, (id, name), until, context.now);
        let user_id = known.account.id;
        // The sign-in may have created the user or granted roles.
        self.directory.has_written(user_id);
        self.note(context, RecordTokenUse::SignIn { user_id });
        Ok(known.newly_verified())
    }

    /// Whether an external user still exists in LDAP; true for all other users.
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

    /// Creates or updates the record of a user that LDAP has accepted. Returns its id
    /// and username, or `None` if the user cannot sign in here.
    async fn provision(
        &self,
        ldap: &Ldap,
        person: Person,
        context: &Context,
    ) -> Result<Option<(i64, String)>, DirectoryError> {
        let dn = person.dn.clone();
        let provisioning = match ldap.provisioning(person) {
            Ok(provisioning) => provisioning,
            Err(problem) => {
                EXTERNAL_SIGN_IN.log(format_args!(
                    "LDAP: {dn:?} cannot sign in here: {}",
                    problem.message
                ));
                return Ok(None);
            }
        };
        let preview = self
            .directory
            .read(context, PreviewProvisioning(provisioning.clone()))
            .await?;
        let outcome = if preview.is_unchanged() {
            preview
        } else {
            let mut context = context.as_program(ACTOR);
            context.mail = self.mail.clone();
            self.directory
                .write(&context, ProvisionUser(provisioning))
                .await?
        };
        match outcome.result {
            Ok(changes) => {
                if let Some(name) = changes.name_taken {
                    EXTERNAL_SIGN_IN.log(format_args!(
                        "LDAP: {dn:?} keeps the old name here: {name:?} belongs to another user"
                    ));
                }
                Ok(outcome.record)
            }
            Err(denial) => {
                log::info!("LDAP: {dn:?} cannot sign in here: {}", denial.text());
                Ok(None)
            }
        }
    }

    /// Rejects a wrong password after the time that the check of a local one takes. If
    /// the hashing queue is full it is rejected at once: an error instead would
    /// distinguish wrong guesses from right ones.
    async fn reject(&self, attempt: &Attempt<'_>) -> Result<CachedAccount, AuthError> {
        let password = attempt.password;
        let longest = self.settings().password_max_length * 4;
        if password.len() <= longest {
            let network = ClientNetwork::of(attempt.from);
            drop(self.hasher.verify(password, None, network).await);
        }
        Err(AuthError::Wrong)
    }

    /// The throttle key of the user that LDAP found, if it matched the name in a
    /// spelling that was charged to another key.
    fn intended_key(&self, name: &str, attempt: &Attempt<'_>) -> Option<Key> {
        let meant = self.throttle.key(name, attempt.from);
        let paid = self.throttle.key(attempt.username, attempt.from);
        (meant != paid).then_some(meant)
    }

    /// Charges a wrong guess to the user that LDAP found.
    fn charge_intended_user(
        &self,
        name: Option<&str>,
        attempt: &Attempt<'_>,
        context: &Context,
    ) -> Result<(), AuthError> {
        match name.and_then(|name| self.intended_key(name, attempt)) {
            Some(meant) => {
                let counted = self.throttle.charge_name(&meant, context.now);
                counted.map_err(|seconds| AuthError::Throttled { seconds })
            }
            None => Ok(()),
        }
    }

    /// While a user is throttled even the right password is rejected.
    fn check_intended_user(
        &self,
        name: &str,
        attempt: &Attempt<'_>,
        context: &Context,
    ) -> Result<(), AuthError> {
        let meant = self.intended_key(name, attempt);
        match meant.and_then(|meant| self.throttle.retry_after(&meant, context.now)) {
            Some(seconds) => Err(AuthError::Throttled { seconds }),
            None => Ok(()),
        }
    }
}
