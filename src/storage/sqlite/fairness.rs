//! Fairness between the writers of several processes. SQLite has no queue for its
//! lock: a writer that takes it again at once starves all others, which poll for
//! it. So the lock is left free for a moment after it was held for long.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the lock can be held, at once or in close succession.
const TURN: Duration = Duration::from_millis(50);
/// Others poll for the lock every millisecond (see `busy_handler`).
const PAUSE: Duration = Duration::from_millis(4);

#[derive(Default)]
pub struct Fairness {
    held: Duration,
    ended: Option<Instant>,
}

impl Fairness {
    /// Waits if it is the turn of others; returns when this turn begins.
    pub fn begin(&mut self) -> Instant {
        let free = self.ended.map(|ended| ended.elapsed());
        if let Some(pause) = self.due(free) {
            sleep(pause);
        }
        Instant::now()
    }

    pub fn end(&mut self, began: Instant) {
        self.held += began.elapsed();
        self.ended = Some(Instant::now());
    }

    /// How much longer the lock must stay free, after it was free for `free`.
    fn due(&mut self, free: Option<Duration>) -> Option<Duration> {
        let left = PAUSE.checked_sub(free?).filter(|left| !left.is_zero());
        let is_due = left.is_some() && self.held >= TURN;
        if is_due || left.is_none() {
            self.held = Duration::ZERO;
        }
        left.filter(|_| is_due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_was_held_for_long_is_left_alone_and_else_it_is_not() {
        let mut fairness = Fairness::default();
        let none = Some(Duration::ZERO);
        assert_eq!(fairness.due(None), None, "the first");
        for quarter in 1..=4 {
            fairness.held += TURN / 4;
            assert_eq!(fairness.due(none).is_some(), quarter == 4);
        }
        fairness.held = TURN * 20;
        assert_eq!(fairness.due(Some(PAUSE / 4)), Some(PAUSE - PAUSE / 4));
        assert_eq!(fairness.due(none), None, "all was paid with one pause");
        fairness.held = TURN * 20;
        assert_eq!(fairness.due(Some(PAUSE)), None, "it was free meanwhile");
        assert_eq!(fairness.held, Duration::ZERO);
    }
}
