//! How many hold a role, without looking at each of them: from the numbers
//! that are kept of the grants without a time limit (`role_counts`).

use diesel::CombineDsl;
use diesel::expression::is_aggregate::Yes;
use diesel::sql_types::BigInt;

use super::env;
use super::prelude::*;
use crate::directory::versions::Digest;
use crate::storage::schema::{grants, role_counts, users};
use crate::storage::sql_fragment::SqlFragment;

/// A count, a sum and a sum of squares, as [`Digest::of`] has them.
pub type Numbers = (
    SqlFragment<BigInt, Yes>,
    SqlFragment<BigInt, Yes>,
    SqlFragment<BigInt, Yes>,
);

/// Of grants that are looked at, with a sign before each number.
macro_rules! counted {
    ($sign:literal) => {
        [
            concat!($sign, "COUNT(*)"),
            concat!(
                $sign,
                "CAST(COALESCE(SUM(grants.id % 2147483647), 0) AS BIGINT)"
            ),
            concat!(
                $sign,
                "CAST(COALESCE(SUM((grants.id % 2147483647) * (grants.id % 2147483647) \
                 % 2147483647), 0) AS BIGINT)"
            ),
        ]
    };
}

pub const COUNTED: [&str; 3] = counted!("");
const TAKEN_OFF: [&str; 3] = counted!("-");
/// Of grants that were counted before.
const KEPT: [&str; 3] = [
    "CAST(COALESCE(SUM(role_counts.held), 0) AS BIGINT)",
    "CAST(COALESCE(SUM(role_counts.id_sum), 0) AS BIGINT)",
    "CAST(COALESCE(SUM(role_counts.id_squares), 0) AS BIGINT)",
];

pub fn numbers([count, sum, squares]: [&'static str; 3]) -> Numbers {
    (aggregate(count), aggregate(sum), aggregate(squares))
}

pub fn digest((count, sum, squares): (i64, i64, i64)) -> Digest {
    Digest {
        count,
        sum,
        squares,
    }
}

/// The digest of the grants by which living users hold this role now, without
/// a place. One statement: what it puts together is of one moment.
pub async fn holders(
    role: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<Digest, DirectoryError> {
    let now = context.now_text();
    let always = role_counts::table
        .filter(role_counts::role_id.eq(role))
        .select(numbers(KEPT));
    // A few in the trash, each sought: never all who hold the role.
    let gone = grants::table
        .filter(grants::role_id.eq(role))
        .filter(un_scoped!())
        .filter(grants::is_active.eq(true))
        .filter(grants::valid_from.is_null())
        .filter(grants::valid_until.is_null())
        .filter(grants::user_id.eq_any(in_trash!()))
        .select(numbers(TAKEN_OFF));
    let timed = grants::table
        .inner_join(users::table)
        .filter(grants::role_id.eq(role))
        .filter(un_scoped!())
        .filter(
            grants::valid_from
                .is_not_null()
                .or(grants::valid_until.is_not_null()),
        )
        .filter(in_force!(&now))
        .filter(users::deleted_at.is_null())
        .select(numbers(COUNTED));
    let parts = always.union_all(gone).union_all(timed);
    let parts: Vec<(i64, i64, i64)> = parts.load(connection).await?;
    let none = Digest::default();
    Ok(parts.into_iter().map(digest).fold(none, Digest::with))
}

/// How many grants there are of users who are not in the trash.
pub async fn all_grants(connection: &mut Conn) -> Result<i64, DirectoryError> {
    let kept = aggregate::<BigInt>("CAST(COALESCE(SUM(role_counts.granted), 0) AS BIGINT)");
    let (all, gone): (i64, i64) = env::pipelined!(
        connection,
        role_counts::table.select(kept).get_result(connection).await,
        grants::table
            .filter(grants::user_id.eq_any(in_trash!()))
            .count()
            .get_result(connection)
            .await,
    );
    Ok(all - gone)
}
