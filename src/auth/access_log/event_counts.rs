//! Aggregates access events: the first of a kind is reported at once, repetitions
//! as one event with a count when the window closes. The number of distinct kinds
//! is bounded, so that made-up names fill neither memory nor the log; every
//! occurrence is part of some count.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::config;
use crate::directory::access_log::{AccessEvent, AccessVerb};
use crate::directory::source::{network, shown, shown_network};
use crate::directory::{Actor, Credential, RequestId, Source, clock};

/// One occurrence.
#[derive(Clone, Debug)]
pub struct Occurrence {
    pub verb: AccessVerb,
    pub actor: Option<Actor>,
    pub detail: Detail,
    pub source: Source,
    pub at: DateTime<Utc>,
    pub request_id: RequestId,
}

/// What distinguishes occurrences of one caller or address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Detail {
    Nothing,
    /// The username that was tried.
    Username(String),
    /// The request that was denied.
    Operation {
        method: String,
        route: String,
    },
    /// Several details, counted together.
    Aggregated,
}

/// Occurrences with the same key share a count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    verb: AccessVerb,
    /// The caller, and the API token that was used.
    actor: Option<(i64, Option<i64>)>,
    credential: Option<Credential>,
    source: SourceKey,
    detail: Detail,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum SourceKey {
    Address(Option<IpAddr>),
    Network(IpAddr),
    Any,
}

/// The number of details is bounded for each network and each caller there.
type Group = (AccessVerb, Option<i64>, Option<IpAddr>);

struct Entry {
    /// When the window began.
    opened: DateTime<Utc>,
    /// Occurrences that are not reported yet, with the first and the last of them.
    pending: u64,
    first: (DateTime<Utc>, RequestId),
    last: DateTime<Utc>,
    actor: Option<Actor>,
    /// The group whose number of details includes this entry.
    group: Option<Group>,
}

pub struct EventCounts {
    entries: HashMap<Key, Entry>,
    groups: HashMap<Group, usize>,
    /// New keys, to be reported at once.
    begun: VecDeque<Key>,
    /// No window closes before this time.
    closes: Option<DateTime<Utc>>,
    window: TimeDelta,
    max_entries: usize,
    max_details: usize,
}

impl EventCounts {
    pub fn new(settings: &config::Audit) -> Self {
        let seconds = i64::try_from(settings.window_seconds).unwrap_or(i64::MAX);
        Self {
            entries: HashMap::new(),
            groups: HashMap::new(),
            begun: VecDeque::new(),
            closes: None,
            window: TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX),
            max_entries: settings.window_entries,
            max_details: settings.window_details,
        }
    }

    /// Counts an occurrence; returns whether it is the first of its kind.
    pub fn add(&mut self, occurrence: Occurrence) -> bool {
        let own = Key::of(&occurrence);
        if let Some(entry) = self.entries.get_mut(&own) {
            entry.add(&occurrence);
            return false;
        }
        let group = group(&occurrence);
        let has_room = self.entries.len() < self.max_entries && !self.is_full(group);
        let (key, group) = if has_room {
            (own, group)
        } else {
            (self.aggregate_key(own), None)
        };
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.add(&occurrence);
            return false;
        }
        if let Some(group) = group {
            *self.groups.entry(group).or_default() += 1;
        }
        let closes = occurrence.at + self.window;
        self.closes = Some(self.closes.map_or(closes, |first| first.min(closes)));
        let entry = Entry::of(occurrence, group, matches!(key.source, SourceKey::Any));
        self.begun.push_back(key.clone());
        self.entries.insert(key, entry);
        true
    }

    fn is_full(&self, group: Option<Group>) -> bool {
        let details = group.and_then(|group| self.groups.get(&group));
        details.is_some_and(|details| *details >= self.max_details)
    }

    /// The key to use when there is no room for the own one: the network or, if there
    /// are too many networks, the verb alone.
    fn aggregate_key(&self, own: Key) -> Key {
        let source = match own.source {
            SourceKey::Address(Some(address)) => SourceKey::Network(network(address)),
            other => other,
        };
        let of_network = Key {
            source,
            detail: Detail::Aggregated,
            ..own
        };
        let max = self.max_entries.saturating_mul(2);
        if self.entries.len() < max || self.entries.contains_key(&of_network) {
            return of_network;
        }
        Key {
            actor: None,
            credential: None,
            source: SourceKey::Any,
            ..of_network
        }
    }

    /// The events that are due, at most `max`; with `all` also those of open windows.
    pub fn due(&mut self, now: DateTime<Utc>, all: bool, max: usize) -> Vec<AccessEvent> {
        let mut due = Vec::new();
        while due.len() < max
            && let Some(key) = self.begun.pop_front()
        {
            let entry = self.entries.get_mut(&key);
            due.extend(entry.and_then(|entry| entry.take_event(&key)));
        }
        // Windows also close when the clock was set back.
        let closes = |closes: DateTime<Utc>| now >= closes || closes - now > self.window;
        if all || self.closes.is_some_and(closes) {
            self.close(now, all, max, &mut due);
        }
        due
    }

    /// Closes the windows that are over, and reopens those with occurrences.
    fn close(&mut self, now: DateTime<Utc>, all: bool, max: usize, due: &mut Vec<AccessEvent>) {
        let window = self.window;
        let is_over = |entry: &Entry| {
            let age = now - entry.opened;
            all || age >= window || age < TimeDelta::zero()
        };
        let mut idle = Vec::new();
        self.entries.retain(|_, entry| {
            let is_idle = entry.pending == 0 && is_over(entry);
            if is_idle {
                idle.extend(entry.group);
            }
            !is_idle
        });
        idle.into_iter().for_each(|group| self.release(group));
        for (key, entry) in &mut self.entries {
            if due.len() >= max {
                // The rest is due in the next call.
                self.closes = Some(now);
                return;
            }
            if is_over(entry) {
                due.extend(entry.take_event(key));
                entry.opened = now;
            }
        }
        let oldest = self.entries.values().map(|entry| entry.opened).min();
        self.closes = oldest.map(|oldest| oldest + window);
    }

    fn release(&mut self, group: Group) {
        if let Some(details) = self.groups.get_mut(&group) {
            *details -= 1;
            if *details == 0 {
                self.groups.remove(&group);
            }
        }
    }
}

