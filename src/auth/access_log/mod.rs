//! Telling the audit log who came in, who did not, and who was refused, without
//! making anybody wait for it.

mod counts;

use std::collections::HashSet;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::select;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::authenticate::{Auth, AuthError};
use super::principal::Principal;
use crate::config;
use crate::directory::access_log::{AccessEvent, AccessVerb, NoteTokenAddress, RecordAccess};
use crate::directory::source::network;
use crate::directory::values::MAX_USERNAME;
use crate::directory::{Context, Credential, Directory, DirectoryError, RequestId};
use counts::{Counts, Detail, Occurrence};

/// Rows of one transaction.
const MOST_ROWS: usize = 500;
/// How often windows are looked at, and how soon what could not be written is
/// tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest path of a route that is told.
const MAX_ROUTE: usize = 200;

/// What has happened and is still to be written down.
pub struct AccessLog {
    counts: Mutex<Counts>,
    begun: Notify,
    /// What the database has not taken yet.
    unwritten: tokio::sync::Mutex<Option<RecordAccess>>,
    /// Tokens and the networks that they are known to be used from.
    used_from: RwLock<HashSet<(i64, IpAddr)>>,
    most_used_from: usize,
    token_addresses: i64,
}

impl AccessLog {
    pub fn new(settings: &config::Settings) -> Self {
        Self {
            counts: Mutex::new(Counts::new(&settings.audit)),
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

    /// Writes down what is due for as long as this is polled.
    pub async fn keep(&self, directory: &Directory) {
        loop {
            if let Err(error) = self.write(directory, false).await {
                log::warn!("the audit log has to wait for who came in and who did not: {error}");
                sleep(PAUSE).await;
                continue;
            }
            select(pin!(self.begun.notified()), pin!(sleep(PAUSE))).await;
        }
    }

    /// Writes down all that was counted so far, unless that takes longer than `grace`.
    pub async fn flush(&self, directory: &Directory, grace: Duration) {
        match timeout(grace, self.write(directory, true)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::warn!("the end of the audit log is lost: {error}"),
            Err(_) => log::warn!("the end of the audit log is lost: the database is too slow"),
        }
    }

    /// What a failed attempt could not write comes first in the next one.
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
        counts.due(now, all, MOST_ROWS)
    }

    /// Whether a token is used from there for the first time, as far as this
    /// process remembers.
    fn is_new(&self, token_id: i64, address: IpAddr) -> bool {
        let used = (token_id, network(address));
        let is_known = |known: &HashSet<_>| known.contains(&used);
        if self.used_from.read().is_ok_and(|known| is_known(&known)) {
            return false;
        }
        let Ok(mut known) = self.used_from.write() else {
            return false;
        };
        // The table knows what is forgotten here.
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
    /// Somebody proved a password anew, where no other event tells of it.
    pub(super) fn tell_sign_in(&self, principal: &Principal, context: &Context) {
        let mut context = context.with_credential(Credential::Password);
        context.actor = Some(principal.actor());
        self.access_log
            .add(AccessVerb::SignIn, Detail::Nothing, &context);
    }

    /// Tells of an attempt with a password that was no good.
    pub(super) fn tell_guess(&self, username: &str, error: &AuthError, context: &Context) {
        let detail = Detail::Username(tried(username));
        self.tell_denied(detail, error, Credential::Password, context);
    }

    /// The same of a token.
    pub(super) fn tell_token(&self, error: &AuthError, credential: Credential, context: &Context) {
        self.tell_denied(Detail::Nothing, error, credential, context);
    }

    fn tell_denied(
        &self,
        detail: Detail,
        error: &AuthError,
        credential: Credential,
        context: &Context,
    ) {
        let verb = match error {
            AuthError::Wrong => AccessVerb::SignInFailed,
            AuthError::Throttled { .. } => AccessVerb::Throttled,
            // Nothing was judged.
            AuthError::Missing
            | AuthError::NoSignIn
            | AuthError::Unreachable { .. }
            | AuthError::Directory(_) => return,
        };
        let context = context.with_credential(credential);
        self.access_log.add(verb, detail, &context);
    }

    /// Tells of a request that was answered with 403.
    pub fn tell_refused(&self, method: &str, route: Option<String>, context: &Context) {
        let detail = Detail::Operation {
            method: shortened(method, MAX_ROUTE),
            route: shortened(&route.unwrap_or_default(), MAX_ROUTE),
        };
        self.access_log.add(AccessVerb::Refused, detail, context);
    }

    /// Tells when an API token comes from an address from which it never came.
    pub(super) fn tell_address(&self, principal: &Principal, context: &Context) {
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
                log::debug!("where a token is used from was not noted: {error}");
                // The next use tries again.
                access_log.forget(token_id, address);
            }
        });
    }
}

/// A username as it was sent, unless it is none but a token at the wrong place.
fn tried(username: &str) -> String {
    let is_access_token = username.starts_with("eyJ") && username.matches('.').count() == 2;
    if is_access_token || username.starts_with("rc_") || username.starts_with("rcr_") {
        return "(a token)".to_owned();
    }
    shortened(username, MAX_USERNAME)
}

/// So many characters at most.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_is_sent_as_a_username_is_not_told() {
        for token in ["rc_0123", "rcr_0123", "eyJhbGciOiJFZERTQSJ9.e30.c2ln"] {
            assert_eq!(tried(token), "(a token)");
        }
        assert_eq!(tried("john.doe"), "john.doe");
    }

    #[test]
    fn a_username_is_told_to_a_bounded_length() {
        assert_eq!(tried("Zoë"), "Zoë");
        let long = tried(&"ë".repeat(10_000));
        assert_eq!(long.chars().count(), MAX_USERNAME + 1);
    }
}
