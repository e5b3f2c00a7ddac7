//! What the shared queries are compiled against here.

use diesel::dsl::{Asc, Desc, EqAny, NullsFirst, NullsLast};
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::{ExpressionMethods, PgSortExpressionMethods, QueryDsl, QueryResult};

pub use diesel_async::RunQueryDsl;

use super::sliced::Sliced;
use crate::storage::events::{NewEvent, OldMonth};
use crate::storage::phrase::{Phrase, phrase};
use crate::storage::schema::users;
use crate::storage::statements::Planned;

pub type Db = diesel::pg::Pg;
/// True, false or, where there is no value, neither.
type Truth = Nullable<Bool>;
/// A test of a text column with one value bound.
pub type Textual = Phrase<Truth>;

pub type Conn = super::Session;

/// An index range may be by two columns together.
pub const FINDS_ROWS: bool = true;

/// Ids would go over the connection twice; sorting rows takes less.
pub const GATHERS_IDS: bool = false;

/// The order of a column that may be null: as on SQLite, nulls come first.
pub fn ascending<E: ExpressionMethods>(column: E) -> NullsFirst<Asc<E>> {
    column.asc().nulls_first()
}

pub fn descending<E: ExpressionMethods>(column: E) -> NullsLast<Desc<E>> {
    column.desc().nulls_last()
}

/// These of the query's rows, in its order.
pub fn sliced<Q>(query: Q, plan: Planned, limit: i64, offset: i64) -> Sliced<Q> {
    Sliced {
        query,
        plan,
        limit,
        offset,
    }
}

/// Chosen once: whoever must not work beside another of its kind takes it.
const LOCK: i64 = 0x726f_6c65_6f6e_6531;

/// Waits until no other transaction is past this call.
pub async fn one_at_a_time(connection: &mut Conn) -> QueryResult<()> {
    let lock = phrase::<Bool>("pg_advisory_xact_lock(")
        .number(LOCK)
        .sql(") IS NULL");
    RunQueryDsl::execute(diesel::select(lock), connection).await?;
    Ok(())
}

/// Of all tables that an import fills; the server's own look comes a minute later
/// or more.
pub async fn refresh_statistics(connection: &mut Conn) -> QueryResult<()> {
    let analyze = "ANALYZE workspaces, clusters, partners, partner_clusters, roles, \
        role_includes, role_closure, users, grants, events";
    RunQueryDsl::execute(diesel::sql_query(analyze), connection).await?;
    settle_search(connection).await
}

/// Takes into the search index what waits beside it, which makes a search through
/// the index look dearer than one without.
pub async fn settle_search(connection: &mut Conn) -> QueryResult<()> {
    // Only whoever owns the index may.
    let clean = "SELECT gin_clean_pending_list(oid) FROM pg_class \
        WHERE oid = to_regclass('users_search_text') AND pg_has_role(relowner, 'USAGE')";
    RunQueryDsl::execute(diesel::sql_query(clean), connection)
        .await
        .map(drop)
}

/// Waits until nobody else changes rows of this table, until this transaction ends.
pub async fn keep_out(table: &str, connection: &mut Conn) -> QueryResult<()> {
    let lock = format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE");
    RunQueryDsl::execute(diesel::sql_query(lock), connection)
        .await
        .map(drop)
}

/// Lets the search index take in many rows at a time, in this transaction.
pub async fn prepare_for_many(connection: &mut Conn) -> QueryResult<()> {
    for setting in ["gin_pending_list_limit = '64MB'", "work_mem = '64MB'"] {
        let set = diesel::sql_query(format!("SET LOCAL {setting}"));
        RunQueryDsl::execute(set, connection).await?;
    }
    Ok(())
}

/// Drops the oldest month of events that was over before this moment.
pub async fn drop_event_month(
    before: &str,
    connection: &mut Conn,
) -> QueryResult<Option<OldMonth>> {
    let dropped = diesel::sql_query("SELECT gone, up_to_id, up_to FROM drop_event_month($1)");
    let dropped: Vec<OldMonth> =
        RunQueryDsl::load(dropped.bind::<Text, _>(before), connection).await?;
    Ok(dropped.into_iter().next())
}

/// Partitions for the events of the month of this moment and of those that follow.
pub async fn add_event_months(now: &str, connection: &mut Conn) -> QueryResult<()> {
    let add = diesel::sql_query("SELECT add_event_months(CAST(left($1, 10) AS date))");
    RunQueryDsl::execute(add.bind::<Text, _>(now), connection)
        .await
        .map(drop)
}

pub async fn has_index(name: &str, connection: &mut Conn) -> QueryResult<bool> {
    let found = phrase::<Bool>(
        "EXISTS (SELECT 1 FROM pg_index WHERE indisvalid AND indexrelid = to_regclass(",
    )
    .text(name)
    .sql("))");
    diesel::select(found).get_result(connection).await
}

/// Whether the search index is there, where it can be; the server keeps it right.
pub async fn search_is_right(connection: &mut Conn) -> QueryResult<bool> {
    let can_be = phrase::<Bool>("EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm')");
    let can_be: bool = diesel::select(can_be).get_result(connection).await?;
    Ok(!can_be || has_index("users_search_text", connection).await?)
}

pub async fn mend_search(connection: &mut Conn) -> QueryResult<()> {
    for statement in [
        "DROP INDEX IF EXISTS users_search_text",
        "CREATE INDEX users_search_text ON users USING gin (search_text gin_trgm_ops)",
    ] {
        RunQueryDsl::execute(diesel::sql_query(statement), connection).await?;
    }
    Ok(())
}

