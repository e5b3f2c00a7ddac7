//! What SQLite reports of a file that it cannot use as it has to: its messages do
//! not always tell that, its error log does. The log is written on the thread
//! that met the error, so each piece of work finds its own entries.

use std::cell::RefCell;
use std::ffi::CStr;
use std::os::raw::{c_char, c_int, c_void};

use libsqlite3_sys as ffi;

/// What is wrong with the file, in SQLite's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its contents are not those of a database, or contradict one another.
    Damage(String),
    /// The operating system could not read or write it.
    Io(String),
}

thread_local! {
    static MET: RefCell<Option<Fault>> = const { RefCell::new(None) };
}

/// What the system says when there is no room.
const FULL: &str = "No space left on device";

/// Forgets what was met before: a piece of work begins.
pub fn clear() {
    let _ = MET.try_with(|met| met.take());
}

/// What this thread has met since, and forgets it.
pub fn take() -> Option<Fault> {
    MET.try_with(|met| met.take()).ok().flatten()
}

/// The same, without forgetting it.
pub fn met() -> Option<Fault> {
    MET.try_with(|met| met.borrow().clone()).ok().flatten()
}

/// Notes what was found out without SQLite. Damage is kept over all else.
pub fn note(fault: Fault) {
    let _ = MET.try_with(|met| {
        let mut met = met.borrow_mut();
        let is_worse = match (&*met, &fault) {
            (None, _) | (Some(Fault::Io(_)), Fault::Damage(_)) => true,
            // The first entry has what the system said, those after it do not.
            (Some(_), _) => false,
        };
        if is_worse {
            *met = Some(fault);
        }
    });
}

/// Whether the disk, and not the file, is what this thread has met.
pub fn is_disk_full() -> bool {
    matches!(met(), Some(Fault::Io(text)) if text.contains(FULL))
}

/// What SQLite calls with each entry of its error log.
#[expect(unsafe_code, reason = "SQLite hands over a C string")]
pub unsafe extern "C" fn log(_: *mut c_void, code: c_int, message: *const c_char) {
    note(match code & 0xff {
        // The entry names a line of SQLite's source, which helps nobody here.
        ffi::SQLITE_CORRUPT => Fault::Damage("database disk image is malformed".to_owned()),
        ffi::SQLITE_NOTADB => Fault::Damage("file is not a database".to_owned()),
        ffi::SQLITE_IOERR | ffi::SQLITE_CANTOPEN => {
            // SAFETY: a string that ends with NUL and lives until this returns.
            let text = unsafe { CStr::from_ptr(message) };
            Fault::Io(explained(&text.to_string_lossy()))
        }
        _ => return,
    });
}

/// An entry has the number of the system's error, as in `os_unix.c:1: (28) write()`,
/// and not everywhere its name.
fn explained(entry: &str) -> String {
    let number = entry.split(['(', ')']).nth(1);
    match number.and_then(|number| number.parse().ok()) {
        Some(number) if number != 0 => {
            let name = std::io::Error::from_raw_os_error(number);
            format!("{}: {name}", entry.trim_end_matches([' ', '-']))
        }
        _ => entry.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_kept_over_errors_of_the_disk_and_the_first_over_the_next() {
        clear();
        note(Fault::Io("first".into()));
        note(Fault::Io("second".into()));
        assert_eq!(met(), Some(Fault::Io("first".into())));
        note(Fault::Damage("third".into()));
        note(Fault::Io("fourth".into()));
        assert_eq!(take(), Some(Fault::Damage("third".into())));
        assert_eq!(take(), None);
    }

    #[test]
    fn errors_of_the_system_have_their_names() {
        let text = explained("os_unix.c:44567: (28) write(/x.db-shm) - ");
        assert!(text.contains(FULL), "{text}");
        let plain = "statement aborts at 5: disk I/O error; [SELECT count(*)]";
        assert_eq!(explained(plain), plain);
    }
}
