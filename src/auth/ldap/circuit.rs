//! Leaving a server alone for a while that failed several times in a row: its
//! users hear so at once, instead of waiting for what does not come.

use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

use super::Unanswered;

pub struct Circuit {
    most: u32,
    pause: TimeDelta,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    until: Option<DateTime<Utc>>,
}

impl Circuit {
    pub fn new(failures: u32, pause_seconds: u64) -> Self {
        Self {
            most: failures,
            pause: TimeDelta::seconds(i64::try_from(pause_seconds).unwrap_or(1)),
            state: Mutex::default(),
        }
    }

    /// Refuses while there is a pause. After it there are attempts again, and
    /// the first that fails begins the next one.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), Unanswered> {
        let until = self.state.lock().ok().and_then(|state| state.until);
        match until {
            Some(until) if until > now => Err(until_then(until, now)),
            _ => Ok(()),
        }
    }

    pub fn worked(&self) {
        if let Ok(mut state) = self.state.lock() {
            *state = State::default();
        }
    }

    pub fn failed(&self, now: DateTime<Utc>) -> Unanswered {
        let Ok(mut state) = self.state.lock() else {
            return Unanswered { seconds: 1 };
        };
        state.failures = state.failures.saturating_add(1);
        if state.failures < self.most {
            return Unanswered { seconds: 1 };
        }
        let until = now + self.pause;
        state.until = Some(until);
        until_then(until, now)
    }
}

fn until_then(until: DateTime<Utc>, now: DateTime<Utc>) -> Unanswered {
    let wait = (until - now).num_milliseconds().max(1).unsigned_abs();
    Unanswered {
        seconds: wait.div_ceil(1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;

    fn after(seconds: i64) -> DateTime<Utc> {
        NOW + TimeDelta::seconds(seconds)
    }

    #[test]
    fn failures_in_a_row_begin_a_pause_and_the_first_after_it_another() {
        let circuit = Circuit::new(3, 10);
        circuit.failed(NOW);
        circuit.failed(NOW);
        assert_eq!(circuit.check(NOW), Ok(()));
        assert_eq!(circuit.failed(NOW), Unanswered { seconds: 10 });
        assert_eq!(circuit.check(after(4)), Err(Unanswered { seconds: 6 }));
        assert_eq!(circuit.check(after(10)), Ok(()));
        circuit.failed(after(10));
        assert_eq!(circuit.check(after(11)), Err(Unanswered { seconds: 9 }));
    }

    #[test]
    fn an_answer_ends_the_count() {
        let circuit = Circuit::new(2, 10);
        for _ in 0..5 {
            circuit.failed(NOW);
            circuit.worked();
        }
        assert_eq!(circuit.check(NOW), Ok(()));
    }
}
