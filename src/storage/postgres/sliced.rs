//! A part of a query's rows, by numbers that are written and not bound.
//!
//! For a bound LIMIT the server reckons with a tenth of all rows, finds that a
//! plan for whatever number does not pay, and so plans at each execution: that
//! takes longer than to read a page. With the number written it plans once.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;

use crate::storage::statements::Planned;

/// Made by [`super::env::sliced`].
#[derive(Clone, Copy, Debug)]
pub struct Sliced<Q> {
    pub query: Q,
    pub plan: Planned,
    pub limit: i64,
    pub offset: i64,
}

impl<Q: Query> Query for Sliced<Q> {
    type SqlType = Q::SqlType;
}

// The text differs with the numbers.
impl<Q> QueryId for Sliced<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Sliced<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        match self.plan {
            Planned::Once => out.push_sql(&self.limit.to_string()),
            Planned::Anew => out.push_bind_param::<BigInt, i64>(&self.limit)?,
        }
        if self.offset != 0 {
            out.push_sql(" OFFSET ");
            out.push_bind_param::<BigInt, i64>(&self.offset)?;
        }
        Ok(())
    }
}

impl<Q, Conn> diesel::RunQueryDsl<Conn> for Sliced<Q> {}
