//! How a connection waits for a lock. SQLite's own way looks less and less often,
//! up to ten times a second, and so hardly ever meets the moment in which a busy
//! writer lets go; this one looks every millisecond.

use std::cell::Cell;
use std::os::raw::{c_int, c_void};
use std::time::{Duration, Instant};

use libsqlite3_sys as ffi;

const PAUSE: Duration = Duration::from_millis(1);

thread_local! {
    /// Of the connection that this thread opens next.
    static PATIENCE: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    /// When the wait began that is going on. A connection waits on the thread
    /// that calls it, for one lock at a time.
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Opens a connection that waits so long.
pub fn with<T>(patience: Duration, open: impl FnOnce() -> T) -> T {
    PATIENCE.set(patience);
    open()
}

/// Sets a connection up that is being opened.
#[expect(unsafe_code, reason = "Diesel does not hand out the raw connection")]
pub unsafe fn install(database: *mut ffi::sqlite3) -> c_int {
    let milliseconds = usize::try_from(PATIENCE.get().as_millis()).unwrap_or(usize::MAX);
    // SAFETY: the handler has the signature that SQLite calls and lives as long as
    // the program; its argument is a number, and never followed as a pointer.
    unsafe {
        ffi::sqlite3_busy_handler(
            database,
            Some(again),
            std::ptr::without_provenance_mut::<c_void>(milliseconds),
        )
    }
}

/// What SQLite calls while somebody else has the lock: 0 ends the wait.
extern "C" fn again(patience: *mut c_void, tries: c_int) -> c_int {
    let patience = Duration::from_millis(u64::try_from(patience.addr()).unwrap_or(u64::MAX));
    let now = Instant::now();
    let began = match BEGAN.get() {
        Some(began) if tries > 0 => began,
        _ => {
            BEGAN.set(Some(now));
            now
        }
    };
    if now.duration_since(began) >= patience {
        return 0;
    }
    std::thread::sleep(PAUSE);
    1
}
