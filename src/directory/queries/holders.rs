//! How many hold a role, without looking at each of them: from the numbers
//! that are kept of the grants without a time limit (`role_counts`).

use diesel::dsl::count_star;
use diesel::sql_types::BigInt;

use super::env;
use super::prelude::*;
use crate::directory::versions::Digest;
use crate::storage::schema::{grants, role_counts, users};

/// The digest of the grants of a query, in one pass over them, or why there is
/// none. As [`Digest::of`].
macro_rules! digest {
    ($grants:expr, $connection:expr) => {{
        let sums = $grants.select((
            count_star(),
            aggregate::<BigInt>(crate::directory::versions::SUM),
            aggregate::<BigInt>(crate::directory::versions::SQUARES),
        ));
        let sums: Result<(i64, i64, i64), _> = sums.get_result($connection).await;
        sums.map(|(count, sum, squares)| Digest {
            count,
            sum,
            squares,
        })
    }};
}

/// The digest of the grants by which living users hold this role now, without
/// a place.
pub async fn holders(
    role: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<Digest, DirectoryError> {
    let now = context.now_text();
    let (always, gone, timed) = env::together!(
        connection,
        kept(role, connection).await,
        digest!(
            // A few in the trash, each sought: never all who hold the role.
            grants::table
                .filter(grants::role_id.eq(role))
                .filter(un_scoped!())
                .filter(grants::is_active.eq(true))
                .filter(grants::valid_from.is_null())
                .filter(grants::valid_until.is_null())
                .filter(grants::user_id.eq_any(in_trash!())),
            connection
        ),
        digest!(
            grants::table
                .inner_join(users::table)
                .filter(grants::role_id.eq(role))
                .filter(un_scoped!())
                .filter(
                    grants::valid_from
                        .is_not_null()
                        .or(grants::valid_until.is_not_null())
                )
                .filter(in_force!(&now))
                .filter(users::deleted_at.is_null()),
            connection
        ),
    );
    Ok(always.without(gone).with(timed))
}

async fn kept(role: i64, connection: &mut Conn) -> Result<Digest, DirectoryError> {
    let sums = role_counts::table
        .filter(role_counts::role_id.eq(role))
        .select((
            aggregate::<BigInt>("CAST(COALESCE(SUM(role_counts.held), 0) AS BIGINT)"),
            aggregate::<BigInt>("CAST(COALESCE(SUM(role_counts.id_sum), 0) AS BIGINT)"),
            aggregate::<BigInt>("CAST(COALESCE(SUM(role_counts.id_squares), 0) AS BIGINT)"),
        ));
    let (count, sum, squares) = sums.get_result(connection).await?;
    Ok(Digest {
        count,
        sum,
        squares,
    })
}

/// How many grants there are of users who are not in the trash.
pub async fn all_grants(connection: &mut Conn) -> Result<i64, DirectoryError> {
    let kept = aggregate::<BigInt>("CAST(COALESCE(SUM(role_counts.granted), 0) AS BIGINT)");
    let (all, gone): (i64, i64) = env::together!(
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
