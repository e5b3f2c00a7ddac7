//! Limits the memory for request bodies of the whole process.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::Limits;
use crate::server::connections::clients::Usage;
use crate::server::log_limit::LogLimit;

/// One client address can use this fraction of it, so that others find room.
const CLIENT_SHARE: usize = 4;

#[derive(Debug)]
pub struct BodyMemory {
    max: usize,
    max_per_client: usize,
    reserved: AtomicUsize,
    refusals: LogLimit,
}

impl BodyMemory {
    pub fn new(limits: &Limits) -> Self {
        let max = usize::try_from(limits.body_memory_bytes).unwrap_or(usize::MAX);
        // The largest allowed body must fit.
        let largest = limits.body_bytes.max(limits.access_check_bytes);
        Self {
            max,
            max_per_client: (max / CLIENT_SHARE).max(largest).min(max),
            reserved: AtomicUsize::new(0),
            refusals: LogLimit::default(),
        }
    }

    /// Reserves bytes for this client, unless its limit or the total is exceeded.
    pub fn reserve(&self, usage: &Usage, bytes: usize) -> bool {
        if !add_up_to(&usage.body_bytes, bytes, self.max_per_client) {
            return self.refuse("one client has used its share");
        }
        if !add_up_to(&self.reserved, bytes, self.max) {
            usage.body_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return self.refuse("all of it is in use");
        }
        true
    }

    pub fn release(&self, usage: &Usage, bytes: usize) {
        if bytes > 0 {
            usage.body_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.reserved.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    fn refuse(&self, why: &str) -> bool {
        self.refusals.log(|times| {
            log::warn!(
                "refused {times} request bodies by limits.body_memory_bytes ({}): {why}",
                self.max
            );
        });
        false
    }
}

fn add_up_to(reserved: &AtomicUsize, bytes: usize, max: usize) -> bool {
    let sum = |reserved: usize| reserved.checked_add(bytes).filter(|sum| *sum <= max);
    reserved
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(max: u64) -> BodyMemory {
        BodyMemory::new(&Limits {
            body_memory_bytes: max,
            body_bytes: 30,
            access_check_bytes: 30,
            ..Limits::default()
        })
    }

    #[test]
    fn each_client_and_the_total_have_a_limit() {
        let memory = memory(160);
        let clients: [Usage; 5] = Default::default();
        for client in &clients[..4] {
            assert!(memory.reserve(client, 40));
            assert!(!memory.reserve(client, 1));
        }
        assert!(!memory.reserve(&clients[4], 1));
        memory.release(&clients[0], 40);
        assert!(memory.reserve(&clients[4], 40));
    }

    #[test]
    fn the_largest_body_fits() {
        let memory = memory(60);
        assert!(memory.reserve(&Usage::default(), 30));
    }
}
