//! HTTP/2: discards the rest of a request body after an early response.
//!
//! Some clients (curl 7.88: error 92) fail when a stream is reset while they send, even
//! with NO_ERROR (RFC 9113, 8.1) and a complete response. So a little more is read and
//! discarded. For HTTP/1 the framework does this.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::error::PayloadError;
use actix_web::rt;
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::task::noop_waker_ref;

use super::in_flight::InFlight;
use crate::server::connections::{LINGER, STREAM_WINDOW};

type Part = Option<Result<Bytes, PayloadError>>;

/// Keeps the request open until the client has sent the rest of the body, at most for
/// `LINGER` and one window of the stream.
pub fn linger(in_flight: &Rc<InFlight>) {
    let first = poll_rest(in_flight, &mut Context::from_waker(noop_waker_ref()));
    let dropped = match first {
        Poll::Ready(Some(Ok(bytes))) => bytes.len(),
        Poll::Ready(_) => return,
        Poll::Pending => 0,
    };
    let in_flight = in_flight.clone();
    rt::spawn(async move {
        // After that the stream is reset.
        let _ = timeout(LINGER, drop_rest(&in_flight, dropped)).await;
    });
}

async fn drop_rest(in_flight: &InFlight, mut dropped: usize) {
    while dropped < STREAM_WINDOW as usize {
        match poll_fn(|context| poll_rest(in_flight, context)).await {
            Some(Ok(bytes)) => {
                in_flight.activity.parsed(bytes.len());
                dropped += bytes.len();
            }
            _ => return,
        }
    }
}

fn poll_rest(in_flight: &InFlight, context: &mut Context<'_>) -> Poll<Part> {
    Pin::new(&mut *in_flight.payload.borrow_mut()).poll_next(context)
}
