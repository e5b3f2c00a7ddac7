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
fn of_several_forwarded_entries_the_last_is_the_proxy_s_own() {
    let app = TestApp::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let expected = "https://people.example.com/users/1";
    let hosts = "x-forwarded-host";
    let schemes = "x-forwarded-proto";
    for headers in [
        // The client's, then what a proxy saw and appended.
        &[
            (hosts, "evil.example, people.example.com"),
            (schemes, "http, https"),
        ][..],
        &[
            (hosts, "a\"b,evil.example ,people.example.com"),
            (schemes, "gopher,http,https"),
        ],
        // Several proxies, each of which appends what the client saw.
        &[
            ("x-forwarded-for", "203.0.113.7, 127.0.0.2"),
            (
                hosts,
                "evil.example, people.example.com, people.example.com",
            ),
            (schemes, "http, https, https"),
        ],
        // One that adds a line, instead of appending to the client's.
        &[
            (hosts, "evil.example"),
            (hosts, "people.example.com"),
            (schemes, "http"),
            (schemes, "https"),
        ],
    ] {
        assert_eq!(self_link(&app, headers), expected, "{headers:?}");
    }
    let headers = [(hosts, "people.example.com"), (schemes, "https, http")];
    assert_eq!(
        self_link(&app, &headers),
        "http://people.example.com/users/1"
    );
}

#[test]
fn a_forwarded_host_that_could_break_out_of_a_link_is_refused() {
    let app = TestApp::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    for host in ["people.example.com, a\"b", "people.example.com,", "a/b"] {
        let headers = [("x-forwarded-host", host)];
        app.admin().get_with("/users", &headers).expect(400);
    }
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
