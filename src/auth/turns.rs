//! Lists that try regular expressions on every row cost the time of many others:
//! a caller has only so many made at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::directory::DirectoryError;

/// How many of them each caller has made now.
#[derive(Clone)]
pub struct Turns {
    most: usize,
    running: Arc<Mutex<HashMap<i64, usize>>>,
}

/// One of them, until it is dropped.
pub struct Turn {
    turns: Turns,
    caller: i64,
}

impl Turns {
    pub fn new(most: usize) -> Self {
        Self {
            most,
            running: Arc::default(),
        }
    }

    /// # Errors
    /// When the caller waits for as many as there may be.
    pub fn take(&self, caller: i64) -> Result<Turn, DirectoryError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let own = running.entry(caller).or_default();
        if *own >= self.most {
            return Err(DirectoryError::Busy(
                "one caller has too many regular expressions tried at once".into(),
            ));
        }
        *own += 1;
        Ok(Turn {
            turns: self.clone(),
            caller,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let running = &self.turns.running;
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
    fn a_caller_has_so_many_turns_at_once_and_others_have_theirs() {
        let turns = Turns::new(2);
        let one = turns.take(1).unwrap();
        let _other = turns.take(1).unwrap();
        assert!(matches!(turns.take(1), Err(DirectoryError::Busy(_))));
        assert!(turns.take(2).is_ok());
        drop(one);
        assert!(turns.take(1).is_ok());
    }
}
