//! A rate limiter with a burst per key (GCRA): each key can make so many attempts
//! at once and regains one with each pause.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, TimeDelta, Utc};

/// The attempts of each key. At capacity the key that owes least is evicted, so that
/// a flood of new keys does not reset those that owe much.
pub struct RateLimiter<K> {
    debts: RwLock<Debts<K>>,
    capacity: usize,
    attempts: i32,
    pause: TimeDelta,
}

struct Debts<K> {
    /// When all attempts of the key are regained.
    by_key: HashMap<K, DateTime<Utc>>,
    by_debt: BTreeSet<(DateTime<Utc>, K)>,
}

impl<K: Copy + Ord + Hash> RateLimiter<K> {
    /// `attempts` is the burst; 0 means no limit.
    pub fn new(attempts: u64, pause_seconds: u64, capacity: usize) -> Self {
        Self {
            debts: RwLock::new(Debts {
                by_key: HashMap::new(),
                by_debt: BTreeSet::new(),
            }),
            capacity: capacity.max(1),
            attempts: i32::try_from(attempts).unwrap_or(i32::MAX),
            pause: TimeDelta::seconds(i64::try_from(pause_seconds).unwrap_or(1)),
        }
    }

    /// Seconds until the next attempt; `None` if it is allowed now.
    pub fn retry_after(&self, key: &K, now: DateTime<Utc>) -> Option<u64> {
        let debt = *self.read().by_key.get(key)?;
        self.seconds_until_allowed(debt, now)
    }

    /// Charges one attempt.
    ///
    /// # Errors
    /// The seconds to wait if no attempt is left; then nothing is charged.
    pub fn charge(&self, key: K, now: DateTime<Utc>) -> Result<(), u64> {
        if self.attempts == 0 {
            return Ok(());
        }
        let mut debts = self.write();
        let debt = debts.by_key.get(&key).map_or(now, |debt| (*debt).max(now));
        if let Some(seconds) = self.seconds_until_allowed(debt, now) {
            return Err(seconds);
        }
        debts.set(key, Some(debt + self.pause));
        while debts.by_key.len() > self.capacity {
            debts.evict(key);
        }
        Ok(())
    }

    /// Refunds one attempt.
    pub fn refund(&self, key: &K, now: DateTime<Utc>) {
        let mut debts = self.write();
        if let Some(debt) = debts.by_key.get(key) {
            let left = *debt - self.pause;
            debts.set(*key, Some(left).filter(|left| *left > now));
        }
    }

    /// Refunds all attempts.
    pub fn reset(&self, key: &K) {
        if self.read().by_key.contains_key(key) {
            self.write().set(*key, None);
        }
    }

    fn seconds_until_allowed(&self, debt: DateTime<Utc>, now: DateTime<Utc>) -> Option<u64> {
        let wait = debt - (now + self.pause * (self.attempts - 1));
        let whole = wait.num_milliseconds().max(0).unsigned_abs();
        (whole > 0).then(|| whole.div_ceil(1000))
    }

    fn read(&self) -> RwLockReadGuard<'_, Debts<K>> {
        self.debts.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Debts<K>> {
        self.debts.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Ord + Hash> Debts<K> {
    fn set(&mut self, key: K, debt: Option<DateTime<Utc>>) {
        let before = match debt {
            Some(debt) => self.by_key.insert(key, debt),
            None => self.by_key.remove(&key),
        };
        if let Some(before) = before {
            self.by_debt.remove(&(before, key));
        }
        if let Some(debt) = debt {
            self.by_debt.insert((debt, key));
        }
    }

    /// Evicts the key that owes least, other than `kept`.
    fn evict(&mut self, kept: K) {
        let mut keys = self.by_debt.iter().map(|(_, key)| *key);
        match keys.find(|key| *key != kept) {
            Some(key) => self.set(key, None),
            None => self.set(kept, None),
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

    fn limiter() -> RateLimiter<u32> {
        RateLimiter::new(3, 10, 4)
    }

    #[test]
    fn after_the_burst_each_attempt_waits_for_a_pause() {
        let limiter = limiter();
        for _ in 0..3 {
            assert_eq!(limiter.retry_after(&1, NOW), None);
            assert_eq!(limiter.charge(1, NOW), Ok(()));
        }
        assert_eq!(limiter.retry_after(&1, NOW), Some(10));
        assert_eq!(limiter.charge(1, NOW), Err(10));
        assert_eq!(limiter.retry_after(&1, after(9)), Some(1));
        assert_eq!(limiter.charge(1, after(10)), Ok(()));
        assert_eq!(limiter.retry_after(&1, after(10)), Some(10));
        assert_eq!(limiter.retry_after(&1, after(40)), None);
    }

    #[test]
    fn rejected_attempts_are_not_charged() {
        let limiter = limiter();
        let allowed = (0..1000).filter(|_| limiter.charge(1, NOW).is_ok()).count();
        assert_eq!((allowed, limiter.retry_after(&1, NOW)), (3, Some(10)));
    }

    #[test]
    fn attempts_are_refunded_one_by_one_or_all_at_once() {
        let limiter = limiter();
        (0..3).for_each(|_| limiter.charge(1, NOW).unwrap());
        limiter.refund(&1, NOW);
        assert_eq!(limiter.charge(1, NOW), Ok(()));
        assert_eq!(limiter.charge(1, NOW), Err(10));
        limiter.reset(&1);
        (0..3).for_each(|_| limiter.charge(1, NOW).unwrap());
        assert_eq!(limiter.charge(1, NOW), Err(10));
        limiter.refund(&2, NOW);
        assert_eq!(limiter.charge(2, NOW), Ok(()));
    }

    #[test]
    fn a_flood_of_new_keys_resets_no_other_key() {
        let limiter = limiter();
        (0..3).for_each(|_| limiter.charge(1, NOW).unwrap());
        for key in 2..1000 {
            limiter.charge(key, NOW).unwrap();
            assert!(limiter.read().by_key.len() <= 4);
            assert_eq!(limiter.read().by_key.len(), limiter.read().by_debt.len());
        }
        assert_eq!(limiter.charge(1, NOW), Err(10));
    }

    #[test]
    fn zero_attempts_mean_no_limit() {
        let free = RateLimiter::new(0, 10, 4);
        assert!((0..100).all(|_| free.charge(1, NOW).is_ok()));
        assert_eq!(free.retry_after(&1, NOW), None);
    }
}
