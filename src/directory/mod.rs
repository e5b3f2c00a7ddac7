//! The core: people, the roles they hold, tokens and the audit log; value
//! types, rows, queries and rules, without HTTP and without any wire format.
//!
//! An [`Operation`] is a plain value that says what to read or change. Its
//! query is written once, in `queries/`, and compiled for each database; the
//! [`Directory`] runs it where it belongs.

pub mod access;
pub mod access_log;
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
pub mod expired;
pub mod expressions;
pub mod external;
pub mod grant_rules;
pub mod grants;
pub mod host_access;
pub mod json;
pub mod listing;
pub mod log_limit;
pub mod mail;
pub mod members;
pub mod migrations;
pub mod name_conflicts;
pub mod names;
mod notifications;
pub mod partners;
pub mod permissions;
pub mod plural;
pub mod portal;
mod postgres;
pub mod privileges;
pub mod pruning;
mod read_session;
pub mod roles;
pub mod search;
mod secret;
pub mod sign_ins;
pub mod signing_keys;
pub mod source;
mod sqlite;
pub mod tokens;
pub mod trash;
pub mod users;
pub mod values;
pub mod versions;
pub mod workspaces;

pub use clock::{Clock, SystemClock};
pub use context::{Actor, Context, RequestId};
pub use error::{DirectoryError, FieldError, FieldErrorKind};
pub use read_session::ReadSession;
pub use source::{Credential, Source};
pub use versions::Expected;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::FutureExt;

