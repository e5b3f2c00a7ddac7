//! Limits how many LDAP requests run at a time and how many wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub struct ConcurrencyLimit {
    permits: Arc<Semaphore>,
    /// Counts the requests that run or wait.
    admitted: Arc<Semaphore>,
    timeout: Duration,
}

/// The right to run one request, until it is dropped.
pub struct Permit {
    _running: OwnedSemaphorePermit,
    _admitted: OwnedSemaphorePermit,
}

impl ConcurrencyLimit {
    pub fn new(permits: usize, queue: usize, timeout_ms: u64) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            admitted: Arc::new(Semaphore::new(permits + queue)),
            timeout: Duration::from_millis(timeout_ms),
        }
    }

    /// `None` when the queue is full or the wait takes too long.
    pub async fn acquire(&self) -> Option<Permit> {
        let admitted = self.admitted.clone().try_acquire_owned().ok()?;
        let running = self.permits.clone().acquire_owned();
        let running = tokio::time::timeout(self.timeout, running).await.ok()?;
        Some(Permit {
            _running: running.ok()?,
            _admitted: admitted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn run(work: impl Future<Output = ()>) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().build().unwrap().block_on(work);
    }

    #[test]
    fn a_full_queue_rejects_at_once_and_a_dropped_permit_makes_room() {
        run(async {
            let limit = ConcurrencyLimit::new(1, 1, 60_000);
            let inside = limit.acquire().await.unwrap();
            let mut waiting = Box::pin(limit.acquire());
            assert!(waiting.as_mut().now_or_never().is_none());
            assert!(limit.acquire().await.is_none());
            drop(inside);
            assert!(waiting.await.is_some());
        });
    }

    #[test]
    fn waiting_times_out() {
        run(async {
            let limit = ConcurrencyLimit::new(1, 1, 1);
            let _permit = limit.acquire().await.unwrap();
            assert!(limit.acquire().await.is_none());
        });
    }
}
