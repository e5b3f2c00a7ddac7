//! The queries, written once and compiled for each database: `env` is whatever
//! the file that includes this folder has in scope under that name.

#[macro_use]
mod audit;
#[macro_use]
mod columns;
#[macro_use]
mod grants;
#[macro_use]
mod visibility;
mod access;
mod access_log;
mod administered;
pub mod batch;
mod bulk;
mod ceiling;
mod cfengine;
mod clusters;
pub mod credentials;
mod delegation;
mod events;
mod expired;
mod external;
mod grant_writes;
mod members;
mod migrations;
mod name_conflicts;
mod names;
mod notices;
pub mod outbox;
mod pair_relations;
mod partners;
mod portal;
mod pruning;
mod role_counters;
mod roles;
mod rules;
mod scopes;
mod secrets;
mod sign_in_list;
mod sign_ins;
mod signing_keys;
mod tokens;
mod users;
mod workspaces;

use super::env;
use crate::directory::{Context, DirectoryError};
pub use env::{Conn, Db};

/// Carries an operation out on one database.
pub trait Run {
    type Answer: Send + 'static;

    /// A change is called inside a transaction that is undone when it fails.
    #[expect(async_fn_in_trait, reason = "only awaited on the thread that calls it")]
    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Self::Answer, DirectoryError>;
}

/// A condition on rows of one table, decided at run time.
pub type Boxed<Table> = Box<
    dyn diesel::BoxableExpression<
            Table,
            Db,
            SqlType = diesel::sql_types::Nullable<diesel::sql_types::Bool>,
        >,
>;

/// What query files need in scope.
mod prelude {
    pub use super::super::env::RunQueryDsl;
    pub use super::{Boxed, Conn, Db, Run};
    pub use crate::directory::listing::{
        Comparison, Condition, Count, List, Listed, Operand, Slice, Visibility,
    };
    pub use crate::directory::{Context, DirectoryError, FieldError};
    pub use crate::storage::sql_fragment::{aggregate, fragment};
    pub use crate::storage::statements::{Cacheable, PlanMode};
    pub use diesel::{
        BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
        OptionalExtension, QueryDsl, SelectableHelper,
    };
}

/// What must be there, or the caller is told that it is not.
fn found<T>(row: Option<T>) -> Result<T, DirectoryError> {
    row.ok_or(DirectoryError::NotFound)
}