use crate::storage::postgres::{Postgres, Replica, ReplicaStatus};
use crate::storage::wait_budget::WaitBudget;
use crate::storage::{Obstacle, Readiness, StorageError, Store};

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

    /// Whether the caller may look for what this changes, and so reads from the
    /// primary until a replica has it.
    fn is_of_the_caller(&self) -> bool {
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

/// How long a health check waits for a database that somebody else has locked.
const LOCKED: Duration = Duration::from_secs(1);

/// The directory in one database. Cheap to share behind an `Arc`.
pub struct Directory {
    store: Store,
    clock: Arc<dyn Clock>,
    /// PostgreSQL: moved after each change of credentials, by this process or
    /// by another that is heard of.
    credential_version: AtomicU64,
    /// PostgreSQL: moved when the keys that sign have changed.
    key_version: AtomicU64,
    /// PostgreSQL: whether other processes are heard.
    hears: AtomicBool,
    /// Read once: it never changes.
    linkage_secret: OnceLock<String>,
}

impl Directory {
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            credential_version: AtomicU64::new(1),
            key_version: AtomicU64::new(1),
            hears: AtomicBool::new(false),
            linkage_secret: OnceLock::new(),
        }
    }

    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// For work that outlives the directory.
    pub fn shared_clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// The state of everything that decides who a caller is: what was
    /// remembered under another number is void.
    pub fn credential_version(&self) -> Result<u64, DirectoryError> {
        match &self.store {
            Store::Sqlite(sqlite) => {
                let version = sqlite.read(|connection| {
                    sqlite::finished(sqlite::queries::credentials::version(connection))
                })?;
                if let Err(DirectoryError::Unavailable(_)) = version {
                    sqlite.forget();
                }
                Ok(version?.unsigned_abs())
            }
            Store::Postgres(_) => Ok(self.credential_version.load(Ordering::Acquire)),
        }
    }

    /// The state of the keys that sign, as far as changes are heard of.
    pub fn key_version(&self) -> u64 {
        self.key_version.load(Ordering::Acquire)
    }

    /// Whether other processes' changes of credentials are noticed at once.
    pub fn sees_every_change(&self) -> bool {
        match &self.store {
            Store::Sqlite(_) => true,
            Store::Postgres(_) => self.hears.load(Ordering::Acquire),
        }
    }

    /// What seals the versions of linkage in entity tags.
    pub async fn linkage_secret(&self, context: &Context) -> Result<&str, DirectoryError> {
        if let Some(secret) = self.linkage_secret.get() {
            return Ok(secret);
        }
        let secret = self.read(context, versions::FindLinkageSecret).await?;
        Ok(self.linkage_secret.get_or_init(|| secret))
    }

    fn replica(&self) -> Option<&Replica> {
        match &self.store {
            Store::Sqlite(_) => None,
            Store::Postgres(servers) => servers.replica.as_ref(),
        }
    }

    /// The status of the replica and its lag in milliseconds, when there is one.
    pub fn replica_state(&self) -> Option<(ReplicaStatus, u64)> {
        let replica = self.replica()?;
        Some((replica.status(), replica.lag_ms()))
    }

    /// Whether the replica may answer this caller now: it has all that the
    /// caller has written.
    pub fn may_read_replica(&self, caller: Option<i64>) -> bool {
        self.replica()
            .is_some_and(|replica| replica.may_serve(caller))
    }

    /// Reads from the replica. Nothing when it could not answer: then the
    /// primary has to be asked. What takes too long there is not begun once
    /// more on the primary.
    pub async fn read_replica<O: Execute>(
        &self,
        context: &Context,
        operation: &O,
    ) -> Option<Result<O::Output, DirectoryError>> {
        let replica = self.replica()?;
        let read = postgres::read(&replica.reads, context, operation);
        match replica.while_there(read).await? {
            Err(error @ DirectoryError::TimedOut(_)) => Some(Err(error)),
            // Whatever else it is: a recovery that ended the query, a schema that is
            // older than ours, something that was made only just now. Nobody
            // shall fail because of a replica.
            Err(error) => {
                log::debug!(
                    "{} the replica could not answer: {error}",
                    context.request_id
                );
                None
            }
            Ok(answer) => Some(Ok(answer)),
        }
    }

    /// A change of this user's was committed that had no actor yet.
    pub fn has_written(&self, user_id: i64) {
        if let Some(replica) = self.replica() {
            replica.writers.wrote(user_id, None);
        }
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
            Store::Postgres(servers) => match &servers.replica {
                Some(replica) if context.is_safe => {
                    let primary = &servers.primary;
                    self.read_somewhere(primary, replica, context, &operation)
                        .boxed_local()
                        .await
                }
                _ => postgres::read(&servers.primary, context, &operation).await,
            },
        }
    }

    /// Reads from the primary, and from the replica while that is gone.
    async fn read_somewhere<O: Execute>(
        &self,
        primary: &Postgres,
        replica: &Replica,
        context: &Context,
        operation: &O,
    ) -> Result<O::Output, DirectoryError> {
        let read = postgres::read(primary, context, operation);
        let from_primary = replica.while_accompanied(read).await;
        let from_primary = match from_primary {
            Some(Err(DirectoryError::Unavailable(_))) if replica.is_alone() => None,
            answer => answer,
        };
        if let Some(answer) = from_primary {
            return answer;
        }
        let gone =
            || DirectoryError::Unavailable("neither the primary nor the replica answers".into());
        let may = replica.may_serve(context.actor_id());
        // Another server, which has not been waited for.
        let context = Context {
            waited: WaitBudget::for_request(),
            ..context.clone()
        };
        let answer = match may {
            true => self.read_replica(&context, operation).await,
            false => None,
        };
        answer.unwrap_or_else(|| Err(gone()))
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
        match &answer {
            Ok(_) => {
                context.mail.wake();
                self.readiness().changed();
            }
            Err(DirectoryError::Unavailable(why)) => self.note_failure(why),
            Err(_) => {}
        }
        answer
    }

    /// A server that takes no changes any more may be another's standby by now:
    /// new connections go to the one that does, where the address names several.
    fn note_failure(&self, why: &str) {
        self.readiness().failed(why);
        let refuses = matches!(
            Obstacle::of(why),
            Some(Obstacle::ReadOnly | Obstacle::Standby)
        );
        if let Store::Postgres(servers) = &self.store
            && refuses
        {
            servers.primary.renew();
        }
    }

    async fn change<O: Execute>(
        &self,
        context: &Context,
        operation: O,
    ) -> Result<O::Output, DirectoryError> {
        match &self.store {
            Store::Sqlite(sqlite) => {
                let context = context.clone();
                let waited = context.waited.for_operation();
                sqlite
                    .write(&waited, move |connection| {
                        sqlite::apply(&context, &operation, connection)
                    })
                    .await
            }
            Store::Postgres(servers) => {
                let touches = operation.touches_credentials();
                let is_of_the_caller = operation.is_of_the_caller();
                let primary = &servers.primary;
                let commits = postgres::Commits::default();
                let answer =
                    postgres::write(primary, context, &operation, ATTEMPTS, &commits).await;
                // Whatever the answer: a commit may be done whose word got lost.
                let is_of_the_caller = is_of_the_caller && commits.is_sent();
                let actor_id = context.actor_id().filter(|_| is_of_the_caller);
                if let Some((replica, actor_id)) = servers.replica.as_ref().zip(actor_id) {
                    replica.writers.wrote(actor_id, commits.place());
                }
                if touches {
                    self.credential_version.fetch_add(1, Ordering::AcqRel);
                }
                answer
            }
        }
    }

    /// SQLite: whether the file is still the one that was opened.
    pub fn is_in_place(&self) -> bool {
        match &self.store {
            Store::Sqlite(sqlite) => sqlite.look().is_ok(),
            Store::Postgres(_) => true,
        }
    }

    /// SQLite: whether a change would be refused now, because too many wait.
    pub fn is_write_queue_full(&self) -> bool {
        match &self.store {
            Store::Sqlite(sqlite) => sqlite.is_write_queue_full(),
            Store::Postgres(_) => false,
        }
    }

    /// What the last changes met, and whatever else is known.
    pub fn readiness(&self) -> &Readiness {
        match &self.store {
            Store::Sqlite(sqlite) => sqlite.readiness(),
            Store::Postgres(servers) => &servers.readiness,
        }
    }

    /// Why no change can be made. For health checks: the answer comes within two
    /// seconds.
    pub async fn obstacle(&self, context: &Context) -> Option<Obstacle> {
        match &self.store {
            Store::Postgres(servers) => servers.obstacle().await,
            Store::Sqlite(_) => match self.readiness().obstacle() {
                Some(known) => Some(known),
                None => self.look_at_file(context).await,
            },
        }
    }

    async fn look_at_file(&self, context: &Context) -> Option<Obstacle> {
        let read = self.read(context, credentials::Reachable).await;
        if let Err(error) = read {
            log_limit::unavailable(context.request_id, &error.to_string());
            return Some(Obstacle::from_text(&error.to_string()));
        }
        match self.readiness().is_due() {
            true => self.try_change(context).await,
            false => None,
        }
    }

    /// Begins a change that changes nothing. A file that is locked by somebody
    /// else is no obstacle that lasts.
    async fn try_change(&self, context: &Context) -> Option<Obstacle> {
        let change = self.change(context, credentials::Reachable);
        match tokio::time::timeout(LOCKED, change).await {
            Ok(Err(DirectoryError::Unavailable(why))) => {
                self.readiness().failed(&why);
                Some(Obstacle::from_text(&why))
            }
            _ => None,
        }
    }
}

impl From<StorageError> for DirectoryError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Busy(why) => Self::Busy(why),
            StorageError::TimedOut(why) => Self::TimedOut(why),
            StorageError::Conflict(_) => Self::Again,
            StorageError::Unavailable(why) | StorageError::NotOurs(why) => Self::Unavailable(why),
            StorageError::Query(error) => Self::from(error),
        }
    }
}
