//! What the queries have of PostgreSQL while one operation runs: a connection
//! of the pool, and what is still to be sent on it.
//!
//! A round trip is what a statement costs most, and a transaction holds its
//! locks through each. So BEGIN goes with the first statement; a statement of
//! which nothing but its success matters goes with the next one, or with COMMIT;
//! and what is told to the audit log goes with COMMIT, all in one INSERT.
//!
//! The order is kept: BEGIN is sent when it is polled, and all other statements
//! wait for one lock of the driver's, in the order in which they are polled,
//! while one of them has to be prepared.

use std::borrow::Cow;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::Error;
use diesel_async::{AsyncConnectionCore, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::commit::{Commit, place};
use super::pipeline::{Failed, Made, Sending, in_order};
use super::pool::Pooled;
use super::rows::Rows;
use super::told;
use crate::storage::events::NewEvent;
use crate::storage::waited::Waited;

/// A connection, as the queries know it.
pub struct Session(Arc<Shared>);

pub(super) struct Shared {
    /// `None` only when this is being dropped.
    pub(super) pooled: Option<Pooled>,
    pub(super) waited: Waited,
    /// Whether COMMIT may be sent with the statements before it.
    keeps_statements: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    transaction: Transaction,
    /// To be sent before anything else, the oldest first.
    queue: Vec<Later>,
    /// To be told to the audit log before COMMIT.
    told: Vec<NewEvent>,
    /// To which step of a batch belongs what is queued now.
    step: Option<usize>,
    /// The step of the statement that was queued and failed.
    failed_step: Option<usize>,
    /// No more answers are to be expected, or nobody waited for one: whatever
    /// comes next on the connection would be mistaken for another.
    is_lost: bool,
}

#[derive(Default)]
enum Transaction {
    #[default]
    None,
    /// To be begun by these words before the first statement.
    Wanted(Cow<'static, str>),
    /// Begun, as far as is known; the connection is not clean until it is ended.
    Open,
    /// The server refused to begin it, or was not there.
    Refused,
}

struct Later {
    step: Option<usize>,
    statement: Made,
}

/// What a queued statement is.
#[derive(Clone, Copy)]
enum Label {
    Begin,
    Later { step: Option<usize> },
}

/// What is sent before a statement.
#[derive(Default)]
struct Queue<'a> {
    statements: Vec<Sending<'a>>,
    labels: Vec<Label>,
}

impl<'a> Queue<'a> {
    fn push(&mut self, label: Label, statement: Sending<'a>) {
        self.statements.push(statement);
        self.labels.push(label);
    }
}

impl Session {
    /// `keeps_statements`: whether a prepared statement is there for the next
    /// transaction, too.
    pub fn new(pooled: Pooled, keeps_statements: bool, waited: Waited) -> Self {
        Self(Arc::new(Shared {
            pooled: Some(pooled),
            waited,
            keeps_statements,
            state: Mutex::default(),
        }))
    }

    /// By which the server knows the connection.
    pub fn name(&self) -> &str {
        self.0.pooled.as_ref().map_or("", Pooled::name)
    }

    /// Everything that follows is in one transaction, begun by these words.
    pub fn begin(&mut self, words: impl Into<Cow<'static, str>>) {
        self.0.state().transaction = Transaction::Wanted(words.into());
    }

    /// The same connection once more: what is asked through both at the same
    /// time is sent together.
    pub fn beside(&self) -> Self {
        Self(self.0.clone())
    }

    /// Sends the statement with the next one, or with COMMIT; when it fails,
    /// that one tells.
    pub fn later<Q>(&mut self, query: Q)
    where
        Q: QueryFragment<Pg> + QueryId + Send + 'static,
    {
        let statement: Made =
            Box::new(move |mut connection| connection.execute_returning_count(query));
        self.0.state().push(statement);
    }

    /// Tells the audit log with COMMIT.
    pub fn tell(&mut self, rows: Vec<NewEvent>) {
        let mut state = self.0.state();
        state.told.extend(rows);
        if state.told.len() >= told::ROWS {
            state.send_told();
        }
    }

    /// What was told so far comes before the next statement.
    pub fn send_told(&mut self) {
        self.0.state().send_told();
    }

    /// Sends what waits to be sent with the next statement, and waits for it.
    pub async fn settle(&mut self) -> QueryResult<()> {
        let (_, queue) = self.0.sending()?;
        self.0.after(queue, ready(Ok(())).boxed()).await
    }

    /// Nothing that waits is to be sent any more.
    pub fn forget(&mut self) {
        let mut state = self.0.state();
        state.queue.clear();
        state.told.clear();
    }

    /// What is queued from now on belongs to this step of a batch.
    pub fn step(&mut self, step: usize) {
        self.0.state().step = Some(step);
    }

    /// To which step the queued statement belonged that made another fail.
    pub fn failed_step(&self) -> Option<usize> {
        self.0.state().failed_step
    }

    /// Whether BEGIN failed: then nothing that was asked has been done.
    pub fn could_not_begin(&self) -> bool {
        matches!(self.0.state().transaction, Transaction::Refused)
    }

    /// Sends what waits, and ends the transaction. Where a replica follows, the
    /// answer is a place in the server's log behind the transaction.
    ///
    /// # Errors
    /// Of whatever was not done; then nothing was. The transaction is to be
    /// rolled back, whether it has ended by that or not.
    pub async fn commit(&mut self) -> QueryResult<Option<u64>> {
        self.0.state().send_told();
        if !self.0.keeps_statements {
            // What a statement leaves behind must be gone before COMMIT.
            self.settle().await?;
        }
        if self.0.state().has_nothing_to_end() {
            return Ok(None);
        }
        let (mut connection, mut queue) = self.0.sending()?;
        let commit = match self.0.keeps_statements {
            true => connection.execute_returning_count(Commit),
            false => simple(connection, "COMMIT".into()),
        };
        let place = match self.0.is_followed() {
            true => {
                queue.push(Label::Later { step: None }, commit);
                self.0.after(queue, place(connection)).await?
            }
            false => self.0.after(queue, commit).await.map(|_| None)?,
        };
        self.0.state().transaction = Transaction::None;
        Ok(place)
    }

    /// Undoes the transaction. A failure is not reported: the connection is
    /// closed then, and the server undoes it.
    pub async fn rollback(&mut self) {
        self.forget();
        let (is_lost, has_nothing_to_end) = {
            let state = self.0.state();
            (state.is_lost, state.has_nothing_to_end())
        };
        if is_lost || has_nothing_to_end {
            return;
        }
        let Ok(connection) = self.0.connection() else {
            return;
        };
        let ended = simple(connection, "ROLLBACK".into());
        if self.0.overseen(ended).await.is_ok() {
            self.0.state().transaction = Transaction::None;
        }
    }
}

/// A statement that is not prepared.
fn simple<'a>(connection: &'a AsyncPgConnection, words: Cow<'static, str>) -> Sending<'a> {
    let mut connection = connection;
    async move { connection.batch_execute(&words).await.map(|()| 0) }.boxed()
}

impl State {
    fn push(&mut self, statement: Made) {
        let step = self.step;
        self.queue.push(Later { step, statement });
    }

    fn send_told(&mut self) {
        if !self.told.is_empty() {
            let rows = std::mem::take(&mut self.told);
            self.push(told::insert(rows));
        }
    }

    fn has_nothing_to_end(&self) -> bool {
        match self.transaction {
            Transaction::None => true,
            Transaction::Wanted(_) => self.queue.is_empty(),
            Transaction::Open | Transaction::Refused => false,
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection is not used any more.
    pub(super) fn lose(&self) {
        self.state().is_lost = true;
    }

    /// Whether a replica follows, and what it has can be found out: a statement
    /// behind COMMIT meets the same session.
    fn is_followed(&self) -> bool {
        let pool = self.pooled.as_ref().map(|pooled| &pooled.pool);
        self.keeps_statements && pool.is_some_and(|pool| pool.rules.is_followed)
    }

    fn connection(&self) -> QueryResult<&AsyncPgConnection> {
        let pooled = self.pooled.as_ref();
        pooled
            .and_then(Pooled::connection)
            .ok_or(Error::BrokenTransactionManager)
    }

    /// The connection, and what has to be sent on it before anything else.
    fn sending(&self) -> QueryResult<(&AsyncPgConnection, Queue<'_>)> {
        let connection = self.connection()?;
        let mut queue = Queue::default();
        let mut state = self.state();
        state.transaction = match std::mem::take(&mut state.transaction) {
            Transaction::Wanted(words) => {
                queue.push(Label::Begin, simple(connection, words));
                Transaction::Open
            }
            other => other,
        };
        for Later { step, statement } in state.queue.drain(..) {
            queue.push(Label::Later { step }, statement(connection));
        }
        Ok((connection, queue))
    }

    /// The answer to `last`, which is sent behind the others.
    async fn after<'a, T>(
        &'a self,
        Queue { statements, labels }: Queue<'a>,
        last: BoxFuture<'a, QueryResult<T>>,
    ) -> QueryResult<T> {
        if statements.is_empty() {
            return self.overseen(last).await;
        }
        let all = async {
            match in_order(statements, last).await {
                Ok(answer) => answer,
                Err(Failed { place, error }) => {
                    self.note(labels.get(place).copied());
                    Err(error)
                }
            }
        };
        self.overseen(all).await
    }

    fn note(&self, failed: Option<Label>) {
        let mut state = self.state();
        match failed {
            Some(Label::Begin) => state.transaction = Transaction::Refused,
            Some(Label::Later { step }) => state.failed_step = step,
            None => {}
        }
    }
}

impl Drop for Shared {
    /// A connection with a transaction that nobody ended, as when a request is
    /// given up in the middle, is closed at once: its locks go with it. So is one
    /// whose answer did not come.
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let is_open = matches!(state.transaction, Transaction::Open | Transaction::Refused);
        if (is_open || state.is_lost)
            && let Some(pooled) = self.pooled.take()
        {
            pooled.close();
        }
    }
}

impl SimpleAsyncConnection for Session {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        let (connection, queue) = self.0.sending()?;
        let statement = simple(connection, query.to_owned().into());
        self.0.after(queue, statement).await.map(drop)
    }
}

impl AsyncConnectionCore for Session {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = Rows;
    type Row<'conn, 'query> = <AsyncPgConnection as AsyncConnectionCore>::Row<'conn, 'query>;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        match self.0.sending() {
            Ok((mut connection, queue)) => {
                let load = connection.load(source);
                let answer = self.0.after(queue, load);
                let shared = &self.0;
                async move { Ok(Rows::new(answer.await?, shared.clone())) }.boxed()
            }
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        match self.0.sending() {
            Ok((mut connection, queue)) => {
                let execute = connection.execute_returning_count(source);
                self.0.after(queue, execute).boxed()
            }
            Err(error) => ready(Err(error)).boxed(),
        }
    }
}
