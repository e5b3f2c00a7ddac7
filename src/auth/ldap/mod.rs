//! An external directory over LDAP (RFC 4511): finds users, checks their
//! passwords and reads their groups.
//!
//! Each request opens a connection of its own: none goes stale, and no request
//! can receive the answer to another. [`Ldap`] limits how many run at a time, and
//! a circuit breaker stops asking a server that keeps failing.

mod circuit_breaker;
mod concurrency_limit;
mod connection;
mod dn;
mod entry_id;
mod explain;
mod paged_search;
mod person;
mod result_code;
mod tls;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config;
use crate::directory::FieldError;
use crate::directory::external::{EntryId, Provisioning};
use crate::directory::log_limit::EXTERNAL_SIGN_IN;
use circuit_breaker::CircuitBreaker;
use concurrency_limit::ConcurrencyLimit;
use connection::Connection;
use tls::Tls;

pub use explain::{Step, StepFailure};
pub use paged_search::{FoundEntry, PagedSearch};
pub use person::Person;

/// Why an LDAP request failed. The text is for administrators and contains no
/// password.
#[derive(Debug)]
pub enum LdapError {
    /// The server is down, too slow or temporarily unable to answer.
    Unreachable(String),
    /// The server answers, but the settings do not fit it.
    Refused(String),
}

impl fmt::Display for LdapError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(text) | Self::Refused(text) => out.write_str(text),
        }
    }
}

/// How the check of a username and a password ended.
pub enum BindOutcome {
    Accepted(Box<Person>),
    /// No such user, several, or a wrong password; the caller does not learn which.
    /// Carries the username of the entry, if there is one, so that wrong passwords
    /// are counted for the same user however the name is spelled.
    Rejected(Option<String>),
}

/// The server does not answer; another attempt makes sense after `seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LdapUnavailable {
    pub seconds: u64,
}

/// An LDAP server and its settings. Cheap to clone.
#[derive(Clone)]
pub struct Ldap(Arc<Inner>);

struct Inner {
    settings: config::Ldap,
    tls: Option<Tls>,
    limit: ConcurrencyLimit,
    circuit_breaker: CircuitBreaker,
}

impl Ldap {
    /// `None` when LDAP is disabled.
    ///
    /// # Errors
    /// A sentence about the setting that cannot be used.
    pub fn new(settings: &config::Ldap) -> Result<Option<Self>, String> {
        if !settings.enabled {
            return Ok(None);
        }
        for (key, filter) in [
            ("ldap.filter", &settings.filter),
            ("ldap.group_filter", &settings.group_filter),
        ] {
            if let Some(filter) = filter
                && ldap3::parse_filter(filter).is_err()
            {
                return Err(format!("{key}: {filter:?} is not an LDAP filter"));
            }
        }
        let tls = match settings.is_encrypted() {
            true => Some(Tls::new(settings.ca_file.as_deref())?),
            false => None,
        };
        Ok(Some(Self(Arc::new(Inner {
            tls,
            limit: ConcurrencyLimit::new(settings.connections, settings.queue, settings.timeout_ms),
            circuit_breaker: CircuitBreaker::new(settings.failures, settings.pause_seconds),
            settings: settings.clone(),
        }))))
    }

    pub fn settings(&self) -> &config::Ldap {
        &self.0.settings
    }

    /// Whether exactly one user has this name or, if the id of the entry is known,
    /// whether that entry still exists under any name.
    pub async fn knows(
        &self,
        username: &str,
        entry: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<bool, LdapUnavailable> {
        let (inner, username) = (self.0.clone(), username.to_owned());
        self.ask(now, async move {
            let mut server = Connection::open(&inner).await?;
            server.bind_service().await?;
            let named = server.find(&username).await?;
            match (named.map(|person| person.id), entry) {
                // Servers index names, but not always ids: the name is tried first.
                (Some(EntryId::Is(id)), Some(entry)) if id == entry => Ok(true),
                (Some(EntryId::Is(_)) | None, Some(entry)) => server.has_entry(&entry).await,
                (named, _) => Ok(named.is_some()),
            }
        })
        .await
    }

    /// Checks a username and a password with a bind.
    pub async fn verify(
        &self,
        username: &str,
        password: &str,
        wants_groups: bool,
        now: DateTime<Utc>,
    ) -> Result<BindOutcome, LdapUnavailable> {
        // A bind with an empty password is anonymous and proves nothing (RFC 4513,
        // section 5.1.2), and some servers cut strings at NUL.
        if password.is_empty() || password.contains('\0') || username.contains('\0') {
            return Ok(BindOutcome::Rejected(None));
        }
        let (inner, username) = (self.0.clone(), username.to_owned());
        let password = config::Secret::new(password);
        self.ask(now, async move {
            let mut server = Connection::open(&inner).await?;
            server.bind_service().await?;
            let person = server.find(&username).await?;
            // An unknown user costs the same round trips as a known one.
            let dn = match &person {
                Some(person) => person.dn.clone(),
                None => format!("cn=nobody,{}", inner.settings.users_dn()),
            };
            let is_theirs = server.accepts_password(&dn, &password).await?;
            let Some(mut person) = person else {
                return Ok(BindOutcome::Rejected(None));
            };
            if !is_theirs {
                return Ok(BindOutcome::Rejected(Some(person.username)));
            }
            if wants_groups {
                server.bind_service().await?;
                person.groups = Some(server.groups(&person.dn).await?);
            }
            Ok(BindOutcome::Accepted(Box::new(person)))
        })
        .await
    }

    /// The record of an entry, as the core takes it over.
    pub fn provisioning(&self, person: Person) -> Result<Provisioning, FieldError> {
        person.provisioning(&self.0.settings)
    }

    /// Runs a request on a task of its own: it completes although the caller
    /// disconnects, and a panic while an answer is parsed stays contained.
    async fn ask<T: Send + 'static>(
        &self,
        now: DateTime<Utc>,
        question: impl Future<Output = Result<T, LdapError>> + Send + 'static,
    ) -> Result<T, LdapUnavailable> {
        let circuit_breaker = &self.0.circuit_breaker;
        circuit_breaker.check(now)?;
        let permit = self.0.limit.acquire().await.ok_or_else(|| {
            EXTERNAL_SIGN_IN.log(format_args!(
                "LDAP: too many sign-ins wait for a connection"
            ));
            LdapUnavailable { seconds: 1 }
        })?;
        // The server may have failed while this request waited in the queue.
        circuit_breaker.check(now)?;
        let task = tokio::spawn(async move {
            let answer = question.await;
            drop(permit);
            answer
        });
        let answer = task.await.unwrap_or_else(|error| {
            let text = format!("an answer could not be read ({error})");
            Err(LdapError::Unreachable(text))
        });
        match answer {
            Ok(answer) => {
                circuit_breaker.record_success();
                Ok(answer)
            }
            Err(error @ LdapError::Unreachable(_)) => {
                EXTERNAL_SIGN_IN.log(format_args!("LDAP: {error}"));
                Err(circuit_breaker.record_failure(now))
            }
            // The server is up: this does not count towards the circuit breaker.
            Err(error @ LdapError::Refused(_)) => {
                EXTERNAL_SIGN_IN.log(format_args!("LDAP: {error}"));
                Err(LdapUnavailable { seconds: 1 })
            }
        }
    }
}
