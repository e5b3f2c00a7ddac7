//! Log lines about what a flood repeats: one a second, with a count.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct Occasional {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    logged: Option<Instant>,
    /// Times it happened since it was logged.
    unlogged: u64,
}

impl Occasional {
    /// Calls `line` with the number of times that it tells of, unless it did so
    /// less than a second ago.
    pub fn log(&self, line: impl FnOnce(u64)) {
        if let Some(times) = self.count(Instant::now()) {
            line(times);
        }
    }

    fn count(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.unlogged += 1;
        if state.logged.is_some_and(|logged| now < logged + PAUSE) {
            return None;
        }
        state.logged = Some(now);
        Some(std::mem::take(&mut state.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_line_a_second_with_its_number() {
        let occasional = Occasional::default();
        let begin = Instant::now();
        assert_eq!(occasional.count(begin), Some(1));
        for _ in 0..5 {
            assert_eq!(occasional.count(begin), None);
        }
        assert_eq!(occasional.count(begin + PAUSE), Some(6));
    }
}
