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
    let activity = Activity::new(permit, clock.clone(), Timeouts::of(&limits));
    Watched { clock, activity }
}

impl Watched {
    fn pass(&self, seconds: u32) {
        self.clock
            .set(self.clock.get() + seconds * TICKS_PER_SECOND);
    }

    /// Asserts that it times out after this many seconds, and not before.
    #[track_caller]
    fn lasts(&self, seconds: u32) {
        self.pass(seconds);
        assert!(!self.activity.is_overdue(), "too early");
        self.pass(2);
        assert!(self.activity.is_overdue(), "too late");
    }
}

#[test]
fn a_connection_without_a_request_times_out() {
    watched().lasts(3);
    let watched = watched();
    watched.activity.received(1);
    watched.lasts(3);
}

#[test]
fn an_idle_connection_times_out_after_keep_alive() {
    let watched = watched();
    watched.activity.begin_request();
    watched.pass(100);
    assert!(!watched.activity.is_overdue(), "the server is slow");
    watched.activity.end_request();
    watched.lasts(5);
}

#[test]
fn headers_of_later_requests_have_a_timeout() {
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
fn frames_without_a_request_do_not_keep_a_connection() {
    let watched = watched();
    watched.activity.set_http2();
    watched.activity.begin_request();
    watched.activity.end_request();
    for _ in 0..5 {
        watched.pass(1);
        watched.activity.received(1);
    }
    watched.lasts(0);
}

#[test]
fn unparsed_bytes_have_a_limit() {
    let watched = watched();
    watched.activity.set_http2();
    for _ in 0..100 {
        watched.activity.received(64 * 1024);
        watched.activity.begin_request();
        watched.activity.received(STREAM_WINDOW as usize);
        watched.activity.parsed(STREAM_WINDOW as usize);
    }
    assert!(!watched.activity.is_expired());
    watched.activity.received(MAX_UNPARSED + 1);
    assert!(watched.activity.is_expired());
}

#[test]
fn a_client_that_reads_nothing_times_out_before_a_slow_one() {
    let watched = watched();
    watched.activity.begin_request();
    watched.activity.blocked();
    watched.pass(3);
    watched.activity.sent();
    watched.activity.blocked();
    watched.lasts(3);
}

#[test]
fn a_slow_client_times_out() {
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
fn a_client_that_has_read_everything_starts_over() {
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
fn a_closed_window_times_out() {
    let watched = watched();
    watched.activity.set_http2();
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
fn a_window_that_opens_slowly_times_out() {
    let watched = watched();
    watched.activity.set_http2();
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
