//! Bodies say what they are: none of those that a form can send without being
//! asked is taken for JSON.

use rolecall::api::endpoints;

use super::{FORM, JSON};
use crate::support::{
    Answer, JSON_API, TestApp, a_cluster, a_partner, a_role, a_user, a_workspace, tables,
};

/// What a form or a fetch sends without a preflight, and nothing.
const SIMPLE: [Option<&str>; 6] = [
    None,
    Some(""),
    Some("text/plain"),
    Some("text/plain; charset=utf-8"),
    Some("multipart/form-data; boundary=e"),
    Some("text/plain;application/json"),
];

fn send(app: &TestApp, method: &str, path: &str, kind: Option<&str>, body: &str) -> Answer {
    let kind = kind.map(|kind| ("content-type", kind));
    let headers: Vec<_> = kind.into_iter().collect();
    let body = Some(body.as_bytes());
    super::browser(app).send(method, path, &headers, body)
}

#[test]
fn native_bodies_are_no_text_and_no_parts() {
    let app = TestApp::start();
    let before = tables(&app.database);
    for endpoint in endpoints() {
        let path = endpoint.path.replace("{id}", "1");
        for method in ["POST", "PATCH", "DELETE"] {
            if !endpoint.methods.contains(&method) {
                continue;
            }
            for kind in SIMPLE.into_iter().flatten() {
                let answer = send(&app, method, &path, Some(kind), r#"{"data":null}"#);
                needs_a_type(&answer, &format!("{method} {path} {kind:?}"));
            }
        }
    }
    assert_eq!(tables(&app.database), before);
}

#[test]
fn native_bodies_without_a_type_are_read_nowhere() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let deleted = a_user().deleted(&app);
    let workspace = a_workspace().create(&app);
    let cluster = a_cluster().within(&workspace).create(&app);
    let partner = a_partner().create(&app);
    let role = a_role().create(&app);
    app.token_of(user.id, None);
    let mut addresses: Vec<_> = endpoints()
        .into_iter()
        .filter(|endpoint| endpoint.methods.contains(&"POST") && !endpoint.path.contains('{'))
        .map(|endpoint| ("POST", endpoint.path))
        .collect();
    for path in [
        user.path(),
        deleted.trash_path(),
        role.path(),
        partner.path(),
        format!("/workspaces/{}", workspace.id),
        format!("/clusters/{}", cluster.id),
        format!("/clusters/{}/relationships/workspace", cluster.id),
        format!("{}/relationships/partner", user.path()),
        "/grants/1".to_owned(),
        "/tokens/1".to_owned(),
        "/auth/user".to_owned(),
    ] {
        addresses.push(("PATCH", path));
    }
    for method in ["POST", "PATCH", "DELETE"] {
        for path in [
            format!("{}/relationships/roles", user.path()),
            format!("{}/relationships/users", role.path()),
            format!("{}/relationships/includes", role.path()),
            format!("/clusters/{}/relationships/partners", cluster.id),
            format!("{}/relationships/clusters", partner.path()),
        ] {
            addresses.push((method, path));
        }
    }
    let before = tables(&app.database);
    for (method, path) in addresses {
        let answer = send(&app, method, &path, None, r#"{"data":null}"#);
        needs_a_type(&answer, &format!("{method} {path}"));
    }
    assert_eq!(tables(&app.database), before);
}

#[track_caller]
fn needs_a_type(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 415, "{what}: {}", answer.text);
    assert_eq!(answer.header("content-type"), Some(JSON_API), "{what}");
    assert_eq!(
        answer.errors()[0]["source"]["header"],
        "Content-Type",
        "{what}"
    );
}

#[test]
fn only_signing_in_takes_a_form() {
    let app = TestApp::start();
    for endpoint in endpoints() {
        let path = endpoint.path.replace("{id}", "1");
        if endpoint.methods.contains(&"POST") && path != "/auth" {
            send(&app, "POST", &path, Some(FORM), "data=null").expect(415);
        }
    }
}

#[test]
fn what_carries_no_body_needs_no_type() {
    let app = TestApp::start();
    let admin = app.admin();
    admin.send("GET", "/users", &[], Some(b"{}")).expect(200);
    admin.send("POST", "/users", &[], None).expect(400);
    admin.send("DELETE", "/users/99", &[], None).expect(404);
}

#[test]
fn cfengine_takes_json_and_what_curl_calls_it() {
    let app = TestApp::start();
    let taken = [
        JSON,
        "application/json; charset=utf-8",
        "Application/JSON",
        FORM,
        "application/x-www-form-urlencoded; charset=utf-8",
    ];
    for (number, kind) in taken.into_iter().enumerate() {
        for path in [
            format!("/api/user/u{number}"),
            format!("/api/role/r{number}"),
        ] {
            let body = r#"{"password":"tulip-1637"}"#;
            let body = if path.contains("role") { "{}" } else { body };
            send(&app, "PUT", &path, Some(kind), body).expect(201);
            send(&app, "POST", &path, Some(kind), "{}").expect(204);
        }
    }
    let before = tables(&app.database);
    let others = ["application/xml", "application/vnd.api+json", "json"];
    for kind in SIMPLE.into_iter().chain(others.map(Some)) {
        for (method, path) in [
            ("PUT", "/api/user/fresh"),
            ("POST", "/api/user/admin"),
            ("PUT", "/api/role/fresh"),
            ("POST", "/api/role/r0"),
        ] {
            let body = r#"{"description":"x","password":"stolen1234"}"#;
            let answer = send(&app, method, path, kind, body);
            assert_eq!(answer.status, 415, "{method} {path} {kind:?}");
            let told = answer.header("content-type");
            assert_eq!(told, Some("text/plain; charset=utf-8"));
        }
    }
    assert_eq!(tables(&app.database), before);
}

#[test]
fn the_portal_takes_json_alone() {
    let app = TestApp::start();
    let before = tables(&app.database);
    for kind in SIMPLE.into_iter().chain([Some(FORM)]) {
        let path = "/api/id-management/partners/";
        let answer = send(&app, "POST", path, kind, r#"{"title":"T"}"#).expect(415);
        assert_eq!(answer.json()["error_codes"], "unsupported_media_type");
    }
    assert_eq!(tables(&app.database), before);
}

#[test]
fn openl2m_takes_json_and_forms_but_no_plain_text() {
    let app = TestApp::start();
    let before = tables(&app.database);
    for kind in [None, Some(""), Some("text/plain")] {
        for path in ["/api/admin/users/", "/api/users/token/"] {
            let body = r#"{"username":"a","password":"tulip-1637"}"#;
            let answer = send(&app, "POST", path, kind, body).expect(415);
            let detail = answer.json()["detail"].clone();
            assert!(
                detail
                    .as_str()
                    .unwrap()
                    .starts_with("Unsupported media type")
            );
        }
    }
    assert_eq!(tables(&app.database), before);
}
