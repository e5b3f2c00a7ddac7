//! Protects a database file that was moved or replaced while it was open, and the
//! file that has its name now.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use diesel::SqliteConnection;

use super::copies::with_suffix;
use super::wal_file::{Checkpoint, checkpoint};
use super::watch::{Change, Identity, Watched};

const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// Moves the write-ahead log away from the file that has its name now. `anchor` has
/// the former file open, wherever that is.
pub fn secure(file: &Watched, change: Change, anchor: &mut SqliteConnection) {
    // Checkpointed, so that the former file is complete wherever it was moved. An
    // overwritten file must not be mixed with its former contents.
    let is_copied = change != Change::Overwritten && copy_all(anchor);
    let path = &file.path;
    let log = with_suffix(path, "-wal");
    if file.log.is_some() && Identity::of(&log) == file.log {
        if is_copied {
            remove(&log);
        } else {
            set_aside(path, &log);
        }
    }
    let index = with_suffix(path, "-shm");
    if file.index.is_some() && Identity::of(&index) == file.index {
        remove(&index);
    }
}

/// Checkpoints. Requests in flight can delay it for a moment.
fn copy_all(anchor: &mut SqliteConnection) -> bool {
    for _ in 0..ATTEMPTS {
        match checkpoint(&Checkpoint::Truncate, anchor) {
            Ok(true) => return true,
            Ok(false) => std::thread::sleep(PAUSE),
            Err(error) => {
                log::error!("the write-ahead log cannot be copied into its file: {error}");
                return false;
            }
        }
    }
    false
}

fn set_aside(path: &Path, log: &Path) {
    #[expect(clippy::disallowed_methods, reason = "part of a name, nothing else")]
    let moment = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = moment.map(|moment| moment.as_secs()).unwrap_or_default();
    let kept = with_suffix(path, &format!(".lost-{seconds}-wal"));
    match fs::rename(log, &kept) {
        Ok(()) => log::error!(
            "the last changes of the former {} are in {}",
            path.display(),
            kept.display()
        ),
        Err(error) => log::error!("{} cannot be moved away: {error}", log.display()),
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        log::error!("{} cannot be removed: {error}", path.display());
    }
}
