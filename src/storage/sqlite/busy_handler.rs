//! The busy handler, by which a connection waits for a lock. SQLite's own handler
//! backs off to ten polls a second, and so hardly ever finds the lock of a busy
//! writer free; this one polls every millisecond.

use std::cell::Cell;
use std::os::raw::{c_int, c_void};
use std::time::{Duration, Instant};

use libsqlite3_sys as ffi;

const PAUSE: Duration = Duration::from_millis(1);

thread_local! {
    /// The timeout of the connection that this thread opens next.
    static TIMEOUT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    /// When the current wait began. A connection waits on the thread that calls it,
    /// for one lock at a time.
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Opens a connection with this timeout.
pub fn with<T>(timeout: Duration, open: impl FnOnce() -> T) -> T {
    TIMEOUT.set(timeout);
    open()
}

/// Installs the handler in a connection that is being opened.
#[expect(unsafe_code, reason = "Diesel does not hand out the raw connection")]
pub unsafe fn install(database: *mut ffi::sqlite3) -> c_int {
    let milliseconds = usize::try_from(TIMEOUT.get().as_millis()).unwrap_or(usize::MAX);
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

/// SQLite calls this while another connection has the lock; 0 ends the wait.
extern "C" fn again(timeout: *mut c_void, tries: c_int) -> c_int {
    let timeout = Duration::from_millis(u64::try_from(timeout.addr()).unwrap_or(u64::MAX));
    let now = Instant::now();
    let began = match BEGAN.get() {
        Some(began) if tries > 0 => began,
        _ => {
            BEGAN.set(Some(now));
            now
        }
    };
    if now.duration_since(began) >= timeout {
        return 0;
    }
    std::thread::sleep(PAUSE);
    1
}
