//! A marker file beside the database that outlives it: a start that finds the
//! marker but no database does not create a new one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::copies::{sync_folder, with_suffix};
use crate::storage::StorageError;

const TEXT: &str = "\
rolecall keeps a directory in the file beside this one. When that file is gone,
rolecall makes no new one as long as this marker is here: restore a backup with
`rolecall restore FILE`, or begin anew with `rolecall migrate --new`.
";

pub fn beside(database: &Path) -> PathBuf {
    with_suffix(database, ".marker")
}

/// Creates the marker. In a read-only folder a start cannot lose anything either.
pub fn put(database: &Path) {
    let marker = beside(database);
    if marker.exists() {
        return;
    }
    if let Err(error) = write(&marker) {
        log::debug!("cannot write {}: {error}", marker.display());
    }
}

fn write(marker: &Path) -> io::Result<()> {
    let mut file = File::create_new(marker)?;
    file.write_all(TEXT.as_bytes())?;
    file.sync_all()?;
    sync_folder(marker)
}

/// Removes the marker.
pub fn remove(database: &Path) -> io::Result<()> {
    match fs::remove_file(beside(database)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Checks a path without a database.
///
/// # Errors
/// If there was one before.
pub fn check_new(database: &Path) -> Result<(), StorageError> {
    let marker = beside(database);
    if !marker.exists() {
        return Ok(());
    }
    let (database, marker) = (database.display(), marker.display());
    Err(StorageError::NotOurs(format!(
        "there was a directory in {database}, and the file is gone: put it back, or restore a backup \
         (`rolecall restore FILE`), or begin anew with `rolecall migrate --new` ({marker} tells of it)"
    )))
}
