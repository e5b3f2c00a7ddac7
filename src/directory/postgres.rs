//! The queries compiled for PostgreSQL, and how an operation runs there.

use super::{Context, DirectoryError, Operation};
use crate::storage::postgres::{Postgres, Session, env};

#[expect(
    clippy::duplicate_mod,
    reason = "the same queries, for another database"
)]
#[path = "queries/mod.rs"]
pub mod queries;

/// Reads; a connection that turns out to be dead is replaced once.
pub async fn read<O>(
    postgres: &Postgres,
    context: &Context,
    operation: &O,
) -> Result<O::Answer, DirectoryError>
where
    O: Operation + queries::Run,
{
    match read_once(postgres, context, operation).await {
        Err(DirectoryError::Unavailable(_)) => read_once(postgres, context, operation).await,
        answer => answer,
    }
}

/// In a transaction only where each statement could meet another session else:
/// it takes a round trip more.
async fn read_once<O: queries::Run>(
    postgres: &Postgres,
    context: &Context,
    operation: &O,
) -> Result<O::Answer, DirectoryError> {
    if postgres.needs_transactions() {
        let mut connection = postgres.transaction().await?;
        return in_one(context, operation, &mut connection).await;
    }
    let mut connection = postgres.connection().await?;
    operation.run(context, &mut connection).await
}

/// Changes in one transaction; a race that was lost is run again.
pub async fn write<O: queries::Run>(
    postgres: &Postgres,
    context: &Context,
    operation: &O,
    attempts: usize,
) -> Result<O::Answer, DirectoryError> {
    for _ in 0..attempts {
        match write_once(postgres, context, operation).await {
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
) -> Result<O::Answer, DirectoryError> {
    let mut connection = postgres.transaction().await?;
    let outcome = in_one(context, operation, &mut connection).await;
    if !connection.could_not_begin() {
        return outcome;
    }
    // The server closed this connection since it was last used.
    drop(connection);
    let mut connection = postgres.transaction().await?;
    in_one(context, operation, &mut connection).await
}

/// Runs in the connection's transaction and ends it.
async fn in_one<O: queries::Run>(
    context: &Context,
    operation: &O,
    connection: &mut Session,
) -> Result<O::Answer, DirectoryError> {
    let outcome = match operation.run(context, connection).await {
        Ok(answer) => match connection.commit().await {
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
