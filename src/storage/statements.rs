//! Diesel keeps every statement that it prepares for as long as a connection
//! lives. Filters make statements of countless kinds, so they are counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::QueryResult;
use diesel::QuerySource;
use diesel::backend::Backend;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::query_builder::{
    AstPass, Query, QueryFragment, QueryId, SelectStatement, UpdateStatement,
};

/// How many statements some connections keep.
#[derive(Clone, Debug, Default)]
pub struct Kept(Arc<AtomicUsize>);

impl Kept {
    /// What a connection has to be given to be counted.
    pub fn counting(&self) -> impl Instrumentation + use<> {
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

    /// Whether there are more than `most`; then the count begins anew, and the
    /// caller sees to it that they are forgotten.
    pub fn are_more_than(&self, most: usize) -> bool {
        let more = self.count() > most;
        if more {
            self.0.store(0, Ordering::Relaxed);
        }
        more
    }
}

/// When PostgreSQL plans a part of a query's rows. SQLite plans once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planned {
    /// For whatever values: where the same way is best for all of them.
    Once,
    /// At each execution, for its values: few rows may be surnamed one thing
    /// and many another.
    Anew,
}

/// A statement that stays prepared, without Diesel walking through all of it at
/// each call to find out whether it may. An UPDATE it would prepare anew, since
/// what is set, and so the text, may differ from call to call: here it is kept by
/// its text. For statements of few different texts, whose values are all bound.
#[derive(Clone, Copy, Debug)]
pub struct Lasting<Q>(Q);

pub trait Lasts: Sized {
    /// Keeps the statement prepared: see [`Lasting`].
    fn lasting(self) -> Lasting<Self> {
        Lasting(self)
    }
}

impl<T, U, V, Ret> Lasts for UpdateStatement<T, U, V, Ret> where T: QuerySource {}

impl<F, S, D, W, O, LOf, G, H, LC> Lasts for SelectStatement<F, S, D, W, O, LOf, G, H, LC> {}

impl<Q: Query> Query for Lasting<Q> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryId> QueryId for Lasting<Q> {
    type QueryId = Q::QueryId;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Lasting<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q, Conn> diesel::RunQueryDsl<Conn> for Lasting<Q> {}
