//! Throttles password guessing, by username and address and by address alone: a
//! number of wrong passwords in a row is free, each further one has to wait. The
//! wait is bounded, so that nobody is locked out for long, and guesses from one
//! address never lock out a user at another.
//!
//! Each guess is charged before it is checked, so that parallel guesses count like
//! successive ones.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::client_network::ClientNetwork;
use super::rate_limiter::RateLimiter;
use super::secret;
use crate::config;
use crate::directory::names::folded;

pub struct Throttle {
    names: RateLimiter<[u8; 32]>,
    addresses: RateLimiter<ClientNetwork>,
    salt: [u8; 32],
}

/// What is counted: a username and the client network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    name: [u8; 32],
    network: ClientNetwork,
}

impl Key {
    /// A salted digest, useless outside this process.
    pub fn bytes(&self) -> &[u8] {
        &self.name
    }
}

impl Throttle {
    pub fn new(settings: &config::Auth, salt: [u8; 32]) -> Self {
        let capacity = settings.credential_cache_entries;
        Self {
            names: RateLimiter::new(
                settings.sign_in_attempts,
                settings.sign_in_pause_seconds,
                capacity,
            ),
            addresses: RateLimiter::new(
                settings.address_attempts,
                settings.address_pause_seconds,
                capacity,
            ),
            salt,
        }
    }

    /// Spellings that may match the same user share one key: case is ignored, and LDAP
    /// servers ignore repeated spaces, too.
    pub fn key(&self, username: &str, from: Option<IpAddr>) -> Key {
        let network = ClientNetwork::of(from);
        let mut text = Vec::with_capacity(32 + 16 + username.len());
        text.extend_from_slice(&self.salt);
        text.extend_from_slice(network.bytes());
        for word in username.split_whitespace() {
            text.push(b' ');
            text.extend_from_slice(folded(word).as_bytes());
        }
        Key {
            name: secret::digest(&text),
            network,
        }
    }

    /// Seconds until the next guess at this name; `None` if it is allowed now.
    pub fn retry_after(&self, key: &Key, now: DateTime<Utc>) -> Option<u64> {
        self.names.retry_after(&key.name, now)
    }

    /// Charges a guess.
    ///
    /// # Errors
    /// The seconds to wait. The name is charged even if only the address has to wait:
    /// the guess has been compared with cached passwords.
    pub fn charge(&self, key: &Key, now: DateTime<Utc>) -> Result<(), u64> {
        self.charge_name(key, now)?;
        self.addresses.charge(key.network, now)
    }

    /// Charges a guess to the name alone.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn charge_name(&self, key: &Key, now: DateTime<Utc>) -> Result<(), u64> {
        self.names.charge(key.name, now)
    }

    /// Refunds a guess that was not checked.
    pub fn refund(&self, key: &Key, now: DateTime<Utc>) {
        self.names.refund(&key.name, now);
        self.addresses.refund(&key.network, now);
    }

    /// Resets the count of the name after a right password.
    pub fn record_success(&self, key: &Key, now: DateTime<Utc>) {
        self.names.reset(&key.name);
        self.addresses.refund(&key.network, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;

    fn throttle() -> Throttle {
        let settings = config::Auth {
            sign_in_attempts: 2,
            sign_in_pause_seconds: 10,
            address_attempts: 5,
            address_pause_seconds: 3,
            ..config::Auth::default()
        };
        Throttle::new(&settings, [0; 32])
    }

    fn from(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn the_right_password_resets_its_name_and_refunds_the_address() {
        let throttle = throttle();
        let (john, jane) = (throttle.key("john", None), throttle.key("jane", None));
        for key in [john, john, jane] {
            throttle.charge(&key, NOW).unwrap();
        }
        throttle.record_success(&john, NOW);
        let allowed = [john, john, jane].map(|key| throttle.charge(&key, NOW));
        assert_eq!(allowed, [Ok(()); 3]);
        assert_eq!(throttle.charge(&throttle.key("joan", None), NOW), Err(3));
    }

    #[test]
    fn an_address_is_counted_over_all_names() {
        let throttle = throttle();
        let guess =
            |name: &str, address: &str| throttle.charge(&throttle.key(name, from(address)), NOW);
        for name in ["a", "b", "c", "d", "e"] {
            assert_eq!(guess(name, "192.0.2.1"), Ok(()));
        }
        assert_eq!(guess("f", "192.0.2.1"), Err(3));
        assert_eq!(guess("a", "192.0.2.2"), Ok(()));
    }

    #[test]
    fn the_name_is_charged_while_the_address_waits() {
        let throttle = throttle();
        for name in ["a", "b", "c", "d", "e"] {
            throttle.charge(&throttle.key(name, None), NOW).unwrap();
        }
        let john = throttle.key("john", None);
        assert_eq!(throttle.charge(&john, NOW), Err(3));
        assert_eq!(throttle.retry_after(&john, NOW), None);
        assert_eq!(throttle.charge(&john, NOW), Err(3));
        assert_eq!(throttle.retry_after(&john, NOW), Some(10));
    }

    #[test]
    fn other_names_and_other_addresses_are_counted_separately() {
        let throttle = throttle();
        let key = |name, address| throttle.key(name, from(address));
        assert_ne!(key("john", "192.0.2.1"), key("jane", "192.0.2.1"));
        assert_ne!(key("john", "192.0.2.1"), key("john", "192.0.2.2"));
        assert_ne!(key("john doe", "192.0.2.1"), key("johndoe", "192.0.2.1"));
        assert_eq!(key("john", "2001:db8::1"), key("john", "2001:db8::2"));
        for written in ["JOHN", " john", "John ", "ｊohn"] {
            assert_eq!(key("john", "192.0.2.1"), key(written, "192.0.2.1"));
        }
    }
}
