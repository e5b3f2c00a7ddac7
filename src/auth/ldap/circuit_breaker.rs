//! A circuit breaker: after several failures in a row requests fail at once for a
//! while, instead of each waiting for a timeout.

use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

use super::LdapUnavailable;

pub struct CircuitBreaker {
    max_failures: u32,
    pause: TimeDelta,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    open_until: Option<DateTime<Utc>>,
}

impl CircuitBreaker {
    pub fn new(failures: u32, pause_seconds: u64) -> Self {
        Self {
            max_failures: failures,
            pause: TimeDelta::seconds(i64::try_from(pause_seconds).unwrap_or(1)),
            state: Mutex::default(),
        }
    }

    /// Fails while the circuit is open. After the pause requests are let through
    /// again; the first that fails opens it once more.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), LdapUnavailable> {
        let open_until = self.state.lock().ok().and_then(|state| state.open_until);
        match open_until {
            Some(open_until) if open_until > now => Err(retry_after(open_until, now)),
            _ => Ok(()),
        }
    }

    pub fn record_success(&self) {
        if let Ok(mut state) = self.state.lock() {
            *state = State::default();
        }
    }

    pub fn record_failure(&self, now: DateTime<Utc>) -> LdapUnavailable {
        let Ok(mut state) = self.state.lock() else {
            return LdapUnavailable { seconds: 1 };
        };
        state.failures = state.failures.saturating_add(1);
        if state.failures < self.max_failures {
            return LdapUnavailable { seconds: 1 };
        }
        let open_until = now + self.pause;
        state.open_until = Some(open_until);
        retry_after(open_until, now)
    }
}

fn retry_after(open_until: DateTime<Utc>, now: DateTime<Utc>) -> LdapUnavailable {
    let wait = (open_until - now).num_milliseconds().max(1).unsigned_abs();
    LdapUnavailable {
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
    fn failures_in_a_row_open_the_circuit_and_so_does_the_first_after_the_pause() {
        let circuit_breaker = CircuitBreaker::new(3, 10);
        circuit_breaker.record_failure(NOW);
        circuit_breaker.record_failure(NOW);
        assert_eq!(circuit_breaker.check(NOW), Ok(()));
        assert_eq!(
            circuit_breaker.record_failure(NOW),
            LdapUnavailable { seconds: 10 }
        );
        assert_eq!(
            circuit_breaker.check(after(4)),
            Err(LdapUnavailable { seconds: 6 })
        );
        assert_eq!(circuit_breaker.check(after(10)), Ok(()));
        circuit_breaker.record_failure(after(10));
        assert_eq!(
            circuit_breaker.check(after(11)),
            Err(LdapUnavailable { seconds: 9 })
        );
    }

    #[test]
    fn a_success_resets_the_count() {
        let circuit_breaker = CircuitBreaker::new(2, 10);
        for _ in 0..5 {
            circuit_breaker.record_failure(NOW);
            circuit_breaker.record_success();
        }
        assert_eq!(circuit_breaker.check(NOW), Ok(()));
    }
}
