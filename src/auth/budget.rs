//! Rate limits that are paid in advance (GCRA): each key may spend so many
//! attempts at once, and gets one back each pause.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, TimeDelta, Utc};

/// What each key has spent. Holds no more keys than its capacity: the one that
/// owes least makes room, so a flood of new keys does not clear the slate of
/// those that owe much.
pub struct Budget<K> {
    debts: RwLock<Debts<K>>,
    capacity: usize,
    attempts: i32,
    pause: TimeDelta,
}

struct Debts<K> {
    /// Until when what was spent has come back.
    by_key: HashMap<K, DateTime<Utc>>,
    by_debt: BTreeSet<(DateTime<Utc>, K)>,
}

impl<K: Copy + Ord + Hash> Budget<K> {
    /// `attempts` 0: no limit.
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

    /// Seconds to wait before the next attempt, when there are any.
    pub fn wait(&self, key: &K, now: DateTime<Utc>) -> Option<u64> {
        let debt = *self.read().by_key.get(key)?;
        self.wait_for(debt, now)
    }

    /// Spends one attempt.
    ///
    /// # Errors
    /// The seconds to wait when none is left; then nothing is spent.
    pub fn charge(&self, key: K, now: DateTime<Utc>) -> Result<(), u64> {
        if self.attempts == 0 {
            return Ok(());
        }
        let mut debts = self.write();
        let debt = debts.by_key.get(&key).map_or(now, |debt| (*debt).max(now));
        if let Some(seconds) = self.wait_for(debt, now) {
            return Err(seconds);
        }
        debts.set(key, Some(debt + self.pause));
        while debts.by_key.len() > self.capacity {
            debts.drop_least(key);
        }
        Ok(())
    }

    /// Gives back one attempt that was spent.
    pub fn give_back(&self, key: &K, now: DateTime<Utc>) {
        let mut debts = self.write();
        if let Some(debt) = debts.by_key.get(key) {
            let left = *debt - self.pause;
            debts.set(*key, Some(left).filter(|left| *left > now));
        }
    }

    /// Gives back all that was spent.
    pub fn clear(&self, key: &K) {
        if self.read().by_key.contains_key(key) {
            self.write().set(*key, None);
        }
    }

    fn wait_for(&self, debt: DateTime<Utc>, now: DateTime<Utc>) -> Option<u64> {
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

    /// Forgets whoever owes least, but not `kept`.
    fn drop_least(&mut self, kept: K) {
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

    fn budget() -> Budget<u32> {
        Budget::new(3, 10, 4)
    }

    #[test]
    fn after_so_many_attempts_there_is_a_pause_for_each_more() {
        let budget = budget();
        for _ in 0..3 {
            assert_eq!(budget.wait(&1, NOW), None);
            assert_eq!(budget.charge(1, NOW), Ok(()));
        }
        assert_eq!(budget.wait(&1, NOW), Some(10));
        assert_eq!(budget.charge(1, NOW), Err(10));
        assert_eq!(budget.wait(&1, after(9)), Some(1));
        assert_eq!(budget.charge(1, after(10)), Ok(()));
        assert_eq!(budget.wait(&1, after(10)), Some(10));
        assert_eq!(budget.wait(&1, after(40)), None);
    }

    #[test]
    fn what_is_refused_is_not_spent() {
        let budget = budget();
        let allowed = (0..1000).filter(|_| budget.charge(1, NOW).is_ok()).count();
        assert_eq!((allowed, budget.wait(&1, NOW)), (3, Some(10)));
    }

    #[test]
    fn attempts_are_given_back_one_by_one_or_all_at_once() {
        let budget = budget();
        (0..3).for_each(|_| budget.charge(1, NOW).unwrap());
        budget.give_back(&1, NOW);
        assert_eq!(budget.charge(1, NOW), Ok(()));
        assert_eq!(budget.charge(1, NOW), Err(10));
        budget.clear(&1);
        (0..3).for_each(|_| budget.charge(1, NOW).unwrap());
        assert_eq!(budget.charge(1, NOW), Err(10));
        budget.give_back(&2, NOW);
        assert_eq!(budget.charge(2, NOW), Ok(()));
    }

    #[test]
    fn a_flood_of_new_keys_clears_nobodys_slate() {
        let budget = budget();
        (0..3).for_each(|_| budget.charge(1, NOW).unwrap());
        for key in 2..1000 {
            budget.charge(key, NOW).unwrap();
            assert!(budget.read().by_key.len() <= 4);
            assert_eq!(budget.read().by_key.len(), budget.read().by_debt.len());
        }
        assert_eq!(budget.charge(1, NOW), Err(10));
    }

    #[test]
    fn no_limit_is_none() {
        let free = Budget::new(0, 10, 4);
        assert!((0..100).all(|_| free.charge(1, NOW).is_ok()));
        assert_eq!(free.wait(&1, NOW), None);
    }
}
