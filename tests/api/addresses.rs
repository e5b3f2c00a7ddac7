//! The public address in links: from the request, from trusted proxies, or configured.

use crate::support::TestApp;

fn self_link(app: &TestApp, headers: &[(&str, &str)]) -> String {
    let answer = app.admin().get_with("/users/1", headers).expect(200).json();
    answer["data"]["links"]["self"].as_str().unwrap().to_owned()
}

const FORWARDED: &[(&str, &str)] = &[
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "people.example.com"),
];

#[test]
fn links_begin_with_the_host_that_was_asked() {
    let app = TestApp::start();
    assert_eq!(self_link(&app, &[]), app.url("/users/1"));
    assert_eq!(
        self_link(&app, &[("host", "example.com")]),
        "http://example.com/users/1"
    );
}

#[test]
fn forwarded_headers_of_strangers_are_not_believed() {
    let app = TestApp::start();
    assert_eq!(self_link(&app, FORWARDED), app.url("/users/1"));
}

#[test]
fn forwarded_headers_of_trusted_proxies_are_believed() {
    let app = TestApp::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    assert_eq!(
        self_link(&app, FORWARDED),
        "https://people.example.com/users/1"
    );
}

#[test]
fn a_configured_address_wins_over_everything() {
    let app = TestApp::with(|settings| {
        settings.server.base_url = Some("https://directory.example.org/v1".into());
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    assert_eq!(
        self_link(&app, FORWARDED),
        "https://directory.example.org/v1/users/1"
    );
}

#[test]
fn a_host_that_could_break_out_of_a_link_is_refused() {
    let app = TestApp::start();
    let answer = app
        .admin()
        .get_with("/users", &[("host", "a\"b")])
        .expect(400);
    assert_eq!(answer.errors()[0]["source"]["header"], "Host");
}
