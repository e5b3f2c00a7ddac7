//! A value per thread and owner: thread-local storage of which a process can have
//! several, one for each database.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    static VALUES: RefCell<HashMap<u64, Box<dyn Any>>> = RefCell::new(HashMap::new());
}

static NEXT_OWNER: AtomicU64 = AtomicU64::new(0);

pub struct PerThread<T> {
    owner: u64,
    kind: PhantomData<fn() -> T>,
}

impl<T: 'static> PerThread<T> {
    pub fn new() -> Self {
        Self {
            owner: NEXT_OWNER.fetch_add(1, Ordering::Relaxed),
            kind: PhantomData,
        }
    }

    /// Takes this thread's value out, or creates one.
    pub fn take<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let kept = VALUES.with_borrow_mut(|values| values.remove(&self.owner));
        match kept.and_then(|kept| kept.downcast::<T>().ok()) {
            Some(value) => Ok(*value),
            None => make(),
        }
    }

    /// Sets the value of this thread.
    pub fn put(&self, value: T) {
        VALUES.with_borrow_mut(|values| values.insert(self.owner, Box::new(value)));
    }

    /// Lends this thread's value to `work`, and creates it first if there is none.
    ///
    /// The value is taken out meanwhile, so that a panic in `work` drops it instead of
    /// leaving it in an unknown state; a nested call creates another value.
    pub fn with<R, E>(
        &self,
        make: impl FnOnce() -> Result<T, E>,
        work: impl FnOnce(&mut T) -> R,
    ) -> Result<R, E> {
        let mut value = self.take(make)?;
        let answer = work(&mut value);
        self.put(value);
        Ok(answer)
    }

    /// Drops this thread's value.
    pub fn forget(&self) {
        VALUES.with_borrow_mut(|values| values.remove(&self.owner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_for_each_thread_and_owner() {
        let (first, second) = (PerThread::<i32>::new(), PerThread::<i32>::new());
        let add = |local: &PerThread<i32>| {
            local.with(
                || Ok::<_, ()>(0),
                |value| {
                    *value += 1;
                    *value
                },
            )
        };
        assert_eq!(add(&first), Ok(1));
        assert_eq!(add(&first), Ok(2));
        assert_eq!(add(&second), Ok(1));
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(add(&first), Ok(1)));
        });
    }
}
