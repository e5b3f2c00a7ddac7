//! Who is let in, and what is said to those who are not.

use serde_json::json;

use crate::openl2m::{TOKEN, USERS, get, user};
use crate::support::raw::exchange;
use crate::support::{ADMIN_PASSWORD, Answer, TestApp, a_role, a_user};

#[track_caller]
fn with(app: &TestApp, header: &str) -> Answer {
    app.anonymous()
        .send("GET", &user(1), &[("authorization", header)], None)
}

#[track_caller]
fn denied(answer: Answer, detail: &str) {
    let answer = answer.expect(401);
    assert_eq!(answer.json(), json!({"detail": detail}));
    assert_eq!(answer.headers("www-authenticate"), ["Token"]);
}

#[test]
fn each_way_to_be_unknown_has_its_text() {
    let app = TestApp::start();
    let missing = "Authentication credentials were not provided.";
    denied(get(&app.anonymous(), USERS), missing);
    for (header, detail) in [
        ("Digest x", missing),
        ("Token nonsense", "Invalid token"),
        ("Bearer a.b.c", "Invalid token"),
        ("Token", "Invalid token header. No credentials provided."),
        ("token ", "Invalid token header. No credentials provided."),
        (
            "Token a b",
            "Invalid token header. Token string should not contain spaces.",
        ),
        ("Basic nonsense", "Invalid username/password."),
        ("Basic YWRtaW46d3Jvbmc=", "Invalid username/password."),
    ] {
        denied(with(&app, header), detail);
    }
}

#[test]
fn a_header_that_is_no_text_is_told_so() {
    let app = TestApp::start();
    let mut request =
        format!("GET {USERS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n").into_bytes();
    request.extend_from_slice(b"Authorization: Token \xff\xfe\r\n\r\n");
    let answer = exchange(&app, &request);
    assert_eq!(answer.status, 401);
    let detail = "Invalid token header. Token string should not contain invalid characters.";
    assert!(answer.text().contains(detail), "{}", answer.text());
}

#[test]
fn tokens_and_passwords_open_whatever_the_case_of_the_scheme() {
    let app = TestApp::start();
    for scheme in ["Token", "token", "TOKEN", "Bearer"] {
        with(&app, &format!("{scheme} {}", app.admin_token())).expect(200);
    }
    let admin = a_user().with_password().administrator().create(&app);
    get(&app.basic(&admin.username, ADMIN_PASSWORD), USERS).expect(200);
}

#[test]
fn only_who_has_the_secret_hears_that_a_token_has_expired_or_its_user_is_inactive() {
    let app = TestApp::start();
    let admin = a_user().administrator().with_password().create(&app);
    let secret = app.token_of(admin.id, None);
    with(&app, &format!("Token {secret}")).expect(200);
    let inactive = json!({"is_active": false});
    crate::openl2m::patch(&app.admin(), &user(admin.id), &inactive).expect(200);
    denied(with(&app, &format!("Token {secret}")), "User inactive");
    denied(with(&app, &format!("Token {secret}x")), "Invalid token");
    // A password tells nothing of the kind.
    denied(
        get(&app.basic(&admin.username, ADMIN_PASSWORD), USERS),
        "Invalid username/password.",
    );
    app.database.execute(&format!(
        "UPDATE tokens SET expires = '2026-01-02T03:04:05+00:00' WHERE user_id = {}",
        admin.id
    ));
    denied(with(&app, &format!("Token {secret}")), "Token expired");
    app.admin().delete(&admin.path()).expect(204);
    denied(with(&app, &format!("Token {secret}")), "Invalid token");
}

#[test]
fn administrators_alone_are_let_in() {
    let app = TestApp::start();
    let role = a_role()
        .permitting(&["users:read", "users:write", "grants:write"])
        .create(&app);
    let manager = a_user().holding(&role).create(&app);
    let staff = a_user().create(&app);
    let body = json!({"is_staff": true});
    crate::openl2m::patch(&app.admin(), &user(staff.id), &body).expect(200);
    let narrow = app.token(&app.token_of(1, Some(&["users:read", "users:write"])));
    let forbidden = json!({"detail": "You do not have permission to perform this action."});
    for client in [manager.client(&app), staff.client(&app), narrow] {
        for (method, path) in [
            ("GET", USERS.to_owned()),
            ("HEAD", USERS.to_owned()),
            ("POST", USERS.to_owned()),
            ("OPTIONS", USERS.to_owned()),
            ("PUT", USERS.to_owned()),
            ("GET", user(1)),
            ("GET", user(4711)),
            ("PATCH", user(manager.id)),
            ("POST", user(manager.id)),
            ("DELETE", user(manager.id)),
        ] {
            let answer = client.send(method, &path, &[], None).expect(403);
            if method != "HEAD" {
                assert_eq!(answer.json(), forbidden, "{method} {path}");
            }
        }
    }
}

#[test]
fn wrong_passwords_are_counted_together_with_those_for_tokens() {
    let app = TestApp::with(|settings| settings.auth.sign_in_attempts = 2);
    let admin = a_user().with_password().administrator().create(&app);
    let wrong = json!({"username": admin.username, "password": "wrong"});
    denied(
        get(&app.basic(&admin.username, "wrong"), USERS),
        "Invalid username/password.",
    );
    crate::openl2m::post(&app.anonymous(), TOKEN, &wrong).expect(400);
    let throttled = json!({"detail": "Request was throttled. Expected available in 6 seconds."});
    let right = json!({"username": admin.username, "password": ADMIN_PASSWORD});
    let answer = crate::openl2m::post(&app.anonymous(), TOKEN, &right).expect(429);
    assert_eq!(answer.json(), throttled);
    assert_eq!(answer.header("retry-after"), Some("6"));
    get(&app.basic(&admin.username, ADMIN_PASSWORD), USERS).expect(429);
    app.advance(6);
    crate::openl2m::post(&app.anonymous(), TOKEN, &right).expect(200);
}
