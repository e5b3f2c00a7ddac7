//! The core: people, the roles they hold, tokens and the audit log; value
//! types, rows, queries and rules, without HTTP and without any wire format.
//!
//! An [`Operation`] is a plain value that says what to read or change. Its
//! query is written once, in `queries/`, and compiled for each database; the
//! [`Directory`] runs it where it belongs.

pub mod access;
pub mod administered;
pub mod batch;
pub mod bulk;
pub mod cfengine;
pub mod clock;
pub mod clusters;
pub mod context;
mod countries;
pub mod credentials;
pub mod delegation;
mod error;
pub mod events;
pub mod expressions;
pub mod external;
pub mod grant_rules;
pub mod grants;
pub mod json;
pub mod listing;
pub mod mail;
pub mod members;
pub mod partners;
pub mod permissions;
pub mod portal;
mod postgres;
pub mod roles;
mod secret;
pub mod sign_ins;
pub mod signing_keys;
mod sqlite;
pub mod tokens;
pub mod trash;
pub mod users;
pub mod values;
pub mod versions;
pub mod visibility;
pub mod workspaces;

pub use clock::{Clock, SystemClock};
pub use context::{Actor, Context, RequestId};
pub use error::{DirectoryError, Problem, ProblemKind};
pub use versions::Expected;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;

use crate::storage::{StorageError, Store};

/// Something to read or to change.
pub trait Operation: Send + Sync + 'static {
    type Output: Send + 'static;
    /// Several statements that must see one state of the database.
    const SNAPSHOT: bool = false;

    /// May take longer than a few milliseconds, so must not run on the thread
    /// that serves requests.
    fn is_slow(&self) -> bool {
        false
    }

    /// May alter who a caller is or what they may.
    fn touches_credentials(&self) -> bool {
        true
    }
}

/// An operation that knows its query on both databases.
pub trait Execute:
    Operation
    + sqlite::queries::Run<Answer = Self::Output>
    + postgres::queries::Run<Answer = Self::Output>
{
}

impl<T> Execute for T where
    T: Operation
        + sqlite::queries::Run<Answer = T::Output>
        + postgres::queries::Run<Answer = T::Output>
{
}

/// How often a change that lost a race is tried again.
const ATTEMPTS: usize = 4;

/// The directory in one database. Cheap to share behind an `Arc`.
pub struct Directory {
    store: Store,
    clock: Arc<dyn Clock>,
    /// PostgreSQL: moved by this process after each change of credentials.
    credential_version: AtomicU64,
}

impl Directory {
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            credential_version: AtomicU64::new(1),
        }
    }

    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// The state of everything that decides who a caller is: what was
    /// remembered under another number is void.
    pub fn credential_version(&self) -> Result<u64, DirectoryError> {
        match &self.store {
            Store::Sqlite(sqlite) => {
                let version = sqlite.read(|connection| {
                    sqlite::queries::credentials::version(connection)
                        .now_or_never()
                        .unwrap_or(Err(DirectoryError::internal("a read that did not finish")))
                })?;
                if let Err(DirectoryError::Unavailable(_)) = version {
                    sqlite.forget();
                }
                Ok(version?.unsigned_abs())
            }
            Store::Postgres(_) => Ok(self.credential_version.load(Ordering::Acquire)),
        }
    }

    /// Whether other processes' changes of credentials are noticed at once.
    pub fn sees_every_change(&self) -> bool {
        matches!(self.store, Store::Sqlite(_))
    }

    pub async fn read<O: Execute>(
        &self,
        context: &Context,
        operation: O,
    ) -> Result<O::Output, DirectoryError> {
        match &self.store {
            Store::Sqlite(sqlite) if operation.is_slow() => {
                let context = context.clone();
                sqlite
                    .read_slow(move |connection| sqlite::read(&context, &operation, connection))
                    .await?
            }
            Store::Sqlite(sqlite) => {
                let answer =
                    sqlite.read(|connection| sqlite::read(context, &operation, connection))?;
                if let Err(DirectoryError::Unavailable(_)) = answer {
                    sqlite.forget();
                }
                answer
            }
            Store::Postgres(postgres) => postgres::read(postgres, context, &operation).await,
        }
    }

    /// Checks, changes and records `operation` in one transaction.
    pub async fn write<O: Execute>(
        &self,
        context: &Context,
        operation: O,
    ) -> Result<O::Output, DirectoryError> {
        let watched = context.mail.is_on().then(|| Context {
            mail: context.mail.watched(),
            ..context.clone()
        });
        let context = watched.as_ref().unwrap_or(context);
        let answer = self.change(context, operation).await;
        if answer.is_ok() {
            context.mail.wake();
        }
        answer
    }

    async fn change<O: Execute>(
        &self,
        context: &Context,
        operation: O,
    ) -> Result<O::Output, DirectoryError> {
        match &self.store {
            Store::Sqlite(sqlite) => {
                let context = context.clone();
                sqlite
                    .write(move |connection| sqlite::apply(&context, &operation, connection))
                    .await
            }
            Store::Postgres(postgres) => {
                let touches = operation.touches_credentials();
                let answer = postgres::write(postgres, context, &operation, ATTEMPTS).await;
                if touches {
                    self.credential_version.fetch_add(1, Ordering::AcqRel);
                }
                answer
            }
        }
    }

    /// Whether the database answers. For health checks.
    pub async fn is_reachable(&self, context: &Context) -> Result<(), DirectoryError> {
        self.read(context, credentials::Reachable).await
    }
}

impl From<StorageError> for DirectoryError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Busy(why) => Self::Busy(why),
            StorageError::Conflict(_) => Self::Again,
            StorageError::Unavailable(why) => Self::Unavailable(why),
            StorageError::Query(error) => Self::from(error),
        }
    }
}
