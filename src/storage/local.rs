//! A value for each thread and owner: thread-local storage that can exist more
//! than once, as it must when one process serves several databases.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    static VALUES: RefCell<HashMap<u64, Box<dyn Any>>> = RefCell::new(HashMap::new());
}

static NEXT_OWNER: AtomicU64 = AtomicU64::new(0);

pub struct Local<T> {
    owner: u64,
    kind: PhantomData<fn() -> T>,
}

impl<T: 'static> Local<T> {
    pub fn new() -> Self {
        Self {
            owner: NEXT_OWNER.fetch_add(1, Ordering::Relaxed),
            kind: PhantomData,
        }
    }

    /// Takes this thread's value, or makes one.
    pub fn take<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let kept = VALUES.with_borrow_mut(|values| values.remove(&self.owner));
        match kept.and_then(|kept| kept.downcast::<T>().ok()) {
            Some(value) => Ok(*value),
            None => make(),
        }
    }

    /// Makes this the value of this thread.
    pub fn put(&self, value: T) {
        VALUES.with_borrow_mut(|values| values.insert(self.owner, Box::new(value)));
    }

    /// Lends this thread's value to `work`, making it first when there is none.
    ///
    /// The value is taken out while it is lent, so that a panic in `work` drops
    /// it instead of leaving it half used, and a call from within makes another.
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
        let (first, second) = (Local::<i32>::new(), Local::<i32>::new());
        let add = |local: &Local<i32>| {
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
