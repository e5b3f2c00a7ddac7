//! Limits how many lists with regular expressions a caller can request at the same
//! time: they test every row, which takes as long as many other requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::directory::DirectoryError;

/// The number of such lists in progress, by caller.
#[derive(Clone)]
pub struct PatternLimit {
    max_per_caller: usize,
    running: Arc<Mutex<HashMap<i64, usize>>>,
}

/// The right to one list, until it is dropped.
pub struct PatternPermit {
    limit: PatternLimit,
    caller: i64,
}

impl PatternLimit {
    pub fn new(max_per_caller: usize) -> Self {
        Self {
            max_per_caller,
            running: Arc::default(),
        }
    }

    /// # Errors
    /// When the caller has reached the limit.
    pub fn acquire(&self, caller: i64) -> Result<PatternPermit, DirectoryError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let own = running.entry(caller).or_default();
        if *own >= self.max_per_caller {
            return Err(DirectoryError::Busy(
                "one caller runs too many lists with regular expressions at once".into(),
            ));
        }
        *own += 1;
        Ok(PatternPermit {
            limit: self.clone(),
            caller,
        })
    }
}

impl Drop for PatternPermit {
    fn drop(&mut self) {
        let running = &self.limit.running;
        let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = running.get_mut(&self.caller) {
            *own -= 1;
            if *own == 0 {
                running.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_a_limit_of_its_own() {
        let limit = PatternLimit::new(2);
        let one = limit.acquire(1).unwrap();
        let _other = limit.acquire(1).unwrap();
        assert!(matches!(limit.acquire(1), Err(DirectoryError::Busy(_))));
        assert!(limit.acquire(2).is_ok());
        drop(one);
        assert!(limit.acquire(1).is_ok());
    }
}
