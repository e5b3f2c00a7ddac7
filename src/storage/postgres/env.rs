//! What the shared queries are compiled against here.

use diesel::dsl::{Asc, Desc, EqAny, NullsFirst, NullsLast};
use diesel::sql_types::{BigInt, Bool, Nullable};
use diesel::{ExpressionMethods, PgSortExpressionMethods, QueryResult};

pub use diesel_async::RunQueryDsl;

use crate::storage::phrase::{Phrase, phrase};

pub type Db = diesel::pg::Pg;
/// True, false or, where there is no value, neither.
type Truth = Nullable<Bool>;
/// A test of a text column with one value bound.
pub type Textual = Phrase<Truth>;

pub type Conn = diesel_async::AsyncPgConnection;

/// An index range may be by two columns together.
pub const FINDS_ROWS: bool = true;

/// The order of a column that may be null: as on SQLite, nulls come first.
pub fn ascending<E: ExpressionMethods>(column: E) -> NullsFirst<Asc<E>> {
    column.asc().nulls_first()
}

pub fn descending<E: ExpressionMethods>(column: E) -> NullsLast<Desc<E>> {
    column.desc().nulls_last()
}

/// Chosen once: whoever must not work beside another of its kind takes it.
const LOCK: i64 = 0x726f_6c65_6f6e_6531;

/// Waits until no other transaction is past this call.
pub async fn one_at_a_time(connection: &mut Conn) -> QueryResult<()> {
    let lock = diesel::sql_query(format!("SELECT pg_advisory_xact_lock({LOCK})"));
    RunQueryDsl::execute(lock, connection).await?;
    Ok(())
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

/// Whether a user's names, username or e-mail address hold `text`, whatever
/// the case of its letters. The function is what the index is made on.
pub fn search(text: &str) -> Textual {
    let mut literal = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            literal.push('\\');
        }
        literal.push(letter);
    }
    // Found before anything else: else a LIMIT tempts the planner to try one
    // row after the other instead.
    phrase(
        "users.id = ANY(ARRAY(SELECT found.id FROM users AS found WHERE \
         user_search_text(found.username, found.name, found.surname, found.email) \
         LIKE '%' || fold_case(",
    )
    .text(literal)
    .sql(") || '%'))")
}
