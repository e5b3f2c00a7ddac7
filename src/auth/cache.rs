//! A cache whose entries expire.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::RwLock;

use chrono::{DateTime, Utc};

/// A map with expiring entries and a maximum size.
pub struct Cache<K, V> {
    entries: RwLock<HashMap<K, Entry<V>>>,
    capacity: usize,
}

struct Entry<V> {
    value: V,
    until: DateTime<Utc>,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub fn new(capacity: usize) -> Self {
        Self {
            entries: RwLock::new(HashMap::new()),
            capacity,
        }
    }

    pub fn get(&self, key: &K, now: DateTime<Utc>) -> Option<V> {
        let entries = self.entries.read().ok()?;
        entries
            .get(key)
            .filter(|entry| entry.until > now)
            .map(|entry| entry.value.clone())
    }

    pub fn put(&self, key: K, value: V, until: DateTime<Utc>, now: DateTime<Utc>) {
        let Ok(mut entries) = self.entries.write() else {
            return;
        };
        if entries.len() >= self.capacity {
            entries.retain(|_, entry| entry.until > now);
        }
        // Still full: starting over is cheaper than tracking the order of use.
        if entries.len() >= self.capacity {
            entries.clear();
        }
        if self.capacity > 0 {
            entries.insert(key, Entry { value, until });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn entries_expire_and_never_exceed_the_capacity() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let later = now + TimeDelta::seconds(10);
        let cache = Cache::new(2);
        cache.put(1, "one", later, now);
        assert_eq!(cache.get(&1, now), Some("one"));
        assert_eq!(cache.get(&1, later), None);
        cache.put(2, "two", later, now);
        cache.put(3, "three", later, now);
        let kept = [1, 2, 3]
            .iter()
            .filter(|key| cache.get(key, now).is_some())
            .count();
        assert!(kept <= 2, "{kept}");
        assert_eq!(cache.get(&3, now), Some("three"));
    }
}
