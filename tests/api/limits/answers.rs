//! Answers that nobody reads: the connection ends, and what it held is free.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};

use super::{hasty, is_healthy_for};
use crate::support::{TestApp, Wire, eventually};

const SOURCE: &str = "127.0.0.1";

/// An answer that no kernel keeps.
fn large(config: &mut ServiceConfig) {
    let answer = || async { HttpResponse::Ok().body(vec![b'x'; 64 * 1024 * 1024]) };
    config.route("/large", web::get().to(answer));
}

fn impatient() -> TestApp {
    let change = |settings: &mut rolecall::config::Settings| {
        hasty(settings);
        // While it is held nobody else comes in.
        settings.limits.connections_per_address = 1;
    };
    TestApp::with_routes(change, large)
}

#[track_caller]
fn lets_others_in(app: &TestApp) {
    eventually("the connection is given back", || {
        is_healthy_for(SOURCE, app.address())
    });
}

#[test]
fn a_client_that_reads_nothing_is_let_go() {
    let app = impatient();
    let mut wire = Wire::from(SOURCE, app.address());
    assert!(wire.send("GET /large HTTP/1.1\r\nHost: rolecall\r\n\r\n"));
    lets_others_in(&app);
    drop(wire);
}

#[test]
fn a_client_that_asks_on_and_on_and_reads_nothing_is_let_go() {
    let app = impatient();
    let request = "GET /home HTTP/1.1\r\nHost: rolecall\r\n\r\n".repeat(100);
    let wire = Wire::from(SOURCE, app.address());
    wire.floods_until_closed(request.as_bytes());
    lets_others_in(&app);
}

#[test]
fn a_client_that_reads_a_little_now_and_then_is_let_go_too() {
    let app = impatient();
    let mut wire = Wire::from(SOURCE, app.address());
    assert!(wire.send("GET /large HTTP/1.1\r\nHost: rolecall\r\n\r\n"));
    let mut read = 0;
    // 64 MiB would last for ages at this rate.
    while wire.read_exact(32 * 1024).is_ok() {
        read += 1;
        assert!(read < 5000, "it went on and on");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    lets_others_in(&app);
}

#[test]
fn a_client_that_reads_gets_all_of_it() {
    let app = impatient();
    let mut wire = Wire::from(SOURCE, app.address());
    assert!(wire.send("GET /large HTTP/1.1\r\nHost: rolecall\r\nConnection: close\r\n\r\n"));
    assert_eq!(wire.last_answer().body.len(), 64 * 1024 * 1024);
}
