//! Rows of a file, taken in within one transaction.

mod check;
mod check_names;
mod check_role_names;
mod check_search;
mod entity_rows;
mod export;
mod export_roles;
mod grant_rows;
mod names;
mod progress;
mod roles;
mod similar_names;
mod unchecked;
mod user_rows;

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::audit::{AuditEntry, append_audit, append_audit_entries};
use super::env;
use super::prelude::*;
use crate::directory::bulk::{
    ImportAll, ImportRows, Kind, Numbered, Outcome, Row, RowProblem, Rules, UNDONE,
};

/// Some rows on their way in, and what has become of them so far.
struct Batch<'a> {
    rules: &'a Rules,
    outcome: Outcome,
    /// What is told of single rows, when that is wanted.
    told: Vec<AuditEntry<'static>>,
    /// Predefined roles that gave up their names to others. Rows of their own
    /// say what they are called.
    moved: HashSet<i64>,
}

impl Batch<'_> {
    fn updates(&self, kind: Kind) -> bool {
        self.rules.upsert.contains(&kind)
    }

    fn created(&mut self, kind: Kind, id: i64, after: impl FnOnce() -> Map<String, Value>) {
        self.outcome.of(kind).created += 1;
        if self.rules.tell_rows {
            self.told.push(AuditEntry {
                verb: "create",
                subject_type: kind.name(),
                subject_id: id,
                before: None,
                after: Some(after()),
            });
        }
    }

    fn refuse(&mut self, kind: Kind, line: u64, problem: RowProblem) {
        self.outcome.refuse(kind, line, vec![problem]);
    }

    /// Takes note of how the change of one row went; fails only when the rows
    /// after it cannot go well either.
    fn record_result<T>(
        &mut self,
        kind: Kind,
        line: u64,
        answer: Result<T, DirectoryError>,
    ) -> Result<Option<T>, DirectoryError> {
        let problems = match answer {
            Ok(value) => return Ok(Some(value)),
            Err(DirectoryError::Invalid(problems)) => {
                problems.into_iter().map(RowProblem::from).collect()
            }
            Err(DirectoryError::Protected(why)) => vec![RowProblem::of_row(why)],
            Err(error @ DirectoryError::RelatedNotFound { .. }) => {
                vec![RowProblem::of_row(error.to_string())]
            }
            Err(error) => return Err(error),
        };
        self.outcome.refuse(kind, line, problems);
        Ok(None)
    }
}

/// Runs an operation so that its failure undoes what it did and nothing else.
async fn guarded<O: Run>(
    operation: &O,
    context: &Context,
    connection: &mut Conn,
) -> Result<O::Answer, DirectoryError> {
    env::flush_audit(connection);
    statement("SAVEPOINT import_row", connection).await?;
    let answer = match operation.run(context, connection).await {
        Ok(answer) => match env::flush(connection).await {
            Ok(()) => Ok(answer),
            Err(error) => Err(error.into()),
        },
        Err(error) => Err(error),
    };
    if answer.is_err() {
        env::discard(connection);
        statement("ROLLBACK TO SAVEPOINT import_row", connection).await?;
    }
    statement("RELEASE SAVEPOINT import_row", connection).await?;
    answer
}

async fn statement(text: &str, connection: &mut Conn) -> Result<(), DirectoryError> {
    diesel::sql_query(text).execute(connection).await?;
    Ok(())
}

/// Takes rows in, kind by kind as they come, and tells the audit log.
async fn take(
    rows: Vec<Numbered>,
    rules: &Rules,
    import_id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<Outcome, DirectoryError> {
    let mut batch = Batch {
        rules,
        outcome: Outcome::default(),
        told: Vec::new(),
        moved: HashSet::new(),
    };
    let lines = (
        rows.as_slice().first().map(|row| row.line),
        rows.last().map(|row| row.line),
    );
    let mut rows = rows.into_iter().peekable();
    while let Some(first) = rows.next() {
        let kind = first.row.kind();
        let mut run = vec![first];
        while let Some(next) = rows.next_if(|next| next.row.kind() == kind) {
            run.push(next);
        }
        run_of(kind, run, &mut batch, context, connection).await?;
    }
    append_audit_entries(context, connection, std::mem::take(&mut batch.told)).await?;
    tell(&batch.outcome, lines, import_id, context, connection).await?;
    Ok(batch.outcome)
}

async fn run_of(
    kind: Kind,
    rows: Vec<Numbered>,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    match kind {
        Kind::Users => user_rows::take(rows, batch, context, connection).await,
        Kind::Grants => grant_rows::take(rows, batch, context, connection).await,
        _ => {
            for Numbered { line, row, doubts } in rows {
                let at = entity_rows::At { line, doubts };
                match row {
                    Row::Workspace(row) => {
                        entity_rows::workspace(at, row, batch, context, connection).await?;
                    }
                    Row::Cluster(row) => {
                        entity_rows::cluster(at, row, batch, context, connection).await?;
                    }
                    Row::Role(row) => roles::take(at, *row, batch, context, connection).await?,
                    Row::Partner(row) => {
                        entity_rows::partner(at, *row, batch, context, connection).await?;
                    }
                    Row::User(_) | Row::Grant(_) => {}
                }
            }
            Ok(())
        }
    }
}

/// One event for what was committed together, however many rows that are.
async fn tell(
    outcome: &Outcome,
    (first, last): (Option<u64>, Option<u64>),
    import_id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let total = outcome.total();
    if total.created + total.updated == 0 {
        return Ok(());
    }
    let mut after = Map::new();
    after.insert("first_line".into(), json!(first));
    after.insert("last_line".into(), json!(last));
    for (kind, counts) in &outcome.counts {
        let counts = json!({"created": counts.created, "updated": counts.updated});
        after.insert(kind.name().into(), counts);
    }
    let audit_entry = AuditEntry {
        verb: "import",
        subject_type: "imports",
        subject_id: import_id,
        before: None,
        after: Some(after),
    };
    append_audit(context, connection, audit_entry).await
}

impl Run for ImportRows {
    type Answer = Outcome;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Outcome, DirectoryError> {
        env::prepare_for_bulk(connection).await?;
        let rows = self.rows.clone();
        let id = self.mark.import_id;
        let outcome = take(rows, &self.rules, id, context, connection).await;
        let outcome = outcome.map_err(|error| match error {
            // Somebody took a name after it was looked up: look again.
            DirectoryError::Invalid(_) => DirectoryError::Again,
            error => error,
        })?;
        progress::put(&self.mark, &outcome, context, connection).await?;
        Ok(outcome)
    }
}

impl Run for ImportAll {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        env::prepare_for_bulk(connection).await?;
        while let Some(rows) = self.next() {
            let outcome = take(rows, &self.rules, self.import_id, context, connection);
            // What was read is gone: it cannot be run again from the start.
            let outcome = outcome.await.map_err(|error| match error {
                DirectoryError::Again => {
                    DirectoryError::Busy("others changed the directory meanwhile".into())
                }
                error => error,
            })?;
            (self.heard)(outcome);
        }
        if (self.keep)() {
            progress::finish(self.import_id, context, connection).await
        } else {
            Err(DirectoryError::Protected(UNDONE))
        }
    }
}
