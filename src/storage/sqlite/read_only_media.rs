//! Databases on read-only media or in read-only folders, such as backups. SQLite
//! cannot open a file there that was in WAL mode, unless it is told that the file is
//! immutable.

use std::fs;
use std::path::Path;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::copies::with_suffix;

/// The characters that have a meaning in a URI, or in its encoding.
const SPECIAL: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');

/// The URI of a file that nobody can be changing.
pub fn immutable(path: &str) -> String {
    format!("file:{}?immutable=1", utf8_percent_encode(path, SPECIAL))
}

/// Whether nobody can be changing this file: its folder is read-only, and no open
/// connection has left an index of the write-ahead log there.
pub fn is_at_rest(path: &Path) -> bool {
    let has = |suffix: &str| fs::metadata(with_suffix(path, suffix)).is_ok_and(|it| it.len() > 0);
    path.is_file() && !has("-wal") && !has("-shm") && !is_writable(&folder_of(path))
}

fn folder_of(path: &Path) -> std::path::PathBuf {
    // The target of a link: that is where SQLite puts its files.
    let file = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => ".".into(),
    }
}

#[cfg(unix)]
fn is_writable(folder: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let Ok(folder) = std::ffi::CString::new(folder.as_os_str().as_bytes()) else {
        return false;
    };
    #[expect(unsafe_code, reason = "there is no safe face of access(2) here")]
    // SAFETY: a string that ends with NUL and lives until this returns.
    let answer = unsafe { libc::access(folder.as_ptr(), libc::W_OK) };
    answer == 0
}

#[cfg(not(unix))]
fn is_writable(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|folder| !folder.permissions().readonly())
}
