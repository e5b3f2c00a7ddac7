use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use rolecall::directory::Clock;

/// A clock that stands still until a test moves it.
pub struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    pub fn at(text: &str) -> Self {
        Self(Mutex::new(rolecall::directory::clock::parse(text).unwrap()))
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}
