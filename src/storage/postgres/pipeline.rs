//! Pipelining: statements are sent one after another, without waiting for the
//! answer to one before sending the next.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use diesel::QueryResult;
use diesel::result::Error;
use diesel_async::AsyncPgConnection;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, MaybeDone, maybe_done};

/// A statement that is sent when this future is first polled.
pub type SentStatement<'a> = BoxFuture<'a, QueryResult<usize>>;

/// A statement that is built when there is a connection to send it on.
pub type DeferredStatement =
    Box<dyn for<'a> FnOnce(&'a AsyncPgConnection) -> SentStatement<'a> + Send>;

/// A statement that failed: its position among those before the last, and why.
pub struct Failed {
    pub place: usize,
    pub error: Error,
}

/// Sends these and then `last`, and waits for all. Of several failures the first
/// is returned: the server rejects everything after it in the transaction.
///
/// `last` is not sent if an earlier statement is already known to have failed,
/// such as one that never reached the server: a COMMIT would make an incomplete
/// transaction permanent.
pub async fn in_order<T>(
    before: Vec<SentStatement<'_>>,
    last: impl Future<Output = QueryResult<T>>,
) -> Result<QueryResult<T>, Failed> {
    let mut before: Vec<MaybeDone<SentStatement<'_>>> =
        before.into_iter().map(maybe_done).collect();
    let mut last = pin!(maybe_done(last));
    let mut is_sent = false;
    poll_fn(|context| {
        let (mut waits, mut failed) = (false, false);
        for statement in &mut before {
            waits |= statement.poll_unpin(context).is_pending();
            failed |= matches!(statement, MaybeDone::Done(Err(_)));
        }
        if is_sent || !failed {
            is_sent = true;
            waits |= last.as_mut().poll(context).is_pending();
        }
        if waits {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
    for (place, statement) in before.iter_mut().enumerate() {
        if let Some(Err(error)) = Pin::new(statement).take_output() {
            return Err(Failed { place, error });
        }
    }
    // It is there, since nothing before it failed.
    let answer = last.as_mut().take_output();
    Ok(answer.unwrap_or(Err(Error::BrokenTransactionManager)))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn statement(answer: QueryResult<usize>) -> SentStatement<'static> {
        futures_util::future::ready(answer).boxed()
    }

    #[test]
    fn nothing_follows_a_statement_that_could_not_be_sent() {
        let sent = RefCell::new(false);
        let before = vec![statement(Ok(1)), statement(Err(Error::NotInTransaction))];
        let last = async {
            *sent.borrow_mut() = true;
            Ok(2)
        };
        let failed = in_order(before, last)
            .now_or_never()
            .unwrap()
            .err()
            .unwrap();
        assert_eq!((failed.place, *sent.borrow()), (1, false));
    }

    #[test]
    fn the_answer_is_that_of_the_last_statement() {
        let answer = in_order(vec![statement(Ok(1))], async { Ok(2) });
        let answer = answer.now_or_never().unwrap();
        assert!(matches!(answer, Ok(Ok(2))));
    }
}
