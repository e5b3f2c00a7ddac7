//! Copies in progress beside a file, and what killed processes left of them. Their
//! names are unmistakable, and the process that makes one holds a lock on it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::connection;
use super::copies::with_suffix;
use crate::storage::StorageError;

/// How often the copy starts again if another process takes it for left over.
const ATTEMPTS: usize = 5;

/// The suffixes of the files that belong to a database.
const BESIDE: [&str; 5] = ["", "-wal", "-shm", "-journal", ".marker"];

/// A copy that this process is making. Others leave it alone while this exists.
pub struct PartialCopy {
    path: PathBuf,
    lock: File,
}

impl PartialCopy {
    /// Creates an empty private file beside the path of the finished copy.
    pub fn begin(finished: &Path) -> Result<Self, StorageError> {
        for _ in 0..ATTEMPTS {
            let number = getrandom::u32().map_err(failed)?;
            let path = with_suffix(finished, &format!("{BACKUP}{number:08x}{PARTIAL}"));
            connection::create_private(&path)?;
            let lock = File::open(&path).map_err(failed)?;
            // Without locks in the file system nothing left over is removed either.
            let _ = lock.try_lock();
            if is_there(&path, &lock) {
                return Ok(Self { path, lock });
            }
        }
        Err(failed("another process removes the copy"))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the lock, once the copy has its final name.
    pub fn finish(self) -> File {
        self.lock
    }
}

fn failed(error: impl std::fmt::Display) -> StorageError {
    StorageError::Unavailable(error.to_string())
}

/// Whether the path still refers to this file.
#[cfg(unix)]
fn is_there(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let which = |data: fs::Metadata| (data.dev(), data.ino());
    match (fs::metadata(path), file.metadata()) {
        (Ok(named), Ok(open)) => which(named) == which(open),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_there(path: &Path, _: &File) -> bool {
    path.exists()
}

const BACKUP: &str = ".rolecall-";
const PARTIAL: &str = ".partial";
const RESTORE: &str = ".restoring-";

/// The name of a copy from which `rolecall restore` makes a database.
pub fn restoring(database: &Path) -> Result<PathBuf, StorageError> {
    let number = getrandom::u32().map_err(failed)?;
    Ok(with_suffix(database, &format!("{RESTORE}{number:08x}")))
}

/// Whether a name is one that [`PartialCopy::begin`] or [`restoring`] makes.
fn is_ours(name: &str) -> bool {
    let numbered = |name: &str, word: &str| {
        name.rsplit_once(word).is_some_and(|(before, number)| {
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            !before.is_empty() && number.len() == 8 && number.bytes().all(is_digit)
        })
    };
    let copied = name.strip_suffix(PARTIAL);
    copied.is_some_and(|name| numbered(name, BACKUP)) || numbered(name, RESTORE)
}

/// Removes abandoned copies from the folder of `beside` and returns their paths.
pub fn remove_left_over(beside: &Path) -> Vec<PathBuf> {
    let folder = beside.parent().filter(|path| !path.as_os_str().is_empty());
    let Ok(entries) = fs::read_dir(folder.unwrap_or(Path::new("."))) else {
        return Vec::new();
    };
    let files = entries.flatten().filter(|entry| {
        let name = entry.file_name();
        entry.file_type().is_ok_and(|kind| kind.is_file()) && name.to_str().is_some_and(is_ours)
    });
    let paths = files.map(|entry| entry.path());
    paths.filter(|path| remove_unlocked(path).is_ok()).collect()
}

fn remove_unlocked(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    file.try_lock()?;
    for suffix in BESIDE.iter().rev() {
        match fs::remove_file(with_suffix(path, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn only_names_that_we_make_are_ours() {
        for name in [
            "a.rolecall-0123abcd.partial",
            "2026-12-01.db.rolecall-00000000.partial",
            "rolecall.db.restoring-0123abcd",
            "rolecall.db.restoring-0123abcd.rolecall-0123abcd.partial",
        ] {
            assert!(is_ours(name), "{name}");
        }
        for name in [
            "a.partial",
            "a.db",
            "a.rolecall-0123abcd",
            "a.rolecall-0123abc.partial",
            "a.rolecall-0123ABCD.partial",
            "a.rolecall-0123abcd.partial.gz",
            ".rolecall-0123abcd.partial",
            "a.restoring-",
            "a.restoring-0123abcd-wal",
            "a.replaced-20260101T000000.000000Z",
        ] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
