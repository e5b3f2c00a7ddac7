//! Limits how many sign-ins and sign-outs of a user are events of their own. The
//! others are counted, as failures are.

use std::collections::HashMap;
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};

use crate::config;
use crate::directory::access_log::AccessVerb;
use crate::directory::source::network;

/// The verb, the user, and the network of the address.
type Key = (AccessVerb, i64, Option<IpAddr>);

pub struct OwnEvents {
    /// When each window began, and the events in it.
    seen: HashMap<Key, (DateTime<Utc>, u32)>,
    window: TimeDelta,
    most: u32,
    most_entries: usize,
}

impl OwnEvents {
    pub fn new(settings: &config::Audit) -> Self {
        let seconds = i64::try_from(settings.window_seconds).unwrap_or(i64::MAX);
        Self {
            seen: HashMap::new(),
            window: TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX),
            most: settings.window_sign_ins,
            most_entries: settings.window_entries,
        }
    }

    /// Whether this one is an event of its own. It is not when the table is full.
    pub fn allow(
        &mut self,
        verb: AccessVerb,
        user: i64,
        address: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> bool {
        let window = self.window;
        // A clock that was set back begins windows anew.
        let is_open = |opened: DateTime<Utc>| opened <= now && now - opened < window;
        let key = (verb, user, address.map(network));
        if !self.seen.contains_key(&key) && self.seen.len() >= self.most_entries {
            self.seen.retain(|_, (opened, _)| is_open(*opened));
            if self.seen.len() >= self.most_entries {
                return false;
            }
        }
        let (opened, own) = self.seen.entry(key).or_insert((now, 0));
        if !is_open(*opened) {
            (*opened, *own) = (now, 0);
        }
        *own = own.saturating_add(1);
        *own <= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;

    fn after(seconds: i64) -> DateTime<Utc> {
        NOW + TimeDelta::seconds(seconds)
    }

    fn events(sign_ins: u32, entries: usize) -> OwnEvents {
        OwnEvents::new(&config::Audit {
            window_seconds: 60,
            window_sign_ins: sign_ins,
            window_entries: entries,
            ..config::Audit::default()
        })
    }

    #[test]
    fn so_many_of_a_user_from_a_network_are_events_of_their_own_in_a_window() {
        let mut events = events(2, 100);
        let mut is_own =
            |verb, user, address: &str, at| events.allow(verb, user, address.parse().ok(), at);
        let come = AccessVerb::SignIn;
        let own: Vec<bool> = (0..4)
            .map(|n| is_own(come, 1, "2001:db8::1", after(n)))
            .collect();
        assert_eq!(own, [true, true, false, false]);
        // A host of the same network, another network, user and verb.
        assert!(!is_own(come, 1, "2001:db8::2", after(4)));
        assert!(is_own(come, 1, "192.0.2.1", after(4)));
        assert!(is_own(come, 2, "2001:db8::1", after(4)));
        assert!(is_own(AccessVerb::SignOut, 1, "2001:db8::1", after(4)));
        // In the next window, and by a clock that was set back.
        assert!(!is_own(come, 1, "2001:db8::1", after(59)));
        assert!(is_own(come, 1, "2001:db8::1", after(60)));
        assert!(is_own(come, 1, "2001:db8::1", NOW));
    }

    #[test]
    fn memory_is_bounded() {
        let mut events = events(10, 50);
        let come = AccessVerb::SignIn;
        let own = (0..1000).filter(|user| events.allow(come, *user, None, NOW));
        assert_eq!(own.count(), 50);
        assert!(events.allow(come, 2000, None, after(60)));
        assert_eq!(events.seen.len(), 1);
    }
}
