//! Memory of request bodies: bounded for the whole process, and for a client.

use super::ROUTES;
use crate::support::{TestApp, Wire, eventually};

/// Room for two bodies of one client, and for eight in all.
fn narrow() -> TestApp {
    TestApp::with(|settings| {
        let limits = &mut settings.limits;
        limits.body_bytes = 16 * 1024;
        limits.access_check_bytes = 16 * 1024;
        limits.body_memory_bytes = 4 * 2 * 12 * 1024;
        limits.body_stall_seconds = 3600;
        limits.body_seconds = 3600;
    })
}

/// A body of which one byte is kept back.
fn held(app: &TestApp, source: &str) -> Wire {
    let mut wire = Wire::from(source, app.address());
    let route = &ROUTES[0];
    assert!(wire.send(route.head(app, "Content-Length: 12001")));
    assert!(wire.send([b' '; 12_000]));
    wire
}

/// What becomes of a body that somebody reads whole: it is no document.
fn status_for(app: &TestApp, source: &str) -> u16 {
    let mut wire = held(app, source);
    wire.send(" ");
    wire.answer().status
}

/// Two bodies of each of these clients are held, and there is no room for one
/// of another.
fn fill(app: &TestApp, sources: &[&'static str], other: &str) -> Vec<Wire> {
    let twice = sources.iter().chain(sources);
    let mut holding: Vec<_> = twice.map(|source| (*source, held(app, source))).collect();
    eventually("the room is taken", || {
        let status = status_for(app, other);
        let mut are_held = true;
        for (source, wire) in &mut holding {
            // The body of the other was there before it.
            if !wire.is_silent() {
                *wire = held(app, source);
                are_held = false;
            }
        }
        are_held && status == 503
    });
    holding.into_iter().map(|(_, wire)| wire).collect()
}

#[test]
fn a_client_has_a_part_of_the_memory_and_others_have_theirs() {
    let app = narrow();
    let holding = fill(&app, &["127.0.0.1"], "127.0.0.1");
    assert_eq!(status_for(&app, "127.0.0.2"), 400);
    drop(holding);
    eventually("the room is given back", || {
        status_for(&app, "127.0.0.1") == 400
    });
}

#[test]
fn all_bodies_together_have_a_bound() {
    let app = narrow();
    let sources = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"];
    let holding = fill(&app, &sources, "127.0.0.5");
    drop(holding);
    eventually("the room is given back", || {
        status_for(&app, "127.0.0.5") == 400
    });
}

#[test]
fn where_there_is_no_room_each_surface_says_so_and_when_to_try_again() {
    let app = narrow();
    let _holding = fill(&app, &["127.0.0.1"], "127.0.0.1");
    for route in ROUTES {
        let mut wire = Wire::from("127.0.0.1", app.address());
        assert!(wire.send(route.head(&app, "Content-Length: 12000")));
        assert!(wire.send([b' '; 12_000]));
        let answer = wire.answer();
        assert_eq!(answer.status, 503, "{}", route.path);
        assert_eq!(answer.header("retry-after"), Some("1"), "{}", route.path);
        route.is_told(503, &answer.text());
    }
}

#[test]
fn a_sign_in_has_a_small_body() {
    let app = TestApp::with(|settings| settings.limits.sign_in_bytes = 1024);
    let reads_first = |path: &str| matches!(path, "/auth" | "/api/users/token/");
    for route in ROUTES.iter().filter(|route| reads_first(route.path)) {
        let mut wire = Wire::to(app.address());
        assert!(wire.send(route.head(&app, "Content-Length: 1025")));
        assert!(wire.send([b' '; 1025]));
        let answer = wire.answer();
        assert_eq!(answer.status, 413, "{}", route.path);
        route.is_told(413, &answer.text());
    }
}
