//! The connection of one operation: a pooled connection and the statements that
//! are deferred on it.
//!
//! The largest cost of a statement is its round trip, and a transaction holds its
//! locks through each. So BEGIN is sent with the first statement; a statement of
//! which only the success matters is deferred and sent with the next one or with
//! COMMIT; and all audit entries are inserted together before COMMIT.
//!
//! The order is preserved: BEGIN is sent when it is polled, and all other
//! statements wait for one lock of the driver, in the order in which they are
//! polled, while one of them is being prepared.

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

use super::audit_insert;
use super::commit::{Commit, wal_position};
use super::pipeline::{DeferredStatement, Failed, SentStatement, in_order};
use super::pool::Pooled;
use super::rows::Rows;
use crate::storage::events::NewEvent;
use crate::storage::wait_budget::WaitBudget;

/// A connection, as the queries know it.
pub struct Session(Arc<Shared>);

pub(super) struct Shared {
    /// `None` only when this is being dropped.
    pub(super) pooled: Option<Pooled>,
    pub(super) waited: WaitBudget,
    /// Whether COMMIT may be sent with the statements before it.
    keeps_statements: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    transaction: Transaction,
    /// Deferred statements, sent before the next one, the oldest first.
    queue: Vec<Deferred>,
    /// Inserted into the audit log before COMMIT.
    audit_entries: Vec<NewEvent>,
    /// The step of a batch that statements queued now belong to.
    step: Option<usize>,
    /// The step of the deferred statement that failed.
    failed_step: Option<usize>,
    /// No more answers will arrive, or one was not waited for: the next answer on
    /// the connection would be taken for a different one.
    is_lost: bool,
}

#[derive(Default)]
enum Transaction {
    #[default]
    None,
    /// This SQL begins it before the first statement.
    Wanted(Cow<'static, str>),
    /// Begun, as far as is known; the connection is not clean until it ends.
    Open,
    /// The server rejected BEGIN or could not be reached.
    Refused,
}

struct Deferred {
    step: Option<usize>,
    statement: DeferredStatement,
}

/// What a queued statement is.
#[derive(Clone, Copy)]
enum Label {
    Begin,
    Deferred { step: Option<usize> },
}

/// What is sent before a statement.
#[derive(Default)]
struct Queue<'a> {
    statements: Vec<SentStatement<'a>>,
    labels: Vec<Label>,
}

impl<'a> Queue<'a> {
    fn push(&mut self, label: Label, statement: SentStatement<'a>) {
        self.statements.push(statement);
        self.labels.push(label);
    }
}

impl Session {
    /// `keeps_statements`: whether prepared statements outlive a transaction.
    pub fn new(pooled: Pooled, keeps_statements: bool, waited: WaitBudget) -> Self {
        Self(Arc::new(Shared {
            pooled: Some(pooled),
            waited,
            keeps_statements,
            state: Mutex::default(),
        }))
    }

    /// The `application_name` of the connection.
    pub fn name(&self) -> &str {
        self.0.pooled.as_ref().map_or("", Pooled::name)
    }

    /// Everything that follows is in one transaction, which this SQL begins.
    pub fn begin(&mut self, sql: impl Into<Cow<'static, str>>) {
        self.0.state().transaction = Transaction::Wanted(sql.into());
    }

    /// A second handle of the same connection: queries through both at the same
    /// time are pipelined.
    pub fn beside(&self) -> Self {
        Self(self.0.clone())
    }

    /// Sends the statement with the next one, or with COMMIT, which returns its
    /// error if it fails.
    pub fn defer<Q>(&mut self, query: Q)
    where
        Q: QueryFragment<Pg> + QueryId + Send + 'static,
    {
        let statement: DeferredStatement =
            Box::new(move |mut connection| connection.execute_returning_count(query));
        self.0.state().push(statement);
    }

    /// Inserts these rows into the audit log before COMMIT.
    pub fn append_audit(&mut self, rows: Vec<NewEvent>) {
        let mut state = self.0.state();
        state.audit_entries.extend(rows);
        if state.audit_entries.len() >= audit_insert::ROWS {
            state.flush_audit();
        }
    }

    /// Inserts the audit entries so far before the next statement.
    pub fn flush_audit(&mut self) {
        self.0.state().flush_audit();
    }

    /// Sends the deferred statements and waits for them.
    pub async fn flush(&mut self) -> QueryResult<()> {
        let (_, queue) = self.0.sending()?;
        self.0.after(queue, ready(Ok(())).boxed()).await
    }

    /// Drops the deferred statements and audit entries.
    pub fn discard(&mut self) {
        let mut state = self.0.state();
        state.queue.clear();
        state.audit_entries.clear();
    }

