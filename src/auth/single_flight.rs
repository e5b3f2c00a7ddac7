//! Single flight: concurrent calls with the same key run once. The first caller
//! leads, the others wait for its outcome.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

type Key = [u8; 32];

/// The calls in progress, one for each leader.
pub struct SingleFlight<T> {
    flights: Mutex<HashMap<Key, watch::Receiver<Option<T>>>>,
}

pub enum Flight<'a, T> {
    Leader(Leader<'a, T>),
    Follower(Follower<T>),
}

/// The caller that does the work. If it is dropped without an outcome, another
/// caller leads.
pub struct Leader<'a, T> {
    all: &'a SingleFlight<T>,
    key: Key,
    outcome: watch::Sender<Option<T>>,
}

pub struct Follower<T>(watch::Receiver<Option<T>>);

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self {
            flights: Mutex::default(),
        }
    }
}

impl<T> SingleFlight<T> {
    pub fn join(&self, key: Key) -> Flight<'_, T> {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(&key) {
            return Flight::Follower(Follower(flight.clone()));
        }
        let (outcome, receiver) = watch::channel(None);
        flights.insert(key, receiver);
        Flight::Leader(Leader {
            all: self,
            key,
            outcome,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, watch::Receiver<Option<T>>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Leader<'_, T> {
    /// Hands the outcome to the followers.
    pub fn complete(self, outcome: T) {
        self.outcome.send_replace(Some(outcome));
    }
}

impl<T> Drop for Leader<'_, T> {
    fn drop(&mut self) {
        self.all.lock().remove(&self.key);
    }
}

impl<T: Clone> Follower<T> {
    /// `None` if the leader gave up.
    pub async fn outcome(mut self) -> Option<T> {
        let outcome = self.0.wait_for(Option::is_some).await.ok()?;
        outcome.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn lead(flights: &SingleFlight<u8>) -> Leader<'_, u8> {
        match flights.join([1; 32]) {
            Flight::Leader(leader) => leader,
            Flight::Follower(_) => panic!("somebody leads already"),
        }
    }

    fn follow(flights: &SingleFlight<u8>) -> Follower<u8> {
        match flights.join([1; 32]) {
            Flight::Leader(_) => panic!("nobody leads"),
            Flight::Follower(follower) => follower,
        }
    }

    #[test]
    fn followers_receive_the_outcome_of_the_leader() {
        let flights = SingleFlight::default();
        let leader = lead(&flights);
        let mut early = Box::pin(follow(&flights).outcome());
        assert_eq!(early.as_mut().now_or_never(), None);
        let late = follow(&flights);
        leader.complete(7);
        assert_eq!(early.now_or_never(), Some(Some(7)));
        assert_eq!(late.outcome().now_or_never(), Some(Some(7)));
        drop(lead(&flights));
    }

    #[test]
    fn when_the_leader_gives_up_another_leads() {
        let flights = SingleFlight::default();
        let leader = lead(&flights);
        let follower = follow(&flights);
        drop(leader);
        assert_eq!(follower.outcome().now_or_never(), Some(None));
        drop(lead(&flights));
        assert!(flights.lock().is_empty());
    }
}
