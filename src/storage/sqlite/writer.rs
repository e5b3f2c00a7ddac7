//! The one writer: it takes what waits, runs it in one transaction, and answers
//! after the commit. Many small writes so share one wait for the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::result::Error as QueryError;
use diesel::sql_types::BigInt;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use tokio::sync::oneshot;

use super::connection::{CachingConnection, Options};
use super::fairness::Fairness;
use super::static_statement::StaticStatement;
use super::watch::Watched;
use super::{open_watched, statistics, watched};
use crate::storage::StorageError;
use crate::storage::measurements::{Counter, Histogram};
use crate::storage::sql_fragment::fragment;

/// The most jobs that share one transaction.
const BATCH: usize = 256;
/// How long a transaction waits at a time for another process that writes. In
/// between, those whose time is over are answered, and others join.
const WAIT: Duration = Duration::from_millis(100);

/// Tells whether its effects shall stay.
type Run = Box<dyn FnMut(&mut SqliteConnection) -> bool + Send>;
/// Hears how the commit went.
type Finish = Box<dyn FnOnce(Result<(), StorageError>) + Send>;

struct Job {
    run: Run,
    finish: Finish,
    /// How long it may wait for another process that writes.
    until: Instant,
}

/// Upper bounds of the sizes of batches; the last is all that one may have.
const SIZES: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, BATCH as u64];

/// What the writer has done, and what waits for it.
pub struct WriterCounts {
    entered: Counter,
    taken: Counter,
    pub batches: Histogram<9>,
    /// Changes that found the queue full.
    pub refused: Counter,
    /// The most changes that may wait.
    pub capacity: usize,
}

impl WriterCounts {
    fn new(capacity: usize) -> Self {
        Self {
            entered: Counter::default(),
            taken: Counter::default(),
            batches: Histogram::new(SIZES),
            refused: Counter::default(),
            capacity,
        }
    }

    /// Changes that wait now.
    pub fn depth(&self) -> u64 {
        let taken = self.taken.get();
        self.entered.get().saturating_sub(taken)
    }
}