/// Successful sign-ins need no bound: nobody can make up many right passwords.
fn group(occurrence: &Occurrence) -> Option<Group> {
    let actor = occurrence.actor.as_ref().map(|actor| actor.id);
    let network = occurrence.source.address.map(network);
    let is_user = matches!(occurrence.verb, AccessVerb::SignIn | AccessVerb::SignOut);
    (!is_user).then_some((occurrence.verb, actor, network))
}

impl Key {
    fn of(occurrence: &Occurrence) -> Self {
        let actor = occurrence.actor.as_ref();
        Self {
            verb: occurrence.verb,
            actor: actor.map(|actor| (actor.id, actor.token_id)),
            credential: occurrence.source.credential,
            source: SourceKey::Address(occurrence.source.address),
            detail: occurrence.detail.clone(),
        }
    }
}

impl Entry {
    fn of(occurrence: Occurrence, group: Option<Group>, of_anybody: bool) -> Self {
        Self {
            opened: occurrence.at,
            pending: 1,
            first: (occurrence.at, occurrence.request_id),
            last: occurrence.at,
            actor: occurrence.actor.filter(|_| !of_anybody),
            group,
        }
    }

    fn add(&mut self, occurrence: &Occurrence) {
        if self.pending == 0 {
            self.first = (occurrence.at, occurrence.request_id);
        }
        self.pending += 1;
        self.last = occurrence.at;
    }

    /// Takes the occurrences since the last report as one event, if there are any.
    fn take_event(&mut self, key: &Key) -> Option<AccessEvent> {
        let count = std::mem::take(&mut self.pending);
        if count == 0 {
            return None;
        }
        let (at, request_id) = self.first;
        let mut details = Map::new();
        let mut username = None;
        match &key.detail {
            Detail::Nothing => {}
            Detail::Username(tried) => username = Some(tried.clone()),
            Detail::Operation { method, route } => {
                details.insert("method".into(), method.clone().into());
                details.insert("route".into(), route.clone().into());
            }
            Detail::Aggregated => {
                details.insert("several".into(), Value::Bool(true));
            }
        }
        if count > 1 {
            details.insert("until".into(), clock::text(self.last).into());
        }
        Some(AccessEvent {
            verb: key.verb,
            at: clock::text(at),
            request_id,
            actor: self.actor.clone(),
            username,
            source_address: match key.source {
                SourceKey::Address(address) => address.map(shown),
                SourceKey::Network(address) => Some(shown_network(address)),
                SourceKey::Any => None,
            },
            credential: key.credential,
            details,
            count,
        })
    }
}

#[cfg(test)]
mod tests;