/// Carries out a statement of which nothing but its success matters: it is sent
/// with the next one or with COMMIT, which fails when it does.
pub async fn later<Q>(statement: Q, connection: &mut Conn) -> QueryResult<()>
where
    Q: QueryFragment<Db> + QueryId + Send + 'static,
{
    connection.later(statement);
    Ok(())
}

/// Tells the audit log, with all else that this transaction tells.
pub async fn tell(rows: Vec<NewEvent>, connection: &mut Conn) -> QueryResult<()> {
    connection.tell(rows);
    Ok(())
}

/// What was told so far stays, whatever becomes of what follows.
pub fn keep_told(connection: &mut Conn) {
    connection.send_told();
}

/// Waits for what is still to be carried out.
pub async fn settle(connection: &mut Conn) -> QueryResult<()> {
    connection.settle().await
}

/// What is still to be carried out or told need not be any more.
pub fn forget(connection: &mut Conn) {
    connection.forget();
}

/// Asks independent questions together, in this order: one round trip for all.
/// Each is said with the connection's own name. Of several errors the first
/// counts, unless it only follows from another.
macro_rules! together {
    ($connection:ident, $one:expr, $other:expr $(,)?) => {{
        let (mut first, mut second) = ($connection.beside(), $connection.beside());
        let first = async {
            let $connection = &mut first;
            $one
        };
        let second = async {
            let $connection = &mut second;
            $other
        };
        let (first, second) = futures_util::future::join(first, second).await;
        let first = first.map_err(DirectoryError::from);
        let second = second.map_err(DirectoryError::from);
        match (first, second) {
            (Ok(first), Ok(second)) => (first, second),
            (Err(error), Err(cause)) if error.is_consequence() => return Err(cause),
            (Err(error), _) | (_, Err(error)) => return Err(error),
        }
    }};
    ($connection:ident, $one:expr, $other:expr, $third:expr $(,)?) => {{
        let (first, (second, third)) = env::together!($connection, $one, {
            let two = env::together!($connection, $other, $third);
            Ok::<_, DirectoryError>(two)
        });
        (first, second, third)
    }};
}
pub(crate) use together;

/// What follows is this step of a batch.
pub fn step(step: usize, connection: &mut Conn) {
    connection.step(step);
}

/// The step that failed, where it is not the one that told.
pub fn failed_step(connection: &Conn) -> Option<usize> {
    connection.failed_step()
}

/// A query whose rows nobody else changes until this transaction ends; they
/// are read as the last change left them. New grants may still refer to them.
macro_rules! held {
    ($query:expr) => {
        $query.for_no_key_update()
    };
}
pub(crate) use held;

/// Rows that one INSERT takes: one round trip for many; at most 65,535 values.
pub const ROWS_AN_INSERT: usize = 1000;

/// Inserts rows, but none that is there already.
macro_rules! insert_new {
    ($table:expr, $rows:expr, $connection:expr) => {
        for rows in $rows.chunks(env::ROWS_AN_INSERT) {
            diesel::insert_into($table)
                .values(rows)
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
        for rows in $rows.chunks(env::ROWS_AN_INSERT) {
            let insert = diesel::insert_into($table).values(rows);
            let some: Vec<$answer> = insert.returning($returning).load($connection).await?;
            answers.extend(some);
        }
        answers
    }};
}
pub(crate) use insert_returning;

/// Whether users are of this partner and their ids above `after`. Said so that
/// only the index by partner has them in their order: whoever plans for any
/// partner may think that its users are found among all before long.
pub fn of_partner(partner: i64, after: i64) -> Textual {
    phrase("(users.partner_id, users.id) > (")
        .number(partner)
        .sql(", ")
        .number(after)
        .sql(") AND users.partner_id <= ")
        .number(partner)
}

/// `column = ANY(texts)`.
pub fn text_in<C>(column: C, texts: &[String]) -> EqAny<C, Vec<String>>
where
    C: ExpressionMethods + diesel::Expression<SqlType = Text>,
{
    column.eq_any(texts.to_vec())
}

/// `column = ANY(ids)`.
pub fn id_in<C>(column: C, ids: Vec<i64>) -> EqAny<C, Vec<i64>>
where
    C: ExpressionMethods + diesel::Expression<SqlType = BigInt>,
{
    column.eq_any(ids)
}

/// Whether a text column holds `text`, letter by letter.
pub fn contains(column: &str, text: &str) -> Textual {
    phrase(format!("strpos({column}, ")).text(text).sql(") > 0")
}

/// Whether a text column ends with `text`, which is not empty.
pub fn ends_with(column: &str, text: &str) -> Textual {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    phrase(format!("right({column}, CAST("))
        .number(length)
        .sql(" AS INTEGER)) = ")
        .text(text)
}

/// Whether a user's search text holds each of these pieces.
pub fn search(pieces: &[String]) -> Textual {
    // Found before anything else: else a LIMIT tempts the planner to try one
    // row after the other instead.
    let found = "users.id = ANY(ARRAY(SELECT found.id FROM users AS found WHERE ";
    holds_all(phrase(found), "found.search_text", pieces).sql("))")
}

fn holds_all<T>(test: Phrase<T>, column: &str, pieces: &[String]) -> Phrase<T> {
    let (mut test, mut and) = (test, "");
    for piece in pieces {
        let like = format!("{and}{column} LIKE ");
        test = test.sql(like).text(as_pattern(piece));
        and = " AND ";
    }
    test
}

/// The ids of those whom the search finds, of many any so many.
pub async fn found_by_search(
    pieces: &[String],
    most: i64,
    connection: &mut Conn,
) -> QueryResult<Vec<i64>> {
    let held = holds_all(phrase::<Bool>(""), "users.search_text", pieces);
    let ids = users::table.filter(held).select(users::id).limit(most);
    ids.load(connection).await
}

/// A text anywhere, as LIKE takes it for itself.
fn as_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
