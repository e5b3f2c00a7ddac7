//! `DELETE /users/ID`

use serde_json::json;

use super::post_johndoe;
use crate::support::{ADMIN_PASSWORD, TestApp, a_new, a_role, a_user, linkage};

#[test]
fn johndoe_is_deleted_without_a_body_as_the_document_shows() {
    let app = TestApp::start();
    let id = post_johndoe(&app);
    let answer = app.admin().delete(&format!("/users/{id}")).expect(204);
    assert_eq!(answer.text, "");
    assert_eq!(answer.header("content-type"), None);
}

#[test]
fn who_is_deleted_is_404_everywhere_x02() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    app.admin().delete(&user.path()).expect(204);
    for below in [
        "",
        "/roles",
        "/relationships/roles",
        "/tokens",
        "/relationships/tokens",
    ] {
        app.admin()
            .get(&format!("{}{below}", user.path()))
            .expect(404);
    }
    app.admin().delete(&user.path()).expect(404);
    app.admin().delete("/users/4711").expect(404);
    let roles = format!("{}/relationships/roles", user.path());
    app.admin()
        .post(&roles, &linkage("roles", &[1]))
        .expect(404);
}

#[test]
fn who_is_deleted_is_gone_from_lists_and_from_the_members_of_roles_x03() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let gone = a_user().holding(&role).create(&app);
    let stays = a_user().holding(&role).create(&app);
    app.admin().delete(&gone.path()).expect(204);
    let stays = stays.id.to_string();
    let ids = |path: &str| app.admin().get(path).expect(200).ids();
    assert_eq!(ids("/users"), ["1", &stays]);
    assert_eq!(ids(&format!("{}/users", role.path())), [&*stays]);
    let members = format!("{}/relationships/users", role.path());
    assert_eq!(ids(&members), [&*stays]);
    let role = app.admin().get(&format!("{}?include=users", role.path()));
    let included = role.json()["included"].clone();
    assert_eq!(included.as_array().unwrap().len(), 1);
    assert_eq!(included[0]["id"], stays);
}

#[test]
fn who_is_deleted_cannot_be_given_a_role() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let gone = a_user().create(&app);
    app.admin().delete(&gone.path()).expect(204);
    let members = format!("{}/relationships/users", role.path());
    let answer = app.admin().post(&members, &linkage("users", &[gone.id]));
    assert_eq!(answer.expect(404).pointers(), ["/data/0"]);
}

#[test]
fn the_name_of_who_is_deleted_is_free() {
    let app = TestApp::start();
    let gone = a_user().named("calvin").create(&app);
    app.admin().delete(&gone.path()).expect(204);
    let again = a_new(
        "users",
        json!({"username": "calvin", "password": "s3cret-word", "uname": "c"}),
    );
    let answer = app.admin().post("/users", &again).expect(201);
    assert_ne!(answer.id(), gone.id.to_string());
    app.admin().get(&gone.path()).expect(404);
}

#[test]
fn tokens_and_password_of_who_is_deleted_are_dead_at_once() {
    let app = TestApp::start();
    let user = a_user().named("calvin").with_password().create(&app);
    let by_token = user.client(&app);
    let by_password = app.basic("calvin", ADMIN_PASSWORD);
    by_token.get(&user.path()).expect(200);
    by_password.get(&user.path()).expect(200);
    app.admin().delete(&user.path()).expect(204);
    by_token.get(&user.path()).expect(401);
    by_password.get(&user.path()).expect(401);
    assert_eq!(
        app.admin().get("/tokens?filter[id]=2").ids(),
        Vec::<String>::new()
    );
}

#[test]
fn nobody_can_delete_themselves() {
    let app = TestApp::start();
    let deputy = a_user().administrator().create(&app);
    let answer = deputy.client(&app).delete(&deputy.path()).expect(403);
    assert_eq!(answer.errors()[0]["code"], "protected");
    app.admin().get(&deputy.path()).expect(200);
}

#[test]
fn the_last_administrator_cannot_be_deleted() {
    let app = TestApp::start();
    let passing = a_user().create(&app);
    app.give_until(passing.id, 1, "2026-01-03T00:00:00+00:00");
    let answer = passing.client(&app).delete("/users/1").expect(403);
    assert_eq!(answer.errors()[0]["code"], "protected");
    app.admin().get("/users/1").expect(200);
}

#[test]
fn one_of_two_administrators_can_be_deleted() {
    let app = TestApp::start();
    let deputy = a_user().administrator().create(&app);
    deputy.client(&app).delete("/users/1").expect(204);
    app.admin().get("/home").expect(401);
}

#[test]
fn users_write_deletes_whoever_may_not_more() {
    let app = TestApp::start();
    let clerk = a_role()
        .permitting(&["users:read", "users:write"])
        .create(&app);
    let clerk = a_user().holding(&clerk).create(&app);
    let user = a_user().create(&app);
    clerk.client(&app).delete(&user.path()).expect(204);
    clerk.client(&app).delete("/users/1").expect(403);
}
