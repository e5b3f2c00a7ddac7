//! Tracks the activity of a connection, and whether its client has timed out.
//!
//! Time is counted in ticks of the worker's sweeper, so that a busy worker does not
//! count its own delays against its clients.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Waker};

use super::clients::ConnectionPermit;
use super::{CONNECTION_WINDOW, STREAM_WINDOW};
use crate::config::Limits;

pub const TICKS_PER_SECOND: u32 = 2;

pub type Tick = u32;

/// HTTP/2: bytes of a request's headers and of one window of its body.
const PARSED_PER_REQUEST: usize = 64 * 1024 + STREAM_WINDOW as usize;
/// HTTP/2: bytes of a full connection window and of control frames.
const MAX_UNPARSED: usize = 256 * 1024 + CONNECTION_WINDOW as usize;

/// Timeouts in ticks.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// From the connection to the end of the first request's headers.
    first_request: Tick,
    headers: Tick,
    keep_alive: Tick,
    answer_stall: Tick,
    answer: Tick,
}

impl Timeouts {
    pub fn of(limits: &Limits) -> Self {
        // One second more, in which the framework answers with 408 if it can.
        let with_grace = |seconds: u64| ticks(seconds.saturating_add(1));
        Self {
            first_request: with_grace(limits.header_seconds + limits.handshake_seconds),
            headers: ticks(limits.header_seconds),
            keep_alive: with_grace(limits.keep_alive_seconds),
            answer_stall: ticks(limits.answer_stall_seconds),
            answer: ticks(limits.answer_seconds),
        }
    }
}

/// Rounded up: the current tick does not count.
fn ticks(seconds: u64) -> Tick {
    let seconds = Tick::try_from(seconds).unwrap_or(Tick::MAX);
    seconds.saturating_mul(TICKS_PER_SECOND).saturating_add(1)
}

