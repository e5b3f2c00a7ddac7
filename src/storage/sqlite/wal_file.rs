//! The write-ahead log while the service runs. SQLite writes it from its
//! beginning again once all of it is in the file, but never makes it shorter by
//! itself: after a read that took long it would stay as large as it was.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use diesel::sql_types::Integer;
use diesel::{QueryResult, RunQueryDsl, SqliteConnection};

use super::copies::with_suffix;

/// A log beyond this is shortened although others are writing.
pub const LARGE: u64 = 16 * 1024 * 1024;
/// After so long without a change there is to be no log: a copy of the file alone
/// is complete then.
const QUIET: Duration = Duration::from_secs(1);

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    busy: i32,
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

/// Copies what the log has into the file.
pub enum Checkpoint {
    /// What nobody stands in the way of.
    Passive,
    /// All of it, after which the log is empty; gives up when somebody reads or writes.
    Truncate,
}

/// Whether all that the log has is in the file.
pub fn checkpoint(kind: &Checkpoint, connection: &mut SqliteConnection) -> QueryResult<bool> {
    let statement = match kind {
        Checkpoint::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        Checkpoint::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    let row: Row = diesel::sql_query(statement).get_result(connection)?;
    Ok(row.busy == 0 && row.log == row.checkpointed)
}

/// Shortens the log when it is large, or when nobody has written for a moment.
/// Nobody waits for this longer than it takes to set the length of a file: the
/// copying before holds up neither readers nor writers.
pub fn shorten(path: &Path, connection: &mut SqliteConnection) {
    let Ok(log) = fs::metadata(with_suffix(path, "-wal")) else {
        return;
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "it is compared with the time of a file, which the system sets"
    )]
    let is_quiet = || {
        let since = log.modified().ok()?;
        Some(SystemTime::now().duration_since(since).ok()? > QUIET)
    };
    if log.len() <= LARGE && (log.len() == 0 || !is_quiet().unwrap_or(false)) {
        return;
    }
    let is_copied = checkpoint(&Checkpoint::Passive, connection);
    let outcome = match is_copied {
        Ok(true) => checkpoint(&Checkpoint::Truncate, connection).map(drop),
        other => other.map(drop),
    };
    if let Err(error) = outcome {
        log::debug!("the write-ahead log stays as long as it is: {error}");
    }
}
