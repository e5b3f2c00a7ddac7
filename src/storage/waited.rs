//! The time that a request has spent waiting for others: for a connection, for
//! locks, for a server that is silent. Its waits share each limit, so that two
//! of them do not take twice as long as one may.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Shared by all that is done for one request.
#[derive(Clone, Debug, Default)]
pub struct Waited {
    micros: Arc<AtomicU64>,
    is_of_request: bool,
}

impl Waited {
    pub fn of_request() -> Self {
        Self {
            micros: Arc::default(),
            is_of_request: true,
        }
    }

    /// What one operation shall count with. The program's own are each by themselves.
    pub fn for_operation(&self) -> Self {
        match self.is_of_request {
            true => self.clone(),
            false => Self::default(),
        }
    }

    /// Whether locks count: a command may meet many of them.
    pub fn counts_locks(&self) -> bool {
        self.is_of_request
    }

    pub fn add(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// What is left of a limit.
    pub fn left(&self, limit: Duration) -> Duration {
        let spent = Duration::from_micros(self.micros.load(Ordering::Relaxed));
        limit.saturating_sub(spent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_of_one_request_share_a_limit_and_those_of_the_program_do_not() {
        let limit = Duration::from_secs(5);
        let request = Waited::of_request();
        request.for_operation().add(Duration::from_secs(2));
        request.for_operation().add(Duration::from_secs(2));
        assert_eq!(request.left(limit), Duration::from_secs(1));
        request.add(limit);
        assert_eq!(request.left(limit), Duration::ZERO);
        let program = Waited::default();
        program.for_operation().add(limit);
        assert_eq!(program.for_operation().left(limit), limit);
    }
}
