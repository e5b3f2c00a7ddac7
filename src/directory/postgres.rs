//! The queries compiled for PostgreSQL, and how an operation runs there.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use diesel::QueryResult;

use super::{Context, DirectoryError, Operation};
use crate::storage::postgres::{Postgres, Session, env};
use crate::storage::wait_budget::WaitBudget;

#[expect(
    clippy::duplicate_mod,
    reason = "the same queries, for another database"
)]
#[path = "queries/mod.rs"]
pub mod queries;

/// How far a change has come.
#[derive(Default)]
pub struct Commits {
    is_sent: AtomicBool,
    place: AtomicU64,
}

impl Commits {
    /// Whether the change may be done: an error before that has left nothing.
    pub fn is_sent(&self) -> bool {
        self.is_sent.load(Ordering::Acquire)
    }

    /// A place in the server's log behind the change, where a replica follows.
    pub fn place(&self) -> Option<u64> {
        Some(self.place.load(Ordering::Acquire)).filter(|place| *place > 0)
    }
}

/// Reads; a connection that turns out to be dead is replaced once, unless it
/// took long to find that out.
pub async fn read<O>(
    postgres: &Postgres,
    context: &Context,
    operation: &O,
) -> Result<O::Answer, DirectoryError>
where
    O: Operation + queries::Run,
{
    let (waited, began) = (context.waited.for_operation(), Instant::now());
    match read_once(postgres, context, operation, &waited).await {
        Err(DirectoryError::Unavailable(_)) if began.elapsed() < postgres.answer() / 2 => {
            read_once(postgres, context, operation, &waited).await
        }
        answer => answer,
    }
}

/// In a transaction only where each statement could meet another session else:
/// it takes a round trip more.
async fn read_once<O: queries::Run>(
    postgres: &Postgres,
    context: &Context,
    operation: &O,
    waited: &WaitBudget,
) -> Result<O::Answer, DirectoryError> {
    if postgres.needs_transactions() {
        let mut connection = postgres.transaction(waited).await?;
        let commits = Commits::default();
        return in_one(context, operation, &mut connection, &commits).await;
    }
    let mut connection = postgres.connection(waited).await?;
    operation.run(context, &mut connection).await
}

/// Changes in one transaction; a race that was lost is run again.
pub async fn write<O: queries::Run>(
    postgres: &Postgres,
    context: &Context,
    operation: &O,
    attempts: usize,
    commits: &Commits,
) -> Result<O::Answer, DirectoryError> {
    let waited = context.waited.for_operation();
    for _ in 0..attempts {
        match write_once(postgres, context, operation, &waited, commits).await {
            Err(DirectoryError::Again) => {}
            outcome => return outcome,
        }
    }
    Err(DirectoryError::Busy(
        "too many changes at the same place".into(),
    ))
}

async fn write_once<O: queries::Run>(
    postgres: &Postgres,
    context: &Context,
    operation: &O,
    waited: &WaitBudget,
    commits: &Commits,
) -> Result<O::Answer, DirectoryError> {
    let mut connection = postgres.transaction(waited).await?;
    let outcome = in_one(context, operation, &mut connection, commits).await;
    if !connection.could_not_begin() {
        return outcome;
    }
    // The server closed this connection since it was last used.
    drop(connection);
    let mut connection = postgres.transaction(waited).await?;
    in_one(context, operation, &mut connection, commits).await
}

async fn committed(connection: &mut Session, commits: &Commits) -> QueryResult<()> {
    commits.is_sent.store(true, Ordering::Release);
    let place = connection.commit().await?;
    commits
        .place
        .store(place.unwrap_or_default(), Ordering::Release);
    Ok(())
}

/// Runs in the connection's transaction and ends it.
async fn in_one<O: queries::Run>(
    context: &Context,
    operation: &O,
    connection: &mut Session,
    commits: &Commits,
) -> Result<O::Answer, DirectoryError> {
    let outcome = match operation.run(context, connection).await {
        Ok(answer) => match committed(connection, commits).await {
            Ok(()) => Ok(answer),
            Err(error) => {
                let error = DirectoryError::from(error);
                // What was put off until now, a step of a batch may have asked for.
                Err(match connection.failed_step() {
                    Some(step) => error.of_step(step),
                    None => error,
                })
            }
        },
        Err(error) => Err(error),
    };
    if outcome.is_err() {
        connection.rollback().await;
    }
    outcome
}
