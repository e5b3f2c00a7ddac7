use std::fmt;

use diesel::result::{DatabaseErrorKind, Error as QueryError};

use super::sqlite::faults::{self, Fault};

/// Why a database returned no rows.
#[derive(Debug)]
pub enum StorageError {
    /// Overloaded: the write queue or the pool is full, or another transaction holds a
    /// lock. Can be retried in a moment.
    Busy(String),
    /// It exceeded its time limit and was cancelled.
    TimedOut(String),
    /// A deadlock or serialization failure. Can be retried from the start at once.
    Conflict(String),
    /// The database cannot be reached, or its disk is full or broken.
    Unavailable(String),
    /// This is not a rolecall database, but perhaps another program's. A whole
    /// sentence.
    NotOurs(String),
    /// Anything else, constraint violations included.
    Query(QueryError),
}

impl fmt::Display for StorageError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(why) => write!(out, "the database is busy: {why}"),
            Self::TimedOut(why) => write!(out, "the database took too long: {why}"),
            Self::Conflict(why) => write!(out, "a change met another: {why}"),
            Self::Unavailable(why) => write!(out, "the database is unavailable: {why}"),
            Self::NotOurs(why) => out.write_str(why),
            Self::Query(error) => error.fmt(out),
        }
    }
}

impl std::error::Error for StorageError {}

/// Messages of both databases for temporary conditions. SQLite reports its result
/// codes as text only; PostgreSQL's come from its shutdown classes, and a pooler has
/// one code for all of its own.
const BUSY: &[&str] = &[
    "database is locked",
    "database table is locked",
    "due to lock timeout",
    // Cancelled by us: a statement that waited too long for a lock.
    "due to user request",
    // PgBouncer's, when all its servers are taken.
    "query_wait_timeout",
    "no more connections allowed",
];
/// The first is SQLite's message about a cancelled read.
const TIMED_OUT: &[&str] = &["interrupted", "due to statement timeout"];
const CONFLICT: &[&str] = &["deadlock detected"];
/// Only a consequence: an earlier statement has failed.
pub const ABORTED: &str = "current transaction is aborted";
const UNAVAILABLE: &[&str] = &[
    "disk I/O error",
    "unable to open database file",
    "attempt to write a readonly database",
    "file is not a database",
    "database disk image is malformed",
    // PostgreSQL's, of a damaged table or index.
    "invalid page in block",
    "could not read block",
    "could not open file",
    "missing chunk number",
    "No space left on device",
    "no space left on device",
    "could not extend file",
    "terminating connection",
    "the database system is",
    "connection closed",
    "the server does not answer",
    "the server did not answer",
    "does not allow writes",
    "error connecting",
    "error communicating with the server",
    "too many clients",
    "remaining connection slots",
    // PgBouncer's, about the server behind it.
    "server conn crashed",
    "server login has been failing",
    "server connection closed",
];

/// Parts of SQLite's messages about damaged tables.
const DAMAGED: &[&str] = &[
    "malformed",
    "corrupt",
    "no such table",
    "no such column",
    "no such index",
    "no such module",
    "has no column named",
    "vtable constructor failed",
    "fts5: missing row",
    "invalid fts5 file format",
];

impl From<QueryError> for StorageError {
    fn from(error: QueryError) -> Self {
        match Self::of(error) {
            Self::Unavailable(_) if faults::is_disk_full() => Self::disk_full(),
            Self::Query(error) => match damage(&error) {
                Some(what) => {
                    faults::note(Fault::Damage(what.clone()));
                    Self::Unavailable(what)
                }
                None => Self::Query(error),
            },
            other => other,
        }
    }
}

/// The damage of a file that an error indicates.
fn damage(error: &QueryError) -> Option<String> {
    if let Some(Fault::Damage(what)) = faults::met() {
        return Some(what);
    }
    match error {
        QueryError::DeserializationError(why) => Some(format!("a value cannot be read: {why}")),
        QueryError::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            let text = info.message();
            let is_known = DAMAGED.iter().any(|known| text.contains(known));
            is_known.then(|| text.to_owned())
        }
        _ => None,
    }
}

impl StorageError {
    fn disk_full() -> Self {
        Self::Unavailable("the disk is full".to_owned())
    }

    fn of(error: QueryError) -> Self {
        let text = match &error {
            QueryError::DatabaseError(
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ReadOnlyTransaction,
                info,
            ) => {
                return Self::Unavailable(info.message().to_owned());
            }
            QueryError::DatabaseError(DatabaseErrorKind::SerializationFailure, info) => {
                return Self::Conflict(info.message().to_owned());
            }
            QueryError::DatabaseError(DatabaseErrorKind::Unknown, info) => info.message(),
            QueryError::BrokenTransactionManager => {
                return Self::Unavailable(error.to_string());
            }
            QueryError::RollbackErrorOnCommit { commit_error, .. } => {
                return match Self::describe(&commit_error.to_string()) {
                    Some(known) => known,
                    None => Self::Unavailable(error.to_string()),
                };
            }
            _ => return Self::Query(error),
        };
        Self::describe(text).unwrap_or(Self::Query(error))
    }

    pub(super) fn describe(text: &str) -> Option<Self> {
        let found = |list: &[&str]| list.iter().any(|known| text.contains(known));
        if text.contains("database or disk is full") {
            Some(Self::disk_full())
        } else if found(BUSY) {
            Some(Self::Busy(text.to_owned()))
        } else if found(TIMED_OUT) {
            Some(Self::TimedOut(text.to_owned()))
        } else if found(CONFLICT) {
            Some(Self::Conflict(text.to_owned()))
        } else if found(UNAVAILABLE) {
            Some(Self::Unavailable(text.to_owned()))
        } else {
            None
        }
    }
}

impl From<std::io::Error> for StorageError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull => Self::disk_full(),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<diesel::ConnectionError> for StorageError {
    fn from(error: diesel::ConnectionError) -> Self {
        if faults::is_disk_full() {
            return Self::disk_full();
        }
        Self::Unavailable(error.to_string())
    }
}
