//! How far imports have come.

use serde_json::{Map, Value, json};

use super::super::env;
use super::super::prelude::*;
use crate::directory::bulk::{BeginImport, Begun, FindImport, Mark, Outcome, RefreshStatistics};
use crate::storage::schema::imports;

impl Run for RefreshStatistics {
    type Answer = ();

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        Ok(env::refresh_statistics(connection).await?)
    }
}

impl Run for BeginImport {
    type Answer = i64;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<i64, DirectoryError> {
        // What an earlier run of the same file left is of no use any more.
        diesel::delete(imports::table.filter(imports::head.eq(&self.head)))
            .execute(connection)
            .await?;
        let new = (
            imports::head.eq(&self.head),
            imports::started.eq(context.now_text()),
        );
        Ok(diesel::insert_into(imports::table)
            .values(new)
            .returning(imports::id)
            .get_result(connection)
            .await?)
    }
}

type Left = (i64, i64, i64, String, Option<String>);

impl Run for FindImport {
    type Answer = Option<Begun>;

    async fn run(
        &self,
        _: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Begun>, DirectoryError> {
        let left: Option<Left> = imports::table
            .filter(imports::head.eq(&self.head))
            .order(imports::id.desc())
            .select((
                imports::id,
                imports::bytes,
                imports::lines,
                imports::digest,
                imports::finished,
            ))
            .first(connection)
            .await
            .optional()?;
        Ok(
            left.map(|(import_id, bytes, lines, digest, finished)| Begun {
                mark: Mark {
                    import_id,
                    bytes: bytes.unsigned_abs(),
                    lines: lines.unsigned_abs(),
                    digest,
                    is_last: finished.is_some(),
                },
                finished,
            }),
        )
    }
}

/// Notes how far it came and what became of the rows so far.
pub async fn put(
    mark: &Mark,
    outcome: &Outcome,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let before: String = imports::table
        .find(mark.import_id)
        .select(imports::counts)
        .get_result(connection)
        .await?;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    diesel::update(imports::table.find(mark.import_id))
        .set((
            imports::bytes.eq(number(mark.bytes)),
            imports::lines.eq(number(mark.lines)),
            imports::digest.eq(&mark.digest),
            imports::counts.eq(added(&before, outcome)),
        ))
        .execute(connection)
        .await?;
    if mark.is_last {
        finish(mark.import_id, context, connection).await?;
    }
    Ok(())
}

pub async fn finish(
    import_id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    diesel::update(imports::table.find(import_id))
        .set(imports::finished.eq(context.now_text()))
        .execute(connection)
        .await?;
    Ok(())
}

fn added(before: &str, outcome: &Outcome) -> String {
    let mut sums: Map<String, Value> = serde_json::from_str(before).unwrap_or_default();
    for (kind, counts) in &outcome.counts {
        let old = sums.get(kind.name());
        let old = |name: &str| old.and_then(|old| old.get(name)?.as_u64()).unwrap_or(0);
        let sum = json!({
            "created": old("created") + counts.created,
            "updated": old("updated") + counts.updated,
            "unchanged": old("unchanged") + counts.unchanged,
            "refused": old("refused") + counts.refused,
        });
        sums.insert(kind.name().into(), sum);
    }
    Value::Object(sums).to_string()
}