    /// Statements that are deferred from now on belong to this step of a batch.
    pub fn step(&mut self, step: usize) {
        self.0.state().step = Some(step);
    }

    /// The step of the deferred statement that made a later one fail.
    pub fn failed_step(&self) -> Option<usize> {
        self.0.state().failed_step
    }

    /// Whether BEGIN failed: then nothing has been done.
    pub fn could_not_begin(&self) -> bool {
        matches!(self.0.state().transaction, Transaction::Refused)
    }

    /// Sends the deferred statements and COMMIT. If there is a replica, returns a
    /// WAL position after the transaction.
    ///
    /// # Errors
    /// If any statement failed; then nothing is committed. The caller must roll
    /// back, whether or not the failure has ended the transaction.
    pub async fn commit(&mut self) -> QueryResult<Option<u64>> {
        self.0.state().flush_audit();
        if !self.0.keeps_statements {
            // Statements must be deallocated before COMMIT.
            self.flush().await?;
        }
        if self.0.state().has_nothing_to_end() {
            return Ok(None);
        }
        let (mut connection, mut queue) = self.0.sending()?;
        let commit = match self.0.keeps_statements {
            true => connection.execute_returning_count(Commit),
            false => simple(connection, "COMMIT".into()),
        };
        let position = match self.0.is_followed() {
            true => {
                queue.push(Label::Deferred { step: None }, commit);
                self.0.after(queue, wal_position(connection)).await?
            }
            false => self.0.after(queue, commit).await.map(|_| None)?,
        };
        self.0.state().transaction = Transaction::None;
        Ok(position)
    }

    /// Rolls the transaction back. A failure is not reported: the connection is
    /// closed then, and the server rolls back.
    pub async fn rollback(&mut self) {
        self.discard();
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
        if self.0.with_timeout(ended).await.is_ok() {
            self.0.state().transaction = Transaction::None;
        }
    }
}

/// A statement of the simple query protocol, which is not prepared.
fn simple<'a>(connection: &'a AsyncPgConnection, sql: Cow<'static, str>) -> SentStatement<'a> {
    let mut connection = connection;
    async move { connection.batch_execute(&sql).await.map(|()| 0) }.boxed()
}

impl State {
    fn push(&mut self, statement: DeferredStatement) {
        let step = self.step;
        self.queue.push(Deferred { step, statement });
    }

    fn flush_audit(&mut self) {
        if !self.audit_entries.is_empty() {
            let rows = std::mem::take(&mut self.audit_entries);
            self.push(audit_insert::insert(rows));
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

    /// The connection must not be used any more.
    pub(super) fn lose(&self) {
        self.state().is_lost = true;
    }

    /// Whether a replica follows whose position can be compared: a statement after
    /// COMMIT must run in the same session.
    fn is_followed(&self) -> bool {
        let pool = self.pooled.as_ref().map(|pooled| &pooled.pool);
        self.keeps_statements && pool.is_some_and(|pool| pool.settings.is_followed)
    }

    fn connection(&self) -> QueryResult<&AsyncPgConnection> {
        let pooled = self.pooled.as_ref();
        pooled
            .and_then(Pooled::connection)
            .ok_or(Error::BrokenTransactionManager)
    }

    /// The connection, and the statements that must be sent first.
    fn sending(&self) -> QueryResult<(&AsyncPgConnection, Queue<'_>)> {
        let connection = self.connection()?;
        let mut queue = Queue::default();
        let mut state = self.state();
        state.transaction = match std::mem::take(&mut state.transaction) {
            Transaction::Wanted(sql) => {
                queue.push(Label::Begin, simple(connection, sql));
                Transaction::Open
            }
            other => other,
        };
        for Deferred { step, statement } in state.queue.drain(..) {
            queue.push(Label::Deferred { step }, statement(connection));
        }
        Ok((connection, queue))
    }

    /// The answer to `last`, which is sent after the others.
    async fn after<'a, T>(
        &'a self,
        Queue { statements, labels }: Queue<'a>,
        last: BoxFuture<'a, QueryResult<T>>,
    ) -> QueryResult<T> {
        if statements.is_empty() {
            return self.with_timeout(last).await;
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
        self.with_timeout(all).await
    }

    fn note(&self, failed: Option<Label>) {
        let mut state = self.state();
        match failed {
            Some(Label::Begin) => state.transaction = Transaction::Refused,
            Some(Label::Deferred { step }) => state.failed_step = step,
            None => {}
        }
    }
}

impl Drop for Shared {
    /// A connection whose transaction was not ended, because a request was
    /// abandoned, is closed at once, which releases its locks. So is one whose
    /// answer did not arrive.
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
