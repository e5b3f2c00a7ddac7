//! Diesel keeps every statement that it prepares for as long as a connection
//! lives. Filters make statements of countless kinds, so they are counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::{Instrumentation, InstrumentationEvent};

/// How many statements some connections keep.
#[derive(Clone, Debug, Default)]
pub struct Kept(Arc<AtomicUsize>);

impl Kept {
    /// What a connection has to be given to be counted.
    pub fn counting(&self) -> impl Instrumentation + use<> {
        let kept = self.0.clone();
        move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::CacheQuery { .. }) {
                kept.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether there are more than `most`; then the count begins anew, and the
    /// caller sees to it that they are forgotten.
    pub fn are_more_than(&self, most: usize) -> bool {
        let more = self.count() > most;
        if more {
            self.0.store(0, Ordering::Relaxed);
        }
        more
    }
}
