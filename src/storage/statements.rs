//! The cache of prepared statements. Diesel caches every statement for as long as
//! its connection lives; filters produce ever new ones, so they are counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::QueryResult;
use diesel::QuerySource;
use diesel::backend::Backend;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::query_builder::{
    AstPass, Query, QueryFragment, QueryId, SelectStatement, UpdateStatement,
};

/// How many prepared statements some connections have cached.
#[derive(Clone, Debug, Default)]
pub struct StatementCount(Arc<AtomicUsize>);

impl StatementCount {
    /// Counts the statements of a connection that uses this instrumentation.
    pub fn instrumentation(&self) -> impl Instrumentation + use<> {
        let kept = self.0.clone();
        move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::CacheQuery { .. }) {
                kept.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether there are more than `most`. If so, the count starts again at zero,
    /// and the caller must empty the cache.
    pub fn exceeds(&self, most: usize) -> bool {
        let more = self.count() > most;
        if more {
            self.0.store(0, Ordering::Relaxed);
        }
        more
    }
}

/// How PostgreSQL plans a query with a limit. SQLite plans once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanMode {
    /// One plan for all values, where the same one is best for all of them.
    Generic,
    /// A plan for the values of each execution: one surname may be rare and
    /// another one common.
    Custom,
}

/// A statement that Diesel caches without walking through all of it at each call
/// to find out whether it can. Diesel would prepare an UPDATE again each time,
/// since the columns that it sets can differ: here it is cached by its text. For
/// statements of few different texts, whose values are all bound.
#[derive(Clone, Copy, Debug)]
pub struct Cached<Q>(Q);

pub trait Cacheable: Sized {
    /// Caches the prepared statement: see [`Cached`].
    fn cached(self) -> Cached<Self> {
        Cached(self)
    }
}

impl<T, U, V, Ret> Cacheable for UpdateStatement<T, U, V, Ret> where T: QuerySource {}

impl<F, S, D, W, O, LOf, G, H, LC> Cacheable for SelectStatement<F, S, D, W, O, LOf, G, H, LC> {}

impl<Q: Query> Query for Cached<Q> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryId> QueryId for Cached<Q> {
    type QueryId = Q::QueryId;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Cached<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q, Conn> diesel::RunQueryDsl<Conn> for Cached<Q> {}
