//! Limits repeated log lines to one per second, with a count.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct LogLimit {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    logged: Option<Instant>,
    /// Occurrences since the last line.
    unlogged: u64,
}

impl LogLimit {
    /// Calls `line` with the number of occurrences, at most once per second.
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
        let limit = LogLimit::default();
        let begin = Instant::now();
        assert_eq!(limit.count(begin), Some(1));
        for _ in 0..5 {
            assert_eq!(limit.count(begin), None);
        }
        assert_eq!(limit.count(begin + PAUSE), Some(6));
    }
}
