//! LIMIT and OFFSET with a number in the text instead of a bound value.
//!
//! For a bound LIMIT the server estimates a tenth of all rows, concludes that a
//! generic plan does not pay, and plans again at each execution: that takes
//! longer than reading a page. With the number in the text it plans once.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;

use crate::storage::statements::PlanMode;

/// Made by [`super::env::limited`].
#[derive(Clone, Copy, Debug)]
pub struct Limited<Q> {
    pub query: Q,
    pub plan: PlanMode,
    pub limit: i64,
    pub offset: i64,
}

impl<Q: Query> Query for Limited<Q> {
    type SqlType = Q::SqlType;
}

// The text differs with the numbers.
impl<Q> QueryId for Limited<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Limited<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        match self.plan {
            PlanMode::Generic => out.push_sql(&self.limit.to_string()),
            PlanMode::Custom => out.push_bind_param::<BigInt, i64>(&self.limit)?,
        }
        if self.offset != 0 {
            out.push_sql(" OFFSET ");
            out.push_bind_param::<BigInt, i64>(&self.offset)?;
        }
        Ok(())
    }
}

impl<Q, Conn> diesel::RunQueryDsl<Conn> for Limited<Q> {}
