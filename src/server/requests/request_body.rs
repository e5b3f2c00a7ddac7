//! Request bodies with timeouts and a memory limit.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::rt::time::{Instant, Sleep, sleep_until};
use actix_web::web::Bytes;
use futures_util::Stream;

use super::in_flight::InFlight;
use crate::config::Limits;

#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Until the next bytes arrive.
    stall: Duration,
    /// Until the body is complete, from the first wait on.
    whole: Duration,
}

impl Deadlines {
    pub fn of(limits: &Limits) -> Self {
        Self {
            stall: Duration::from_secs(limits.body_stall_seconds),
            whole: Duration::from_secs(limits.body_seconds),
        }
    }
}

/// Reads the clock only when it has to wait. Fails with an I/O error of kind `TimedOut`
/// or `QuotaExceeded`, which every surface handles.
pub struct RequestBody {
    in_flight: Rc<InFlight>,
    deadlines: Deadlines,
    end: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
}

impl RequestBody {
    pub fn new(payload: Payload, in_flight: Rc<InFlight>, deadlines: Deadlines) -> Self {
        in_flight.payload.replace(payload);
        Self {
            in_flight,
            deadlines,
            end: None,
            timer: None,
            is_waiting: false,
        }
    }

    pub fn into_payload(self) -> Payload {
        Payload::Stream {
            payload: Box::pin(self),
        }
    }

    fn poll_time(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Deadlines { stall, whole } = self.deadlines;
        if !self.is_waiting {
            self.is_waiting = true;
            let now = Instant::now();
            let until = (now + stall).min(*self.end.get_or_insert(now + whole));
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(until),
                None => self.timer = Some(Box::pin(sleep_until(until))),
            }
        }
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

fn failed(kind: io::ErrorKind) -> Poll<Option<Result<Bytes, PayloadError>>> {
    Poll::Ready(Some(Err(PayloadError::Io(kind.into()))))
}

impl Stream for RequestBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let read = {
            let mut payload = self.in_flight.payload.borrow_mut();
            Pin::new(&mut *payload).poll_next(context)
        };
        if read.is_pending() {
            return match self.poll_time(context) {
                Poll::Ready(()) => failed(io::ErrorKind::TimedOut),
                Poll::Pending => Poll::Pending,
            };
        }
        self.is_waiting = false;
        match read {
            Poll::Ready(Some(Ok(bytes))) if !self.in_flight.reserve(bytes.len()) => {
                failed(io::ErrorKind::QuotaExceeded)
            }
            read => read,
        }
    }
}
