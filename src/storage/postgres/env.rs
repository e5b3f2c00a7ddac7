//! What the shared queries are compiled against here.

use diesel::dsl::{Asc, Desc, EqAny, NullsFirst, NullsLast};
use diesel::sql_types::BigInt;
use diesel::{ExpressionMethods, PgSortExpressionMethods, QueryResult};

pub use diesel_async::RunQueryDsl;

pub type Db = diesel::pg::Pg;
pub type Conn = diesel_async::AsyncPgConnection;

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

/// `column = ANY(ids)`.
pub fn id_in<C>(column: C, ids: Vec<i64>) -> EqAny<C, Vec<i64>>
where
    C: ExpressionMethods + diesel::Expression<SqlType = BigInt>,
{
    column.eq_any(ids)
}
