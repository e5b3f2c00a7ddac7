//! Fragments of SQL that Diesel cannot express, as parts of its queries.

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

/// SQL with values bound between its pieces. Unlike the fragments of
/// `diesel::dsl::sql`, it lets Diesel cache the statement around it: values that
/// differ between calls must be bound, not written into the text.
///
/// `A` is `is_aggregate::Yes` for an aggregate of rows.
#[derive(Clone, Debug)]
pub struct SqlFragment<ST, A = is_aggregate::No> {
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

/// Begins a fragment of this SQL type.
pub fn fragment<ST>(sql: impl Into<Cow<'static, str>>) -> SqlFragment<ST> {
    SqlFragment {
        pieces: vec![Piece::Sql(sql.into())],
        kind: PhantomData,
    }
}

/// An aggregate of all rows of the query, such as a sum.
pub fn aggregate<ST>(sql: &'static str) -> SqlFragment<ST, is_aggregate::Yes> {
    SqlFragment {
        pieces: vec![Piece::Sql(sql.into())],
        kind: PhantomData,
    }
}

impl<ST, A> SqlFragment<ST, A> {
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

impl<ST, A> Expression for SqlFragment<ST, A>
where
    ST: sql_types::SingleValue,
{
    type SqlType = ST;
}

impl<ST, A, Source> AppearsOnTable<Source> for SqlFragment<ST, A> where Self: Expression {}
impl<ST, A, Source> SelectableExpression<Source> for SqlFragment<ST, A> where Self: Expression {}

impl<ST, A, Group> ValidGrouping<Group> for SqlFragment<ST, A> {
    type IsAggregate = A;
}

// The text is known at run time only.
impl<ST: 'static, A: 'static> QueryId for SqlFragment<ST, A> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST, A, DB> QueryFragment<DB> for SqlFragment<ST, A>
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
