//! Copies of database files, and whether a file is in use.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{RunQueryDsl, SqliteConnection};

use super::connection;
use super::partial_copy::PartialCopy;
use crate::storage::StorageError;

/// How long a copy waits for a writer of another process.
pub(super) const WAIT: Duration = Duration::from_secs(10);

/// Copies a database that others may be changing, as of one moment. `to` must
/// not exist; it is there when it is complete and on the disk, or not at all.
/// Answers a lock on the copy: see `partial_copy`.
pub fn copy(from: &Path, to: &Path) -> Result<File, StorageError> {
    let mut source = connection::open_existing(from, WAIT)?;
    let copy = PartialCopy::begin(to)?;
    let copied = vacuum_into(&mut source, copy.path()).and_then(|()| Ok(publish(copy.path(), to)?));
    if copied.is_err() {
        let _ = fs::remove_file(copy.path());
    }
    copied.map(|()| copy.finish())
}

/// `VACUUM INTO` reads one snapshot and blocks no writer.
fn vacuum_into(source: &mut SqliteConnection, to: &Path) -> Result<(), StorageError> {
    diesel::sql_query("VACUUM INTO ?")
        .bind::<Text, _>(utf8(to)?)
        .execute(source)?;
    Ok(())
}

/// Syncs a complete file and gives it its name, which must be free.
fn publish(file: &Path, name: &Path) -> io::Result<()> {
    File::open(file)?.sync_all()?;
    // Unlike a rename, a link does not replace what is there.
    fs::hard_link(file, name)?;
    fs::remove_file(file)?;
    sync_folder(name)
}

/// Syncs the folder of `path`, which makes a rename durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The name of what belongs to a file, in the same folder.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Checkpoints everything that was committed into the file itself, so that it can be
/// copied or moved alone. The last connection removes the write-ahead log.
pub fn checkpoint(path: &Path) -> Result<(), StorageError> {
    let mut connection = connection::open_existing(path, WAIT)?;
    connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

/// Takes a database out of use: the write-ahead log is gone afterwards.
///
/// # Errors
/// `Busy` while another process has it open.
pub fn retire(path: &Path) -> Result<(), StorageError> {
    let mut connection = connection::open_existing(path, Duration::ZERO)?;
    // SQLite refuses this while somebody else is connected.
    connection.batch_execute("PRAGMA journal_mode = DELETE")?;
    Ok(())
}

/// Leaves a file that is not in use as a service would find it: whoever opens it to
/// look changes no byte of it.
pub fn settle_alone(path: &Path) -> Result<(), StorageError> {
    retire(path)?;
    let mut connection = connection::open_existing(path, Duration::ZERO)?;
    connection.batch_execute("PRAGMA journal_mode = WAL")?;
    Ok(())
}

fn utf8(path: &Path) -> Result<&str, StorageError> {
    path.to_str().ok_or_else(|| {
        StorageError::Unavailable(format!("the path {} is not valid UTF-8", path.display()))
    })
}
