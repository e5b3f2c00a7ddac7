//! Browser apps of other origins (CORS, the Fetch standard).

use crate::support::TestApp;

const ORIGIN: &str = "http://127.0.0.1:8000";

fn app_for_browsers() -> TestApp {
    TestApp::with(|settings| settings.server.cors_origins = vec![ORIGIN.into()])
}

#[test]
fn a_preflight_needs_no_credentials_and_names_what_is_allowed() {
    let app = app_for_browsers();
    let headers = [
        ("origin", ORIGIN),
        ("access-control-request-method", "PATCH"),
        (
            "access-control-request-headers",
            "authorization,content-type,accept",
        ),
    ];
    let answer = app
        .anonymous()
        .send("OPTIONS", "/users/1", &headers, None)
        .expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    let methods = answer.header("access-control-allow-methods").unwrap();
    assert!(
        methods.contains("PATCH") && methods.contains("DELETE"),
        "{methods}"
    );
}

#[test]
fn answers_and_refusals_can_be_read_by_the_page() {
    let app = app_for_browsers();
    let headers = [("origin", ORIGIN), ("accept", "application/vnd.api+json")];
    let answer = app.admin().get_with("/users", &headers).expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    let refused = app.anonymous().get_with("/users", &headers).expect(401);
    assert_eq!(refused.header("access-control-allow-origin"), Some(ORIGIN));
}

#[test]
fn other_origins_get_nothing_to_read() {
    let app = app_for_browsers();
    let headers = [("origin", "http://evil.example")];
    let answer = app.admin().get_with("/users", &headers);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[test]
fn without_the_setting_there_is_no_cors_at_all() {
    let app = TestApp::start();
    let answer = app
        .admin()
        .get_with("/users", &[("origin", ORIGIN)])
        .expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}
