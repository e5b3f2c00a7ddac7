//! Records sign-ins, failed sign-ins and denied requests in the audit log, in the
//! background.

mod event_counts;
mod own_events;

use std::collections::HashSet;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::select;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::authenticate::Auth;
use super::error::AuthError;
use super::principal::Principal;
use crate::config;
use crate::directory::access_log::{AccessEvent, AccessVerb, NoteTokenAddress, RecordAccess};
use crate::directory::source::network;
use crate::directory::values::MAX_USERNAME;
use crate::directory::{Actor, Context, Credential, Directory, DirectoryError, RequestId};
use event_counts::{Detail, EventCounts, Occurrence};
use own_events::OwnEvents;

/// Rows per transaction.
const MAX_ROWS: usize = 500;
/// How often windows are checked, and the pause before a failed write is retried.
const PAUSE: Duration = Duration::from_secs(1);
/// Characters of a method or route.
const MAX_ROUTE: usize = 200;

/// Access events that are not stored yet.
pub struct AccessLog {
    counts: Mutex<EventCounts>,
    own_events: Mutex<OwnEvents>,
    begun: Notify,
    /// The batch that a failed write left.
    unwritten: tokio::sync::Mutex<Option<RecordAccess>>,
    /// Tokens and the networks from which they have been used.
    used_from: RwLock<HashSet<(i64, IpAddr)>>,
    most_used_from: usize,
    token_addresses: i64,
}

impl AccessLog {
    pub fn new(settings: &config::Settings) -> Self {
        Self {
            counts: Mutex::new(EventCounts::new(&settings.audit)),
            own_events: Mutex::new(OwnEvents::new(&settings.audit)),
            begun: Notify::new(),
            unwritten: tokio::sync::Mutex::default(),
            used_from: RwLock::default(),
            most_used_from: settings.auth.credential_cache_entries,
            token_addresses: settings.audit.token_addresses.into(),
        }
    }

    fn add(&self, verb: AccessVerb, detail: Detail, context: &Context) {
        let occurrence = Occurrence {
            verb,
            actor: context.actor.clone(),
            detail,
            source: context.source,
            at: context.now,
            request_id: context.request_id,
        };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.add(occurrence) {
            self.begun.notify_one();
        }
    }

    /// Stores due events until the future is dropped.
    pub async fn run(&self, directory: &Directory) {
        loop {
            if let Err(error) = self.write(directory, false).await {
                log::warn!("could not store access events in the audit log, will retry: {error}");
                sleep(PAUSE).await;
                continue;
            }
            select(pin!(self.begun.notified()), pin!(sleep(PAUSE))).await;
        }
    }

    /// Stores all events, unless that takes longer than `grace`.
    pub async fn flush(&self, directory: &Directory, grace: Duration) {
        match timeout(grace, self.write(directory, true)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::warn!("the last access events are lost: {error}"),
            Err(_) => log::warn!("the last access events are lost: the database is too slow"),
        }
    }

    /// A batch that could not be stored is retried before new events.
    async fn write(&self, directory: &Directory, all: bool) -> Result<(), DirectoryError> {
        let mut unwritten = self.unwritten.lock().await;
        loop {
            let now = directory.clock().now();
            let batch = match unwritten.take() {
                Some(batch) => batch,
                None => RecordAccess(Arc::new(self.due(now, all))),
            };
            if batch.0.is_empty() {
                return Ok(());
            }
            *unwritten = Some(batch.clone());
            let context = Context::of_program(now, RequestId(0));
            directory.write(&context, batch).await?;
            *unwritten = None;
        }
    }

    fn due(&self, now: DateTime<Utc>, all: bool) -> Vec<AccessEvent> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.due(now, all, MAX_ROWS)
    }

    /// Whether this process has not seen the token in use from this network before.
    fn is_new(&self, token_id: i64, address: IpAddr) -> bool {
        let used = (token_id, network(address));
        let is_known = |known: &HashSet<_>| known.contains(&used);
        if self.used_from.read().is_ok_and(|known| is_known(&known)) {
            return false;
        }
        let Ok(mut known) = self.used_from.write() else {
            return false;
        };
        // The table of the database still has what is dropped here.
        if known.len() >= self.most_used_from {
            known.clear();
        }
        known.insert(used)
    }

    fn forget(&self, token_id: i64, address: IpAddr) {
        if let Ok(mut known) = self.used_from.write() {
            known.remove(&(token_id, network(address)));
        }
    }
}

