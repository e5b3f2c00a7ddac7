//! PostgreSQL through diesel-async: a pool for every worker thread, so that no
//! answer has to cross from one thread's event loop to another's.

pub mod env;

use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{Object, Pool, PoolError};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    TransactionManager,
};
use futures_util::FutureExt;

use super::StorageError;
use super::local::Local;
use super::statements::Kept;
use crate::config::Database as DatabaseSettings;

type Connection = Object<AsyncPgConnection>;

/// One PostgreSQL database. Cheap to share behind an `Arc`.
pub struct Postgres {
    url: String,
    connections: usize,
    acquire: Duration,
    /// How long a statement waits for somebody else's lock.
    busy: Duration,
    /// The most statements that each connection keeps prepared.
    statements: usize,
    pools: Local<Lasting>,
}

/// A thread's pool, and how many statements its connections keep together.
struct Lasting {
    pool: Pool<AsyncPgConnection>,
    kept: Kept,
}

impl Postgres {
    /// Connects to nothing yet; each thread's pool does when it is used.
    pub fn open(url: &str, settings: &DatabaseSettings) -> Self {
        Self {
            url: url.to_owned(),
            connections: settings.connections,
            acquire: Duration::from_millis(settings.acquire_timeout_ms),
            // Zero would mean for ever.
            busy: Duration::from_millis(settings.busy_timeout_ms.max(1)),
            statements: settings.statements,
            pools: Local::new(),
        }
    }

    /// A connection of this thread's pool, waiting at most the configured time.
    ///
    /// Must be called on an async thread.
    pub async fn connection(&self) -> Result<Connection, StorageError> {
        let pool = self.pool()?;
        match tokio::time::timeout(self.acquire, pool.get()).await {
            Ok(Ok(connection)) => Ok(connection),
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
        let current = |lasting: &mut Lasting| {
            (!lasting.kept.are_more_than(most)).then(|| lasting.pool.clone())
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
        let pool = self.connections(kept.clone())?;
        Ok(Lasting { pool, kept })
    }

    fn connections(&self, kept: Kept) -> Result<Pool<AsyncPgConnection>, StorageError> {
        let mut config = ManagerConfig::default();
        // A closed connection is known without asking the server.
        config.recycling_method = RecyclingMethod::Fast;
        let set_up = format!("SET lock_timeout = {}", self.busy.as_millis());
        config.custom_setup = Box::new(move |url| {
            let (url, set_up, kept) = (url.to_owned(), set_up.clone(), kept.clone());
            let open = async move {
                let mut connection = AsyncPgConnection::establish(&url).await?;
                connection.set_instrumentation(kept.counting());
                let done = connection.batch_execute(&set_up).await;
                done.map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(connection)
            };
            open.boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config(&self.url, config);
        Pool::builder(manager)
            .max_size(self.connections)
            .build()
            .map_err(|error| StorageError::Unavailable(error.to_string()))
    }
}

/// Opens a transaction. Driven by hand, since the future of the work between
/// need not be `Send` on our single-threaded workers.
pub async fn begin(connection: &mut AsyncPgConnection) -> Result<(), StorageError> {
    Ok(AnsiTransactionManager::begin_transaction(connection).await?)
}

pub async fn commit(connection: &mut AsyncPgConnection) -> Result<(), StorageError> {
    Ok(AnsiTransactionManager::commit_transaction(connection).await?)
}

/// Undoes the open transaction. A failure is not reported: the pool drops a
/// connection that is still inside a transaction, and the server undoes it.
pub async fn rollback(connection: &mut AsyncPgConnection) {
    let _ = AnsiTransactionManager::rollback_transaction(connection).await;
}
