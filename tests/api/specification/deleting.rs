//! DELETE of a resource: X01 to X04.

use std::thread;

use serde_json::json;

use super::{count, count_roles, included, members};
use crate::support::{TestApp, a_role, a_user};

#[test]
fn x01_a_deleted_resource_is_204_without_a_body() {
    let app = TestApp::start();
    for path in [a_user().create(&app).path(), a_role().create(&app).path()] {
        let answer = app.admin().delete(&path).expect(204);
        assert!(answer.text.is_empty());
        assert_eq!(answer.header("content-type"), None);
    }
    assert_eq!(count(&app, "/users"), 1);
    assert_eq!(count_roles(&app), 1);
}

#[test]
fn x01_a_body_does_not_matter() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let body = json!({ "data": { "type": "roles", "id": "1" } });
    app.admin().delete_with(&role.path(), &body).expect(204);
    app.admin().get("/roles/1").expect(200);
    app.admin().get(&role.path()).expect(404);
}

#[test]
fn x02_what_does_not_exist_or_no_longer_is_404() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let role = a_role().create(&app);
    for path in [user.path(), role.path()] {
        app.admin().delete(&path).expect(204);
        app.admin().delete(&path).expect(404);
        app.admin().get(&path).expect(404);
    }
    for path in [
        "/users/99",
        "/roles/99",
        "/users/abc",
        "/roles/0",
        "/users/-1",
    ] {
        app.admin().delete(path).expect(404);
    }
}

#[test]
fn x03_linkage_to_a_deleted_user_disappears_everywhere() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let gone = a_user().holding(&role).create(&app);
    let kept = a_user().holding(&role).create(&app);
    app.admin().delete(&gone.path()).expect(204);
    let linkage = format!("{}/relationships/users", role.path());
    assert_eq!(members(&app, &linkage), [kept.id]);
    let admin = app.admin();
    let related = admin.get(&format!("{}/users", role.path())).expect(200);
    assert_eq!(related.ids(), [kept.id.to_string()]);
    assert_eq!(related.json()["meta"]["pagination"]["count"], 1);
    let compound = admin.get("/roles?include=users").expect(200);
    let name = format!("users/{}", gone.id);
    assert!(!included(&compound).contains(&name));
    let compound = admin.get(&format!("{}?include=users", role.path()));
    assert_eq!(
        included(&compound.expect(200)),
        [format!("users/{}", kept.id)]
    );
    for path in ["roles", "relationships/roles"] {
        admin.get(&format!("{}/{path}", gone.path())).expect(404);
    }
}

#[test]
fn x03_linkage_to_a_deleted_role_disappears_everywhere() {
    let app = TestApp::start();
    let gone = a_role().create(&app);
    let kept = a_role().create(&app);
    let user = a_user().holding(&gone).holding(&kept).create(&app);
    app.admin().delete(&gone.path()).expect(204);
    let linkage = format!("{}/relationships/roles", user.path());
    assert_eq!(members(&app, &linkage), [kept.id]);
    let compound = app.admin().get(&format!("{}?include=roles", user.path()));
    assert_eq!(
        included(&compound.expect(200)),
        [format!("roles/{}", kept.id)]
    );
    app.admin()
        .get(&format!("{}/users", gone.path()))
        .expect(404);
}

#[test]
fn x03_a_deleted_user_cannot_be_linked_again() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let gone = a_user().create(&app);
    app.admin().delete(&gone.path()).expect(204);
    let linkage = format!("{}/relationships/users", role.path());
    let document = json!({ "data": super::identifiers("users", &[gone.id]) });
    let answer = app.admin().post(&linkage, &document).expect(404);
    assert_eq!(answer.pointers(), ["/data/0"]);
}

#[test]
fn x04_of_simultaneous_deletes_one_is_204_and_none_fails() {
    let app = TestApp::start();
    for path in [a_user().create(&app).path(), a_role().create(&app).path()] {
        let mut statuses: Vec<u16> = thread::scope(|scope| {
            let requests: Vec<_> = (0..6)
                .map(|_| {
                    let client = app.admin();
                    let path = &path;
                    scope.spawn(move || client.delete(path).status)
                })
                .collect();
            requests
                .into_iter()
                .map(|request| request.join().unwrap())
                .collect()
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 404, 404, 404, 404, 404], "{path}");
    }
}
