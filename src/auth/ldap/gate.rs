//! So many questions at once, and so many that wait for one of these to end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub struct Gate {
    places: Arc<Semaphore>,
    /// Everybody inside or waiting has one of these.
    all: Arc<Semaphore>,
    patience: Duration,
}

/// A place inside, until it is dropped.
pub struct Place {
    _inside: OwnedSemaphorePermit,
    _counted: OwnedSemaphorePermit,
}

impl Gate {
    pub fn new(places: usize, queue: usize, patience_ms: u64) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            all: Arc::new(Semaphore::new(places + queue)),
            patience: Duration::from_millis(patience_ms),
        }
    }

    /// None when too many wait, or when it takes too long.
    pub async fn enter(&self) -> Option<Place> {
        let counted = self.all.clone().try_acquire_owned().ok()?;
        let inside = self.places.clone().acquire_owned();
        let inside = tokio::time::timeout(self.patience, inside).await.ok()?;
        Some(Place {
            _inside: inside.ok()?,
            _counted: counted,
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
    fn nobody_waits_behind_a_full_queue_and_whoever_leaves_makes_room() {
        run(async {
            let gate = Gate::new(1, 1, 60_000);
            let inside = gate.enter().await.unwrap();
            let mut waiting = Box::pin(gate.enter());
            assert!(waiting.as_mut().now_or_never().is_none());
            assert!(gate.enter().await.is_none());
            drop(inside);
            assert!(waiting.await.is_some());
        });
    }

    #[test]
    fn waiting_ends_by_itself() {
        run(async {
            let gate = Gate::new(1, 1, 1);
            let _inside = gate.enter().await.unwrap();
            assert!(gate.enter().await.is_none());
        });
    }
}
