//! What the shared queries are compiled against here.

use diesel::dsl::{Asc, Desc, EqAny, NullsFirst, NullsLast};
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::{ExpressionMethods, PgSortExpressionMethods, QueryDsl, QueryResult};

pub use diesel_async::RunQueryDsl;

use super::limited::Limited;
use crate::storage::events::{NewEvent, OldMonth};
use crate::storage::schema::users;
use crate::storage::sql_fragment::{SqlFragment, fragment};
use crate::storage::statements::PlanMode;

pub type Db = diesel::pg::Pg;
/// True, false or, where there is no value, neither.
type NullableBool = Nullable<Bool>;
/// A test of a text column with one value bound.
pub type TextCondition = SqlFragment<NullableBool>;

pub type Conn = super::Session;

/// Whether an index range can compare rows of two columns.
pub const COMPARES_ROWS: bool = true;

/// Ids would cross the connection twice; sorting rows is faster.
pub const COLLECTS_IDS: bool = false;

/// The order of a nullable column: as on SQLite, nulls come first.
pub fn ascending<E: ExpressionMethods>(column: E) -> NullsFirst<Asc<E>> {
    column.asc().nulls_first()
}

pub fn descending<E: ExpressionMethods>(column: E) -> NullsLast<Desc<E>> {
    column.desc().nulls_last()
}

/// A part of the query's rows, in its order.
pub fn limited<Q>(query: Q, plan: PlanMode, limit: i64, offset: i64) -> Limited<Q> {
    Limited {
        query,
        plan,
        limit,
        offset,
    }
}

/// The key of the advisory lock, an arbitrary constant.
const LOCK: i64 = 0x726f_6c65_6f6e_6531;

/// Takes an advisory lock until the transaction ends.
pub async fn serialize(connection: &mut Conn) -> QueryResult<()> {
    let lock = fragment::<Bool>("pg_advisory_xact_lock(")
        .number(LOCK)
        .sql(") IS NULL");
    RunQueryDsl::execute(diesel::select(lock), connection).await?;
    Ok(())
}

/// Analyzes the tables that an import fills; autovacuum would do so a minute later
/// or more.
pub async fn refresh_statistics(connection: &mut Conn) -> QueryResult<()> {
    let analyze = "ANALYZE workspaces, clusters, partners, partner_clusters, roles, \
        role_includes, role_closure, users, grants, events";
    RunQueryDsl::execute(diesel::sql_query(analyze), connection).await?;
    flush_search(connection).await
}

/// Moves the pending list of the search index into the index: a long list makes
/// the planner avoid the index.
pub async fn flush_search(connection: &mut Conn) -> QueryResult<()> {
    // Only the owner of the index can.
    let clean = "SELECT gin_clean_pending_list(oid) FROM pg_class \
        WHERE oid = to_regclass('users_search_text') AND pg_has_role(relowner, 'USAGE')";
    RunQueryDsl::execute(diesel::sql_query(clean), connection)
        .await
        .map(drop)
}

/// Keeps others from changing the rows of this table until the transaction ends.
pub async fn lock_table(table: &str, connection: &mut Conn) -> QueryResult<()> {
    let lock = format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE");
    RunQueryDsl::execute(diesel::sql_query(lock), connection)
        .await
        .map(drop)
}

/// Raises the memory for changes of many rows, in this transaction.
pub async fn prepare_for_bulk(connection: &mut Conn) -> QueryResult<()> {
    for setting in ["gin_pending_list_limit = '64MB'", "work_mem = '64MB'"] {
        let set = diesel::sql_query(format!("SET LOCAL {setting}"));
        RunQueryDsl::execute(set, connection).await?;
    }
    Ok(())
}

/// Drops the partition of the oldest month of events that ended before this time.
pub async fn drop_event_month(
    before: &str,
    connection: &mut Conn,
) -> QueryResult<Option<OldMonth>> {
    let dropped = diesel::sql_query("SELECT gone, up_to_id, up_to FROM drop_event_month($1)");
    let dropped: Vec<OldMonth> =
        RunQueryDsl::load(dropped.bind::<Text, _>(before), connection).await?;
    Ok(dropped.into_iter().next())
}

/// Adds partitions for the events of the current month and of those that follow.
pub async fn add_event_months(now: &str, connection: &mut Conn) -> QueryResult<()> {
    let add = diesel::sql_query("SELECT add_event_months(CAST(left($1, 10) AS date))");
    RunQueryDsl::execute(add.bind::<Text, _>(now), connection)
        .await
        .map(drop)
}

pub async fn has_index(name: &str, connection: &mut Conn) -> QueryResult<bool> {
    let found = fragment::<Bool>(
        "EXISTS (SELECT 1 FROM pg_index WHERE indisvalid AND indexrelid = to_regclass(",
    )
    .text(name)
    .sql("))");
    diesel::select(found).get_result(connection).await
}

/// Whether the search index exists, if it can; the server keeps it correct.
pub async fn is_search_index_valid(connection: &mut Conn) -> QueryResult<bool> {
    let can_be = fragment::<Bool>("EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm')");
    let can_be: bool = diesel::select(can_be).get_result(connection).await?;
    Ok(!can_be || has_index("users_search_text", connection).await?)
}

