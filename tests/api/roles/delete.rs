//! `DELETE /roles/ID`

use serde_json::json;

use super::post_sample_role;
use crate::support::{TestApp, a_new, a_role, a_user};

#[test]
fn a_role_is_deleted_without_a_body_as_the_document_shows() {
    let app = TestApp::start();
    let id = post_sample_role(&app);
    let path = format!("/roles/{id}");
    let answer = app.admin().delete(&path).expect(204);
    assert_eq!(answer.text, "");
    app.admin().get(&path).expect(404);
    app.admin().delete(&path).expect(404);
}

#[test]
fn linkage_to_it_disappears_and_its_holders_stay_x03() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().holding(&role).create(&app);
    app.admin().delete(&role.path()).expect(204);
    let linkage = format!("{}/relationships/roles", user.path());
    assert_eq!(app.admin().get(&linkage).expect(200).data(), json!([]));
}

#[test]
fn what_it_permitted_ends_at_once() {
    let app = TestApp::start();
    let role = a_role().permitting(&["users:read"]).create(&app);
    let client = a_user().holding(&role).create(&app).client(&app);
    client.get("/users/1").expect(200);
    app.admin().delete(&role.path()).expect(204);
    client.get("/users/1").expect(404);
}

#[test]
fn its_name_is_free_again() {
    let app = TestApp::start();
    let role = a_role().named("HR").create(&app);
    app.admin().delete(&role.path()).expect(204);
    let again = a_new("roles", json!({"name": "HR"}));
    let id = app.admin().post("/roles", &again).expect(201).id();
    assert_ne!(id, role.id.to_string());
}

#[test]
fn unchangeable_roles_are_403() {
    let app = TestApp::start();
    let fixed = a_role().unchangeable().create(&app);
    for path in ["/roles/1", &fixed.path()] {
        let answer = app.admin().delete(path).expect(403);
        assert_eq!(answer.errors()[0]["code"], "protected");
        app.admin().get(path).expect(200);
    }
}

#[test]
fn roles_write_deletes_no_role_that_permits_more_than_the_caller_may() {
    let app = TestApp::start();
    let maker = a_role()
        .permitting(&["roles:read", "roles:write"])
        .create(&app);
    let maker = a_user().holding(&maker).create(&app).client(&app);
    let stronger = a_role().permitting(&["audit:read"]).create(&app);
    maker.delete(&stronger.path()).expect(403);
    maker.delete(&a_role().create(&app).path()).expect(204);
}

#[test]
fn who_may_not_take_a_role_away_hears_when_only_users_in_the_trash_hold_it() {
    let app = TestApp::start();
    let keeper = a_role()
        .permitting(&["roles:read", "roles:write"])
        .create(&app);
    let keeper = a_user().holding(&keeper).create(&app).client(&app);
    let role = a_role().create(&app);
    let user = a_user().holding(&role).create(&app);
    let detail = || {
        let refused = keeper.delete(&role.path()).expect(403);
        refused.errors()[0]["detail"].as_str().unwrap().to_owned()
    };
    assert!(detail().starts_with("Somebody holds this role"));
    app.admin().delete(&user.path()).expect(204);
    assert!(detail().starts_with("Users in the trash hold this role"));
    app.admin().delete(&user.trash_path()).expect(204);
    keeper.delete(&role.path()).expect(204);
}
