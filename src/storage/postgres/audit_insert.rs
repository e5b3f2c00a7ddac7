//! The INSERT of the audit entries of a transaction.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel_async::AsyncConnectionCore;

use super::pipeline::DeferredStatement;
use crate::storage::events::NewEvent;
use crate::storage::schema::events;

/// Rows that one INSERT takes.
pub const ROWS: usize = super::env::ROWS_PER_INSERT;

/// The rows get their ids in this order.
pub fn insert(rows: Vec<NewEvent>) -> DeferredStatement {
    Box::new(
        move |mut connection| match <[NewEvent; 1]>::try_from(rows) {
            Ok([row]) => {
                let insert = diesel::insert_into(events::table).values(row);
                connection.execute_returning_count(insert)
            }
            Err(rows) => connection.execute_returning_count(Many::of(rows)),
        },
    )
}

/// Many rows as one array for each column: the statement is the same for any
/// number of rows, so it stays cached.
#[derive(Default)]
struct Many {
    at: Vec<String>,
    actor_id: Vec<Option<i64>>,
    actor: Vec<Option<String>>,
    token_id: Vec<Option<i64>>,
    verb: Vec<String>,
    subject_type: Vec<String>,
    subject_id: Vec<i64>,
    before: Vec<Option<String>>,
    after: Vec<Option<String>>,
    request_id: Vec<String>,
    source_address: Vec<Option<String>>,
    credential: Vec<Option<&'static str>>,
    count: Vec<i64>,
}

impl Many {
    fn of(rows: Vec<NewEvent>) -> Self {
        let mut many = Self::default();
        for row in rows {
            many.at.push(row.at);
            many.actor_id.push(row.actor_id);
            many.actor.push(row.actor);
            many.token_id.push(row.token_id);
            many.verb.push(row.verb);
            many.subject_type.push(row.subject_type);
            many.subject_id.push(row.subject_id);
            many.before.push(row.before);
            many.after.push(row.after);
            many.request_id.push(row.request_id);
            many.source_address.push(row.source_address);
            many.credential.push(row.credential);
            many.count.push(row.count);
        }
        many
    }
}

impl QueryId for Many {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for Many {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        type Texts = Array<Text>;
        type MaybeTexts = Array<Nullable<Text>>;
        type MaybeNumbers = Array<Nullable<BigInt>>;
        out.push_sql(
            "INSERT INTO events (at, actor_id, actor, token_id, verb, subject_type, subject_id, \
             before, after, request_id, source_address, credential, count) \
             SELECT at, actor_id, actor, token_id, verb, subject_type, subject_id, before, after, \
             request_id, source_address, credential, count FROM unnest(",
        );
        out.push_bind_param::<Texts, _>(&self.at)?;
        out.push_sql(", ");
        out.push_bind_param::<MaybeNumbers, _>(&self.actor_id)?;
        out.push_sql(", ");
        out.push_bind_param::<MaybeTexts, _>(&self.actor)?;
        out.push_sql(", ");
        out.push_bind_param::<MaybeNumbers, _>(&self.token_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Texts, _>(&self.verb)?;
        out.push_sql(", ");
        out.push_bind_param::<Texts, _>(&self.subject_type)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.subject_id)?;
        out.push_sql(", ");
        out.push_bind_param::<MaybeTexts, _>(&self.before)?;
        out.push_sql(", ");
        out.push_bind_param::<MaybeTexts, _>(&self.after)?;
        out.push_sql(", ");
        out.push_bind_param::<Texts, _>(&self.request_id)?;
        out.push_sql(", ");
        out.push_bind_param::<MaybeTexts, _>(&self.source_address)?;
        out.push_sql(", ");
        out.push_bind_param::<MaybeTexts, _>(&self.credential)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.count)?;
        out.push_sql(
            ") WITH ORDINALITY AS entries (at, actor_id, actor, token_id, verb, subject_type, \
             subject_id, before, after, request_id, source_address, credential, count, place) ORDER BY place",
        );
        Ok(())
    }
}
