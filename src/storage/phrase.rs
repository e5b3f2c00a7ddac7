//! SQL that Diesel has no words for, as a part of its queries.

use std::borrow::Cow;
use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{QueryResult, sql_types};

/// SQL with values bound between its pieces. Unlike what `diesel::dsl::sql`
/// makes, it does not keep the statement around it from staying prepared: what
/// differs from call to call must be bound, not written.
///
/// `A` tells whether it sums up rows (`is_aggregate::Yes`) or looks at one.
#[derive(Clone, Debug)]
pub struct Phrase<ST, A = is_aggregate::No> {
    pieces: Vec<Piece>,
    kind: PhantomData<fn() -> (ST, A)>,
}

#[derive(Clone, Debug)]
enum Piece {
    Sql(Cow<'static, str>),
    Text(String),
    Number(i64),
    Flag(bool),
}

/// Begins a phrase of this type.
pub fn phrase<ST>(sql: impl Into<Cow<'static, str>>) -> Phrase<ST> {
    Phrase {
        pieces: vec![Piece::Sql(sql.into())],
        kind: PhantomData,
    }
}

/// A sum, a number or the like of all rows of the query.
pub fn aggregate<ST>(sql: &'static str) -> Phrase<ST, is_aggregate::Yes> {
    Phrase {
        pieces: vec![Piece::Sql(sql.into())],
        kind: PhantomData,
    }
}

impl<ST, A> Phrase<ST, A> {
    fn then(mut self, piece: Piece) -> Self {
        self.pieces.push(piece);
        self
    }

    pub fn sql(self, sql: impl Into<Cow<'static, str>>) -> Self {
        self.then(Piece::Sql(sql.into()))
    }

    pub fn text(self, value: impl Into<String>) -> Self {
        self.then(Piece::Text(value.into()))
    }

    pub fn number(self, value: i64) -> Self {
        self.then(Piece::Number(value))
    }

    pub fn flag(self, value: bool) -> Self {
        self.then(Piece::Flag(value))
    }
}

impl<ST, A> Expression for Phrase<ST, A>
where
    ST: sql_types::SingleValue,
{
    type SqlType = ST;
}

impl<ST, A, Source> AppearsOnTable<Source> for Phrase<ST, A> where Self: Expression {}
impl<ST, A, Source> SelectableExpression<Source> for Phrase<ST, A> where Self: Expression {}

impl<ST, A, Group> ValidGrouping<Group> for Phrase<ST, A> {
    type IsAggregate = A;
}

// The text is known at run time only.
impl<ST: 'static, A: 'static> QueryId for Phrase<ST, A> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST, A, DB> QueryFragment<DB> for Phrase<ST, A>
where
    DB: Backend + sql_types::HasSqlType<Text> + sql_types::HasSqlType<Bool>,
    DB: sql_types::HasSqlType<BigInt>,
    String: ToSql<Text, DB>,
    i64: ToSql<BigInt, DB>,
    bool: ToSql<Bool, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for piece in &self.pieces {
            match piece {
                Piece::Sql(sql) => out.push_sql(sql),
                Piece::Text(value) => out.push_bind_param::<Text, String>(value)?,
                Piece::Number(value) => out.push_bind_param::<BigInt, i64>(value)?,
                Piece::Flag(value) => out.push_bind_param::<Bool, bool>(value)?,
            }
        }
        Ok(())
    }
}
