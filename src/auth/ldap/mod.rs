//! Another directory, asked by LDAP (RFC 4511): who is this, is that their
//! password, and which groups are they in?
//!
//! A connection of its own for each question: nothing to go stale, and no
//! answer can be that of another question. [`Ldap`] bounds how many there are,
//! and leaves a server alone for a while that fails.

mod circuit;
mod code;
mod connection;
mod dn;
mod entry_id;
mod explain;
mod gate;
mod person;
mod tls;
mod walk;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config;
use crate::directory::Problem;
use crate::directory::external::{Arrival, EntryId};
use crate::directory::log_limit::SIGN_IN_ELSEWHERE;
use circuit::Circuit;
use connection::Connection;
use gate::Gate;
use tls::Tls;

pub use explain::{Step, Stopped};
pub use person::Person;
pub use walk::{Met, Walk};

/// Why there is no answer. The text is for administrators, and holds no password.
#[derive(Debug)]
pub enum Trouble {
    /// The server is not there, too slow, or not able to answer.
    Unreachable(String),
    /// It answers, but not as the settings expect.
    Refused(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(text) | Self::Refused(text) => out.write_str(text),
        }
    }
}

/// What the server says about a username and a password.
pub enum Verdict {
    Known(Box<Person>),
    /// Nobody, several, or another password: nobody is told which. With the name
    /// of the user who was meant, so that guesses are counted whatever the case
    /// in which it is written.
    Wrong(Option<String>),
}

/// The server does not answer, and is worth another try after so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unanswered {
    pub seconds: u64,
}

/// The server, and how to speak with it. Cheap to clone.
#[derive(Clone)]
pub struct Ldap(Arc<Inner>);

struct Inner {
    settings: config::Ldap,
    tls: Option<Tls>,
    gate: Gate,
    circuit: Circuit,
}

impl Ldap {
    /// `None` when it is switched off; else a sentence about what cannot be used.
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
                return Err(format!("{key}: {filter:?} is no LDAP filter"));
            }
        }
        let tls = match settings.is_encrypted() {
            true => Some(Tls::new(settings.ca_file.as_deref())?),
            false => None,
        };
        Ok(Some(Self(Arc::new(Inner {
            tls,
            gate: Gate::new(settings.connections, settings.queue, settings.timeout_ms),
            circuit: Circuit::new(settings.failures, settings.pause_seconds),
            settings: settings.clone(),
        }))))
    }

    pub fn settings(&self) -> &config::Ldap {
        &self.0.settings
    }

    /// Whether there is exactly one user of this name; or whose entry is this one,
    /// when it is known, whatever they are called by now.
    pub async fn knows(
        &self,
        username: &str,
        entry: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<bool, Unanswered> {
        let (inner, username) = (self.0.clone(), username.to_owned());
        self.ask(now, async move {
            let mut server = Connection::open(&inner).await?;
            server.bind_service().await?;
            let named = server.find(&username).await?;
            match (named.map(|person| person.id), entry) {
                // Servers have an index of names, not always one of ids.
                (Some(EntryId::Is(id)), Some(entry)) if id == entry => Ok(true),
                (Some(EntryId::Is(_)) | None, Some(entry)) => server.has_entry(&entry).await,
                (named, _) => Ok(named.is_some()),
            }
        })
        .await
    }

    /// Whose username and password these are.
    pub async fn verify(
        &self,
        username: &str,
        password: &str,
        wants_groups: bool,
        now: DateTime<Utc>,
    ) -> Result<Verdict, Unanswered> {
        // An empty one would be no proof of anything (RFC 4513, section 5.1.2),
        // and some programs end a text at NUL.
        if password.is_empty() || password.contains('\0') || username.contains('\0') {
            return Ok(Verdict::Wrong(None));
        }
        let (inner, username) = (self.0.clone(), username.to_owned());
        let password = config::Secret::new(password);
        self.ask(now, async move {
            let mut server = Connection::open(&inner).await?;
            server.bind_service().await?;
            let person = server.find(&username).await?;
            // With nobody there is the same conversation as with somebody.
            let dn = match &person {
                Some(person) => person.dn.clone(),
                None => format!("cn=nobody,{}", inner.settings.users_dn()),
            };
            let is_theirs = server.accepts(&dn, &password).await?;
            let Some(mut person) = person else {
                return Ok(Verdict::Wrong(None));
            };
            if !is_theirs {
                return Ok(Verdict::Wrong(Some(person.username)));
            }
            if wants_groups {
                server.bind_service().await?;
                person.groups = Some(server.groups(&person.dn).await?);
            }
            Ok(Verdict::Known(Box::new(person)))
        })
        .await
    }

    /// What the directory here is told of somebody who comes.
    pub fn arrival(&self, person: Person) -> Result<Arrival, Problem> {
        person.arrival(&self.0.settings)
    }

    /// Asks on a task of its own: a caller who goes away leaves nothing half
    /// said, and an answer that makes no sense does no harm here.
    async fn ask<T: Send + 'static>(
        &self,
        now: DateTime<Utc>,
        question: impl Future<Output = Result<T, Trouble>> + Send + 'static,
    ) -> Result<T, Unanswered> {
        let circuit = &self.0.circuit;
        circuit.check(now)?;
        let place = self.0.gate.enter().await.ok_or_else(|| {
            SIGN_IN_ELSEWHERE.log(format_args!(
                "LDAP: too many sign-ins wait for a connection"
            ));
            Unanswered { seconds: 1 }
        })?;
        // Whoever waited may have waited for a server that fails meanwhile.
        circuit.check(now)?;
        let task = tokio::spawn(async move {
            let answer = question.await;
            drop(place);
            answer
        });
        let answer = task.await.unwrap_or_else(|error| {
            let text = format!("an answer made no sense ({error})");
            Err(Trouble::Unreachable(text))
        });
        match answer {
            Ok(answer) => {
                circuit.worked();
                Ok(answer)
            }
            Err(trouble @ Trouble::Unreachable(_)) => {
                SIGN_IN_ELSEWHERE.log(format_args!("LDAP: {trouble}"));
                Err(circuit.failed(now))
            }
            // It was quick to say so, and may answer the next.
            Err(trouble @ Trouble::Refused(_)) => {
                SIGN_IN_ELSEWHERE.log(format_args!("LDAP: {trouble}"));
                Err(Unanswered { seconds: 1 })
            }
        }
    }
}
