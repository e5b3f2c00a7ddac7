//! The reads of one request.

use std::sync::{Arc, Mutex, PoisonError};

use diesel::SqliteConnection;

use super::sqlite::{self, queries::credentials};
use super::{Context, Directory, DirectoryError, Execute};
use crate::storage::Store;
use crate::storage::sqlite::Session;

/// Reads of one request that can share a snapshot of the database.
///
/// On SQLite the first read begins a transaction, which ends when the session is
/// dropped or before a slow read. On PostgreSQL each read is independent.
pub struct ReadSession {
    directory: Arc<Directory>,
    together: bool,
    session: Mutex<Option<Session>>,
}

impl ReadSession {
    /// `together`: share a snapshot, for a request that changes nothing, reads
    /// nothing from its client meanwhile and does not stream its response.
    /// Otherwise each read sees what was committed when it began.
    pub fn new(directory: Arc<Directory>, together: bool) -> Self {
        Self {
            directory,
            together,
            session: Mutex::new(None),
        }
    }

    /// See [`Directory::credential_version`].
    pub fn credential_version(&self) -> Result<u64, DirectoryError> {
        match &self.directory.store {
            Store::Sqlite(_) if self.together => {
                let version =
                    self.within(|connection| sqlite::finished(credentials::version(connection)))?;
                Ok(version.unsigned_abs())
            }
            _ => self.directory.credential_version(),
        }
    }

    pub async fn read<O: Execute>(
        &self,
        context: &Context,
        operation: O,
    ) -> Result<O::Output, DirectoryError> {
        match &self.directory.store {
            Store::Sqlite(_) if self.together && !operation.is_slow() => {
                self.within(|connection| sqlite::apply(context, &operation, connection))
            }
            _ => {
                self.end();
                self.directory.read(context, operation).await
            }
        }
    }

    /// Runs `work` in the transaction, which begins if it has not yet. A connection
    /// that fails is not used again.
    fn within<T>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, DirectoryError>,
    ) -> Result<T, DirectoryError> {
        let Store::Sqlite(sqlite) = &self.directory.store else {
            return Err(DirectoryError::internal("a session of another database"));
        };
        let mut kept = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let mut session = match kept.take() {
            Some(session) => session,
            None => sqlite.begin()?,
        };
        let answer = sqlite.work(&mut session, work);
        if !matches!(answer, Err(DirectoryError::Unavailable(_))) {
            *kept = Some(session);
        }
        answer
    }

    fn end(&self) {
        let kept = self
            .session
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let (Store::Sqlite(sqlite), Some(session)) = (&self.directory.store, kept) {
            sqlite.end(session);
        }
    }
}

impl Drop for ReadSession {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use diesel::Connection;
    use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

    use super::*;
    use crate::directory::listing::{Count, List, Slice, Visibility};
    use crate::directory::permissions::PrivilegeCeiling;
    use crate::directory::roles::{CreateRole, RoleChanges, Roles};
    use crate::directory::{RequestId, SystemClock, clock};
    use crate::storage::sqlite::Sqlite;

    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

    fn directory(folder: &std::path::Path) -> Arc<Directory> {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.join("reading.db");
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.run_pending_migrations(MIGRATIONS).unwrap();
        let sqlite = Sqlite::open(&path, &Default::default()).unwrap();
        Arc::new(Directory::new(Store::Sqlite(sqlite), Arc::new(SystemClock)))
    }

    #[test]
    fn reads_of_one_request_see_one_state_unless_each_is_by_itself() {
        let folder = std::env::temp_dir().join(format!("rolecall-reading-{}", std::process::id()));
        let directory = directory(&folder);
        let context =
            Context::of_program(clock::parse("2026-01-02T03:04:05Z").unwrap(), RequestId(1));
        let roles = async |reading: &ReadSession| {
            let slice = Slice {
                offset: 0,
                limit: 1,
            };
            let list = List::<Roles> {
                visible: Visibility::All,
                count: Count::Exact,
                ..List::new(slice)
            };
            reading.read(&context, list).await.unwrap().total.unwrap()
        };
        let story = async {
            let together = ReadSession::new(directory.clone(), true);
            let each = ReadSession::new(directory.clone(), false);
            let before = roles(&together).await;
            let new = CreateRole {
                changes: RoleChanges {
                    name: Some("new".into()),
                    ..RoleChanges::default()
                },
                includes: None,
                users: None,
                ceiling: PrivilegeCeiling::Everything,
            };
            directory.write(&context, new).await.unwrap();
            assert_eq!(roles(&together).await, before);
            assert_eq!(roles(&each).await, before + 1);
            drop(together);
            let later = ReadSession::new(directory.clone(), true);
            assert_eq!(roles(&later).await, before + 1);
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(story);
        drop(directory);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
