//! The rows of an answer, each of which has to come in time.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use diesel::QueryResult;
use diesel::result::Error;
use diesel_async::{AsyncConnectionCore, AsyncPgConnection};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, StreamExt};

use super::answer_timeout::FIRST_LOOK;
use super::session::Shared;

type DriverStream = <AsyncPgConnection as AsyncConnectionCore>::Stream<'static, 'static>;
type Row = <AsyncPgConnection as AsyncConnectionCore>::Row<'static, 'static>;

pub struct Rows {
    rows: DriverStream,
    shared: Arc<Shared>,
    /// Made when a row has to be waited for.
    given_up: Option<BoxFuture<'static, Error>>,
}

impl Rows {
    pub(super) fn new(rows: DriverStream, shared: Arc<Shared>) -> Self {
        Self {
            rows,
            shared,
            given_up: None,
        }
    }
}

impl Stream for Rows {
    type Item = QueryResult<Row>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(row) = self.rows.poll_next_unpin(context) {
            self.given_up = None;
            return Poll::Ready(row);
        }
        let this = &mut *self;
        let given_up = this.given_up.get_or_insert_with(|| {
            let shared = this.shared.clone();
            async move { shared.given_up(FIRST_LOOK).await }.boxed()
        });
        match given_up.poll_unpin(context) {
            Poll::Ready(error) => {
                this.given_up = None;
                Poll::Ready(Some(Err(error)))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}