pub struct Writer {
    pub counts: Arc<WriterCounts>,
    /// Taken when the writer is dropped, which ends the thread.
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Writer {
    /// Waits until everything that was accepted is committed.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Writer {
    pub fn start(options: Options, file: Arc<Watched>, queue: usize) -> Result<Self, StorageError> {
        let (jobs, waiting) = sync_channel(queue);
        let counts = Arc::new(WriterCounts::new(queue));
        let shared = counts.clone();
        let options = Options {
            busy: options.busy.min(WAIT),
            ..options
        };
        let connection = open_watched(&options, &file)?;
        let thread = std::thread::Builder::new()
            .name("rolecall-writer".into())
            .spawn(move || {
                Worker {
                    options,
                    file,
                    connection: Some(connection),
                    fairness: Fairness::default(),
                    has_written: false,
                    counts: shared,
                }
                .work(&waiting)
            })
            .map_err(|error| StorageError::Unavailable(error.to_string()))?;
        Ok(Self {
            counts,
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// Waits until then for another process that writes.
    pub async fn write<T, E>(
        &self,
        until: Instant,
        work: impl Fn(&mut SqliteConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let (job, answer) = job(until, work);
        let Some(jobs) = &self.jobs else {
            return Err(StorageError::Unavailable("the writer stopped".into()).into());
        };
        // Before it can be taken: a count of what waits is never below zero.
        self.counts.entered.add_one();
        jobs.try_send(job).map_err(|error| {
            self.counts.taken.add_one();
            refused(&error, &self.counts)
        })?;
        answer.await.unwrap_or_else(|_| {
            Err(StorageError::Unavailable("the writer dropped the work".into()).into())
        })
    }
}

fn refused(error: &TrySendError<Job>, counts: &WriterCounts) -> StorageError {
    match error {
        TrySendError::Full(_) => {
            counts.refused.add_one();
            StorageError::Busy("the queue of writes is full".into())
        }
        TrySendError::Disconnected(_) => StorageError::Unavailable("the writer stopped".into()),
    }
}

/// Splits `work` into its run and its answer, which wait for each other through
/// a shared slot: the result may leave only when the commit is through.
fn job<T, E>(
    until: Instant,
    work: impl Fn(&mut SqliteConnection) -> Result<T, E> + Send + 'static,
) -> (Job, oneshot::Receiver<Result<T, E>>)
where
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let slot = Arc::new(std::sync::Mutex::new(None));
    let result = slot.clone();
    let run = move |connection: &mut SqliteConnection| {
        let outcome = work(connection);
        let keep = outcome.is_ok();
        if let Ok(mut slot) = slot.lock() {
            *slot = Some(outcome);
        }
        keep
    };
    let finish = move |committed: Result<(), StorageError>| {
        let outcome = result.lock().ok().and_then(|mut slot| slot.take());
        let answer = match (outcome, committed) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(error.into()),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(StorageError::Unavailable("a write panicked".into()).into()),
        };
        // Nobody listens any more when the caller went away: the work stands.
        let _ = sender.send(answer);
    };
    (
        Job {
            run: Box::new(run),
            finish: Box::new(finish),
            until,
        },
        receiver,
    )
}

struct Worker {
    options: Options,
    file: Arc<Watched>,
    connection: Option<CachingConnection>,
    fairness: Fairness,
    has_written: bool,
    counts: Arc<WriterCounts>,
}

impl Worker {
    fn work(mut self, waiting: &Receiver<Job>) {
        // Those that found the file locked, and may wait longer.
        let mut batch = Vec::new();
        loop {
            if batch.is_empty() {
                let Ok(first) = waiting.recv() else { break };
                self.counts.taken.add_one();
                batch.push(first);
            }
            let before = batch.len();
            let room = BATCH.saturating_sub(before);
            batch.extend(waiting.try_iter().take(room));
            self.counts.taken.add((batch.len() - before) as u64);
            self.counts.batches.observe(batch.len() as u64);
            batch = self.commit(batch);
        }
        // Who has only read leaves the lock to others.
        if self.has_written
            && let Some(connection) = &mut self.connection
            && self.file.look().is_ok()
        {
            // Failing costs nothing.
            let _ = statistics::renew(connection.lend());
        }
    }

    /// Those that are left over could not begin, and may be tried again.
    fn commit(&mut self, mut batch: Vec<Job>) -> Vec<Job> {
        let turn = self.fairness.begin();
        let file = self.file.clone();
        let outcome = watched(&file, || {
            file.look()?;
            transact(self.connection()?, &mut batch)?;
            // What went into a file that is in nobody's reach was not done.
            file.look()
        });
        self.fairness.end(turn);
        self.has_written = true;
        let is_locked = matches!(outcome, Err(StorageError::Busy(_)));
        if outcome.is_err() && !is_locked {
            // A transaction that could not end leaves the connection in doubt.
            self.connection = None;
        }
        let now = Instant::now();
        let (waits, answered): (Vec<Job>, Vec<Job>) = batch
            .into_iter()
            .partition(|job| is_locked && job.until > now);
        for job in answered {
            (job.finish)(copy(&outcome));
        }
        waits
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection, StorageError> {
        if self.connection.is_none() {
            self.connection = Some(open_watched(&self.options, &self.file)?);
        }
        self.connection
            .as_mut()
            .map(CachingConnection::lend)
            .ok_or_else(|| StorageError::Unavailable("no connection".into()))
    }
}

fn transact(connection: &mut SqliteConnection, batch: &mut [Job]) -> Result<(), StorageError> {
    match together(connection, batch) {
        // Whoever was alone has undone no work but its own.
        Err(QueryError::RollbackTransaction) if batch.len() == 1 => Ok(()),
        Err(QueryError::RollbackTransaction) => Ok(one_by_one(connection, batch)?),
        outcome => Ok(outcome?),
    }
}

/// Without savepoints. SQLite keeps a copy of every page that changes within
/// one, and goes through all of them after each statement: that takes longer
/// than most jobs do.
///
/// # Errors
/// `RollbackTransaction` when a job would leave behind what must be undone:
/// then nothing of any job has stayed.
fn together(connection: &mut SqliteConnection, batch: &mut [Job]) -> Result<(), QueryError> {
    connection.immediate_transaction(|connection| {
        for job in batch {
            let before = changes(connection)?;
            if run(connection, job) {
                continue;
            }
            still_open(connection)?;
            if changes(connection)? != before {
                return Err(QueryError::RollbackTransaction);
            }
        }
        Ok(())
    })
}

/// Each in a savepoint, so that one is undone without the others.
fn one_by_one(connection: &mut SqliteConnection, batch: &mut [Job]) -> Result<(), QueryError> {
    connection.immediate_transaction(|connection| {
        for job in batch {
            let outcome = connection.transaction(|connection| match run(connection, job) {
                true => Ok(()),
                false => Err(QueryError::RollbackTransaction),
            });
            match outcome {
                Ok(()) | Err(QueryError::RollbackTransaction) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    })
}

/// Whether what it did shall stay.
fn run(connection: &mut SqliteConnection, job: &mut Job) -> bool {
    catch_unwind(AssertUnwindSafe(|| (job.run)(connection))).unwrap_or(false)
}

/// Some faults (a full disk) make SQLite undo the whole transaction: what came
/// then would be kept statement by statement.
fn still_open(connection: &mut SqliteConnection) -> Result<(), QueryError> {
    match StaticStatement("BEGIN").execute(connection) {
        Err(_) => Ok(()),
        Ok(_) => Err(QueryError::NotInTransaction),
    }
}

/// Rows that this connection has ever changed, those by triggers too.
fn changes(connection: &mut SqliteConnection) -> Result<i64, QueryError> {
    diesel::select(fragment::<BigInt>("total_changes()")).get_result(connection)
}

/// Every job of a batch hears the same outcome; Diesel's errors do not clone.
fn copy(outcome: &Result<(), StorageError>) -> Result<(), StorageError> {
    match outcome {
        Ok(()) => Ok(()),
        Err(StorageError::Busy(why)) => Err(StorageError::Busy(why.clone())),
        Err(StorageError::TimedOut(why)) => Err(StorageError::TimedOut(why.clone())),
        Err(StorageError::Conflict(why)) => Err(StorageError::Conflict(why.clone())),
        Err(StorageError::Unavailable(why) | StorageError::NotOurs(why)) => {
            Err(StorageError::Unavailable(why.clone()))
        }
        Err(StorageError::Query(error)) => Err(StorageError::Unavailable(error.to_string())),
    }
}

#[cfg(test)]
mod tests;
