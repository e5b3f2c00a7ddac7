//! The queries compiled for PostgreSQL, and how an operation runs there.

use super::{Context, DirectoryError, Operation};
use crate::storage::postgres::{Postgres, commit, env, rollback};

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
/// it takes two round trips more.
async fn read_once<O: queries::Run>(
    postgres: &Postgres,
    context: &Context,
    operation: &O,
) -> Result<O::Answer, DirectoryError> {
    let mut connection = postgres.connection().await?;
    if !postgres.needs_transactions() {
        return operation.run(context, &mut connection).await;
    }
    postgres.begin(&mut connection).await?;
    let answer = operation.run(context, &mut connection).await;
    match &answer {
        Ok(_) => commit(&mut connection).await?,
        Err(_) => rollback(&mut connection).await,
    }
    answer
}

/// Changes in one transaction; a race that was lost is run again.
pub async fn write<O: queries::Run>(
    postgres: &Postgres,
    context: &Context,
    operation: &O,
    attempts: usize,
) -> Result<O::Answer, DirectoryError> {
    let mut outcome = Err(DirectoryError::Again);
    for _ in 0..attempts {
        let mut connection = postgres.connection().await?;
        if postgres.begin(&mut connection).await.is_err() {
            // The server closed this connection since it was last used.
            drop(connection);
            connection = postgres.connection().await?;
            postgres.begin(&mut connection).await?;
        }
        outcome = operation.run(context, &mut connection).await;
        match &outcome {
            Ok(_) => {
                commit(&mut connection).await?;
                return outcome;
            }
            Err(DirectoryError::Again) => rollback(&mut connection).await,
            Err(_) => {
                rollback(&mut connection).await;
                return outcome;
            }
        }
    }
    match outcome {
        Err(DirectoryError::Again) => Err(DirectoryError::Busy(
            "too many changes at the same place".into(),
        )),
        outcome => outcome,
    }
}
