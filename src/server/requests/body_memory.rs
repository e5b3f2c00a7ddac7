//! The memory that request bodies take, of the whole process.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::Limits;
use crate::server::connections::clients::Usage;
use crate::server::occasional::Occasional;

/// One client address can have this part of it, so that others find room.
const PART_OF_ONE: usize = 4;

#[derive(Debug)]
pub struct BodyMemory {
    most: usize,
    most_of_one: usize,
    held: AtomicUsize,
    refusals: Occasional,
}

impl BodyMemory {
    pub fn new(limits: &Limits) -> Self {
        let most = usize::try_from(limits.body_memory_bytes).unwrap_or(usize::MAX);
        // The largest body that is allowed must find room.
        let largest = limits.body_bytes.max(limits.access_check_bytes);
        Self {
            most,
            most_of_one: (most / PART_OF_ONE).max(largest).min(most),
            held: AtomicUsize::new(0),
            refusals: Occasional::default(),
        }
    }

    /// Takes so many bytes for this client, unless it or all have too many.
    pub fn take(&self, usage: &Usage, bytes: usize) -> bool {
        if !add_up_to(&usage.body_bytes, bytes, self.most_of_one) {
            return self.refuse("one client has its part");
        }
        if !add_up_to(&self.held, bytes, self.most) {
            usage.body_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return self.refuse("all is used");
        }
        true
    }

    pub fn give_back(&self, usage: &Usage, bytes: usize) {
        if bytes > 0 {
            usage.body_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.held.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    fn refuse(&self, why: &str) -> bool {
        self.refusals.log(|times| {
            log::warn!(
                "refused {times} request bodies by limits.body_memory_bytes ({}): {why}",
                self.most
            );
        });
        false
    }
}

fn add_up_to(held: &AtomicUsize, bytes: usize, most: usize) -> bool {
    let sum = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= most);
    held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(most: u64) -> BodyMemory {
        BodyMemory::new(&Limits {
            body_memory_bytes: most,
            body_bytes: 30,
            access_check_bytes: 30,
            ..Limits::default()
        })
    }

    #[test]
    fn one_client_leaves_room_for_others_and_all_together_have_an_end() {
        let memory = memory(160);
        let clients: [Usage; 5] = Default::default();
        for client in &clients[..4] {
            assert!(memory.take(client, 40));
            assert!(!memory.take(client, 1));
        }
        assert!(!memory.take(&clients[4], 1));
        memory.give_back(&clients[0], 40);
        assert!(memory.take(&clients[4], 40));
    }

    #[test]
    fn the_largest_body_finds_room() {
        let memory = memory(60);
        assert!(memory.take(&Usage::default(), 30));
    }
}
