//! How long an answer is waited for. Nearly all come before anybody looks; of
//! the others the server is asked whether it is at work on them. One that is
//! may take as long as the server lets it; one that is not, or does not say, is
//! given up, and its connection closed.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use tokio::time::{sleep, timeout};

use super::activity::Doing;
use super::pool::{Pool, PoolSettings, TableWait};
use super::session::Shared;
use crate::config::Pooler;

/// After which time the server is asked first.
pub const FIRST_LOOK: Duration = Duration::from_millis(250);
/// The same while as many connections as may wait for locks on tables.
const FIRST_LOOK_WHEN_SHORT: Duration = Duration::from_millis(25);
/// How long a server may say that it has nothing to do for us, while we wait:
/// the answer would have come by then.
const LOST: Duration = Duration::from_millis(1500);

/// How long the server may take to end what waits.
const CANCEL: Duration = Duration::from_secs(1);

/// Whoever stops to wait for an answer leaves the connection in doubt.
struct Awaited<'a>(Option<&'a Shared>);

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        if let Some(shared) = self.0 {
            shared.lose();
        }
    }
}

/// What is known of an answer that is waited for.
struct Wait<'a> {
    /// Since when the server says that it does nothing for us.
    nothing_since: Option<Instant>,
    table: Option<TableWait<'a>>,
}

impl Shared {
    /// The answer, or an error when none is to be expected any more.
    pub async fn overseen<T>(
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

    /// Resolves when nothing more is to be expected of the connection, which is
    /// then not used again. Looks for the first time after `pause`.
    pub async fn given_up(&self, mut pause: Duration) -> Error {
        let Some(pooled) = &self.pooled else {
            return Error::BrokenTransactionManager;
        };
        let (pool, name) = (&*pooled.pool, pooled.name());
        let settings = &*pool.settings;
        // Of commands, each statement by itself.
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
            let is_lock = matches!(doing, Doing::WaitingForTable | Doing::WaitingForLock);
            if doing != Doing::Working && (!is_lock || waited.counts_locks()) {
                waited.add(began.elapsed());
            }
            began = Instant::now();
            if wait.must_give_in(doing, pool) || (is_lock && waited.left(settings.busy).is_zero()) {
                settings.activity.cancel(name, CANCEL).await;
            }
            let is_silent = matches!(doing, Doing::Nothing | Doing::Unknown);
            let is_over = is_silent && waited.left(settings.answer).is_zero();
            if wait.is_lost(doing, settings) || is_over {
                break;
            }
            pause = match doing {
                Doing::Working => (pause * 2).clamp(FIRST_LOOK, settings.answer / 4),
                _ => FIRST_LOOK,
            };
        }
        self.lose();
        // Others that are idle may be as dead.
        settings.generation.fetch_add(1, Ordering::Relaxed);
        if wait.nothing_since.is_some() {
            // It lives: what it still holds for us shall not hinder others.
            settings.activity.terminate(name, FIRST_LOOK).await;
        }
        let why = "the server did not answer in time".to_owned();
        Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, Box::new(why))
    }
}

impl<'a> Wait<'a> {
    /// Whether others wait for tables already, as many as may.
    fn must_give_in(&mut self, doing: Doing, pool: &'a Pool) -> bool {
        if doing != Doing::WaitingForTable {
            self.table = None;
            return false;
        }
        let is_new = self.table.is_none();
        self.table.get_or_insert_with(|| TableWait::of(pool));
        is_new && !pool.may_wait_for_table()
    }

    /// Behind a pooler what is seen nowhere may wait for a session.
    fn is_lost(&mut self, doing: Doing, settings: &PoolSettings) -> bool {
        if doing != Doing::Nothing {
            self.nothing_since = None;
            return false;
        }
        let since = *self.nothing_since.get_or_insert_with(Instant::now);
        settings.pooler == Pooler::None && since.elapsed() >= LOST
    }
}
