//! `POST /roles`

use serde_json::{Value, json};

use super::shown;
use crate::support::{Answer, TestApp, a_new, a_role, a_user, linkage};

fn post(app: &TestApp, attributes: Value) -> Answer {
    app.admin().post("/roles", &a_new("roles", attributes))
}

#[test]
fn a_role_is_created_and_answered_as_the_document_shows() {
    let app = TestApp::start();
    let answer = post(&app, json!({"name": "sample role"})).expect(201);
    assert_eq!(
        answer.json(),
        json!({
            "links": {"self": app.url("/roles"), "home": app.url("/home"), "describedby": app.url("/openapi.json")},
            "data": shown(&app, 11, "sample role"),
        })
    );
    assert_eq!(answer.header("location"), Some(&*app.url("/roles/11")));
}

#[test]
fn every_attribute_that_can_be_written_is_kept() {
    let app = TestApp::start();
    let sent = json!({
        "name": "Ops 🐙",
        "label": "Operations",
        "description": "Those who are called at night",
        "scope": "workspace",
        "unchangeable": true,
        "is_default": true,
        "permissions": ["users:read", "invoices:approve"],
        "include_context": "debian.*,ubuntu",
        "exclude_context": "test_.*",
        "include_bundles": "inventory.*",
        "exclude_bundles": "secret",
    });
    let data = post(&app, sent.clone()).expect(201).data();
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(data["attributes"][name], *value, "{name}");
    }
}

#[test]
fn a_taken_name_is_400() {
    let app = TestApp::start();
    let answer = post(&app, json!({"name": "admin"})).expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes/name"]);
    assert_eq!(answer.errors()[0]["title"], "Invalid data");
}

#[test]
fn every_invalid_attribute_has_an_error_c12() {
    let app = TestApp::start();
    let answer = post(
        &app,
        json!({
            "name": " ",
            "scope": "planet",
            "permissions": ["users"],
            "include_context": "(",
            "is_default": "yes",
        }),
    );
    let mut pointers = answer.expect(400).pointers();
    pointers.sort();
    assert_eq!(
        pointers,
        [
            "/data/attributes/include_context",
            "/data/attributes/is_default",
            "/data/attributes/name",
            "/data/attributes/permissions",
            "/data/attributes/scope",
        ]
    );
}

#[test]
fn a_name_is_required() {
    let app = TestApp::start();
    let answer = post(&app, json!({"label": "x"})).expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes"]);
    assert_eq!(answer.errors()[0]["meta"]["attribute"], "name");
}

#[test]
fn users_in_the_document_hold_the_role_at_once() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let mut document = a_new("roles", json!({"name": "HR"}));
    document["data"]["relationships"] = json!({"users": linkage("users", &[user.id])});
    let role = app.admin().post("/roles", &document).expect(201).id();
    let roles = app.admin().get(&format!("{}/roles", user.path()));
    assert_eq!(roles.expect(200).ids(), [role]);
}

#[test]
fn an_unknown_user_is_404_and_nothing_is_created_c04() {
    let app = TestApp::start();
    let mut document = a_new("roles", json!({"name": "HR"}));
    document["data"]["relationships"] = json!({"users": linkage("users", &[1, 4711])});
    let answer = app.admin().post("/roles", &document).expect(404);
    assert_eq!(answer.pointers(), ["/data/relationships/users/data/1"]);
    let made = app.admin().get("/roles?filter[name]=HR");
    assert_eq!(made.data(), json!([]));
}

#[test]
fn roles_write_creates_roles_that_permit_no_more_than_the_caller_may() {
    let app = TestApp::start();
    let maker = a_role()
        .permitting(&["roles:read", "roles:write"])
        .create(&app);
    let maker = a_user().holding(&maker).create(&app).client(&app);
    let permitting = |name: &str, permissions: &[&str]| {
        let role = json!({"name": name, "permissions": permissions});
        maker.post("/roles", &a_new("roles", role))
    };
    permitting("fine", &["roles:read"]).expect(201);
    permitting("more", &["roles:read", "users:write"]).expect(403);
    permitting("more", &["roles:read", "invoices:approve"]).expect(403);
    assert_eq!(
        app.admin().get("/roles?filter[name]=more").data(),
        json!([])
    );
}
