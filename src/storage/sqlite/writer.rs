//! The one writer: it takes what waits, runs it in one transaction with a
//! savepoint for each job when there are several, and answers after the commit. Many small writes so
//! share one wait for the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use diesel::result::Error as QueryError;
use diesel::{Connection, SqliteConnection};
use tokio::sync::oneshot;

use super::connection::{Lasting, Options};
use super::statistics;
use crate::storage::StorageError;

/// The most jobs that share one transaction.
const BATCH: usize = 256;

/// Runs inside a savepoint; tells whether its effects shall stay.
type Run = Box<dyn FnMut(&mut SqliteConnection) -> bool + Send>;
/// Hears how the commit went.
type Finish = Box<dyn FnOnce(Result<(), StorageError>) + Send>;

struct Job {
    run: Run,
    finish: Finish,
}

pub struct Writer {
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
    pub fn start(options: Options, queue: usize) -> Result<Self, StorageError> {
        let (jobs, waiting) = sync_channel(queue);
        let connection = Lasting::open(&options)?;
        let thread = std::thread::Builder::new()
            .name("rolecall-writer".into())
            .spawn(move || {
                Worker {
                    options,
                    connection: Some(connection),
                }
                .work(&waiting)
            })
            .map_err(|error| StorageError::Unavailable(error.to_string()))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let (job, answer) = job(work);
        let Some(jobs) = &self.jobs else {
            return Err(StorageError::Unavailable("the writer stopped".into()).into());
        };
        jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => StorageError::Busy("the queue of writes is full".into()),
            TrySendError::Disconnected(_) => StorageError::Unavailable("the writer stopped".into()),
        })?;
        answer.await.unwrap_or_else(|_| {
            Err(StorageError::Unavailable("the writer dropped the work".into()).into())
        })
    }
}

/// Splits `work` into its run and its answer, which wait for each other through
/// a shared slot: the result may leave only when the commit is through.
fn job<T, E>(
    work: impl FnOnce(&mut SqliteConnection) -> Result<T, E> + Send + 'static,
) -> (Job, oneshot::Receiver<Result<T, E>>)
where
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let slot = std::sync::Arc::new(std::sync::Mutex::new(None));
    let result = slot.clone();
    let mut work = Some(work);
    let run = move |connection: &mut SqliteConnection| {
        let Some(work) = work.take() else {
            return false;
        };
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
        },
        receiver,
    )
}

struct Worker {
    options: Options,
    connection: Option<Lasting>,
}

impl Worker {
    fn work(mut self, waiting: &Receiver<Job>) {
        while let Ok(first) = waiting.recv() {
            let mut batch = vec![first];
            batch.extend(waiting.try_iter().take(BATCH - 1));
            self.commit(batch);
        }
        if let Some(connection) = &mut self.connection {
            // Failing costs nothing.
            let _ = statistics::renew(connection.lend());
        }
    }

    fn commit(&mut self, mut batch: Vec<Job>) {
        let outcome = self
            .connection()
            .and_then(|connection| transact(connection, &mut batch));
        if outcome.is_err() {
            // A transaction that could not end leaves the connection in doubt.
            self.connection = None;
        }
        for job in batch {
            (job.finish)(copy(&outcome));
        }
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection, StorageError> {
        if self.connection.is_none() {
            self.connection = Some(Lasting::open(&self.options)?);
        }
        self.connection
            .as_mut()
            .map(Lasting::lend)
            .ok_or_else(|| StorageError::Unavailable("no connection".into()))
    }
}

fn transact(connection: &mut SqliteConnection, batch: &mut [Job]) -> Result<(), StorageError> {
    if let [alone] = batch {
        return run_alone(connection, alone).map_err(StorageError::from);
    }
    let outcome = connection.immediate_transaction(|connection| {
        for job in batch {
            savepoint(connection, job)?;
        }
        Ok::<_, QueryError>(())
    });
    outcome.map_err(StorageError::from)
}

/// Without a savepoint: what it would undo is the whole transaction. SQLite
/// keeps a copy of every page that changes within a savepoint, and goes through
/// all of them after each statement, which makes a job of many rows slow.
fn run_alone(connection: &mut SqliteConnection, job: &mut Job) -> Result<(), QueryError> {
    undone_or_done(connection.immediate_transaction(|connection| run(connection, job)))
}

fn savepoint(connection: &mut SqliteConnection, job: &mut Job) -> Result<(), QueryError> {
    undone_or_done(connection.transaction(|connection| run(connection, job)))
}

fn run(connection: &mut SqliteConnection, job: &mut Job) -> Result<(), QueryError> {
    let run = catch_unwind(AssertUnwindSafe(|| (job.run)(connection)));
    match run {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(QueryError::RollbackTransaction),
    }
}

/// That a job undid what it did is no failure of the transaction.
fn undone_or_done(outcome: Result<(), QueryError>) -> Result<(), QueryError> {
    match outcome {
        Err(QueryError::RollbackTransaction) => Ok(()),
        outcome => outcome,
    }
}

/// Every job of a batch hears the same outcome; Diesel's errors do not clone.
fn copy(outcome: &Result<(), StorageError>) -> Result<(), StorageError> {
    match outcome {
        Ok(()) => Ok(()),
        Err(StorageError::Busy(why)) => Err(StorageError::Busy(why.clone())),
        Err(StorageError::TimedOut(why)) => Err(StorageError::TimedOut(why.clone())),
        Err(StorageError::Conflict(why)) => Err(StorageError::Conflict(why.clone())),
        Err(StorageError::Unavailable(why)) => Err(StorageError::Unavailable(why.clone())),
        Err(StorageError::Query(error)) => Err(StorageError::Unavailable(error.to_string())),
    }
}
