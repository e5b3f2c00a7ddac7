//! Read your own writes: the callers whose changes the replica may still lack.
//!
//! Time is counted in ticks: a tick begins when the primary is asked for its WAL
//! position. A change that was committed before a tick began is before the position
//! of that tick, so a caller who wrote only has to wait for the next tick.
//!
//! If the primary fails before that tick, the wait would never end. So a change of
//! this process also records the WAL position after its COMMIT: a replica that has
//! replayed that position has the change.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

pub struct RecentWriters {
    /// The next tick.
    next: AtomicU64,
    /// The last tick whose position the replica has replayed.
    replayed: AtomicU64,
    /// The tick from which the changes of all callers are there.
    everybody: AtomicU64,
    /// The number of waiting callers, to avoid locking an empty map.
    waiting: AtomicUsize,
    callers: Mutex<Callers>,
    capacity: usize,
}

/// Either of the two suffices.
#[derive(Clone, Copy)]
struct Until {
    tick: u64,
    place: Option<u64>,
}

#[derive(Default)]
struct Callers {
    /// What the replica must reach to have the last change of a caller.
    until: HashMap<i64, Until>,
    /// The callers who wrote through this process since the last notification.
    untold: HashSet<i64>,
}

impl RecentWriters {
    pub fn new(capacity: usize) -> Self {
        Self {
            next: AtomicU64::new(1),
            replayed: AtomicU64::new(0),
            everybody: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            callers: Mutex::default(),
            capacity,
        }
    }

    /// Begins a tick and returns its number.
    pub fn tick(&self) -> u64 {
        self.next.fetch_add(1, Ordering::SeqCst)
    }

    /// The replica has replayed the position of this tick.
    pub fn replayed(&self, tick: u64) {
        self.replayed.store(tick, Ordering::SeqCst);
        self.retain(|until| until.tick > tick);
    }

    /// The replica has replayed this WAL position.
    pub fn reached(&self, place: u64) {
        self.retain(|until| until.place.is_none_or(|change| change > place));
    }

    fn retain(&self, waits: impl Fn(&Until) -> bool) {
        if self.waiting.load(Ordering::SeqCst) == 0 {
            return;
        }
        if let Ok(mut callers) = self.callers.lock() {
            callers.until.retain(|_, until| waits(until));
            self.waiting.store(callers.until.len(), Ordering::SeqCst);
        }
    }

    /// This process has committed a change of this caller, before this WAL position, if
    /// that is known.
    pub fn wrote(&self, caller: i64, place: Option<u64>) {
        if let Ok(mut callers) = self.callers.lock() {
            if callers.untold.len() < self.capacity {
                callers.untold.insert(caller);
            }
            self.wait(&mut callers, caller, place);
        }
    }

    /// Another process has committed changes of these callers.
    pub fn heard(&self, writers: &[i64]) {
        if let Ok(mut callers) = self.callers.lock() {
            for caller in writers {
                self.wait(&mut callers, *caller, None);
            }
        }
    }

    fn wait(&self, callers: &mut Callers, caller: i64, place: Option<u64>) {
        let tick = self.next.load(Ordering::SeqCst);
        if callers.until.len() >= self.capacity && !callers.until.contains_key(&caller) {
            // No place for one more name: then all wait.
            self.everybody.fetch_max(tick, Ordering::SeqCst);
            return;
        }
        callers.until.insert(caller, Until { tick, place });
        self.waiting.store(callers.until.len(), Ordering::SeqCst);
    }

    /// Takes the callers who wrote through this process since the last call.
    pub fn untold(&self) -> Vec<i64> {
        let callers = self.callers.lock();
        callers.map_or_else(
            |_| Vec::new(),
            |mut callers| callers.untold.drain().collect(),
        )
    }

    /// Whether the replica has all changes of this caller.
    pub fn has_all_of(&self, caller: Option<i64>) -> bool {
        let replayed = self.replayed.load(Ordering::SeqCst);
        if self.everybody.load(Ordering::SeqCst) > replayed {
            return false;
        }
        let Some(caller) = caller else { return true };
        if self.waiting.load(Ordering::SeqCst) == 0 {
            return true;
        }
        let callers = self.callers.lock();
        callers.is_ok_and(|callers| {
            let until = callers.until.get(&caller);
            until.is_none_or(|until| until.tick <= replayed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_waits_for_a_tick_that_began_after_the_change() {
        let writers = RecentWriters::new(10);
        let before = writers.tick();
        writers.wrote(1, None);
        writers.replayed(before);
        assert!(!writers.has_all_of(Some(1)));
        assert!(writers.has_all_of(Some(2)));
        let after = writers.tick();
        writers.replayed(after);
        assert!(writers.has_all_of(Some(1)));
    }

    #[test]
    fn a_replica_that_has_come_to_the_place_of_a_change_has_it_without_a_tick() {
        let writers = RecentWriters::new(10);
        writers.wrote(1, Some(20));
        writers.wrote(2, None);
        writers.reached(19);
        assert!(!writers.has_all_of(Some(1)));
        writers.reached(20);
        assert!(writers.has_all_of(Some(1)));
        assert!(!writers.has_all_of(Some(2)));
    }

    #[test]
    fn who_wrote_here_is_told_once_and_who_wrote_elsewhere_is_not() {
        let writers = RecentWriters::new(10);
        writers.wrote(1, None);
        writers.wrote(1, None);
        writers.heard(&[2]);
        assert!(!writers.has_all_of(Some(2)));
        assert_eq!(writers.untold(), [1]);
        assert_eq!(writers.untold(), [0; 0]);
    }

    #[test]
    fn when_there_are_too_many_writers_everybody_waits() {
        let writers = RecentWriters::new(1);
        writers.wrote(1, None);
        writers.wrote(2, None);
        assert!(!writers.has_all_of(Some(3)));
        let tick = writers.tick();
        writers.replayed(tick);
        assert!((1..=3).all(|caller| writers.has_all_of(Some(caller))));
    }
}
