//! Response bodies, which record when the client has received their parts.

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

/// HTTP/2: bytes of a part; the progress of a client is measured in parts.
const PART: usize = 16 * 1024;

pin_project! {
    /// The body of a response. Dropping it ends the request.
    pub struct ResponseBody<B> {
        #[pin]
        body: B,
        progress: Option<Progress>,
    }
}

struct Progress {
    in_flight: Rc<InFlight>,
    /// HTTP/2 only: with HTTP/1 the TCP stream shows the progress.
    flow: Option<Rc<Flow>>,
    rest: Bytes,
}

impl<B> ResponseBody<B> {
    pub fn new(body: B, in_flight: Rc<InFlight>) -> Self {
        let flow = in_flight.activity.flow();
        let progress = Progress {
            in_flight,
            flow,
            rest: Bytes::new(),
        };
        Self {
            body,
            progress: Some(progress),
        }
    }

    pub fn uncounted(body: B) -> Self {
        Self {
            body,
            progress: None,
        }
    }
}

impl Progress {
    /// Returns a part, and records that it waits for the client.
    fn offer(&mut self, flow: &Flow, mut bytes: Bytes) -> Bytes {
        self.rest = bytes.split_off(bytes.len().min(PART));
        self.in_flight.activity.offered(flow);
        bytes
    }
}

impl Drop for Progress {
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
        let progress = this.progress.as_mut();
        let flow = progress.as_ref().and_then(|progress| progress.flow.clone());
        let (Some(progress), Some(flow)) = (progress, flow) else {
            return this.body.poll_next(context);
        };
        flow.taken();
        if !progress.rest.is_empty() {
            let rest = mem::take(&mut progress.rest);
            return Poll::Ready(Some(Ok(progress.offer(&flow, rest))));
        }
        match ready!(this.body.poll_next(context)) {
            Some(Ok(bytes)) => Poll::Ready(Some(Ok(progress.offer(&flow, bytes)))),
            other => Poll::Ready(other),
        }
    }
}
