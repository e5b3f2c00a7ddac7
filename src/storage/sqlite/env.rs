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
use crate::storage::phrase::{Phrase, phrase};
use crate::storage::schema::events;
use crate::storage::statements::Planned;

pub type Db = diesel::sqlite::Sqlite;
/// True, false or, where there is no value, neither.
type Truth = Nullable<Bool>;
/// A test of a text column with one value bound.
pub type Textual = Phrase<Truth>;

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

/// An index range by two columns uses the first only: ties are read apart.
pub const FINDS_ROWS: bool = false;

/// Ids come out of an index sooner than rows are sorted.
pub const GATHERS_IDS: bool = true;

/// The order of a column; SQLite puts nulls first by itself.
pub fn ascending<E: ExpressionMethods>(column: E) -> Asc<E> {
    column.asc()
}

pub fn descending<E: ExpressionMethods>(column: E) -> Desc<E> {
    column.desc()
}

/// These of the query's rows, in its order.
pub fn sliced<Q>(query: Q, _: Planned, limit: i64, offset: i64) -> Offset<Limit<Q>>
where
    Q: LimitDsl,
    Limit<Q>: OffsetDsl,
{
    query.limit(limit).offset(offset)
}

/// Nothing to do: there is one writer, and it has the database for itself.
pub async fn one_at_a_time(_: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// Nothing to do: plans here do not follow from how many rows there were once,
/// and what was noted of small tables is forgotten at each start.
pub async fn refresh_statistics(_: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// As above: all that the search index is told is in it.
pub async fn settle_search(_: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// Nothing to do either.
pub async fn keep_out(_: &str, _: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// Nothing to set: a transaction of thousands of rows is what SQLite is quick at.
pub async fn prepare_for_many(_: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// All events are in one table here.
pub async fn drop_event_month(_: &str, _: &mut Conn) -> QueryResult<Option<OldMonth>> {
    Ok(None)
}

pub async fn add_event_months(_: &str, _: &mut Conn) -> QueryResult<()> {
    Ok(())
}

pub async fn has_index(name: &str, connection: &mut Conn) -> QueryResult<bool> {
    let found =
        phrase::<Bool>("EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ")
            .text(name)
            .sql(")");
    diesel::RunQueryDsl::get_result(diesel::select(found), connection)
}

/// Whether the search index tells what the table does.
pub async fn search_is_right(connection: &mut Conn) -> QueryResult<bool> {
    super::search_index::is_right(connection)
}

pub async fn mend_search(connection: &mut Conn) -> QueryResult<()> {
    let rebuild = "INSERT INTO users_search (users_search) VALUES ('rebuild')";
    diesel::RunQueryDsl::execute(diesel::sql_query(rebuild), connection).map(drop)
}

/// Carries out a statement of which nothing but its success matters.
pub async fn later<Q: ExecuteDsl<Conn>>(statement: Q, connection: &mut Conn) -> QueryResult<()> {
    ExecuteDsl::execute(statement, connection).map(drop)
}

/// Tells the audit log. Row by row: a single-row statement stays prepared, and
/// there is no round trip to save.
pub async fn tell(rows: Vec<NewEvent>, connection: &mut Conn) -> QueryResult<()> {
    for row in rows {
        let insert = diesel::insert_into(events::table).values(row);
        diesel::RunQueryDsl::execute(insert, connection)?;
    }
    Ok(())
}

/// Nothing is put off here, so there is nothing to keep, settle or forget.
pub fn keep_told(_: &mut Conn) {}

/// As above.
pub async fn settle(_: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// As above.
pub fn forget(_: &mut Conn) {}

/// Asks independent questions, one after the other: there is no round trip to save.
macro_rules! together {
    ($connection:ident, $($question:expr),+ $(,)?) => {
        ($($question?),+)
    };
}
pub(crate) use together;

/// Each statement tells of itself alone.
pub fn step(_: usize, _: &mut Conn) {}

/// As above.
pub fn failed_step(_: &Conn) -> Option<usize> {
    None
}

/// A query whose rows nobody else changes meanwhile, as is always so here.
macro_rules! held {
    ($query:expr) => {
        $query
    };
}
pub(crate) use held;

/// Rows that one INSERT takes: a single-row statement stays prepared, and there
/// is no round trip to save.
pub const ROWS_AN_INSERT: usize = 1;

/// Inserts rows, but none that is there already.
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

/// Inserts rows and answers what is asked of each, in their order.
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

/// Its text does not depend on how many ids there are, since they travel as
/// one JSON array: so the statement stays prepared.
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

/// Whether a text column holds `text`, letter by letter.
pub fn contains(column: &str, text: &str) -> Textual {
    phrase(format!("instr({column}, ")).text(text).sql(") > 0")
}

/// Whether a text column ends with `text`, which is not empty.
pub fn ends_with(column: &str, text: &str) -> Textual {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    phrase(format!("substr({column}, "))
        .number(-length)
        .sql(") = ")
        .text(text)
}

/// Whether users are of this partner and their ids above `after`.
pub fn of_partner(partner: i64, after: i64) -> Textual {
    phrase("users.partner_id = ")
        .number(partner)
        .sql(" AND users.id > ")
        .number(after)
}

/// Whether a user's search text holds each of these pieces; of at least three
/// characters, which is what the index holds.
pub fn search(pieces: &[String]) -> Textual {
    phrase("users.id IN (SELECT rowid FROM users_search WHERE users_search MATCH ")
        .text(as_match(pieces))
        .sql(")")
}

diesel::table! {
    users_search (rowid) {
        rowid -> BigInt,
    }
}

/// The ids of those whom the search finds, of many any so many.
pub async fn found_by_search(
    pieces: &[String],
    most: i64,
    connection: &mut Conn,
) -> QueryResult<Vec<i64>> {
    let held = phrase::<Bool>("users_search MATCH ").text(as_match(pieces));
    let ids = users_search::table.filter(held).select(users_search::rowid);
    LimitDsl::limit(ids, most).load(connection).await
}

/// Texts that the index takes for themselves, and looks for all of them.
fn as_match(pieces: &[String]) -> String {
    let quoted = pieces
        .iter()
        .map(|piece| format!("\"{}\"", piece.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(" ")
}
