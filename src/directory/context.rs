//! What every operation is told about the request that it serves.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::mail::MailPolicy;
use super::source::{Credential, Source};
use crate::storage::wait_budget::WaitBudget;

/// Who acts, for the audit log and for `created_by`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub id: i64,
    pub username: Arc<str>,
    /// The API token that was used, when one was.
    pub token_id: Option<i64>,
    /// What the token leaves of their rights; none: all of them.
    pub scopes: Option<Arc<[String]>>,
    /// The sign-in whose access token was used, or with which that API token ends.
    pub sign_in_id: Option<i64>,
    /// Whether the caller has given the password lately, or with the request.
    pub is_fresh: bool,
}

impl Actor {
    pub fn new(id: i64, username: Arc<str>) -> Self {
        Self {
            id,
            username,
            token_id: None,
            scopes: None,
            sign_in_id: None,
            is_fresh: false,
        }
    }

    /// Whether the request itself carried the password.
    pub fn came_with_password(&self) -> bool {
        self.token_id.is_none() && self.sign_in_id.is_none()
    }

    /// The sign-in whose access token the request carried.
    pub fn current_sign_in(&self) -> Option<i64> {
        self.sign_in_id.filter(|_| self.token_id.is_none())
    }
}

/// Names one request in answers, log and audit log: 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub u64);

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[derive(Clone, Debug)]
pub struct Context {
    pub now: DateTime<Utc>,
    /// `None`: the program itself.
    pub actor: Option<Actor>,
    /// As what the program acts by itself, for the audit log: words with a blank
    /// between them, which no username has.
    pub program: Option<&'static str>,
    pub request_id: RequestId,
    /// Where the request came from and what proved who acts, for the audit log.
    pub source: Source,
    /// Which mails a change queues; none by default.
    pub mail: MailPolicy,
    /// What the request has waited for others so far.
    pub waited: WaitBudget,
    /// Whether the request changes nothing, as its method says. Then a replica
    /// may answer who the caller is while the primary is gone.
    pub is_safe: bool,
}

impl Context {
    /// For the command line and for work of the program's own.
    pub fn of_program(now: DateTime<Utc>, request_id: RequestId) -> Self {
        Self {
            now,
            actor: None,
            program: None,
            request_id,
            source: Source::default(),
            mail: MailPolicy::default(),
            waited: WaitBudget::default(),
            is_safe: false,
        }
    }

    /// For a request from there, whose caller is not known yet.
    pub fn of_request(now: DateTime<Utc>, request_id: RequestId, from: Option<IpAddr>) -> Self {
        let source = Source {
            address: from,
            credential: None,
        };
        Self {
            source,
            waited: WaitBudget::for_request(),
            ..Self::of_program(now, request_id)
        }
    }

    /// The same, for a request that changes nothing.
    pub fn reading_only(self, is_safe: bool) -> Self {
        Self { is_safe, ..self }
    }

    /// The same, for work that the request does not wait for.
    pub fn beside(&self) -> Self {
        Self {
            waited: WaitBudget::default(),
            ..self.clone()
        }
    }

    /// The same, when this is what proves who acts.
    pub fn with_credential(&self, credential: Credential) -> Self {
        let mut context = self.clone();
        context.source.credential = Some(credential);
        context
    }

    /// The same, when the program acts as this.
    pub fn as_program(&self, what: &'static str) -> Self {
        Self {
            actor: None,
            program: Some(what),
            ..self.clone()
        }
    }

    /// Now, in stored form.
    pub fn now_text(&self) -> String {
        super::clock::text(self.now)
    }

    pub fn actor_id(&self) -> Option<i64> {
        self.actor.as_ref().map(|actor| actor.id)
    }
}
