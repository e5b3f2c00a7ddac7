//! `Strict-Transport-Security` (RFC 6797): browsers that came by HTTPS once come
//! by nothing else. The service's own TLS is in `tls`.

use crate::support::{Answer, TestApp};

const BY_HTTPS: (&str, &str) = ("x-forwarded-proto", "https");

fn behind_a_proxy(seconds: Option<u64>) -> TestApp {
    TestApp::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        if let Some(seconds) = seconds {
            settings.server.hsts_seconds = seconds;
        }
    })
}

fn said(answer: &Answer) -> Option<&str> {
    answer.header("strict-transport-security")
}

#[test]
fn every_answer_by_https_says_so_refusals_too() {
    let app = behind_a_proxy(None);
    let (admin, anonymous) = (app.admin(), app.anonymous());
    let long = "x".repeat(100_000);
    for answer in [
        admin.get_with("/users", &[BY_HTTPS]).expect(200),
        admin.get_with("/nothing", &[BY_HTTPS]).expect(404),
        admin.get_with("/api/user", &[BY_HTTPS]).expect(200),
        admin.get_with("/api/admin/users", &[BY_HTTPS]).expect(301),
        admin.get_with("/docs", &[BY_HTTPS]).expect(200),
        anonymous.get_with("/health", &[BY_HTTPS]).expect(200),
        anonymous.get_with("/users", &[BY_HTTPS]).expect(401),
        anonymous
            .send("POST", "/users", &[BY_HTTPS, ("origin", "null")], None)
            .expect(403),
        anonymous
            .get_with("/users", &[BY_HTTPS, ("x-long", &long)])
            .expect(431),
    ] {
        assert_eq!(said(&answer), Some("max-age=31536000"), "{}", answer.text);
    }
}

#[test]
fn by_plain_http_nothing_is_said() {
    let app = behind_a_proxy(None);
    for headers in [&[][..], &[("x-forwarded-proto", "http")]] {
        let answer = app.admin().get_with("/users", headers).expect(200);
        assert_eq!(said(&answer), None);
    }
    let alone = TestApp::start();
    let answer = alone.admin().get_with("/users", &[BY_HTTPS]).expect(200);
    assert_eq!(said(&answer), None, "a stranger claimed HTTPS");
}

#[test]
fn the_setting_tells_for_how_long() {
    for (seconds, expected) in [(600, Some("max-age=600")), (0, None)] {
        let app = behind_a_proxy(Some(seconds));
        let answer = app.admin().get_with("/users", &[BY_HTTPS]).expect(200);
        assert_eq!(said(&answer), expected);
    }
}
