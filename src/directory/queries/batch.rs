//! Runs the steps of a batch, and stores responses for repeated requests.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::env;
use super::prelude::*;
use crate::directory::Operation;
use crate::directory::batch::{
    Answer, Batch, BatchOutcome, CreatedIds, Found, IdempotencyRequest, Outcome, ResolveIds,
    Subject, Task, VisibilityScoped,
};
use crate::storage::schema::idempotency;

/// Runs a step on one database.
pub trait RunStep: Send + Sync {
    fn run_step<'a>(
        &'a self,
        created_ids: &'a CreatedIds,
        context: &'a Context,
        connection: &'a mut Conn,
    ) -> LocalBoxFuture<'a, Result<Outcome, DirectoryError>>;

    /// Whether the stored response can be replayed to the caller.
    fn check_replay<'a>(
        &'a self,
        context: &'a Context,
        connection: &'a mut Conn,
    ) -> LocalBoxFuture<'a, Result<(), DirectoryError>>;
}

impl<F, O> RunStep for Task<F, O>
where
    F: Run<Answer: Found> + VisibilityScoped + 'static,
    O: Operation + ResolveIds + Clone + Run<Answer = <O as Operation>::Output>,
{
    fn run_step<'a>(
        &'a self,
        created_ids: &'a CreatedIds,
        context: &'a Context,
        connection: &'a mut Conn,
    ) -> LocalBoxFuture<'a, Result<Outcome, DirectoryError>> {
        async move {
            if let Some(subject) = &self.subject {
                must_be_there(subject, created_ids, context, connection).await?;
            }
            let mut operation = self.operation.clone();
            operation.resolve_ids(created_ids);
            (self.rule)(&mut operation)?;
            Ok((self.show)(operation.run(context, connection).await?))
        }
        .boxed_local()
    }

    fn check_replay<'a>(
        &'a self,
        context: &'a Context,
        connection: &'a mut Conn,
    ) -> LocalBoxFuture<'a, Result<(), DirectoryError>> {
        async move {
            // The ids that were created are not known any more.
            let mut operation = self.operation.clone();
            operation.resolve_ids(&CreatedIds::default());
            (self.rule)(&mut operation)?;
            match &self.subject {
                Some(subject) if subject.id > 0 => not_hidden(subject, context, connection).await,
                _ => Ok(()),
            }
        }
        .boxed_local()
    }
}

/// Rejects records that the caller cannot see. A record that was deleted meanwhile,
/// perhaps by this very change, is not hidden.
async fn not_hidden<F: Run<Answer: Found> + VisibilityScoped>(
    subject: &Subject<F>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let mut find = (subject.find)(subject.id);
    (subject.rule)(&mut find)?;
    if *find.visible() == Visibility::Nothing {
        return Err(DirectoryError::NotFound);
    }
    if find.run(context, connection).await?.is_found() {
        return Ok(());
    }
    if F::VISIBILITY_FIRST && matches!(*find.visible(), Visibility::Own(_)) {
        return Err(DirectoryError::NotFound);
    }
    *find.visible() = Visibility::All;
    match find.run(context, connection).await?.is_found() {
        true => Err(DirectoryError::NotFound),
        false => Ok(()),
    }
}

async fn must_be_there<F: Run<Answer: Found>>(
    subject: &Subject<F>,
    created_ids: &CreatedIds,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let mut id = subject.id;
    created_ids.resolve(&mut id);
    let mut find = (subject.find)(id);
    (subject.rule)(&mut find)?;
    if find.run(context, connection).await?.is_found() {
        Ok(())
    } else {
        Err(DirectoryError::NotFound)
    }
}

