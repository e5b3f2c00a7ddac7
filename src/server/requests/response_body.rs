//! Bodies of answers, and when the client has taken their parts.

use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use pin_project_lite::pin_project;

use super::in_flight::InFlight;
use super::lingering::linger;
use crate::server::connections::activity::Flow;

/// HTTP/2: parts of this size show whether a client makes progress.
const PART: usize = 16 * 1024;

pin_project! {
    /// The body of an answer; its request has ended when it is dropped.
    pub struct ResponseBody<B> {
        #[pin]
        body: B,
        taking: Option<Taking>,
    }
}

struct Taking {
    in_flight: Rc<InFlight>,
    /// HTTP/2 only: on HTTP/1 the stream itself shows progress.
    flow: Option<Rc<Flow>>,
    rest: Bytes,
}

impl<B> ResponseBody<B> {
    pub fn new(body: B, in_flight: Rc<InFlight>) -> Self {
        let flow = in_flight.activity.flow();
        let taking = Taking {
            in_flight,
            flow,
            rest: Bytes::new(),
        };
        Self {
            body,
            taking: Some(taking),
        }
    }

    pub fn uncounted(body: B) -> Self {
        Self { body, taking: None }
    }
}

impl Taking {
    /// Hands over a part, and notes that it is the client's turn.
    fn offer(&mut self, flow: &Flow, mut bytes: Bytes) -> Bytes {
        self.rest = bytes.split_off(bytes.len().min(PART));
        self.in_flight.activity.offered(flow);
        bytes
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        if let Some(flow) = &self.flow {
            self.in_flight.activity.end_flow(flow);
            linger(&self.in_flight);
        }
    }
}

impl<B: MessageBody> MessageBody for ResponseBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.project();
        let taking = this.taking.as_mut();
        let flow = taking.as_ref().and_then(|taking| taking.flow.clone());
        let (Some(taking), Some(flow)) = (taking, flow) else {
            return this.body.poll_next(context);
        };
        flow.taken();
        if !taking.rest.is_empty() {
            let rest = mem::take(&mut taking.rest);
            return Poll::Ready(Some(Ok(taking.offer(&flow, rest))));
        }
        match ready!(this.body.poll_next(context)) {
            Some(Ok(bytes)) => Poll::Ready(Some(Ok(taking.offer(&flow, bytes)))),
            other => Poll::Ready(other),
        }
    }
}
