//! COMMIT and the WAL position after it, as statements of a pipeline.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::replica::position;
use crate::storage::sql_fragment::fragment;

/// COMMIT as a statement, which the driver sends after those before it.
#[derive(QueryId)]
pub struct Commit;

impl QueryFragment<Pg> for Commit {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("COMMIT");
        Ok(())
    }
}

/// The server's WAL position, if it returns one.
pub fn wal_position(mut connection: &AsyncPgConnection) -> BoxFuture<'_, QueryResult<Option<u64>>> {
    async move {
        let place = fragment::<Text>("CAST(pg_current_wal_insert_lsn() AS TEXT)");
        let place = diesel::select(place).get_result(&mut connection).await;
        Ok(position(Some(&place.ok())).ok())
    }
    .boxed()
}
