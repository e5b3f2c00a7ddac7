//! `/roles/ID/users` and `/roles/ID/relationships/users`

use serde_json::{Value, json};

use super::post_sample_role;
use crate::support::{RoleMade, TestApp, a_role, a_user, linkage};

fn path(role: &RoleMade) -> String {
    format!("{}/relationships/users", role.path())
}

fn members(ids: &[i64]) -> Value {
    linkage("users", ids)["data"].clone()
}

#[test]
fn a_user_is_added_and_removed_as_the_document_shows() {
    let app = TestApp::start();
    let id = post_sample_role(&app);
    let user = a_user().create(&app);
    let own = format!("/roles/{id}/relationships/users");
    let one = json!({"data": {"type": "users", "id": user.id}});
    let links = json!({
        "self": app.url(&own),
        "related": app.url(&format!("/roles/{id}/users")),
        "home": app.url("/home"), "describedby": app.url("/openapi.json"),
    });
    assert_eq!(
        app.admin().post(&own, &one).expect(200).json(),
        json!({"data": members(&[user.id]), "links": links, "meta": {"changed": 1}})
    );
    assert_eq!(
        app.admin().delete_with(&own, &one).expect(200).json(),
        json!({"data": [], "links": links, "meta": {"changed": 1}})
    );
    app.admin().get(&user.path()).expect(200);
}

#[test]
fn the_members_are_listed_with_links_and_totals() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let users = [(); 3].map(|()| a_user().holding(&role).create(&app));
    let own = format!("{}/users?page[size]=2", role.path());
    let answer = app.admin().get(&own).expect(200);
    assert_eq!(
        answer.ids(),
        [users[0].id, users[1].id].map(|id| id.to_string())
    );
    let answer = answer.json();
    assert_eq!(
        answer["meta"]["pagination"],
        json!({"count": 3, "page": 1, "page_count": 2, "page_items": 2, "page_size": 2})
    );
    let next = app.admin().get(answer["links"]["next"].as_str().unwrap());
    assert_eq!(next.expect(200).ids(), [users[2].id.to_string()]);
}

#[test]
fn patch_replaces_the_members_r13() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    a_user().holding(&role).create(&app);
    let new = a_user().create(&app);
    let answer = app
        .admin()
        .patch(&path(&role), &linkage("users", &[new.id]))
        .expect(200);
    assert_eq!(answer.data(), members(&[new.id]));
    assert_eq!(answer.json()["meta"], json!({"changed": 2}));
}

#[test]
fn one_unknown_user_fails_the_whole_request_r03() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().create(&app);
    let answer = app
        .admin()
        .post(&path(&role), &linkage("users", &[user.id, 4711]));
    assert_eq!(answer.expect(404).pointers(), ["/data/1"]);
    assert_eq!(app.admin().get(&path(&role)).data(), json!([]));
}

#[test]
fn an_unknown_role_is_404_on_every_method_r10() {
    let app = TestApp::start();
    let path = "/roles/4711/relationships/users";
    app.admin().get(path).expect(404);
    app.admin().get("/roles/4711/users").expect(404);
    for method in ["POST", "PATCH", "DELETE"] {
        app.admin()
            .json(method, path, &linkage("users", &[1]))
            .expect(404);
    }
}

#[test]
fn long_linkage_is_paginated_with_next_beside_it_f13() {
    let app = TestApp::with(|settings| settings.limits.linkage_items = 2);
    let role = a_role().create(&app);
    let users = [(); 3].map(|()| a_user().holding(&role).create(&app));
    let first = app.admin().get(&path(&role)).expect(200);
    assert_eq!(first.data(), members(&[users[0].id, users[1].id]));
    let next = first.json()["links"]["next"].as_str().unwrap().to_owned();
    assert_eq!(
        app.admin().get(&next).expect(200).data(),
        members(&[users[2].id])
    );
}

#[test]
fn members_of_an_unchangeable_role_come_and_go() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let admins = "/roles/1/relationships/users";
    let one = linkage("users", &[user.id]);
    let answer = app.admin().post(admins, &one).expect(200);
    assert_eq!(answer.data(), members(&[1, user.id]));
    user.client(&app).get("/events").expect(200);
    app.admin().delete_with(admins, &one).expect(200);
    user.client(&app).get("/events").expect(403);
}

#[test]
fn the_last_administrator_cannot_be_removed_from_this_side_either() {
    let app = TestApp::start();
    let admins = "/roles/1/relationships/users";
    app.admin()
        .delete_with(admins, &linkage("users", &[1]))
        .expect(403);
    app.admin().patch(admins, &json!({"data": []})).expect(403);
    let user = a_user().create(&app);
    // Replaced by another, there still is one.
    app.admin()
        .patch(admins, &linkage("users", &[user.id]))
        .expect(200);
}
