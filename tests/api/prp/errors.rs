//! What every address says when it is asked wrongly.

use serde_json::{Value, json};

use super::{BASE, World, get, not_found, post, raw};
use crate::support::{TestApp, a_user};

const PATHS: &[(&str, &str)] = &[
    ("GET", "users/"),
    ("POST", "users/"),
    ("POST", "role-group/"),
    ("PATCH", "role-group/1/"),
    ("DELETE", "role-group/1/"),
    ("GET", "partners/"),
    ("POST", "partners/"),
    ("GET", "partners/1/"),
    ("PATCH", "partners/1/"),
    ("GET", "partners/1/clusters/"),
    ("GET", "assignable-clusters/"),
    ("GET", "assignable-partners/"),
    ("OPTIONS", "partners/"),
    ("PUT", "users/"),
    ("GET", "no-such-thing/"),
];

#[test]
fn who_sends_no_credentials_hears_401() {
    let app = TestApp::start();
    let missing = json!({
        "detail": ["Authentication credentials were not provided."],
        "error_codes": "not_authenticated",
    });
    for (method, path) in PATHS {
        let path = format!("{BASE}{path}");
        let answer = app.anonymous().send(method, &path, &[], None).expect(401);
        assert_eq!(answer.json(), missing, "{method} {path}");
        assert_eq!(answer.headers("www-authenticate").len(), 2);
        assert!(answer.header("x-request-id").is_some());
        let wrong = app
            .token("nonsense")
            .send(method, &path, &[], None)
            .expect(401);
        assert_eq!(wrong.json()["error_codes"], "authentication_failed");
    }
}

#[test]
fn passwords_and_both_words_for_tokens_are_taken() {
    let app = TestApp::start();
    let user = a_user().with_password().administrator().create(&app);
    get(
        &app.basic(&user.username, crate::support::ADMIN_PASSWORD),
        "users/",
    )
    .expect(200);
    let word = format!("Token {}", app.admin_token());
    let path = format!("{BASE}users/");
    app.anonymous()
        .get_with(&path, &[("authorization", &word)])
        .expect(200);
}

#[test]
fn other_methods_hear_405_and_which_there_are() {
    let app = TestApp::start();
    for (method, path, allow) in [
        ("GET", "role-group/", "POST, OPTIONS"),
        ("PUT", "role-group/1/", "PATCH, DELETE, OPTIONS"),
        ("GET", "role-group/1/", "PATCH, DELETE, OPTIONS"),
        ("PATCH", "users/", "GET, POST, HEAD, OPTIONS"),
        ("DELETE", "partners/1/", "GET, PATCH, HEAD, OPTIONS"),
        ("PUT", "partners/1/", "GET, PATCH, HEAD, OPTIONS"),
        ("POST", "assignable-clusters/", "GET, HEAD, OPTIONS"),
    ] {
        let answer = app
            .admin()
            .send(method, &format!("{BASE}{path}"), &[], None)
            .expect(405);
        assert_eq!(
            answer.json(),
            json!({
                "detail": [format!("Method \"{method}\" not allowed.")],
                "error_codes": "method_not_allowed",
            })
        );
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
}

#[test]
fn a_body_must_be_an_object_in_json() {
    let world = World::new();
    let admin = world.app.admin();
    for path in ["users/", "role-group/", "partners/"] {
        let send = |kind: &str, body: &[u8]| raw(&admin, "POST", path, kind, body);
        let json_type = "application/json; charset=utf-8";
        for body in ["{", "{}x", "{'a': 1}", "NaN", "\u{feff}{}"] {
            let answer = world
                .refused(400, || send(json_type, body.as_bytes()))
                .json();
            assert_eq!(answer["error_codes"], "parse_error", "{body}");
            let detail = answer["detail"][0].as_str().unwrap();
            assert!(detail.starts_with("JSON parse error - "), "{detail}");
        }
        let answer = world
            .refused(400, || send(json_type, b"{\"email\": \"\xff\"}"))
            .json();
        assert_eq!(answer["error_codes"], "parse_error");
        for (body, kind) in [
            ("[]", "list"),
            ("\"a\"", "str"),
            ("1", "int"),
            ("null", "NoneType"),
        ] {
            let answer = world
                .refused(400, || send(json_type, body.as_bytes()))
                .json();
            let message = format!("Invalid data. Expected a dictionary, but got {kind}.");
            assert_eq!(
                answer,
                json!({
                    "non_field_errors": [message],
                    "error_codes": {"non_field_errors": ["invalid"]},
                })
            );
        }
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/vnd.api+json",
        ] {
            let answer = world.refused(415, || send(kind, b"{}")).json();
            assert_eq!(
                answer,
                json!({
                    "detail": [format!("Unsupported media type \"{kind}\" in request.")],
                    "error_codes": "unsupported_media_type",
                })
            );
        }
    }
}

#[test]
fn depth_and_size_of_a_body_are_bounded() {
    let world = World::new();
    let admin = world.app.admin();
    for levels in [33, 1000, 100_000] {
        let body = format!("{{\"x\": {}{}}}", "[".repeat(levels), "]".repeat(levels));
        let ask = || {
            raw(
                &admin,
                "POST",
                "users/",
                "application/json",
                body.as_bytes(),
            )
        };
        assert_eq!(
            world.refused(400, ask).json()["error_codes"],
            "parse_error",
            "{levels}"
        );
    }
    let body = format!("{{\"x\": \"{}\"}}", "x".repeat(1024 * 1024));
    let ask = || {
        raw(
            &admin,
            "POST",
            "users/",
            "application/json",
            body.as_bytes(),
        )
    };
    assert_eq!(
        world.refused(413, ask).json()["error_codes"],
        "request_too_large"
    );
    let long = format!("users/?name_email={}", "x".repeat(9000));
    assert_eq!(
        get(&admin, &long).expect(414).json()["error_codes"],
        "query_too_long"
    );
}

#[test]
fn an_address_that_there_is_not_is_not_found() {
    let app = TestApp::start();
    for path in ["", "no-such-thing/", "users/1/", "partners/1/users/"] {
        assert_eq!(
            get(&app.admin(), path).expect(404).json(),
            not_found(),
            "{path}"
        );
    }
}

#[test]
fn an_empty_body_lacks_every_field() {
    let world = World::new();
    let path = format!("{BASE}users/");
    let answer = world
        .app
        .admin()
        .send("POST", &path, &[], None)
        .expect(400)
        .json();
    assert_eq!(answer["error_codes"]["email"], json!(["required"]));
    let answer = post(&world.app.admin(), "users/", &json!({}))
        .expect(400)
        .json();
    assert_ne!(answer["error_codes"], Value::Null);
}

#[test]
fn too_many_wrong_passwords_make_a_caller_wait() {
    let app = TestApp::with(|settings| settings.auth.sign_in_attempts = 1);
    let path = format!("{BASE}users/");
    let guess = || app.basic("admin", "wrong").get_with(&path, &[]);
    guess().expect(401);
    let answer = guess().expect(429);
    assert_eq!(answer.json()["error_codes"], "throttled");
    assert!(answer.header("retry-after").is_some());
}
