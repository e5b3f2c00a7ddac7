//! What is wrong with a request as a whole.

use serde_json::json;

use crate::openl2m::{TOKEN, USERS, get, raw, refused, user};
use crate::support::TestApp;

const JSON: &str = "application/json";

#[test]
fn other_methods_hear_405_and_which_there_are() {
    let app = TestApp::start();
    let (all, one) = (
        "GET, POST, HEAD, OPTIONS",
        "GET, POST, PATCH, HEAD, OPTIONS",
    );
    for (method, path, allow) in [
        ("PUT", USERS.to_owned(), all),
        ("PATCH", USERS.to_owned(), all),
        ("DELETE", USERS.to_owned(), all),
        ("PUT", user(1), one),
        ("DELETE", user(1), one),
        ("DELETE", user(4711), one),
    ] {
        let answer = app.admin().send(method, &path, &[], None).expect(405);
        let expected = json!({"detail": format!("Method \"{method}\" not allowed.")});
        assert_eq!(answer.json(), expected);
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
        app.anonymous().send(method, &path, &[], None).expect(401);
    }
    assert_eq!(get(&app.admin(), USERS).header("allow"), Some(all));
}

#[test]
fn options_tell_what_is_read_and_written() {
    let app = TestApp::start();
    for path in [USERS.to_owned(), user(1), user(4711)] {
        let answer = app.admin().send("OPTIONS", &path, &[], None).expect(200);
        assert_eq!(answer.json()["renders"], json!([JSON]));
        let parses = [
            JSON,
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ];
        assert_eq!(answer.json()["parses"], json!(parses));
        assert!(answer.header("allow").unwrap().contains("OPTIONS"));
        app.anonymous()
            .send("OPTIONS", &path, &[], None)
            .expect(401);
    }
}

#[test]
fn who_takes_no_json_hears_406_before_anything_else() {
    let app = TestApp::start();
    let expected = json!({"detail": "Could not satisfy the request Accept header."});
    for accept in [
        "text/html",
        "application/xml, image/*",
        "application/vnd.api+json",
    ] {
        for path in [USERS.to_owned(), user(1), TOKEN.to_owned()] {
            let answer = app.anonymous().get_with(&path, &[("accept", accept)]);
            assert_eq!(answer.expect(406).json(), expected, "{accept}");
        }
    }
    for accept in [
        "*/*",
        "application/*",
        "text/html, application/json;q=0.1",
        "APPLICATION/JSON; indent=4",
    ] {
        app.admin()
            .get_with(USERS, &[("accept", accept)])
            .expect(200);
    }
}

#[test]
fn other_media_types_hear_415() {
    let app = TestApp::start();
    for (kind, shown) in [
        ("text/xml", "text/xml"),
        ("application/vnd.api+json", "application/vnd.api+json"),
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
    ] {
        for (method, path) in [
            ("POST", USERS.to_owned()),
            ("PATCH", user(1)),
            ("POST", TOKEN.to_owned()),
        ] {
            let told = refused(&app, 415, || raw(&app.admin(), method, &path, kind, b"x"));
            let expected = format!("Unsupported media type \"{shown}\" in request.");
            assert_eq!(told, json!({"detail": expected}), "{method} {path}");
        }
    }
    let told = app.admin().send("POST", USERS, &[], Some(b"x")).expect(415);
    assert_eq!(
        told.json(),
        json!({"detail": "Unsupported media type \"\" in request."})
    );
}

#[test]
fn what_is_no_object_is_told_by_its_kind() {
    let app = TestApp::start();
    for (body, got) in [
        ("[]", "list"),
        ("\"x\"", "str"),
        ("1", "int"),
        ("1.5", "float"),
        ("true", "bool"),
    ] {
        for (method, path) in [("POST", USERS.to_owned()), ("PATCH", user(1))] {
            let told = refused(&app, 400, || {
                raw(&app.admin(), method, &path, JSON, body.as_bytes())
            });
            let expected = format!("Invalid data. Expected a dictionary, but got {got}.");
            assert_eq!(told, json!({"non_field_errors": [expected]}));
        }
    }
    let told = refused(&app, 400, || {
        raw(&app.admin(), "POST", USERS, JSON, b"null")
    });
    assert_eq!(told, json!({"non_field_errors": ["No data provided"]}));
}

#[test]
fn what_cannot_be_read_is_a_parse_error() {
    let app = TestApp::start();
    let parts = "multipart/form-data; boundary=e";
    for (kind, body, begin) in [
        (JSON, &b"{"[..], "JSON parse error - "),
        (JSON, b"{\"a\": \xff}", "JSON parse error - "),
        (JSON, b" ", "JSON parse error - "),
        ("multipart/form-data", b"x", "Multipart form parse error - "),
        (parts, b"--e\r\nnonsense", "Multipart form parse error - "),
        (
            parts,
            b"nothing of the kind",
            "Multipart form parse error - ",
        ),
    ] {
        let told = refused(&app, 400, || raw(&app.admin(), "POST", USERS, kind, body));
        let detail = told["detail"].as_str().unwrap();
        assert!(detail.starts_with(begin), "{kind}: {detail}");
    }
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(40), "]".repeat(40));
    let told = refused(&app, 400, || {
        raw(&app.admin(), "POST", USERS, JSON, deep.as_bytes())
    });
    assert_eq!(
        told,
        json!({"detail": "JSON parse error - more than 32 levels of arrays and objects"})
    );
}

#[test]
fn nobody_behind_an_id_is_told_before_what_is_wrong_with_the_body() {
    let app = TestApp::start();
    for (kind, body) in [(JSON, "{"), (JSON, "[]"), ("text/xml", "x")] {
        let answer = raw(&app.admin(), "PATCH", &user(4711), kind, body.as_bytes()).expect(400);
        assert_eq!(answer.json(), json!({"reason": "Invalid user id!"}));
    }
}

#[test]
fn bodies_have_an_end_in_each_form() {
    let app = TestApp::with(|settings| settings.limits.body_bytes = 2048);
    for kind in [
        JSON,
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=e",
    ] {
        for path in [USERS, TOKEN] {
            let told = refused(&app, 413, || {
                raw(&app.admin(), "POST", path, kind, &[b'x'; 4096])
            });
            assert_eq!(
                told,
                json!({"detail": "The body may have at most 2048 bytes."})
            );
        }
    }
}