impl Run for Batch {
    type Answer = BatchOutcome;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<BatchOutcome, DirectoryError> {
        // First, so that a concurrent request with the same key waits here.
        if let Some(idempotency) = &self.idempotency
            && let Some(answer) = claim(idempotency, context, connection).await?
        {
            // Authorized as a new request: the key may have been used with another
            // credential, or the user's permissions may have changed since.
            for (place, step) in self.steps.iter().enumerate() {
                let told = RunStep::check_replay(step.as_ref(), context, connection).await;
                told.map_err(|error| error.of_step(place))?;
            }
            return Ok(BatchOutcome::Replayed(answer));
        }
        let mut created_ids = CreatedIds::default();
        let mut outcomes = Vec::with_capacity(self.steps.len());
        for (place, step) in self.steps.iter().enumerate() {
            env::begin_step(place, connection);
            let outcome = RunStep::run_step(step.as_ref(), &created_ids, context, connection).await;
            let failed = || env::failed_step(connection).unwrap_or(place);
            let outcome = outcome.map_err(|error| error.of_step(failed()))?;
            created_ids.push(outcome.id);
            outcomes.push(outcome);
        }
        if let Some(idempotency) = &self.idempotency {
            let kept = keep(idempotency, (idempotency.answer)(&outcomes), connection).await;
            kept.map_err(|error| match env::failed_step(connection) {
                Some(place) => error.of_step(place),
                None => error,
            })?;
        }
        Ok(BatchOutcome::Executed(outcomes))
    }
}

type StoredRow = (String, Option<i32>, Option<String>, Option<Vec<u8>>, String);

/// Takes the key, or finds the answer that is kept under it.
async fn claim(
    idempotency: &IdempotencyRequest,
    context: &Context,
    connection: &mut Conn,
) -> Result<Option<Answer>, DirectoryError> {
    if take_key(idempotency, context, connection).await? {
        return Ok(None);
    }
    let row: Option<StoredRow> = idempotency::table
        .find((idempotency.caller_id, &idempotency.key))
        .select((
            idempotency::request_hash,
            idempotency::status,
            idempotency::headers,
            idempotency::answer,
            idempotency::at,
        ))
        .get_result(connection)
        .await
        .optional()?;
    let Some((request_hash, Some(status), headers, answer, at)) = row else {
        // It was there a moment ago, and expired.
        return Err(DirectoryError::Again);
    };
    if at <= idempotency.expired {
        diesel::delete(idempotency::table.find((idempotency.caller_id, &idempotency.key)))
            .execute(connection)
            .await?;
        return match take_key(idempotency, context, connection).await? {
            true => Ok(None),
            false => Err(DirectoryError::Again),
        };
    }
    if request_hash != idempotency.request_hash {
        return Err(DirectoryError::KeyReused);
    }
    Ok(Some(Answer {
        status: u16::try_from(status).unwrap_or_default(),
        headers: headers.unwrap_or_default(),
        body: answer.unwrap_or_default(),
    }))
}

/// Whether the key was free. Somebody who has it, but has not finished, is
/// waited for; for too long, and the caller hears so.
async fn take_key(
    idempotency: &IdempotencyRequest,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let inserted = diesel::insert_into(idempotency::table)
        .values((
            idempotency::caller_id.eq(idempotency.caller_id),
            idempotency::idempotency_key.eq(&idempotency.key),
            idempotency::request_hash.eq(&idempotency.request_hash),
            idempotency::at.eq(context.now_text()),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await;
    match inserted.map_err(DirectoryError::from) {
        Ok(rows) => Ok(rows > 0),
        Err(DirectoryError::Busy(_) | DirectoryError::TimedOut(_)) => {
            Err(DirectoryError::InProgress)
        }
        Err(error) => Err(error),
    }
}

async fn keep(
    idempotency: &IdempotencyRequest,
    answer: Answer,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    diesel::update(idempotency::table.find((idempotency.caller_id, &idempotency.key)))
        .set((
            idempotency::status.eq(i32::from(answer.status)),
            idempotency::headers.eq(answer.headers),
            idempotency::answer.eq(answer.body),
        ))
        .cached()
        .execute(connection)
        .await?;
    Ok(())
}
