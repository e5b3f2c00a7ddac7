//! How long reads may take. A connection works on the thread that calls it, so
//! the thread knows until when; SQLite asks it while it works, and ends a
//! statement whose time is over.
//!
//! Not for the writer: SQLite would undo the whole transaction with the one
//! statement, and with it the changes of others.

use std::cell::Cell;
use std::os::raw::{c_int, c_void};
use std::time::{Duration, Instant};

/// Of SQLite's virtual machine, between two looks at the clock: some tens of
/// microseconds.
pub const STEPS: c_int = 1000;

thread_local! {
    static UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Runs `work`, all of whose statements together may take so long.
pub fn within<T>(limit: Option<Duration>, work: impl FnOnce() -> T) -> T {
    /// Sets the time of before again, after a panic too.
    struct Before(Option<Instant>);
    impl Drop for Before {
        fn drop(&mut self) {
            UNTIL.set(self.0);
        }
    }
    let until = limit.and_then(|limit| Instant::now().checked_add(limit));
    let _before = Before(UNTIL.replace(until));
    work()
}

/// What SQLite calls: anything but 0 ends the statement.
pub extern "C" fn is_over(_: *mut c_void) -> c_int {
    // A thread that is ending has no time of its own any more.
    let until = UNTIL.try_with(Cell::get).ok().flatten();
    c_int::from(until.is_some_and(|until| Instant::now() >= until))
}

#[cfg(test)]
mod tests {
    use super::*;

    use diesel::connection::SimpleConnection;
    use diesel::sql_types::BigInt;
    use diesel::{QueryResult, RunQueryDsl};

    use super::super::connection;
    use crate::storage::StorageError;
    use crate::storage::sql_fragment::fragment;

    /// Counts so far, and without end where there is none.
    fn count(to: &str, connection: &mut diesel::SqliteConnection) -> QueryResult<i64> {
        let counted = fragment::<BigInt>(format!(
            "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n {to})
             SELECT count(*) FROM n)"
        ));
        diesel::select(counted).get_result(connection)
    }

    #[test]
    fn a_read_without_end_is_ended_and_the_connection_goes_on() {
        let folder = std::env::temp_dir().join(format!("rolecall-until-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("until.db");
        let mut connection = connection::open(&path, Duration::from_secs(1)).unwrap();
        connection.batch_execute("BEGIN").unwrap();
        let limit = Some(Duration::from_millis(1));
        let error = within(limit, || count("", &mut connection)).unwrap_err();
        let error = StorageError::from(error);
        assert!(matches!(error, StorageError::TimedOut(_)), "{error}");
        connection.batch_execute("COMMIT").unwrap();
        let all = count("WHERE i < 100000", &mut connection).unwrap();
        assert_eq!(all, 100_000, "without a limit it takes as long as it does");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_limit_within_another_ends_with_its_work() {
        let is_set = || UNTIL.get().is_some();
        within(Some(Duration::from_secs(1)), || {
            within(None, || assert!(!is_set()));
            assert!(is_set());
        });
        assert!(!is_set());
    }
}
