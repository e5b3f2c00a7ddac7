//! The connections of one thread to one server.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout_at};

use super::activity::{self, Activity};
use super::address::Address;
use super::connect::{self, Limits};
use crate::config::Pooler;
use crate::storage::StorageError;
use crate::storage::statements::StatementCount;
use crate::storage::wait_budget::WaitBudget;

/// How long a pool makes do with the connections that it has, when the server
/// has no room for another.
const ROOM: Duration = Duration::from_secs(1);
/// Between two attempts of a pool that has none.
const PAUSE: Duration = Duration::from_millis(20);

/// What all pools of a database go by.
pub struct PoolSettings {
    pub address: Address,
    pub connections: usize,
    /// How long to wait for a free connection.
    pub acquire: Duration,
    /// How long to wait for the server, while connecting and for an answer.
    pub connect: Duration,
    pub answer: Duration,
    /// How long to wait for locks.
    pub busy: Duration,
    pub limits: Limits,
    pub pooler: Pooler,
    /// Whether a replica follows the server.
    pub is_followed: bool,
    /// The most statements that each connection keeps prepared.
    pub statements: usize,
    /// What the server is doing for our connections.
    pub activity: Activity,
    /// Moved when all connections shall be new ones.
    pub generation: AtomicU64,
    /// All pools, one a thread.
    pub pools: Mutex<Vec<Weak<Pool>>>,
}

pub struct Pool {
    pub settings: Arc<PoolSettings>,
    permits: Arc<Semaphore>,
    idle: Mutex<VecDeque<Connection>>,
    /// Connections that are there, in use or not.
    open: AtomicUsize,
    /// How many wait for a lock on a table.
    waiting_for_table: AtomicUsize,
    /// Statements that its connections keep, all together.
    statement_count: StatementCount,
    /// Moved when they are too many.
    generation: AtomicU64,
}

struct Connection {
    connection: AsyncPgConnection,
    name: Arc<str>,
    generation: u64,
}

/// A connection that is lent; it goes back when this is dropped.
pub struct Pooled {
    /// `None` only when it is being dropped.
    connection: Option<Connection>,
    pub pool: Arc<Pool>,
    /// Behind the connection: who comes next finds it.
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    /// Connects to nothing yet.
    pub fn new(settings: Arc<PoolSettings>) -> Arc<Self> {
        let pool = Arc::new(Self {
            permits: Arc::new(Semaphore::new(settings.connections)),
            idle: Mutex::default(),
            open: AtomicUsize::new(0),
            waiting_for_table: AtomicUsize::new(0),
            statement_count: StatementCount::default(),
            generation: AtomicU64::new(0),
            settings,
        });
        let mut pools = lock(&pool.settings.pools);
        pools.retain(|pool| pool.strong_count() > 0);
        pools.push(Arc::downgrade(&pool));
        drop(pools);
        pool
    }

    /// A connection, when one is free or can be made in time.
    pub async fn get(self: &Arc<Self>, waited: &WaitBudget) -> Result<Pooled, StorageError> {
        let most = self
            .settings
            .statements
            .saturating_mul(self.settings.connections);
        if self.statement_count.exceeds(most) {
            self.generation.fetch_add(1, Ordering::Relaxed);
        }
        let permit = self.permits.clone().try_acquire_owned().ok();
        if permit.is_some()
            && let Some(connection) = self.take_idle()
        {
            return self.lend(connection, permit);
        }
        let began = Instant::now();
        let got = self.wait(permit, began, waited).boxed().await;
        waited.add(began.elapsed());
        got
    }

    async fn wait(
        self: &Arc<Self>,
        mut permit: Option<OwnedSemaphorePermit>,
        began: Instant,
        waited: &WaitBudget,
    ) -> Result<Pooled, StorageError> {
        let until = began + waited.left(self.settings.acquire);
        loop {
            if permit.is_none() {
                let acquired = self.permits.clone().acquire_owned();
                let acquired = timeout_at(until.into(), acquired).await;
                permit = acquired.map_err(|_| none_free())?.ok();
            }
            if let Some(connection) = self.take_idle() {
                return self.lend(connection, permit);
            }
            let left = waited.left(self.settings.connect);
            let left = left.saturating_sub(began.elapsed());
            match self.open(left).await {
                Ok(connection) => return self.lend(connection, permit),
                Err(error) if !has_no_room(&error) => return Err(error),
                Err(error) if Instant::now() >= until => {
                    return Err(StorageError::Busy(error.to_string()));
                }
                Err(_) => self.make_do(permit.take()).await,
            }
        }
    }

