//! PostgreSQL through diesel-async: a pool for every worker thread, so that no
//! answer has to cross from one thread's event loop to another's.

mod activity;
mod address;
mod answer_timeout;
mod audit_insert;
mod commit;
mod connect;
mod dedicated;
pub mod env;
mod limited;
mod listener;
mod pipeline;
mod pool;
mod primary;
mod recent_writers;
mod replica;
mod rows;
mod servers;
mod session;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use activity::Activity;
pub use address::Address;
use connect::Limits;
pub(super) use connect::{for_commands, to_pooler};
pub use listener::{Listener, Notice};
use pool::{Pool, PoolSettings};
pub use replica::{Replica, ReplicaStatus};
pub use servers::Servers;
pub use session::Session;

use super::StorageError;
use super::per_thread::PerThread;
use super::wait_budget::WaitBudget;
use crate::config::{Database as DatabaseSettings, Pooler};

/// One PostgreSQL database. Cheap to share behind an `Arc`.
pub struct Postgres {
    settings: Arc<PoolSettings>,
    pools: PerThread<Arc<Pool>>,
}

impl Postgres {
    /// Connects to nothing yet; each thread's pool does when it is used. `direct`:
    /// the same server past a pooler.
    pub fn open(address: Address, direct: Option<Address>, settings: &DatabaseSettings) -> Self {
        let milliseconds = Duration::from_millis;
        let mut limits = Limits {
            // Zero would mean for ever.
            lock: settings.busy_timeout_ms.max(1),
            statement: settings.statement_timeout_ms,
        };
        if settings.pooler == Pooler::Transaction && direct.is_none() && limits.statement > 0 {
            // A statement that waits for a session is not seen at the server, so
            // what takes longer counts as lost: the server shall end it before.
            let most = settings.answer_timeout_ms.saturating_mul(9) / 10;
            limits.statement = limits.statement.min(most);
        }
        let settings = PoolSettings {
            connections: settings.connections,
            acquire: milliseconds(settings.acquire_timeout_ms),
            connect: milliseconds(settings.connect_timeout_ms),
            answer: milliseconds(settings.answer_timeout_ms),
            busy: milliseconds(settings.busy_timeout_ms),
            limits,
            pooler: settings.pooler,
            is_followed: settings.replica_url.is_some(),
            statements: settings.statements,
            activity: Activity::at(direct.unwrap_or_else(|| address.clone())),
            generation: AtomicU64::new(0),
            pools: Mutex::default(),
            address,
        };
        Self {
            settings: Arc::new(settings),
            pools: PerThread::new(),
        }
    }

    /// Whether statements outside a transaction may each meet another session.
    pub fn needs_transactions(&self) -> bool {
        self.settings.pooler == Pooler::Transaction
    }

    /// Lets go of all connections, of those in use when they come back.
    pub fn renew(&self) {
        self.settings.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// How long an answer may take.
    pub fn answer(&self) -> Duration {
        self.settings.answer
    }

    /// A connection on which everything is in one transaction, which begins
    /// with the first statement.
    ///
    /// Must be called on an async thread, as [`Postgres::connection`].
    pub async fn transaction(&self, waited: &WaitBudget) -> Result<Session, StorageError> {
        let mut session = self.connection(waited).await?;
        match self.settings.pooler {
            Pooler::None => session.begin("BEGIN"),
            // The server's session is somebody else's after this transaction.
            Pooler::Transaction => {
                let limits = self.settings.limits.by("SET LOCAL");
                let name = session.name();
                session.begin(format!(
                    "BEGIN; {limits}; SET LOCAL application_name = '{name}'"
                ));
            }
        }
        Ok(session)
    }

    /// A connection of this thread's pool, waiting at most the configured time.
    ///
    /// Must be called on an async thread.
    pub async fn connection(&self, waited: &WaitBudget) -> Result<Session, StorageError> {
        let make = || Ok::<_, StorageError>(Pool::new(self.settings.clone()));
        let pool = self.pools.with(make, |pool| pool.clone())?;
        let pooled = pool.get(waited).await?;
        Ok(Session::new(
            pooled,
            !self.needs_transactions(),
            waited.clone(),
        ))
    }
}
