//! What browsers and proxies may keep: nothing that is about people.

use rolecall::api::endpoints;

use crate::support::{ADMIN_PASSWORD, TestApp, a_partner, a_user};

const PUBLIC: [&str; 3] = ["/.well-known/jwks.json", "/openapi.json", "/docs"];

/// Every address that shows something.
fn addresses() -> Vec<String> {
    let native = endpoints().into_iter();
    let mut all: Vec<_> = native
        .filter(|endpoint| endpoint.methods.contains(&"GET"))
        .map(|endpoint| endpoint.path.replace("{id}", "1"))
        .filter(|path| !PUBLIC.contains(&path.as_str()))
        .collect();
    let others = [
        "/health",
        "/health/live",
        "/health/ready",
        "/api",
        "/api/user",
        "/api/user/admin",
        "/api/role",
        "/api/role/admin",
        "/api/admin/users/",
        "/api/admin/users",
        "/api/admin/users/1/",
        "/api/id-management/users/?portal=CLUSTER",
        "/api/id-management/partners/1/",
        "/api/id-management/assignable-partners/",
        "/nothing",
    ];
    all.extend(others.map(Into::into));
    all
}

#[test]
fn no_answer_about_people_is_kept_by_a_cache() {
    let app = TestApp::start();
    a_partner().create(&app);
    a_user().deleted(&app);
    for path in addresses() {
        for client in [app.admin(), app.anonymous()] {
            for method in ["GET", "HEAD"] {
                let answer = client.send(method, &path, &[], None);
                let said = answer.headers("cache-control");
                assert_eq!(said, ["no-store"], "{method} {path}: {}", answer.status);
            }
        }
    }
}

#[test]
fn no_answer_to_a_change_is_kept_by_a_cache() {
    let app = TestApp::start();
    let admin = app.basic("admin", ADMIN_PASSWORD);
    for (method, path, kind, body) in [
        ("POST", "/access-checks", "application/json", "{}"),
        ("POST", "/operations", "application/json", "{}"),
        (
            "PUT",
            "/api/user/calvin",
            "application/json",
            r#"{"password":"tulip-1637"}"#,
        ),
        ("POST", "/api/user/calvin", "application/json", "{}"),
        ("DELETE", "/api/user/calvin", "application/json", ""),
        ("PUT", "/users", "application/json", "{}"),
        (
            "POST",
            "/api/id-management/partners/",
            "application/json",
            r#"{"title":"T"}"#,
        ),
        ("POST", "/api/admin/users/", "application/json", "{}"),
        ("OPTIONS", "/api/admin/users/", "application/json", ""),
        (
            "OPTIONS",
            "/api/id-management/partners/",
            "application/json",
            "",
        ),
        ("OPTIONS", "/api/user", "application/json", ""),
    ] {
        let headers = [("content-type", kind)];
        let answer = admin.send(method, path, &headers, Some(body.as_bytes()));
        let said = answer.headers("cache-control");
        assert_eq!(said, ["no-store"], "{method} {path}: {}", answer.status);
    }
}

#[test]
fn what_everybody_may_read_may_be_kept() {
    let app = TestApp::start();
    for path in PUBLIC {
        let answer = app.anonymous().get_with(path, &[]).expect(200);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    }
}

#[test]
fn a_client_that_keeps_an_etag_by_itself_can_ask_with_it() {
    let app = TestApp::start();
    let read = app.admin().get("/users/1").expect(200);
    let tag = read.header("etag").unwrap();
    let again = app.admin().get_with("/users/1", &[("if-none-match", tag)]);
    let again = again.expect(304);
    assert_eq!(again.header("cache-control"), Some("no-store"));
    assert_eq!(again.header("etag"), Some(tag));
}
