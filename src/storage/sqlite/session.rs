//! Reads of one request in one transaction.

use diesel::SqliteConnection;

use super::Sqlite;
use super::connection::CachingConnection;
use super::{deadline, static_statement, watched};
use crate::storage::StorageError;

/// A thread's own connection, inside a transaction that has begun. SQLite locks
/// and unlocks the file, and all threads of the process out of that, with every
/// transaction: a page with roles has four of them without this.
pub struct Session(CachingConnection);

impl Sqlite {
    /// Takes this thread's connection; others may be opened meanwhile.
    pub fn begin(&self) -> Result<Session, StorageError> {
        self.watch.file.is_in_place()?;
        let mut connection = self.readers.take(|| self.open_reader())?;
        static_statement::begin(connection.lend())?;
        Ok(Session(connection))
    }

    /// One read.
    pub fn work<T>(
        &self,
        session: &mut Session,
        work: impl FnOnce(&mut SqliteConnection) -> T,
    ) -> T {
        watched(&self.watch.file, || {
            deadline::within(self.limit, || work(session.0.lend()))
        })
    }

    /// Gives the connection back. One that cannot end its transaction is closed.
    pub fn end(&self, mut session: Session) {
        match static_statement::commit(session.0.lend()) {
            Ok(()) => self.readers.put(session.0),
            Err(error) => log::warn!("a reading transaction did not end: {error}"),
        }
    }
}
