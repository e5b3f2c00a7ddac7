//! Counters and histograms for the metrics. They need no lock, and the order of
//! additions does not matter.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A count that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    pub fn add_one(&self) {
        self.add(1);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The number and the total time of waits.
#[derive(Debug, Default)]
pub struct Waits {
    times: Counter,
    microseconds: Counter,
}

impl Waits {
    pub fn add(&self, waited: Duration) {
        self.times.add_one();
        let microseconds = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.add(microseconds);
    }

    pub fn times(&self) -> u64 {
        self.times.get()
    }

    pub fn seconds(&self) -> f64 {
        Duration::from_micros(self.microseconds.get()).as_secs_f64()
    }
}

/// A histogram with `N` inclusive upper bounds in ascending order, and one more
/// bucket for larger values.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    bounds: [u64; N],
    buckets: [Counter; N],
    larger: Counter,
    sum: Counter,
}

impl<const N: usize> Histogram<N> {
    pub fn new(bounds: [u64; N]) -> Self {
        Self {
            bounds,
            buckets: std::array::from_fn(|_| Counter::default()),
            larger: Counter::default(),
            sum: Counter::default(),
        }
    }

    pub fn observe(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        self.buckets.get(place).unwrap_or(&self.larger).add_one();
        self.sum.add(value);
    }

    pub fn snapshot(&self) -> HistogramSnapshot {
        let bounds = self.bounds.iter().zip(&self.buckets);
        HistogramSnapshot {
            buckets: bounds.map(|(bound, count)| (*bound, count.get())).collect(),
            larger: self.larger.get(),
            sum: self.sum.get(),
        }
    }
}

/// The state of a histogram at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistogramSnapshot {
    /// Upper bound and count of each bucket, not cumulative.
    pub buckets: Vec<(u64, u64)>,
    pub larger: u64,
    pub sum: u64,
}

impl HistogramSnapshot {
    pub fn count(&self) -> u64 {
        let within: u64 = self.buckets.iter().map(|(_, count)| count).sum();
        within + self.larger
    }

    /// Adds the counts of another histogram with the same bounds.
    pub fn merge(&mut self, other: &Self) {
        if self.buckets.is_empty() {
            self.buckets = other.buckets.iter().map(|(bound, _)| (*bound, 0)).collect();
        }
        for ((_, count), (_, more)) in self.buckets.iter_mut().zip(&other.buckets) {
            *count += more;
        }
        self.larger += other.larger;
        self.sum += other.sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_counts_in_the_first_bucket_that_holds_it() {
        let histogram = Histogram::new([1, 10]);
        for value in [0, 1, 2, 10, 11] {
            histogram.observe(value);
        }
        let snapshot = histogram.snapshot();
        assert_eq!(snapshot.buckets, [(1, 2), (10, 2)]);
        assert_eq!(
            (snapshot.larger, snapshot.sum, snapshot.count()),
            (1, 24, 5)
        );
    }

    #[test]
    fn merging_adds_each_bucket() {
        let histogram = Histogram::new([1, 10]);
        histogram.observe(5);
        let mut all = HistogramSnapshot::default();
        all.merge(&histogram.snapshot());
        all.merge(&histogram.snapshot());
        assert_eq!(all.buckets, [(1, 0), (10, 2)]);
        assert_eq!((all.sum, all.count()), (10, 2));
    }
}
