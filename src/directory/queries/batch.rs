//! Steps of one transaction, and answers that are kept for whoever asks again.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::env;
use super::prelude::*;
use crate::directory::Operation;
use crate::directory::batch::{
    Answer, Batch, Done, Found, Keeping, Made, Narrowed, Outcome, Refers, Subject, Task,
};
use crate::storage::schema::idempotency;

/// Carries a step out on one database.
pub trait RunStep: Send + Sync {
    fn run_step<'a>(
        &'a self,
        made: &'a Made,
        context: &'a Context,
        connection: &'a mut Conn,
    ) -> LocalBoxFuture<'a, Result<Outcome, DirectoryError>>;

    /// Whether the caller may hear what came of this, when it was done before.
    fn may_be_told<'a>(
        &'a self,
        context: &'a Context,
        connection: &'a mut Conn,
    ) -> LocalBoxFuture<'a, Result<(), DirectoryError>>;
}

impl<F, O> RunStep for Task<F, O>
where
    F: Run<Answer: Found> + Narrowed + 'static,
    O: Operation + Refers + Clone + Run<Answer = <O as Operation>::Output>,
{
    fn run_step<'a>(
        &'a self,
        made: &'a Made,
        context: &'a Context,
        connection: &'a mut Conn,
    ) -> LocalBoxFuture<'a, Result<Outcome, DirectoryError>> {
        async move {
            if let Some(subject) = &self.subject {
                must_be_there(subject, made, context, connection).await?;
            }
            let mut operation = self.operation.clone();
            operation.refer(made);
            (self.rule)(&mut operation)?;
            Ok((self.show)(operation.run(context, connection).await?))
        }
        .boxed_local()
    }

    fn may_be_told<'a>(
        &'a self,
        context: &'a Context,
        connection: &'a mut Conn,
    ) -> LocalBoxFuture<'a, Result<(), DirectoryError>> {
        async move {
            // What was made under other ids is not known any more.
            let mut operation = self.operation.clone();
            operation.refer(&Made::default());
            (self.rule)(&mut operation)?;
            match &self.subject {
                Some(subject) if subject.id > 0 => not_hidden(subject, context, connection).await,
                _ => Ok(()),
            }
        }
        .boxed_local()
    }
}

/// Refuses what the caller does not see. What is gone since, perhaps by this very
/// change, is not hidden.
async fn not_hidden<F: Run<Answer: Found> + Narrowed>(
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
    if F::SEEN_FIRST && matches!(*find.visible(), Visibility::Own(_)) {
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
    made: &Made,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let mut id = subject.id;
    made.put(&mut id);
    let mut find = (subject.find)(id);
    (subject.rule)(&mut find)?;
    if find.run(context, connection).await?.is_found() {
        Ok(())
    } else {
        Err(DirectoryError::NotFound)
    }
}

impl Run for Batch {
    type Answer = Done;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<Done, DirectoryError> {
        // First of all, so that whoever asks the same meanwhile waits here.
        if let Some(keeping) = &self.keeping
            && let Some(answer) = claim(keeping, context, connection).await?
        {
            // Rights first, as for what is done now: the key may have been another
            // credential's of the same user, or the user's rights others then.
            for (place, step) in self.steps.iter().enumerate() {
                let told = RunStep::may_be_told(step.as_ref(), context, connection).await;
                told.map_err(|error| error.of_step(place))?;
            }
            return Ok(Done::Before(answer));
        }
        let mut made = Made::default();
        let mut outcomes = Vec::with_capacity(self.steps.len());
        for (place, step) in self.steps.iter().enumerate() {
            env::begin_step(place, connection);
            let outcome = RunStep::run_step(step.as_ref(), &made, context, connection).await;
            let failed = || env::failed_step(connection).unwrap_or(place);
            let outcome = outcome.map_err(|error| error.of_step(failed()))?;
            made.push(outcome.id);
            outcomes.push(outcome);
        }
        if let Some(keeping) = &self.keeping {
            let kept = keep(keeping, (keeping.answer)(&outcomes), connection).await;
            kept.map_err(|error| match env::failed_step(connection) {
                Some(place) => error.of_step(place),
                None => error,
            })?;
        }
        Ok(Done::Now(outcomes))
    }
}

type Kept = (String, Option<i32>, Option<String>, Option<Vec<u8>>, String);

/// Takes the key, or finds the answer that is kept under it.
async fn claim(
    keeping: &Keeping,
    context: &Context,
    connection: &mut Conn,
) -> Result<Option<Answer>, DirectoryError> {
    if take_key(keeping, context, connection).await? {
        return Ok(None);
    }
    let row: Option<Kept> = idempotency::table
        .find((keeping.caller_id, &keeping.key))
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
    if at <= keeping.expired {
        diesel::delete(idempotency::table.find((keeping.caller_id, &keeping.key)))
            .execute(connection)
            .await?;
        return match take_key(keeping, context, connection).await? {
            true => Ok(None),
            false => Err(DirectoryError::Again),
        };
    }
    if request_hash != keeping.request_hash {
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
    keeping: &Keeping,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let inserted = diesel::insert_into(idempotency::table)
        .values((
            idempotency::caller_id.eq(keeping.caller_id),
            idempotency::idempotency_key.eq(&keeping.key),
            idempotency::request_hash.eq(&keeping.request_hash),
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
    keeping: &Keeping,
    answer: Answer,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    diesel::update(idempotency::table.find((keeping.caller_id, &keeping.key)))
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
