//! What the shared queries are compiled against here: SQLite's backend, and
//! query methods that look asynchronous but have always finished when polled.

use diesel::dsl::{Asc, Desc, Limit, Offset};
use diesel::expression::is_aggregate;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_dsl::methods::{ExecuteDsl, LimitDsl, LoadQuery, OffsetDsl};
use diesel::sql_types::{Bool, Nullable, Text};
use diesel::{ExpressionMethods, QueryDsl, QueryResult, SqliteConnection};

use crate::storage::events::{NewEvent, OldMonth};
use crate::storage::schema::events;
use crate::storage::sql_fragment::{SqlFragment, fragment};
use crate::storage::statements::PlanMode;

pub type Db = diesel::sqlite::Sqlite;
/// True, false or, where there is no value, neither.
type NullableBool = Nullable<Bool>;
/// A test of a text column with one value bound.
pub type TextCondition = SqlFragment<NullableBool>;

pub type Conn = SqliteConnection;

/// The part of `diesel_async::RunQueryDsl` that our queries use.
#[expect(async_fn_in_trait, reason = "only awaited on the thread that calls it")]
pub trait RunQueryDsl: Sized {
    async fn execute(self, connection: &mut Conn) -> QueryResult<usize>
    where
        Self: ExecuteDsl<Conn>,
    {
        ExecuteDsl::execute(self, connection)
    }

    async fn load<'query, U>(self, connection: &mut Conn) -> QueryResult<Vec<U>>
    where
        Self: LoadQuery<'query, Conn, U>,
    {
        diesel::RunQueryDsl::load(self, connection)
    }

    async fn get_result<'query, U>(self, connection: &mut Conn) -> QueryResult<U>
    where
        Self: LoadQuery<'query, Conn, U>,
    {
        diesel::RunQueryDsl::get_result(self, connection)
    }

    async fn first<'query, U>(self, connection: &mut Conn) -> QueryResult<U>
    where
        Self: LimitDsl,
        Limit<Self>: LoadQuery<'query, Conn, U>,
    {
        diesel::RunQueryDsl::get_result(LimitDsl::limit(self, 1), connection)
    }
}

impl<T> RunQueryDsl for T {}

/// An index range by two columns uses the first only: ties are read separately.
pub const COMPARES_ROWS: bool = false;

/// Reading ids from an index is faster than sorting rows.
pub const COLLECTS_IDS: bool = true;

/// The order of a column; SQLite puts nulls first by itself.
pub fn ascending<E: ExpressionMethods>(column: E) -> Asc<E> {
    column.asc()
}

pub fn descending<E: ExpressionMethods>(column: E) -> Desc<E> {
    column.desc()
}

/// A part of the query's rows, in its order.
pub fn limited<Q>(query: Q, _: PlanMode, limit: i64, offset: i64) -> Offset<Limit<Q>>
where
    Q: LimitDsl,
    Limit<Q>: OffsetDsl,
{
    query.limit(limit).offset(offset)
}

