//! PostgreSQL through diesel-async: a pool for every worker thread, so that no
//! answer has to cross from one thread's event loop to another's.

mod address;
mod connect;
pub mod env;
mod listener;
mod pipeline;
mod plain;
mod replica;
mod servers;
mod session;
mod sliced;
mod told;
mod writers;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{Pool, PoolError};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::FutureExt;

pub use address::Address;
use connect::Limits;
pub(super) use connect::{for_commands, to_pooler};
pub use listener::{Listener, Notice};
pub use replica::{Replica, Standing};
pub use servers::Servers;
pub use session::Session;

use super::StorageError;
use super::local::Local;
use super::statements::Kept;
use crate::config::{Database as DatabaseSettings, Pooler};

/// One PostgreSQL database. Cheap to share behind an `Arc`.
pub struct Postgres {
    address: Address,
    connections: usize,
    acquire: Duration,
    limits: Limits,
    /// The most statements that each connection keeps prepared.
    statements: usize,
    pooler: Pooler,
    /// Moved when all connections shall be new ones.
    generation: AtomicU64,
    pools: Local<Lasting>,
}

/// A thread's pool, and how many statements its connections keep together.
struct Lasting {
    pool: Pool<AsyncPgConnection>,
    kept: Kept,
    generation: u64,
}

impl Postgres {
    /// Connects to nothing yet; each thread's pool does when it is used.
    pub fn open(address: Address, settings: &DatabaseSettings) -> Self {
        Self {
            address,
            connections: settings.connections,
            acquire: Duration::from_millis(settings.acquire_timeout_ms),
            limits: Limits {
                // Zero would mean for ever.
                lock: settings.busy_timeout_ms.max(1),
                statement: settings.statement_timeout_ms,
            },
            statements: settings.statements,
            pooler: settings.pooler,
            generation: AtomicU64::new(0),
            pools: Local::new(),
        }
    }

    /// Whether statements outside a transaction may each meet another session.
    pub fn needs_transactions(&self) -> bool {
        self.pooler == Pooler::Transaction
    }

    /// Lets go of all connections, of those in use when they come back.
    pub fn renew(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection on which everything is in one transaction, which begins
    /// with the first statement.
    ///
    /// Must be called on an async thread, as [`Postgres::connection`].
    pub async fn transaction(&self) -> Result<Session, StorageError> {
        let mut session = self.connection().await?;
        match self.pooler {
            Pooler::None => session.begin("BEGIN"),
            // The server's session is somebody else's after this transaction.
            Pooler::Transaction => {
                session.begin(format!("BEGIN; {}", self.limits.by("SET LOCAL")));
            }
        }
        Ok(session)
    }

    /// A connection of this thread's pool, waiting at most the configured time.
    ///
    /// Must be called on an async thread.
    pub async fn connection(&self) -> Result<Session, StorageError> {
        let pool = self.pool()?;
        match tokio::time::timeout(self.acquire, pool.get()).await {
            Ok(Ok(pooled)) => Ok(Session::new(pooled, !self.needs_transactions())),
            Ok(Err(PoolError::Timeout(_))) | Err(_) => Err(StorageError::Busy(
                "no database connection came free in time".into(),
            )),
            Ok(Err(error)) => Err(StorageError::Unavailable(error.to_string())),
        }
    }

    /// This thread's pool. When its connections keep too many statements there
    /// is a new one: those of the old one close as they come back.
    fn pool(&self) -> Result<Pool<AsyncPgConnection>, StorageError> {
        let most = self.statements.saturating_mul(self.connections);
        let generation = self.generation.load(Ordering::Relaxed);
        let current = |lasting: &mut Lasting| {
            let is_current = lasting.generation == generation;
            (is_current && !lasting.kept.are_more_than(most)).then(|| lasting.pool.clone())
        };
        if let Some(pool) = self.pools.with(|| self.new_pool(), current)? {
            return Ok(pool);
        }
        self.pools.forget();
        self.pools
            .with(|| self.new_pool(), |lasting| lasting.pool.clone())
    }

    fn new_pool(&self) -> Result<Lasting, StorageError> {
        let kept = Kept::default();
        // Before the connections: a change meanwhile makes new ones once more.
        let generation = self.generation.load(Ordering::Relaxed);
        let pool = self.connections(kept.clone())?;
        Ok(Lasting {
            pool,
            kept,
            generation,
        })
    }

    fn connections(&self, kept: Kept) -> Result<Pool<AsyncPgConnection>, StorageError> {
        let mut config = ManagerConfig::default();
        // A closed connection is known without asking the server.
        config.recycling_method = RecyclingMethod::Fast;
        let (pooler, limits) = (self.pooler, self.limits);
        let address = self.address.clone();
        config.custom_setup = Box::new(move |_| {
            let (address, kept) = (address.clone(), kept.clone());
            let open = async move {
                let mut connection = match pooler {
                    Pooler::None => connect::to_server(&address, limits).await?,
                    Pooler::Transaction => to_pooler(&address).await?,
                };
                connection.set_instrumentation(kept.counting());
                Ok::<_, ConnectionError>(connection)
            };
            open.boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config("", config);
        Pool::builder(manager)
            .max_size(self.connections)
            .build()
            .map_err(|error| StorageError::Unavailable(error.to_string()))
    }
}
