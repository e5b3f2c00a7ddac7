//! Bodies that stall or drip: 408 where somebody reads them, and a close
//! everywhere.

use std::time::Duration;

use super::{ROUTES, Route, hasty};
use crate::support::{TestApp, Wire};

const CHUNKED: &str = "Transfer-Encoding: chunked";

#[test]
fn a_body_that_stalls_is_408_in_the_form_of_each_surface() {
    let app = TestApp::with(hasty);
    let stalled = |framing: &str, begin: &str| {
        let begun = ROUTES.iter().map(|route| {
            let mut wire = Wire::to(app.address());
            assert!(wire.send(route.head(&app, framing) + begin));
            (route, wire)
        });
        // All of them wait at the same time.
        for (route, wire) in begun.collect::<Vec<_>>() {
            let answer = wire.last_answer();
            assert_eq!(answer.status, 408, "{} {framing}", route.path);
            route.is_told(408, &answer.text());
        }
    };
    stalled("Content-Length: 100", "");
    stalled("Content-Length: 100", "{\"data");
    stalled(CHUNKED, "");
    stalled(CHUNKED, "4\r\n{\"da\r\n");
}

#[test]
fn a_body_that_drips_is_408_as_well() {
    let app = TestApp::with(hasty);
    let drips = &|route: &Route, framing: &str, drop: &str| {
        let mut wire = Wire::to(app.address());
        assert!(wire.send(route.head(&app, framing)));
        let mut drops = 0;
        // Often enough that it never stalls.
        while drops < 1000 && wire.send(drop) {
            std::thread::sleep(Duration::from_millis(50));
            drops += 1;
        }
        assert!(drops < 1000, "it went on and on");
        assert_eq!(wire.last_answer().status, 408, "{} {framing}", route.path);
    };
    let framings = [("Content-Length: 10000", " "), (CHUNKED, "1\r\n \r\n")];
    std::thread::scope(|scope| {
        for route in ROUTES {
            for (framing, drop) in framings {
                scope.spawn(move || drips(route, framing, drop));
            }
        }
    });
}

#[test]
fn a_body_that_nobody_reads_does_not_hold_its_connection() {
    let app = TestApp::with(hasty);
    let token = app.admin_token();
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let asked = [
        ("POST /nowhere", bearer.as_str(), 404),
        ("POST /api/nowhere", &bearer, 404),
        ("POST /api/user/nobody/nothing", &bearer, 404),
        ("POST /api/id-management/nothing", &bearer, 404),
        ("POST /api/users/nothing", &bearer, 404),
        ("GET /users", &bearer, 200),
        ("DELETE /health", "", 405),
        ("PUT /users", &bearer, 405),
        ("POST /users", "", 401),
        ("POST /users", "Authorization: Bearer wrong\r\n", 401),
        ("PUT /api/user/calvin", "", 401),
        ("POST /api/admin/users/", "", 401),
        ("POST /api/id-management/partners/", "", 401),
    ];
    let kind = "Content-Type: application/vnd.api+json\r\n";
    let begun = asked.iter().flat_map(|(line, headers, status)| {
        ["Content-Length: 100000", CHUNKED].map(|framing| {
            let mut wire = Wire::to(app.address());
            let head =
                format!("{line} HTTP/1.1\r\nHost: rolecall\r\n{headers}{kind}{framing}\r\n\r\n");
            assert!(wire.send(head));
            (line, status, framing, wire)
        })
    });
    for (line, status, framing, wire) in begun.collect::<Vec<_>>() {
        // Answered although the body never comes, and closed.
        assert_eq!(wire.last_answer().status, *status, "{line} {framing}");
    }
}

#[test]
fn headers_that_stall_end_every_request_of_a_connection() {
    let app = TestApp::with(|settings| {
        hasty(settings);
        settings.limits.keep_alive_seconds = 3600;
    });
    let mut first = Wire::to(app.address());
    assert!(first.send("GET /health HTTP/1.1\r\nHost:"));
    assert_eq!(first.last_answer().status, 408);
    let mut later = Wire::to(app.address());
    assert!(later.send("GET /health HTTP/1.1\r\nHost: rolecall\r\n\r\n"));
    assert_eq!(later.answer().status, 200);
    assert!(later.send("GET /health HTTP/1.1\r\nHost:"));
    assert_eq!(later.rest(), b"");
}

#[test]
fn a_slow_body_is_taken_within_its_time() {
    let app = TestApp::start();
    let mut wire = Wire::to(app.address());
    let body = r#"{"data":{"type":"users","id":"1","attributes":{"position":"Clerk"}}}"#;
    let (one, other) = body.split_at(10);
    let route = &ROUTES[1];
    assert!(wire.send(route.head(&app, &format!("Content-Length: {}", body.len()))));
    for part in [one, other] {
        std::thread::sleep(Duration::from_millis(100));
        assert!(wire.send(part));
    }
    assert_eq!(wire.answer().status, 200);
    // And the connection serves on.
    assert!(wire.send("GET /health HTTP/1.1\r\nHost: rolecall\r\n\r\n"));
    assert_eq!(wire.answer().status, 200);
}