/// Does nothing: there is only one writer.
pub async fn serialize(_: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// Does nothing: plans do not depend on statistics here, and those of small tables
/// are removed at each start.
pub async fn refresh_statistics(_: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// Does nothing: the search index has no pending list.
pub async fn flush_search(_: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// Does nothing: there is only one writer.
pub async fn lock_table(_: &str, _: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// Does nothing: SQLite needs no setting for large transactions.
pub async fn prepare_for_bulk(_: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// Does nothing: all events are in one table.
pub async fn drop_event_month(_: &str, _: &mut Conn) -> QueryResult<Option<OldMonth>> {
    Ok(None)
}

pub async fn add_event_months(_: &str, _: &mut Conn) -> QueryResult<()> {
    Ok(())
}

pub async fn has_index(name: &str, connection: &mut Conn) -> QueryResult<bool> {
    let found =
        fragment::<Bool>("EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ")
            .text(name)
            .sql(")");
    diesel::RunQueryDsl::get_result(diesel::select(found), connection)
}

/// Whether the search index agrees with the table.
pub async fn is_search_index_valid(connection: &mut Conn) -> QueryResult<bool> {
    super::search_index::is_valid(connection)
}

pub async fn rebuild_search_index(connection: &mut Conn) -> QueryResult<()> {
    let rebuild = "INSERT INTO users_search (users_search) VALUES ('rebuild')";
    diesel::RunQueryDsl::execute(diesel::sql_query(rebuild), connection).map(drop)
}

/// Runs a statement of which only the success matters.
pub async fn defer<Q: ExecuteDsl<Conn>>(statement: Q, connection: &mut Conn) -> QueryResult<()> {
    ExecuteDsl::execute(statement, connection).map(drop)
}

/// Appends entries to the audit log. Row by row: a single-row statement stays
/// cached, and there is no round trip to save.
pub async fn append_audit(rows: Vec<NewEvent>, connection: &mut Conn) -> QueryResult<()> {
    for row in rows {
        let insert = diesel::insert_into(events::table).values(row);
        diesel::RunQueryDsl::execute(insert, connection)?;
    }
    Ok(())
}

/// Does nothing: statements are not deferred here.
pub fn flush_audit(_: &mut Conn) {}

/// Does nothing: statements are not deferred here.
pub async fn flush(_: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// Does nothing: statements are not deferred here.
pub fn discard(_: &mut Conn) {}

/// Runs independent queries one after the other: there is no round trip to save.
macro_rules! pipelined {
    ($connection:ident, $($question:expr),+ $(,)?) => {
        ($($question?),+)
    };
}
pub(crate) use pipelined;

/// Does nothing: a statement fails by itself.
pub fn begin_step(_: usize, _: &mut Conn) {}

/// None: a statement fails by itself.
pub fn failed_step(_: &Conn) -> Option<usize> {
    None
}

/// The query itself: there is only one writer, so nothing needs a lock.
macro_rules! for_update {
    ($query:expr) => {
        $query
    };
}
pub(crate) use for_update;

/// Rows of one INSERT: a single-row statement stays cached, and there is no round
/// trip to save.
pub const ROWS_PER_INSERT: usize = 1;

/// Inserts the rows that do not exist yet.
macro_rules! insert_new {
    ($table:expr, $rows:expr, $connection:expr) => {
        for row in &$rows {
            diesel::insert_into($table)
                .values(row)
                .on_conflict_do_nothing()
                .execute($connection)
                .await?;
        }
    };
}
pub(crate) use insert_new;

/// Inserts rows and returns an expression for each, in their order.
macro_rules! insert_returning {
    ($table:expr, $rows:expr, $returning:expr => $answer:ty, $connection:expr) => {{
        let mut answers: Vec<$answer> = Vec::with_capacity($rows.len());
        for row in &$rows {
            let insert = diesel::insert_into($table).values(row);
            answers.push(insert.returning($returning).get_result($connection).await?);
        }
        answers
    }};
}
pub(crate) use insert_returning;

/// `column IN (ids)`.
pub fn id_in<C>(column: C, ids: Vec<i64>) -> IdIn<C> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    IdIn {
        column,
        ids: format!("[{}]", ids.join(",")),
    }
}

/// `column IN (texts)`.
pub fn text_in<C>(column: C, texts: &[String]) -> IdIn<C> {
    // Strings always have a JSON form.
    let ids = serde_json::to_string(texts).unwrap_or_else(|_| "[]".to_owned());
    IdIn { column, ids }
}

/// Its text does not depend on the number of ids, since they are bound as one JSON
/// array: so the statement stays cached.
#[derive(Clone, Debug)]
pub struct IdIn<C> {
    column: C,
    ids: String,
}

impl<C: Expression> Expression for IdIn<C> {
    type SqlType = Bool;
}

impl<C, Source> AppearsOnTable<Source> for IdIn<C>
where
    Self: Expression,
    C: AppearsOnTable<Source>,
{
}

impl<C, Source> SelectableExpression<Source> for IdIn<C>
where
    Self: AppearsOnTable<Source>,
    C: SelectableExpression<Source>,
{
}

impl<C, Group> ValidGrouping<Group> for IdIn<C> {
    type IsAggregate = is_aggregate::No;
}

impl<C: QueryId> QueryId for IdIn<C> {
    type QueryId = IdIn<C::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = C::HAS_STATIC_QUERY_ID;
}

impl<C: QueryFragment<Db>> QueryFragment<Db> for IdIn<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.ids)?;
        out.push_sql("))");
        Ok(())
    }
}

/// Whether a text column contains `text` literally.
pub fn contains(column: &str, text: &str) -> TextCondition {
    fragment(format!("instr({column}, "))
        .text(text)
        .sql(") > 0")
}

/// Whether a text column ends with `text`, which is not empty.
pub fn ends_with(column: &str, text: &str) -> TextCondition {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    fragment(format!("substr({column}, "))
        .number(-length)
        .sql(") = ")
        .text(text)
}

/// Whether users belong to this partner and their ids are above `after`.
pub fn of_partner(partner: i64, after: i64) -> TextCondition {
    fragment("users.partner_id = ")
        .number(partner)
        .sql(" AND users.id > ")
        .number(after)
}

/// Whether a user's search text contains each of these pieces, which have at least
/// three characters, since the index consists of trigrams.
pub fn search(pieces: &[String]) -> TextCondition {
    fragment("users.id IN (SELECT rowid FROM users_search WHERE users_search MATCH ")
        .text(match_expression(pieces))
        .sql(")")
}

diesel::table! {
    users_search (rowid) {
        rowid -> BigInt,
    }
}

/// The ids of users whom the search finds, at most `most` in no order.
pub async fn search_ids(
    pieces: &[String],
    most: i64,
    connection: &mut Conn,
) -> QueryResult<Vec<i64>> {
    let matching = fragment::<Bool>("users_search MATCH ").text(match_expression(pieces));
    let ids = users_search::table
        .filter(matching)
        .select(users_search::rowid);
    LimitDsl::limit(ids, most).load(connection).await
}

/// An FTS5 expression that matches all of these texts literally.
fn match_expression(pieces: &[String]) -> String {
    let quoted = pieces
        .iter()
        .map(|piece| format!("\"{}\"", piece.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(" ")
}
