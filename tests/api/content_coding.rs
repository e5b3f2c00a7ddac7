//! Bodies are read as they are: one in a content coding is a 415 in the form of the
//! surface that it was sent to, and changes nothing.

use rolecall::api::endpoints;

use crate::support::{Answer, JSON_API, TestApp, tables};

/// `{}`, compressed.
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00";

fn send(app: &TestApp, method: &str, path: &str, kind: &str, coding: &str) -> Answer {
    let headers = [("content-type", kind), ("content-encoding", coding)];
    app.admin().send(method, path, &headers, Some(GZIP))
}

#[test]
fn every_surface_refuses_coded_bodies_in_its_own_form() {
    let app = TestApp::start();
    let before = tables(&app.database);
    let json = "application/json";
    for endpoint in endpoints() {
        let path = endpoint.path.replace("{id}", "1");
        for method in ["POST", "PATCH", "DELETE"] {
            if !endpoint.methods.contains(&method) {
                continue;
            }
            let answer = send(&app, method, &path, JSON_API, "gzip").expect(415);
            let error = &answer.errors()[0];
            assert_eq!(error["code"], "unsupported_media_type", "{method} {path}");
            assert_eq!(
                error["source"]["header"], "Content-Encoding",
                "{method} {path}"
            );
            assert_eq!(answer.header("accept-encoding"), Some("identity"));
        }
    }
    for (method, path, kind) in [
        ("POST", "/auth", "application/x-www-form-urlencoded"),
        ("POST", "/auth", JSON_API),
        ("PATCH", "/auth/user", JSON_API),
        ("POST", "/nothing", JSON_API),
    ] {
        send(&app, method, path, kind, "gzip").expect(415);
    }
    for (method, path) in [
        ("PUT", "/api/user/calvin"),
        ("POST", "/api/user/calvin"),
        ("POST", "/api/user"),
        ("PUT", "/api/role/HR"),
    ] {
        let answer = send(&app, method, path, json, "gzip").expect(415);
        assert_eq!(
            answer.text, "Send the body without a Content-Encoding.",
            "{path}"
        );
    }
    for path in ["users/", "partners/", "role-group/"] {
        let path = format!("/api/id-management/{path}");
        let answer = send(&app, "POST", &path, json, "br").expect(415);
        assert_eq!(answer.json()["error_codes"], "unsupported_media_type");
    }
    for path in ["/api/admin/users/", "/api/users/token/"] {
        let answer = send(&app, "POST", path, json, "deflate").expect(415);
        assert!(answer.json()["detail"].is_string(), "{path}");
    }
    assert_eq!(tables(&app.database), before);
}

#[test]
fn any_coding_is_refused_and_none_is_taken() {
    let app = TestApp::start();
    for coding in [
        "gzip",
        "GZIP",
        "x-gzip",
        "br",
        "zstd",
        "deflate",
        "identity, gzip",
        "aws-chunked",
    ] {
        send(&app, "POST", "/roles", JSON_API, coding).expect(415);
    }
    let body = br#"{"data":{"type":"roles","attributes":{"name":"plain"}}}"#;
    for (number, coding) in ["identity", "Identity", ""].iter().enumerate() {
        let headers = [("content-type", JSON_API), ("content-encoding", coding)];
        let body = String::from_utf8_lossy(body).replace("plain", &format!("plain{number}"));
        app.admin()
            .send("POST", "/roles", &headers, Some(body.as_bytes()))
            .expect(201);
    }
    // Without a body there is nothing that could be coded.
    let headers = [("content-encoding", "gzip")];
    app.admin()
        .send("GET", "/users", &headers, None)
        .expect(200);
}
