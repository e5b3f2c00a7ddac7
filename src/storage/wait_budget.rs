//! The time that a request has spent waiting: for a connection, for locks, for a
//! server that does not respond. All waits of a request share each limit, so two
//! of them do not take twice the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Shared by all operations of one request.
#[derive(Clone, Debug, Default)]
pub struct WaitBudget {
    micros: Arc<AtomicU64>,
    is_shared: bool,
}

impl WaitBudget {
    pub fn for_request() -> Self {
        Self {
            micros: Arc::default(),
            is_shared: true,
        }
    }

    /// The budget of one operation. Outside a request each operation has its own.
    pub fn for_operation(&self) -> Self {
        match self.is_shared {
            true => self.clone(),
            false => Self::default(),
        }
    }

    /// Whether waiting for locks counts: a command can wait for many of them.
    pub fn counts_locks(&self) -> bool {
        self.is_shared
    }

    pub fn add(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// The rest of a limit.
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
        let request = WaitBudget::for_request();
        request.for_operation().add(Duration::from_secs(2));
        request.for_operation().add(Duration::from_secs(2));
        assert_eq!(request.left(limit), Duration::from_secs(1));
        request.add(limit);
        assert_eq!(request.left(limit), Duration::ZERO);
        let program = WaitBudget::default();
        program.for_operation().add(limit);
        assert_eq!(program.for_operation().left(limit), limit);
    }
}