/// The state of a connection, shared by its stream, its requests and the sweeper.
#[derive(Debug)]
pub struct Activity {
    pub permit: ConnectionPermit,
    clock: Rc<Cell<Tick>>,
    timeouts: Timeouts,
    is_http2: Cell<bool>,
    /// Since when no request is in flight.
    idle_since: Cell<Tick>,
    has_asked: Cell<bool>,
    /// Requests whose responses are incomplete.
    in_flight: Cell<usize>,
    /// HTTP/1: since when headers have been arriving.
    headers_since: Cell<Option<Tick>>,
    /// Since when the client has not read anything.
    blocked_since: Cell<Option<Tick>>,
    /// Since when there is output that the client has not read.
    unread_since: Cell<Option<Tick>>,
    /// HTTP/2: received bytes that do not belong to the headers of a request or to a
    /// body that has been read.
    unparsed: Cell<usize>,
    /// HTTP/2: the responses in progress.
    flows: RefCell<Vec<Rc<Flow>>>,
    is_expired: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Activity {
    pub fn new(permit: ConnectionPermit, clock: Rc<Cell<Tick>>, timeouts: Timeouts) -> Rc<Self> {
        Rc::new(Self {
            permit,
            timeouts,
            is_http2: Cell::new(false),
            idle_since: Cell::new(clock.get()),
            has_asked: Cell::new(false),
            in_flight: Cell::new(0),
            headers_since: Cell::new(None),
            blocked_since: Cell::new(None),
            unread_since: Cell::new(None),
            unparsed: Cell::new(0),
            flows: RefCell::default(),
            is_expired: Cell::new(false),
            waker: RefCell::default(),
            clock,
        })
    }

    pub fn set_http2(&self) {
        self.is_http2.set(true);
    }

    pub fn begin_request(&self) {
        self.has_asked.set(true);
        self.headers_since.set(None);
        self.parsed(PARSED_PER_REQUEST);
        self.in_flight.set(self.in_flight.get() + 1);
    }

    pub fn end_request(&self) {
        self.in_flight.set(self.in_flight.get().saturating_sub(1));
        self.idle_since.set(self.clock.get());
    }

    /// Bytes were received. The HTTP/2 library buffers header frames up to limits far
    /// above ours, so the connection is closed here.
    pub fn received(&self, bytes: usize) {
        if self.is_http2.get() {
            let unparsed = self.unparsed.get().saturating_add(bytes);
            self.unparsed.set(unparsed);
            if unparsed > MAX_UNPARSED {
                self.is_expired.set(true);
            }
        } else if self.in_flight.get() == 0 && self.headers_since.get().is_none() {
            self.headers_since.set(Some(self.clock.get()));
        }
    }

    /// Received bytes were parsed.
    pub fn parsed(&self, bytes: usize) {
        self.unparsed.set(self.unparsed.get().saturating_sub(bytes));
    }

    /// Bytes were sent.
    pub fn sent(&self) {
        if self.blocked_since.get().is_some() {
            self.blocked_since.set(None);
        }
    }

    /// The send buffer is full.
    pub fn blocked(&self) {
        let now = Some(self.clock.get());
        self.blocked_since.set(self.blocked_since.get().or(now));
        self.unread_since.set(self.unread_since.get().or(now));
    }

    /// All output was sent.
    pub fn flushed(&self) {
        if self.unread_since.get().is_some() {
            self.unread_since.set(None);
        }
    }

    /// Begins the response of an HTTP/2 stream, which has a window of its own.
    pub fn flow(&self) -> Option<Rc<Flow>> {
        if !self.is_http2.get() {
            return None;
        }
        let flow = Rc::new(Flow {
            since: self.clock.get(),
            offered: Cell::new(None),
        });
        self.flows.borrow_mut().push(flow.clone());
        Some(flow)
    }

    /// A part of this response is ready; the client has to open the window.
    pub fn offered(&self, flow: &Flow) {
        flow.offered.set(Some(self.clock.get()));
    }

    pub fn end_flow(&self, flow: &Rc<Flow>) {
        self.flows
            .borrow_mut()
            .retain(|other| !Rc::ptr_eq(other, flow));
    }

    /// Registers the task to wake when the connection expires.
    pub fn register_waker(&self, context: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        match waker.as_ref() {
            Some(known) if known.will_wake(context.waker()) => {}
            _ => *waker = Some(context.waker().clone()),
        }
    }

    pub fn is_expired(&self) -> bool {
        self.is_expired.get()
    }

    /// Whether there is output that the client has not read.
    pub fn has_unread_output(&self) -> bool {
        self.unread_since.get().is_some()
    }

    /// Closes the connection if the client has timed out.
    pub fn expire_if_overdue(&self) {
        if self.is_expired.get() || !self.is_overdue() {
            return;
        }
        self.is_expired.set(true);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    fn is_overdue(&self) -> bool {
        let timeouts = &self.timeouts;
        let longer = |since: Option<Tick>, max: Tick| {
            since.is_some_and(|since| self.clock.get().saturating_sub(since) > max)
        };
        longer(self.blocked_since.get(), timeouts.answer_stall)
            || longer(self.unread_since.get(), timeouts.answer)
            || self.flows.borrow().iter().any(|flow| {
                let offered = flow.offered.get();
                longer(offered, timeouts.answer_stall)
                    || longer(offered, 1) && longer(Some(flow.since), timeouts.answer)
            })
            || self.in_flight.get() == 0
                && if !self.has_asked.get() {
                    longer(Some(self.idle_since.get()), timeouts.first_request)
                } else {
                    longer(self.headers_since.get(), timeouts.headers)
                        || longer(Some(self.idle_since.get()), timeouts.keep_alive)
                }
    }
}

/// The response of an HTTP/2 stream.
#[derive(Debug)]
pub struct Flow {
    since: Tick,
    /// Since when a part has been waiting for the client's window; `None` while the
    /// next part is produced.
    offered: Cell<Option<Tick>>,
}

impl Flow {
    /// The part was sent.
    pub fn taken(&self) {
        self.offered.set(None);
    }
}

#[cfg(test)]
mod tests;