pub async fn rebuild_search_index(connection: &mut Conn) -> QueryResult<()> {
    for statement in [
        "DROP INDEX IF EXISTS users_search_text",
        "CREATE INDEX users_search_text ON users USING gin (search_text gin_trgm_ops)",
    ] {
        RunQueryDsl::execute(diesel::sql_query(statement), connection).await?;
    }
    Ok(())
}

/// Runs a statement of which only the success matters: it is sent with the next
/// one or with COMMIT, which fails if it does.
pub async fn defer<Q>(statement: Q, connection: &mut Conn) -> QueryResult<()>
where
    Q: QueryFragment<Db> + QueryId + Send + 'static,
{
    connection.defer(statement);
    Ok(())
}

/// Appends entries to the audit log, together with the others of the transaction.
pub async fn append_audit(rows: Vec<NewEvent>, connection: &mut Conn) -> QueryResult<()> {
    connection.append_audit(rows);
    Ok(())
}

/// Keeps the audit entries so far even if the following statements are discarded.
pub fn flush_audit(connection: &mut Conn) {
    connection.flush_audit();
}

/// Waits for the deferred statements.
pub async fn flush(connection: &mut Conn) -> QueryResult<()> {
    connection.flush().await
}

/// Drops the deferred statements and audit entries.
pub fn discard(connection: &mut Conn) {
    connection.discard();
}

/// Pipelines independent queries, in this order: one round trip for all. Each is
/// an expression that uses the connection by its name. Of several errors the first
/// is returned, unless it only follows from another.
macro_rules! pipelined {
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
        let (first, (second, third)) = env::pipelined!($connection, $one, {
            let two = env::pipelined!($connection, $other, $third);
            Ok::<_, DirectoryError>(two)
        });
        (first, second, third)
    }};
}
pub(crate) use pipelined;

/// The statements that follow belong to this step of a batch.
pub fn begin_step(step: usize, connection: &mut Conn) {
    connection.step(step);
}

/// The step of a deferred statement that made a later one fail.
pub fn failed_step(connection: &Conn) -> Option<usize> {
    connection.failed_step()
}

/// A query that locks its rows until the transaction ends and reads their latest
/// version. New grants can still refer to them.
macro_rules! for_update {
    ($query:expr) => {
        $query.for_no_key_update()
    };
}
pub(crate) use for_update;

/// Rows of one INSERT: one round trip for many; at most 65,535 values.
pub const ROWS_PER_INSERT: usize = 1000;

/// Inserts the rows that do not exist yet.
macro_rules! insert_new {
    ($table:expr, $rows:expr, $connection:expr) => {
        for rows in $rows.chunks(env::ROWS_PER_INSERT) {
            diesel::insert_into($table)
                .values(rows)
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
        for rows in $rows.chunks(env::ROWS_PER_INSERT) {
            let insert = diesel::insert_into($table).values(rows);
            let some: Vec<$answer> = insert.returning($returning).load($connection).await?;
            answers.extend(some);
        }
        answers
    }};
}
pub(crate) use insert_returning;

/// Whether users belong to this partner and their ids are above `after`, written so
/// that only the index by partner has the order: a generic plan could otherwise
/// expect to find the users of any partner soon among all.
pub fn of_partner(partner: i64, after: i64) -> TextCondition {
    fragment("(users.partner_id, users.id) > (")
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

/// Whether a text column contains `text` literally.
pub fn contains(column: &str, text: &str) -> TextCondition {
    fragment(format!("strpos({column}, "))
        .text(text)
        .sql(") > 0")
}

/// Whether a text column ends with `text`, which is not empty.
pub fn ends_with(column: &str, text: &str) -> TextCondition {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    fragment(format!("right({column}, CAST("))
        .number(length)
        .sql(" AS INTEGER)) = ")
        .text(text)
}

/// Whether a user's search text contains each of these pieces.
pub fn search(pieces: &[String]) -> TextCondition {
    // Searched first: a LIMIT would otherwise tempt the planner to test one row
    // after the other.
    let found = "users.id = ANY(ARRAY(SELECT found.id FROM users AS found WHERE ";
    contains_all(fragment(found), "found.search_text", pieces).sql("))")
}

fn contains_all<T>(test: SqlFragment<T>, column: &str, pieces: &[String]) -> SqlFragment<T> {
    let (mut test, mut and) = (test, "");
    for piece in pieces {
        let like = format!("{and}{column} LIKE ");
        test = test.sql(like).text(like_pattern(piece));
        and = " AND ";
    }
    test
}

/// The ids of users whom the search finds, at most `most` in no order.
pub async fn search_ids(
    pieces: &[String],
    most: i64,
    connection: &mut Conn,
) -> QueryResult<Vec<i64>> {
    let matching = contains_all(fragment::<Bool>(""), "users.search_text", pieces);
    let ids = users::table.filter(matching).select(users::id).limit(most);
    ids.load(connection).await
}

/// A LIKE pattern that matches a text anywhere.
fn like_pattern(text: &str) -> String {
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
