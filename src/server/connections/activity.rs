//! What one connection does, and whether its client takes too long.
//!
//! Times are ticks: how often the sweeper of this worker has looked. A worker
//! that is held up does not count that time against its clients.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Waker};

use super::clients::ConnectionPermit;
use super::{CONNECTION_WINDOW, STREAM_WINDOW};
use crate::config::Limits;

pub const TICKS_PER_SECOND: u32 = 2;

pub type Tick = u32;

/// HTTP/2: headers of a request, and a window of its body that nobody reads.
const PARSED_PER_REQUEST: usize = 64 * 1024 + STREAM_WINDOW as usize;
/// HTTP/2: a full window, and frames about the connection.
const MOST_UNPARSED: usize = 256 * 1024 + CONNECTION_WINDOW as usize;

/// How many ticks a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the connection to the end of the first request's headers.
    first_request: Tick,
    headers: Tick,
    keep_alive: Tick,
    answer_stall: Tick,
    answer: Tick,
}

impl Patience {
    pub fn of(limits: &Limits) -> Self {
        // The framework tells a client 408, where it can, within the second.
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

/// At least this long: the tick that has begun does not count.
fn ticks(seconds: u64) -> Tick {
    let seconds = Tick::try_from(seconds).unwrap_or(Tick::MAX);
    seconds.saturating_mul(TICKS_PER_SECOND).saturating_add(1)
}

/// One connection; its stream, its requests and the sweeper share it.
#[derive(Debug)]
pub struct Activity {
    pub permit: ConnectionPermit,
    clock: Rc<Cell<Tick>>,
    patience: Patience,
    is_http2: Cell<bool>,
    /// Since when the client has had nothing to wait for.
    idle_since: Cell<Tick>,
    has_asked: Cell<bool>,
    /// Requests whose answers are not complete.
    in_flight: Cell<usize>,
    /// HTTP/1: since when headers have been arriving.
    headers_since: Cell<Option<Tick>>,
    /// Since when the client has read nothing.
    blocked_since: Cell<Option<Tick>>,
    /// Since when something has been waiting to be read.
    behind_since: Cell<Option<Tick>>,
    /// HTTP/2: bytes that came and are not of a body that somebody has read, or
    /// of the headers of a request.
    unparsed: Cell<usize>,
    /// HTTP/2: answers in parts.
    flows: RefCell<Vec<Rc<Flow>>>,
    is_expired: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Activity {
    pub fn new(permit: ConnectionPermit, clock: Rc<Cell<Tick>>, patience: Patience) -> Rc<Self> {
        Rc::new(Self {
            permit,
            patience,
            is_http2: Cell::new(false),
            idle_since: Cell::new(clock.get()),
            has_asked: Cell::new(false),
            in_flight: Cell::new(0),
            headers_since: Cell::new(None),
            blocked_since: Cell::new(None),
            behind_since: Cell::new(None),
            unparsed: Cell::new(0),
            flows: RefCell::default(),
            is_expired: Cell::new(false),
            waker: RefCell::default(),
            clock,
        })
    }

    pub fn speaks_http2(&self) {
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

    /// Bytes came. HTTP/2 collects the frames of headers in memory up to limits
    /// of its own, which are far above ours: there the connection ends.
    pub fn received(&self, bytes: usize) {
        if self.is_http2.get() {
            let unparsed = self.unparsed.get().saturating_add(bytes);
            self.unparsed.set(unparsed);
            if unparsed > MOST_UNPARSED {
                self.is_expired.set(true);
            }
        } else if self.in_flight.get() == 0 && self.headers_since.get().is_none() {
            self.headers_since.set(Some(self.clock.get()));
        }
    }

    /// So many of the bytes that came were read as what they are.
    pub fn parsed(&self, bytes: usize) {
        self.unparsed.set(self.unparsed.get().saturating_sub(bytes));
    }

    /// Bytes were taken.
    pub fn sent(&self) {
        if self.blocked_since.get().is_some() {
            self.blocked_since.set(None);
        }
    }

    /// The client takes no more bytes for now.
    pub fn blocked(&self) {
        let now = Some(self.clock.get());
        self.blocked_since.set(self.blocked_since.get().or(now));
        self.behind_since.set(self.behind_since.get().or(now));
    }

    /// All bytes were taken.
    pub fn flushed(&self) {
        if self.behind_since.get().is_some() {
            self.behind_since.set(None);
        }
    }

    /// The answer of one stream of HTTP/2, which has a window of its own.
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

    /// More of this answer is ready: it is the client's turn to take it.
    pub fn offered(&self, flow: &Flow) {
        flow.offered.set(Some(self.clock.get()));
    }

    pub fn end_flow(&self, flow: &Rc<Flow>) {
        self.flows
            .borrow_mut()
            .retain(|other| !Rc::ptr_eq(other, flow));
    }

    /// Who is woken when the connection expires.
    pub fn waits(&self, context: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        match waker.as_ref() {
            Some(known) if known.will_wake(context.waker()) => {}
            _ => *waker = Some(context.waker().clone()),
        }
    }

    pub fn is_expired(&self) -> bool {
        self.is_expired.get()
    }

    /// Whether bytes wait for a client that does not take them.
    pub fn is_behind(&self) -> bool {
        self.behind_since.get().is_some()
    }

    /// Ends the connection when its client has taken too long.
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
        let patience = &self.patience;
        let longer = |since: Option<Tick>, most: Tick| {
            since.is_some_and(|since| self.clock.get().saturating_sub(since) > most)
        };
        longer(self.blocked_since.get(), patience.answer_stall)
            || longer(self.behind_since.get(), patience.answer)
            || self.flows.borrow().iter().any(|flow| {
                let offered = flow.offered.get();
                longer(offered, patience.answer_stall)
                    || longer(offered, 1) && longer(Some(flow.since), patience.answer)
            })
            || self.in_flight.get() == 0
                && if !self.has_asked.get() {
                    longer(Some(self.idle_since.get()), patience.first_request)
                } else {
                    longer(self.headers_since.get(), patience.headers)
                        || longer(Some(self.idle_since.get()), patience.keep_alive)
                }
    }
}

/// The answer of one stream of HTTP/2.
#[derive(Debug)]
pub struct Flow {
    since: Tick,
    /// Since when a part of it has been waiting for the client's window; none
    /// while we are making the next part.
    offered: Cell<Option<Tick>>,
}

impl Flow {
    /// The part was taken.
    pub fn taken(&self) {
        self.offered.set(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::connections::clients::Clients;

    struct Watched {
        clock: Rc<Cell<Tick>>,
        activity: Rc<Activity>,
    }

    fn watched() -> Watched {
        let limits = Limits {
            header_seconds: 2,
            handshake_seconds: 1,
            keep_alive_seconds: 5,
            answer_stall_seconds: 3,
            answer_seconds: 20,
            ..Limits::default()
        };
        let clients = Clients::new(1, Vec::new());
        let permit = clients.connect("192.0.2.1".parse().unwrap()).unwrap();
        let clock = Rc::new(Cell::new(0));
        let activity = Activity::new(permit, clock.clone(), Patience::of(&limits));
        Watched { clock, activity }
    }

    impl Watched {
        fn pass(&self, seconds: u32) {
            self.clock
                .set(self.clock.get() + seconds * TICKS_PER_SECOND);
        }

        /// Whether it is left alone for so many seconds, and not for two more.
        #[track_caller]
        fn lasts(&self, seconds: u32) {
            self.pass(seconds);
            assert!(!self.activity.is_overdue(), "too early");
            self.pass(2);
            assert!(self.activity.is_overdue(), "too late");
        }
    }

    #[test]
    fn who_never_asks_has_the_time_of_a_handshake_and_of_headers() {
        watched().lasts(3);
        let watched = watched();
        watched.activity.received(1);
        watched.lasts(3);
    }

    #[test]
    fn an_idle_connection_is_kept_for_a_while() {
        let watched = watched();
        watched.activity.begin_request();
        watched.pass(100);
        assert!(!watched.activity.is_overdue(), "it is our turn");
        watched.activity.end_request();
        watched.lasts(5);
    }

    #[test]
    fn later_headers_have_their_time_too() {
        let watched = watched();
        watched.activity.begin_request();
        watched.activity.received(1);
        watched.activity.end_request();
        watched.pass(3);
        watched.activity.received(1);
        watched.pass(1);
        watched.activity.received(1);
        watched.lasts(1);
    }

    #[test]
    fn frames_alone_do_not_keep_a_connection() {
        let watched = watched();
        watched.activity.speaks_http2();
        watched.activity.begin_request();
        watched.activity.end_request();
        for _ in 0..5 {
            watched.pass(1);
            watched.activity.received(1);
        }
        watched.lasts(0);
    }

    #[test]
    fn what_is_no_request_and_no_body_has_a_bound() {
        let watched = watched();
        watched.activity.speaks_http2();
        for _ in 0..100 {
            watched.activity.received(64 * 1024);
            watched.activity.begin_request();
            watched.activity.received(STREAM_WINDOW as usize);
            watched.activity.parsed(STREAM_WINDOW as usize);
        }
        assert!(!watched.activity.is_expired());
        watched.activity.received(MOST_UNPARSED + 1);
        assert!(watched.activity.is_expired());
    }

    #[test]
    fn who_reads_nothing_is_let_go_and_who_reads_slowly_is_not_at_once() {
        let watched = watched();
        watched.activity.begin_request();
        watched.activity.blocked();
        watched.pass(3);
        watched.activity.sent();
        watched.activity.blocked();
        watched.lasts(3);
    }

    #[test]
    fn who_reads_slowly_has_an_end_as_well() {
        let watched = watched();
        watched.activity.begin_request();
        for _ in 0..20 {
            watched.activity.sent();
            watched.activity.blocked();
            assert!(!watched.activity.is_overdue());
            watched.pass(1);
        }
        watched.activity.sent();
        watched.lasts(0);
    }

    #[test]
    fn who_has_read_everything_begins_anew() {
        let watched = watched();
        watched.activity.begin_request();
        watched.activity.blocked();
        watched.pass(3);
        watched.activity.sent();
        watched.activity.flushed();
        watched.pass(100);
        assert!(!watched.activity.is_overdue());
    }

    #[test]
    fn a_window_that_stays_shut_ends_the_connection() {
        let watched = watched();
        watched.activity.speaks_http2();
        watched.activity.begin_request();
        let flow = watched.activity.flow().unwrap();
        watched.pass(10);
        assert!(!watched.activity.is_overdue(), "nothing was offered");
        watched.activity.offered(&flow);
        watched.lasts(3);
        watched.activity.end_flow(&flow);
        assert!(!watched.activity.is_overdue());
    }

    #[test]
    fn a_window_that_opens_a_little_has_an_end_as_well() {
        let watched = watched();
        watched.activity.speaks_http2();
        watched.activity.begin_request();
        let flow = watched.activity.flow().unwrap();
        for _ in 0..10 {
            watched.activity.offered(&flow);
            watched.pass(2);
            assert!(!watched.activity.is_overdue());
            flow.taken();
        }
        watched.activity.offered(&flow);
        watched.lasts(0);
    }
}
