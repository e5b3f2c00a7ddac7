//! `DELETE /grants/ID`

use serde_json::json;

use super::{given, holder_of};
use crate::support::{TestApp, a_role, a_user};

#[test]
fn a_role_is_taken_away() {
    let app = TestApp::start();
    let role = a_role().permitting(&["audit:read"]).create(&app);
    let user = a_user().create(&app);
    let path = given(&app, &user, &role, json!({}));
    let client = user.client(&app);
    client.get("/events").expect(200);
    app.admin().delete(&path).expect(204);
    client.get("/events").expect(403);
    app.admin().get(&path).expect(404);
    app.admin().delete(&path).expect(404);
    app.admin().get(&role.path()).expect(200);
}

#[test]
fn whoever_may_not_hears_only_of_what_they_see() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let path = given(&app, &user, &role, json!({}));
    app.anonymous().delete(&path).expect(401);
    a_user().create(&app).client(&app).delete(&path).expect(404);
    user.client(&app).delete(&path).expect(403);
    holder_of(&app, &["users:read"]).delete(&path).expect(403);
    let stronger = a_role().permitting(&["audit:read"]).create(&app);
    let strong = given(&app, &user, &stronger, json!({}));
    let giver = holder_of(&app, &["users:read", "grants:write"]);
    giver.delete(&strong).expect(403);
    giver.delete(&path).expect(204);
}

#[test]
fn what_a_deleted_user_held_is_gone_with_them() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let path = given(&app, &user, &role, json!({}));
    app.admin().delete(&user.path()).expect(204);
    app.admin().get(&path).expect(404);
    app.admin().delete(&path).expect(404);
    super::changed(&app.admin(), &path, json!({"is_active": false})).expect(404);
    let listed = app.admin().get(&format!("{}/grants", role.path()));
    assert_eq!(listed.ids(), Vec::<String>::new());
}

#[test]
fn what_a_deleted_role_gave_is_gone_with_it() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let path = given(&app, &user, &role, json!({}));
    app.admin().delete(&role.path()).expect(204);
    app.admin().get(&path).expect(404);
}
