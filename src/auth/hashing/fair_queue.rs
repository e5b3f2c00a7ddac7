//! A fair queue: client networks take turns round-robin, and when the queue is
//! full the network with the most items loses one.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::auth::client_network::ClientNetwork;

pub struct FairQueue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    capacity: usize,
}

struct State<T> {
    queues: HashMap<ClientNetwork, VecDeque<T>>,
    /// Networks with waiting items, in the order of their turns.
    turns: VecDeque<ClientNetwork>,
    lengths: BTreeSet<(usize, ClientNetwork)>,
    waiting: usize,
    is_closed: bool,
}

impl<T> FairQueue<T> {
    pub fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State {
                queues: HashMap::new(),
                turns: VecDeque::new(),
                lengths: BTreeSet::new(),
                waiting: 0,
                is_closed: false,
            }),
            changed: Condvar::new(),
            capacity,
        }
    }

    /// Appends an item to the queue of its network. Returns the item that it
    /// displaced, if any.
    ///
    /// # Errors
    /// The item itself, when the queue is closed, or full and no other network has
    /// more items.
    pub fn push(&self, network: ClientNetwork, item: T) -> Result<Option<T>, T> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(item);
        }
        let mut displaced = None;
        if state.waiting >= self.capacity {
            match state.longest() {
                Some((length, longest)) if length > state.length(network) + 1 => {
                    displaced = state.take_last(longest);
                }
                _ => return Err(item),
            }
        }
        state.put(network, item);
        drop(state);
        self.changed.notify_one();
        Ok(displaced)
    }

    /// Waits for the next item; `None` once the queue is closed and empty.
    pub fn pop(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.take_next() {
                return Some(item);
            }
            if state.is_closed {
                return None;
            }
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Rejects all further items.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn length(&self, network: ClientNetwork) -> usize {
        self.queues.get(&network).map_or(0, VecDeque::len)
    }

    fn longest(&self) -> Option<(usize, ClientNetwork)> {
        self.lengths.last().copied()
    }

    fn put(&mut self, network: ClientNetwork, item: T) {
        let queue = self.queues.entry(network).or_default();
        if queue.is_empty() {
            self.turns.push_back(network);
        }
        queue.push_back(item);
        let length = queue.len();
        self.waiting += 1;
        self.lengths.remove(&(length - 1, network));
        self.lengths.insert((length, network));
    }

    /// The oldest item of the network whose turn it is.
    fn take_next(&mut self) -> Option<T> {
        let network = self.turns.pop_front()?;
        let item = self.take(network, VecDeque::pop_front)?;
        if self.queues.contains_key(&network) {
            self.turns.push_back(network);
        }
        Some(item)
    }

    /// The newest item of a network.
    fn take_last(&mut self, network: ClientNetwork) -> Option<T> {
        self.take(network, VecDeque::pop_back)
    }

    fn take(
        &mut self,
        network: ClientNetwork,
        end: fn(&mut VecDeque<T>) -> Option<T>,
    ) -> Option<T> {
        let queue = self.queues.get_mut(&network)?;
        let before = queue.len();
        let item = end(queue)?;
        self.waiting -= 1;
        self.lengths.remove(&(before, network));
        if queue.is_empty() {
            self.queues.remove(&network);
        } else {
            self.lengths.insert((before - 1, network));
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(number: u8) -> ClientNetwork {
        ClientNetwork::of(Some([192, 0, 2, number].into()))
    }

    fn all(queue: &FairQueue<&'static str>) -> Vec<&'static str> {
        queue.close();
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn networks_take_turns() {
        let queue = FairQueue::new(10);
        for (from, item) in [
            (1, "a1"),
            (1, "a2"),
            (1, "a3"),
            (2, "b1"),
            (3, "c1"),
            (2, "b2"),
        ] {
            assert_eq!(queue.push(network(from), item), Ok(None));
        }
        assert_eq!(all(&queue), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }

    #[test]
    fn a_full_queue_displaces_an_item_of_the_longest_queue() {
        let queue = FairQueue::new(3);
        for item in ["a1", "a2", "a3"] {
            assert_eq!(queue.push(network(1), item), Ok(None));
        }
        assert_eq!(queue.push(network(1), "a4"), Err("a4"));
        assert_eq!(queue.push(network(2), "b1"), Ok(Some("a3")));
        assert_eq!(queue.push(network(2), "b2"), Err("b2"));
        assert_eq!(queue.push(network(3), "c1"), Ok(Some("a2")));
        assert_eq!(queue.push(network(4), "d1"), Err("d1"));
        assert_eq!(all(&queue), ["a1", "b1", "c1"]);
        assert_eq!(queue.push(network(1), "late"), Err("late"));
    }
}
