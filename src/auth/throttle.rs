//! How often a password may be guessed: so many wrong ones in a row for one
//! username from one address, then one more each pause. The wait is never
//! longer than all the pauses together, so nobody is locked out for long, and
//! somebody at another address locks out nobody.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::RwLock;

use chrono::{DateTime, TimeDelta, Utc};

use super::secret;

pub struct Throttle {
    /// Until when what was used up has come back.
    debts: RwLock<HashMap<[u8; 32], DateTime<Utc>>>,
    capacity: usize,
    attempts: i32,
    pause: TimeDelta,
    salt: [u8; 32],
}

impl Throttle {
    /// `attempts` 0: no limit.
    pub fn new(attempts: u64, pause_seconds: u64, capacity: usize, salt: [u8; 32]) -> Self {
        Self {
            debts: RwLock::default(),
            capacity,
            attempts: i32::try_from(attempts).unwrap_or(i32::MAX),
            pause: TimeDelta::seconds(i64::try_from(pause_seconds).unwrap_or(1)),
            salt,
        }
    }

    /// Who is counted: a username as it was sent, and where from.
    pub fn key(&self, username: &str, from: Option<IpAddr>) -> [u8; 32] {
        let mut text = Vec::with_capacity(32 + 16 + username.len());
        text.extend_from_slice(&self.salt);
        text.extend_from_slice(&place(from));
        text.extend_from_slice(username.as_bytes());
        secret::digest(&text)
    }

    /// Seconds to wait before the next attempt, when there are any.
    pub fn wait(&self, key: &[u8; 32], now: DateTime<Utc>) -> Option<u64> {
        let debts = self.debts.read().ok()?;
        let debt = *debts.get(key)?;
        let wait = debt - (now + self.pause * (self.attempts - 1));
        let whole = wait.num_milliseconds().max(0).unsigned_abs();
        (whole > 0).then(|| whole.div_ceil(1000))
    }

    /// Notes a wrong password.
    pub fn failed(&self, key: [u8; 32], now: DateTime<Utc>) {
        if self.attempts == 0 {
            return;
        }
        let Ok(mut debts) = self.debts.write() else {
            return;
        };
        if debts.len() >= self.capacity {
            debts.retain(|_, debt| *debt > now);
        }
        // Filling this costs an attacker a hash each: starting anew gains them little.
        if debts.len() >= self.capacity {
            debts.clear();
        }
        let debt = debts.entry(key).or_insert(now);
        let most = now + self.pause * self.attempts;
        *debt = ((*debt).max(now) + self.pause).min(most);
    }

    /// Forgets what was wrong before the right password came.
    pub fn fitted(&self, key: &[u8; 32]) {
        let known = self.debts.read().is_ok_and(|debts| debts.contains_key(key));
        if known && let Ok(mut debts) = self.debts.write() {
            debts.remove(key);
        }
    }
}

/// An address; of IPv6 the network, since one caller has all of it.
fn place(from: Option<IpAddr>) -> [u8; 16] {
    let Some(from) = from else {
        return [0; 16];
    };
    match from.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            network.to_be_bytes()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;

    fn after(seconds: i64) -> DateTime<Utc> {
        NOW + TimeDelta::seconds(seconds)
    }

    fn throttle() -> Throttle {
        Throttle::new(3, 10, 4, [0; 32])
    }

    fn from(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn after_so_many_failures_there_is_a_pause_for_each_more() {
        let throttle = throttle();
        let key = throttle.key("john", None);
        for _ in 0..3 {
            assert_eq!(throttle.wait(&key, NOW), None);
            throttle.failed(key, NOW);
        }
        assert_eq!(throttle.wait(&key, NOW), Some(10));
        assert_eq!(throttle.wait(&key, after(9)), Some(1));
        assert_eq!(throttle.wait(&key, after(10)), None);
        throttle.failed(key, after(10));
        assert_eq!(throttle.wait(&key, after(10)), Some(10));
        assert_eq!(throttle.wait(&key, after(40)), None);
    }

    #[test]
    fn many_failures_at_once_wait_no_longer_than_few() {
        let throttle = throttle();
        let key = throttle.key("john", None);
        (0..1000).for_each(|_| throttle.failed(key, NOW));
        assert_eq!(throttle.wait(&key, NOW), Some(10));
    }

    #[test]
    fn the_right_password_wipes_the_slate() {
        let throttle = throttle();
        let key = throttle.key("john", None);
        (0..3).for_each(|_| throttle.failed(key, NOW));
        throttle.fitted(&key);
        assert_eq!(throttle.wait(&key, NOW), None);
    }

    #[test]
    fn other_names_and_other_addresses_are_counted_by_themselves() {
        let throttle = throttle();
        let key = |name, address| throttle.key(name, from(address));
        assert_ne!(key("john", "192.0.2.1"), key("jane", "192.0.2.1"));
        assert_ne!(key("john", "192.0.2.1"), key("john", "192.0.2.2"));
        assert_eq!(key("john", "192.0.2.1"), key("john", "::ffff:192.0.2.1"));
        assert_eq!(key("john", "2001:db8::1"), key("john", "2001:db8::2"));
        assert_ne!(key("john", "2001:db8::1"), key("john", "2001:db8:0:1::1"));
    }

    #[test]
    fn memory_is_bounded_and_no_limit_is_none() {
        let throttle = throttle();
        for number in 0..100 {
            throttle.failed(throttle.key(&number.to_string(), None), NOW);
        }
        assert!(throttle.debts.read().unwrap().len() <= 4);
        let free = Throttle::new(0, 10, 4, [0; 32]);
        let key = free.key("john", None);
        (0..10).for_each(|_| free.failed(key, NOW));
        assert_eq!(free.wait(&key, NOW), None);
    }
}
