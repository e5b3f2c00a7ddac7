//! A queue that is shared fairly: whose turn it is goes round the places that
//! work came from, and when it is full the longest line gives way.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::auth::place::Place;

pub struct FairQueue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    capacity: usize,
}

struct State<T> {
    lines: HashMap<Place, VecDeque<T>>,
    /// Places that have a line, in the order of their turns.
    turns: VecDeque<Place>,
    lengths: BTreeSet<(usize, Place)>,
    waiting: usize,
    is_closed: bool,
}

impl<T> FairQueue<T> {
    pub fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State {
                lines: HashMap::new(),
                turns: VecDeque::new(),
                lengths: BTreeSet::new(),
                waiting: 0,
                is_closed: false,
            }),
            changed: Condvar::new(),
            capacity,
        }
    }

    /// Puts an item in the line of its place. What had to give way for it is
    /// handed back.
    ///
    /// # Errors
    /// The item itself, when the queue is full of lines that are no longer, or
    /// closed.
    pub fn push(&self, place: Place, item: T) -> Result<Option<T>, T> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(item);
        }
        let mut displaced = None;
        if state.waiting >= self.capacity {
            match state.longest() {
                Some((length, longest)) if length > state.length(place) + 1 => {
                    displaced = state.take_last(longest);
                }
                _ => return Err(item),
            }
        }
        state.put(place, item);
        drop(state);
        self.changed.notify_one();
        Ok(displaced)
    }

    /// Waits for the next item. None: the queue is closed and empty.
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

    /// Nothing more comes in.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn length(&self, place: Place) -> usize {
        self.lines.get(&place).map_or(0, VecDeque::len)
    }

    fn longest(&self) -> Option<(usize, Place)> {
        self.lengths.last().copied()
    }

    fn put(&mut self, place: Place, item: T) {
        let line = self.lines.entry(place).or_default();
        if line.is_empty() {
            self.turns.push_back(place);
        }
        line.push_back(item);
        let length = line.len();
        self.waiting += 1;
        self.lengths.remove(&(length - 1, place));
        self.lengths.insert((length, place));
    }

    /// The oldest item of the place whose turn it is.
    fn take_next(&mut self) -> Option<T> {
        let place = self.turns.pop_front()?;
        let item = self.take(place, VecDeque::pop_front)?;
        if self.lines.contains_key(&place) {
            self.turns.push_back(place);
        }
        Some(item)
    }

    /// The newest item of a line that stays.
    fn take_last(&mut self, place: Place) -> Option<T> {
        self.take(place, VecDeque::pop_back)
    }

    fn take(&mut self, place: Place, end: fn(&mut VecDeque<T>) -> Option<T>) -> Option<T> {
        let line = self.lines.get_mut(&place)?;
        let before = line.len();
        let item = end(line)?;
        self.waiting -= 1;
        self.lengths.remove(&(before, place));
        if line.is_empty() {
            self.lines.remove(&place);
        } else {
            self.lengths.insert((before - 1, place));
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u8) -> Place {
        Place::of(Some([192, 0, 2, number].into()))
    }

    fn all(queue: &FairQueue<&'static str>) -> Vec<&'static str> {
        queue.close();
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn turns_go_round_the_places() {
        let queue = FairQueue::new(10);
        for (from, item) in [
            (1, "a1"),
            (1, "a2"),
            (1, "a3"),
            (2, "b1"),
            (3, "c1"),
            (2, "b2"),
        ] {
            assert_eq!(queue.push(place(from), item), Ok(None));
        }
        assert_eq!(all(&queue), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }

    #[test]
    fn the_longest_line_gives_way_when_the_queue_is_full() {
        let queue = FairQueue::new(3);
        for item in ["a1", "a2", "a3"] {
            assert_eq!(queue.push(place(1), item), Ok(None));
        }
        assert_eq!(queue.push(place(1), "a4"), Err("a4"));
        assert_eq!(queue.push(place(2), "b1"), Ok(Some("a3")));
        assert_eq!(queue.push(place(2), "b2"), Err("b2"));
        assert_eq!(queue.push(place(3), "c1"), Ok(Some("a2")));
        assert_eq!(queue.push(place(4), "d1"), Err("d1"));
        assert_eq!(all(&queue), ["a1", "b1", "c1"]);
        assert_eq!(queue.push(place(1), "late"), Err("late"));
    }
}
