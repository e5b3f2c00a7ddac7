//! The timeout of answers. Most arrive before the first check; about the others the
//! server is asked on another connection whether it is working on them. If it is,
//! the answer can take as long as the server permits; if not, or if the server does
//! not respond, the wait ends and the connection is closed.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use tokio::time::{sleep, timeout};

use super::activity::BackendState;
use super::pool::{Pool, PoolSettings, TableWait};
use super::session::Shared;
use crate::config::Pooler;

/// When the server is first asked.
pub const FIRST_LOOK: Duration = Duration::from_millis(250);
/// The same while the maximum of connections wait for table locks.
const FIRST_LOOK_WHEN_SHORT: Duration = Duration::from_millis(25);
/// How long a server can report an idle session while we wait for its answer, which
/// would have arrived by then.
const LOST: Duration = Duration::from_millis(1500);

/// How long the server may take to cancel a statement.
const CANCEL: Duration = Duration::from_secs(1);

/// A wait that is dropped leaves the connection in an unknown state.
struct Awaited<'a>(Option<&'a Shared>);

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        if let Some(shared) = self.0 {
            shared.lose();
        }
    }
}

/// The state of a wait for an answer.
struct Wait<'a> {
    /// Since when the server has reported the session as idle.
    nothing_since: Option<Instant>,
    table: Option<TableWait<'a>>,
}

impl Shared {
    /// The answer, or an error if none is to be expected any more.
    pub async fn with_timeout<T>(
        &self,
        answer: impl Future<Output = QueryResult<T>>,
    ) -> QueryResult<T> {
        let mut awaited = Awaited(Some(self));
        let mut answer = pin!(answer);
        let first = match self.pool().is_some_and(Pool::is_short) {
            true => FIRST_LOOK_WHEN_SHORT,
            false => FIRST_LOOK,
        };
        let answer = match timeout(first, answer.as_mut()).await {
            Ok(answer) => answer,
            Err(_) => match select(answer, self.given_up(Duration::ZERO).boxed()).await {
                Either::Left((answer, _)) => answer,
                Either::Right((error, _)) => return Err(error),
            },
        };
        awaited.0 = None;
        answer
    }

    fn pool(&self) -> Option<&Pool> {
        self.pooled.as_ref().map(|pooled| &*pooled.pool)
    }

    /// Resolves when no answer is to be expected of the connection, which is then not
    /// used again. First checks after `pause`.
    pub async fn given_up(&self, mut pause: Duration) -> Error {
        let Some(pooled) = &self.pooled else {
            return Error::BrokenTransactionManager;
        };
        let (pool, name) = (&*pooled.pool, pooled.name());
        let settings = &*pool.settings;
        // In commands each statement has its own budget.
        let waited = self.waited.for_operation();
        let mut wait = Wait {
            nothing_since: None,
            table: None,
        };
        let mut began = Instant::now();
        loop {
            sleep(pause.min(waited.left(settings.answer))).await;
            let doing = settings
                .activity
                .of(name, waited.left(settings.answer))
                .await;
            let is_lock = matches!(
                doing,
                BackendState::WaitingForTable | BackendState::WaitingForLock
            );
            if doing != BackendState::Working && (!is_lock || waited.counts_locks()) {
                waited.add(began.elapsed());
            }
            began = Instant::now();
            if wait.must_give_in(doing, pool) || (is_lock && waited.left(settings.busy).is_zero()) {
                settings.activity.cancel(name, CANCEL).await;
            }
            let is_silent = matches!(doing, BackendState::Nothing | BackendState::Unknown);
            let is_over = is_silent && waited.left(settings.answer).is_zero();
            if wait.is_lost(doing, settings) || is_over {
                break;
            }
            pause = match doing {
                BackendState::Working => (pause * 2).clamp(FIRST_LOOK, settings.answer / 4),
                _ => FIRST_LOOK,
            };
        }
        self.lose();
        // Idle connections may be dead, too.
        settings.generation.fetch_add(1, Ordering::Relaxed);
        if wait.nothing_since.is_some() {
            // The server is alive: release the locks of the session.
            settings.activity.terminate(name, FIRST_LOOK).await;
        }
        let why = "the server did not answer in time".to_owned();
        Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, Box::new(why))
    }
}

impl<'a> Wait<'a> {
    /// Whether the maximum of connections already wait for table locks.
    fn must_give_in(&mut self, doing: BackendState, pool: &'a Pool) -> bool {
        if doing != BackendState::WaitingForTable {
            self.table = None;
            return false;
        }
        let is_new = self.table.is_none();
        self.table.get_or_insert_with(|| TableWait::of(pool));
        is_new && !pool.may_wait_for_table()
    }

    /// Behind a pooler a statement without a session may be waiting for one.
    fn is_lost(&mut self, doing: BackendState, settings: &PoolSettings) -> bool {
        if doing != BackendState::Nothing {
            self.nothing_since = None;
            return false;
        }
        let since = *self.nothing_since.get_or_insert_with(Instant::now);
        settings.pooler == Pooler::None && since.elapsed() >= LOST
    }
}
