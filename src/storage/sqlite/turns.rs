//! Taking turns with the writers of other processes. SQLite keeps no queue for
//! its lock: a writer that takes it again at once starves all who look for it
//! now and then. So it is left alone for a moment whenever it was held for long.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// So long the lock may be held, in one turn or in several that follow closely.
const TURN: Duration = Duration::from_millis(50);
/// Others look for the lock every millisecond (see `patience`).
const PAUSE: Duration = Duration::from_millis(4);

#[derive(Default)]
pub struct Turns {
    held: Duration,
    ended: Option<Instant>,
}

impl Turns {
    /// Waits where it is the turn of others; when this one begins.
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

    /// How long the lock is still to be left alone, which was free for so long.
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
        let mut turns = Turns::default();
        let none = Some(Duration::ZERO);
        assert_eq!(turns.due(None), None, "the first");
        for quarter in 1..=4 {
            turns.held += TURN / 4;
            assert_eq!(turns.due(none).is_some(), quarter == 4);
        }
        turns.held = TURN * 20;
        assert_eq!(turns.due(Some(PAUSE / 4)), Some(PAUSE - PAUSE / 4));
        assert_eq!(turns.due(none), None, "all was paid with one pause");
        turns.held = TURN * 20;
        assert_eq!(turns.due(Some(PAUSE)), None, "it was free meanwhile");
        assert_eq!(turns.held, Duration::ZERO);
    }
}
