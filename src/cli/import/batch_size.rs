//! How many rows are committed together. Nobody else can write meanwhile (SQLite),
//! or change the same counts (PostgreSQL), so a batch is not to take long.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The most rows, unless another number is asked for.
pub const BATCH: usize = 1000;
/// The fewest: what each transaction costs by itself must not be most of it.
const FEWEST: usize = 20;
/// What a batch is to take.
const LONG: Duration = Duration::from_millis(50);

pub struct BatchSize {
    rows: AtomicUsize,
    is_fixed: bool,
}

impl BatchSize {
    pub fn new(wanted: Option<usize>) -> Self {
        Self {
            rows: AtomicUsize::new(wanted.unwrap_or(BATCH)),
            is_fixed: wanted.is_some(),
        }
    }

    pub fn rows(&self) -> usize {
        self.rows.load(Ordering::Relaxed)
    }

    /// Learns from a batch. Those that are read already keep their size.
    pub fn took(&self, time: Duration) {
        if self.is_fixed {
            return;
        }
        let rows = self.rows();
        let next = match time {
            time if time > LONG => rows / 2,
            time if time < LONG / 3 => rows * 2,
            _ => rows,
        };
        self.rows
            .store(next.clamp(FEWEST, BATCH), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_batches_become_smaller_and_quick_ones_larger_within_limits() {
        let size = BatchSize::new(None);
        assert_eq!(size.rows(), BATCH);
        (0..9).for_each(|_| size.took(LONG * 2));
        assert_eq!(size.rows(), FEWEST);
        size.took(LONG);
        assert_eq!(size.rows(), FEWEST);
        (0..9).for_each(|_| size.took(LONG / 10));
        assert_eq!(size.rows(), BATCH);
    }

    #[test]
    fn a_number_that_was_asked_for_stays() {
        let size = BatchSize::new(Some(5000));
        size.took(LONG * 100);
        assert_eq!(size.rows(), 5000);
    }
}
