//! No browser guesses what an answer is: every one says that it must not.

use rolecall::api::endpoints;

use crate::support::{Answer, JSON_API, TestApp, a_user};

#[track_caller]
fn says_nosniff(answer: &Answer, what: &str) {
    let values = answer.headers("x-content-type-options");
    assert_eq!(values, ["nosniff"], "{what}: {}", answer.status);
}

#[test]
fn every_answer_says_nosniff() {
    let app = TestApp::with(|settings| {
        settings.server.cors_origins = vec!["https://page.example".into()];
    });
    a_user().create(&app);
    let mut paths: Vec<String> = endpoints()
        .iter()
        .map(|endpoint| endpoint.path.replace("{id}", "1"))
        .collect();
    paths.extend(
        [
            "/",
            "/health",
            "/docs",
            "/openapi.json",
            "/.well-known/jwks.json",
            "/home",
            "/nothing",
            "/users/",
            "/users/999",
            "/users?page=99",
            "/users?x=1",
            "/api",
            "/api/user",
            "/api/role",
            "/api/nothing",
            "/api/admin/users",
            "/api/admin/users/",
            "/api/admin/users/999",
            "/api/id-management/users/",
            "/api/id-management/nothing/",
        ]
        .map(str::to_owned),
    );
    let accepted: [&[(&str, &str)]; 2] = [&[], &[("accept", "text/html")]];
    for path in &paths {
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
        ] {
            for headers in accepted {
                let what = format!("{method} {path} {headers:?}");
                let answer = app.anonymous().send(method, path, headers, None);
                says_nosniff(&answer, &what);
            }
        }
        for headers in accepted {
            let answer = app.admin().send("GET", path, headers, None);
            says_nosniff(&answer, path);
        }
    }
}

#[test]
fn answers_without_a_body_and_those_to_pages_say_it_too() {
    let app = TestApp::with(|settings| {
        settings.server.cors_origins = vec!["https://page.example".into()];
        settings.limits.header_bytes = 4096;
    });
    let user = a_user().create(&app);
    let tag = app.admin().get(&user.path()).expect(200);
    let tag = tag.header("etag").unwrap().to_owned();
    let same = app
        .admin()
        .get_with(&user.path(), &[("if-none-match", &tag)]);
    says_nosniff(&same.expect(304), "304");
    let long = "x".repeat(8000);
    let refused = app.admin().get_with("/users", &[("x-long", &long)]);
    says_nosniff(&refused.expect(431), "431");
    for origin in ["https://page.example", "https://evil.example"] {
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
        ];
        says_nosniff(
            &app.anonymous().send("OPTIONS", "/users", &asked, None),
            origin,
        );
        let headers = [("origin", origin), ("content-type", JSON_API)];
        says_nosniff(
            &app.admin().send("POST", "/users", &headers, Some(b"{}")),
            origin,
        );
    }
    says_nosniff(&app.admin().delete(&user.path()).expect(204), "204");
}
