//! The end of `serve`: the database file is complete without its log.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::runtime::Session;
use crate::config::DatabaseUrl;
use crate::storage::sqlite::copies;

/// How long to wait for the server's threads, which end a moment after it and close
/// their connections.
const TIMEOUT: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(10);

/// Leaves no write-ahead log behind: a copy of the file alone would lack its
/// contents. While another process has the file open, an empty log stays.
pub fn close(session: Session) {
    let Session {
        settings,
        directory,
        ..
    } = session;
    // Not if another file has the name by now.
    let is_in_place = directory.is_in_place();
    drop(directory);
    if !is_in_place {
        return;
    }
    let DatabaseUrl::Sqlite(path) = &settings.database.url else {
        return;
    };
    let log = copies::with_suffix(path, "-wal");
    let until = Instant::now() + TIMEOUT;
    loop {
        if let Err(error) = copies::checkpoint(path) {
            log::warn!("the write-ahead log of {} stays: {error}", path.display());
            return;
        }
        if !log.exists() || Instant::now() > until {
            return;
        }
        sleep(PAUSE);
    }
}
