//! Addresses at which there is nothing, for people with a browser and for
//! programs.

use crate::support::{Answer, JSON_API, TestApp};

const FIREFOX: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const CHROMIUM: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,\
    image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
const BROWSERS: [&str; 3] = ["text/html", FIREFOX, CHROMIUM];
const PROGRAMS: [&str; 6] = [
    "*/*",
    JSON_API,
    "application/json, text/plain, */*",
    "application/json",
    "text/html, application/vnd.api+json;q=0.1",
    "text/html;q=0, */*",
];
/// Of every depth, and beside addresses of every surface.
const NOTHING: [&str; 6] = [
    "/nothing",
    "/nothing/deeper/?x=%3Cb%3E",
    "/docs/nothing",
    "/api/nothing",
    "/favicon.ico",
    "/users/1/nothing",
];

fn ask(app: &TestApp, method: &str, path: &str, accept: &str) -> Answer {
    let headers = [("accept", accept)];
    app.anonymous().send(method, path, &headers, None)
}

#[test]
fn a_browser_at_the_root_is_led_to_the_reference() {
    let app = TestApp::start();
    for accept in BROWSERS {
        for method in ["GET", "HEAD"] {
            let answer = ask(&app, method, "/", accept).expect(302);
            let reference = app.url("/docs");
            assert_eq!(answer.header("location"), Some(reference.as_str()));
            assert_eq!(answer.header("vary"), Some("Accept"));
        }
    }
    let proxied = TestApp::with(|settings| {
        settings.server.base_url = Some("https://people.example.org/v1".into());
    });
    let answer = ask(&proxied, "GET", "/", FIREFOX).expect(302);
    let reference = "https://people.example.org/v1/docs";
    assert_eq!(answer.header("location"), Some(reference));
}

#[test]
fn a_browser_finds_a_page_where_nothing_is() {
    let app = TestApp::with(|settings| settings.server.project = "people & <roles>".into());
    for path in NOTHING {
        for accept in BROWSERS {
            let page = ask(&app, "GET", path, accept).expect(404);
            let kind = page.header("content-type");
            assert_eq!(kind, Some("text/html; charset=utf-8"), "{path}");
            assert_eq!(page.header("vary"), Some("Accept"));
            assert_eq!(page.header("cache-control"), Some("no-store"));
            assert!(page.header("x-request-id").is_some());
            let policy = page.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none';"), "{policy}");
            let link = format!("<a href=\"{}\">", app.url("/docs"));
            assert!(page.text.contains(&link), "{}", page.text);
            assert!(page.text.contains("people &amp; &lt;roles&gt;"));
            for foreign in ["<script", "<roles>", "<b>"] {
                assert!(!page.text.contains(foreign), "{foreign}");
            }
            assert_eq!(ask(&app, "HEAD", path, accept).expect(404).text, "");
        }
    }
}

#[test]
fn a_program_finds_a_document_where_nothing_is() {
    let app = TestApp::start();
    for path in ["/"].iter().chain(&NOTHING) {
        for accept in PROGRAMS {
            let answer = ask(&app, "GET", path, accept).expect(404);
            assert_eq!(answer.errors()[0]["code"], "not_found", "{path} {accept}");
        }
        let unsaid = app.anonymous().get_with(path, &[]).expect(404);
        assert_eq!(unsaid.header("content-type"), Some(JSON_API), "{path}");
        let changing = ask(&app, "POST", path, FIREFOX).expect(404);
        assert_eq!(changing.header("content-type"), Some(JSON_API), "{path}");
    }
}

#[test]
fn what_is_served_is_the_same_for_a_browser() {
    let app = TestApp::start();
    let admin = app.admin();
    for (path, status) in [("/users", 200), ("/users/1", 200), ("/users/99", 404)] {
        let answer = admin.get_with(path, &[("accept", FIREFOX)]).expect(status);
        assert_eq!(answer.header("content-type"), Some(JSON_API), "{path}");
        admin.get_with(path, &[("accept", "text/html")]).expect(406);
    }
}
