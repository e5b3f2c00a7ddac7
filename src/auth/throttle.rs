//! How often passwords may be guessed: so many wrong ones in a row for one
//! username from one address, then one more each pause; and so many from one
//! address over all usernames. The wait is never longer than all the pauses
//! together, so nobody is locked out for long, and somebody at another address
//! locks out nobody.
//!
//! A guess is paid for before it is checked, so guesses that come at the same
//! time count as those do that come one after another.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::budget::Budget;
use super::place::Place;
use super::secret;
use crate::config;
use crate::directory::names::folded;

pub struct Throttle {
    names: Budget<[u8; 32]>,
    addresses: Budget<Place>,
    salt: [u8; 32],
}

/// Who is counted: a username, and where from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    name: [u8; 32],
    place: Place,
}

impl Key {
    /// As bytes that mean nothing outside this process.
    pub fn bytes(&self) -> &[u8] {
        &self.name
    }
}

impl Throttle {
    pub fn new(settings: &config::Auth, salt: [u8; 32]) -> Self {
        let capacity = settings.credential_cache_entries;
        Self {
            names: Budget::new(
                settings.sign_in_attempts,
                settings.sign_in_pause_seconds,
                capacity,
            ),
            addresses: Budget::new(
                settings.address_attempts,
                settings.address_pause_seconds,
                capacity,
            ),
            salt,
        }
    }

    /// Ways of writing a name that may be taken for the same one are counted as
    /// one: case is disregarded, and by other directories repeated blanks, too.
    pub fn key(&self, username: &str, from: Option<IpAddr>) -> Key {
        let place = Place::of(from);
        let mut text = Vec::with_capacity(32 + 16 + username.len());
        text.extend_from_slice(&self.salt);
        text.extend_from_slice(place.bytes());
        for word in username.split_whitespace() {
            text.push(b' ');
            text.extend_from_slice(folded(word).as_bytes());
        }
        Key {
            name: secret::digest(&text),
            place,
        }
    }

    /// Seconds to wait before the next guess at this name, when there are any.
    pub fn wait(&self, key: &Key, now: DateTime<Utc>) -> Option<u64> {
        self.names.wait(&key.name, now)
    }

    /// Pays for a guess.
    ///
    /// # Errors
    /// The seconds to wait. The name is charged even when only the address has
    /// to wait: the guess was compared with the passwords that are remembered.
    pub fn charge(&self, key: &Key, now: DateTime<Utc>) -> Result<(), u64> {
        self.charge_name(key, now)?;
        self.addresses.charge(key.place, now)
    }

    /// Pays for a guess that turned out to be at another name, too.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn charge_name(&self, key: &Key, now: DateTime<Utc>) -> Result<(), u64> {
        self.names.charge(key.name, now)
    }

    /// The guess was not checked.
    pub fn give_back(&self, key: &Key, now: DateTime<Utc>) {
        self.names.give_back(&key.name, now);
        self.addresses.give_back(&key.place, now);
    }

    /// The guess was right: what was wrong before it is forgotten.
    pub fn fitted(&self, key: &Key, now: DateTime<Utc>) {
        self.names.clear(&key.name);
        self.addresses.give_back(&key.place, now);
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
    fn the_right_password_wipes_the_slate_of_its_name_and_gives_the_address_its_own_back() {
        let throttle = throttle();
        let (john, jane) = (throttle.key("john", None), throttle.key("jane", None));
        for key in [john, john, jane] {
            throttle.charge(&key, NOW).unwrap();
        }
        throttle.fitted(&john, NOW);
        let allowed = [john, john, jane].map(|key| throttle.charge(&key, NOW));
        assert_eq!(allowed, [Ok(()); 3]);
        assert_eq!(throttle.charge(&throttle.key("joan", None), NOW), Err(3));
    }

    #[test]
    fn an_address_is_counted_over_all_names_and_others_are_not() {
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
    fn while_the_address_waits_the_name_is_charged_all_the_same() {
        let throttle = throttle();
        for name in ["a", "b", "c", "d", "e"] {
            throttle.charge(&throttle.key(name, None), NOW).unwrap();
        }
        let john = throttle.key("john", None);
        assert_eq!(throttle.charge(&john, NOW), Err(3));
        assert_eq!(throttle.wait(&john, NOW), None);
        assert_eq!(throttle.charge(&john, NOW), Err(3));
        assert_eq!(throttle.wait(&john, NOW), Some(10));
    }

    #[test]
    fn other_names_and_other_addresses_are_counted_by_themselves() {
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