    /// The server has no room for another connection. While there are others
    /// here, one of those comes free. Else another thread may have some to spare.
    async fn make_do(self: &Arc<Self>, permit: Option<OwnedSemaphorePermit>) {
        if self.open.load(Ordering::Relaxed) > 0 {
            if let Some(permit) = permit {
                tokio::spawn(async move {
                    sleep(ROOM).await;
                    drop(permit);
                });
            }
            return;
        }
        let pools = lock(&self.settings.pools).clone();
        for other in pools.iter().filter_map(Weak::upgrade) {
            if other.spare_one() {
                break;
            }
        }
        sleep(PAUSE).await;
    }

    /// Closes a connection that nobody uses, unless it is the last.
    fn spare_one(&self) -> bool {
        if self.open.load(Ordering::Relaxed) < 2 {
            return false;
        }
        let spared = self.take_idle().is_some();
        if spared {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
        spared
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = lock(&self.idle);
        while let Some(mut connection) = idle.pop_front() {
            if self.is_good(&mut connection) {
                return Some(connection);
            }
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
        None
    }

    fn is_good(&self, connection: &mut Connection) -> bool {
        connection.generation == self.generation() && !connection.connection.is_broken()
    }

    /// Neither part ever goes back, so neither does the sum.
    fn generation(&self) -> u64 {
        let all = self.settings.generation.load(Ordering::Relaxed);
        all.wrapping_add(self.generation.load(Ordering::Relaxed))
    }

    fn lend(
        self: &Arc<Self>,
        connection: Connection,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Pooled, StorageError> {
        match permit {
            Some(permit) => Ok(Pooled {
                connection: Some(connection),
                pool: self.clone(),
                _permit: permit,
            }),
            None => Err(none_free()),
        }
    }

    async fn open(&self, limit: Duration) -> Result<Connection, StorageError> {
        let PoolSettings {
            address, limits, ..
        } = &*self.settings;
        let generation = self.generation();
        let name = activity::name(address.name());
        let opening = async {
            match self.settings.pooler {
                Pooler::None => connect::to_server(&address.named(&name), *limits).await,
                // A name of its own would be set anew with each change of sessions.
                Pooler::Transaction => connect::through_pooler(address).await,
            }
        };
        let mut connection = connect::within(limit, opening).await?;
        connection.set_instrumentation(self.statement_count.instrumentation());
        self.open.fetch_add(1, Ordering::Relaxed);
        Ok(Connection {
            connection,
            name,
            generation,
        })
    }

    /// Half of the connections at most, so that statements which need no such
    /// lock find the others.
    pub fn may_wait_for_table(&self) -> bool {
        let most = (self.settings.connections / 2).max(1);
        self.waiting_for_table.load(Ordering::Relaxed) <= most
    }

    /// Whether as many wait for tables as may.
    pub fn is_short(&self) -> bool {
        let waiting = self.waiting_for_table.load(Ordering::Relaxed);
        waiting > 0 && waiting >= self.settings.connections / 2
    }
}

/// One more waits for a lock on a table, until this is dropped.
pub struct TableWait<'a>(&'a Pool);

impl<'a> TableWait<'a> {
    pub fn of(pool: &'a Pool) -> Self {
        pool.waiting_for_table.fetch_add(1, Ordering::Relaxed);
        Self(pool)
    }
}

impl Drop for TableWait<'_> {
    fn drop(&mut self) {
        self.0.waiting_for_table.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pooled {
    pub fn connection(&self) -> Option<&AsyncPgConnection> {
        self.connection.as_ref().map(|lent| &lent.connection)
    }

    /// By which the server knows it.
    pub fn name(&self) -> &str {
        self.connection.as_ref().map_or("", |lent| &lent.name)
    }

    /// Closes it, instead of giving it back.
    pub fn close(mut self) {
        if self.connection.take().is_some() {
            self.pool.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        if self.pool.is_good(&mut connection) && !std::thread::panicking() {
            lock(&self.pool.idle).push_back(connection);
        } else {
            self.pool.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn none_free() -> StorageError {
    StorageError::Busy("no database connection came free in time".into())
}

fn has_no_room(error: &StorageError) -> bool {
    let text = error.to_string();
    [
        "remaining connection slots",
        "too many clients",
        "too many connections",
        "no more connections allowed",
    ]
    .iter()
    .any(|known| text.contains(known))
}