impl Auth {
    /// Whether a sign-in or sign-out gets an event of its own, in its transaction.
    /// Otherwise [`Auth::count_sign_in`] follows.
    pub(super) fn has_own_event(&self, verb: AccessVerb, user: i64, context: &Context) -> bool {
        let events = self.access_log.own_events.lock();
        let mut events = events.unwrap_or_else(PoisonError::into_inner);
        events.allow(verb, user, context.source.address, context.now)
    }

    /// Counts a sign-in or sign-out that has no event of its own.
    pub(super) fn count_sign_in(&self, verb: AccessVerb, user: Actor, context: &Context) {
        let context = Context {
            actor: Some(user),
            ..context.clone()
        };
        self.access_log.add(verb, Detail::Nothing, &context);
    }

    /// Records a sign-in with a password that no other event covers.
    pub(super) fn record_sign_in(&self, principal: &Principal, context: &Context) {
        let mut context = context.with_credential(Credential::Password);
        context.actor = Some(principal.actor());
        self.access_log
            .add(AccessVerb::SignIn, Detail::Nothing, &context);
    }

    /// Records an attempt with a wrong password.
    pub(super) fn record_failed_password(
        &self,
        username: &str,
        error: &AuthError,
        context: &Context,
    ) {
        let detail = Detail::Username(loggable_username(username));
        self.record_failure(detail, error, Credential::Password, context);
    }

    /// Records an attempt with a token that is not valid.
    pub(super) fn record_failed_token(
        &self,
        error: &AuthError,
        credential: Credential,
        context: &Context,
    ) {
        self.record_failure(Detail::Nothing, error, credential, context);
    }

    fn record_failure(
        &self,
        detail: Detail,
        error: &AuthError,
        credential: Credential,
        context: &Context,
    ) {
        let verb = match error {
            AuthError::Wrong => AccessVerb::SignInFailed,
            AuthError::Throttled { .. } => AccessVerb::Throttled,
            // No credentials were checked.
            AuthError::Missing
            | AuthError::NoSignIn
            | AuthError::Unreachable { .. }
            | AuthError::Directory(_) => return,
        };
        let context = context.with_credential(credential);
        self.access_log.add(verb, detail, &context);
    }

    /// Records a request that was answered with 403.
    pub fn record_forbidden(&self, method: &str, route: Option<String>, context: &Context) {
        let detail = Detail::Operation {
            method: truncated(method, MAX_ROUTE),
            route: truncated(&route.unwrap_or_default(), MAX_ROUTE),
        };
        self.access_log.add(AccessVerb::Refused, detail, context);
    }

    /// Records the first use of an API token from a network.
    pub(super) fn record_token_address(&self, principal: &Principal, context: &Context) {
        let (Some(token_id), Some(address)) = (principal.token_id, context.source.address) else {
            return;
        };
        if !self.access_log.is_new(token_id, address) {
            return;
        }
        let note = NoteTokenAddress {
            token_id,
            most: self.access_log.token_addresses,
        };
        let mut context = context.beside().with_credential(Credential::ApiToken);
        context.actor = Some(principal.actor());
        let (directory, access_log) = (self.directory.clone(), self.access_log.clone());
        tokio::task::spawn_local(async move {
            if let Err(error) = directory.write(&context, note).await {
                log::debug!("could not record the network of a token: {error}");
                // The next use tries again.
                access_log.forget(token_id, address);
            }
        });
    }
}

/// A username as it was sent, unless it is a token in the wrong field.
fn loggable_username(username: &str) -> String {
    let is_access_token = username.starts_with("eyJ") && username.matches('.').count() == 2;
    if is_access_token || username.starts_with("rc_") || username.starts_with("rcr_") {
        return "(a token)".to_owned();
    }
    truncated(username, MAX_USERNAME)
}

/// At most `max` characters, with an ellipsis if the text was cut.
fn truncated(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_is_sent_as_a_username_is_not_logged() {
        for token in ["rc_0123", "rcr_0123", "eyJhbGciOiJFZERTQSJ9.e30.c2ln"] {
            assert_eq!(loggable_username(token), "(a token)");
        }
        assert_eq!(loggable_username("john.doe"), "john.doe");
    }

    #[test]
    fn a_long_username_is_truncated() {
        assert_eq!(loggable_username("Zoë"), "Zoë");
        let long = loggable_username(&"ë".repeat(10_000));
        assert_eq!(long.chars().count(), MAX_USERNAME + 1);
    }
}
