//! `PATCH /roles/ID`

use serde_json::json;

use super::{post_sample_role, shown};
use crate::support::{TestApp, a_role, a_user, changes, linkage};

#[test]
fn a_role_is_changed_as_the_document_shows() {
    let app = TestApp::start();
    let id = post_sample_role(&app);
    app.advance(60);
    let patch = changes("roles", id, json!({"name": "better role"}));
    let answer = app
        .admin()
        .patch(&format!("/roles/{id}"), &patch)
        .expect(200);
    let mut expected = shown(&app, id, "better role");
    expected["attributes"]["modified"] = "2026-01-02T03:05:05+00:00".into();
    expected["meta"]["modified"] = "2026-01-02T03:05:05+00:00".into();
    assert_eq!(
        answer.json(),
        json!({
            "links": {"self": app.url(&format!("/roles/{id}")), "home": app.url("/home"), "describedby": app.url("/openapi.json")},
            "data": expected,
        })
    );
}

#[test]
fn users_in_the_body_replace_all_members_u03() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    a_user().holding(&role).create(&app);
    let new = a_user().create(&app);
    let mut patch = changes("roles", role.id, json!({}));
    patch["data"]["relationships"] = json!({"users": linkage("users", &[new.id])});
    app.admin().patch(&role.path(), &patch).expect(200);
    let users = app.admin().get(&format!("{}/users", role.path()));
    assert_eq!(users.ids(), [new.id.to_string()]);
}

#[test]
fn unchangeable_roles_are_403() {
    let app = TestApp::start();
    let fixed = a_role().unchangeable().create(&app);
    for id in [1, fixed.id] {
        let path = format!("/roles/{id}");
        let before = app.admin().get(&path).json();
        for attributes in [
            json!({"label": "x"}),
            json!({"unchangeable": true}),
            json!({}),
        ] {
            let answer = app.admin().patch(&path, &changes("roles", id, attributes));
            assert_eq!(answer.expect(403).errors()[0]["code"], "protected");
        }
        assert_eq!(app.admin().get(&path).json(), before);
    }
}

#[test]
fn a_taken_name_is_400() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let patch = changes("roles", role.id, json!({"name": "admin"}));
    let answer = app.admin().patch(&role.path(), &patch).expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes/name"]);
}

#[test]
fn an_unknown_role_is_404_u04() {
    let app = TestApp::start();
    let patch = changes("roles", 4711, json!({"label": "x"}));
    app.admin().patch("/roles/4711", &patch).expect(404);
}

#[test]
fn roles_write_adds_no_permission_that_the_caller_lacks() {
    let app = TestApp::start();
    let maker = a_role()
        .permitting(&["roles:read", "roles:write"])
        .create(&app);
    let user = a_user().holding(&maker).create(&app);
    let patch = |id: i64, permissions: &[&str]| {
        let attributes = json!({"permissions": permissions});
        let patch = changes("roles", id, attributes);
        user.client(&app).patch(&format!("/roles/{id}"), &patch)
    };
    patch(maker.id, &["roles:read", "roles:write", "users:write"]).expect(403);
    let plain = a_role().create(&app);
    patch(plain.id, &["audit:read"]).expect(403);
    patch(plain.id, &["roles:read"]).expect(200);
    let stronger = a_role().permitting(&["audit:read"]).create(&app);
    // Nor takes one away from others that they lack themselves.
    patch(stronger.id, &[]).expect(403);
}

#[test]
fn what_a_role_permits_counts_from_the_next_request_on() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let client = a_user().holding(&role).create(&app).client(&app);
    client.get("/users/1").expect(404);
    let patch = changes("roles", role.id, json!({"permissions": ["users:read"]}));
    app.admin().patch(&role.path(), &patch).expect(200);
    client.get("/users/1").expect(200);
    let patch = changes("roles", role.id, json!({"permissions": []}));
    app.admin().patch(&role.path(), &patch).expect(200);
    client.get("/users/1").expect(404);
}
