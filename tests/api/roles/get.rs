//! `GET /roles/ID`

use serde_json::json;

use super::{post_sample_role, shown};
use crate::support::{TestApp, a_role, a_user};

#[test]
fn a_role_is_answered_as_the_document_shows() {
    let app = TestApp::start();
    let id = post_sample_role(&app);
    let answer = app.admin().get(&format!("/roles/{id}")).expect(200);
    assert_eq!(
        answer.json(),
        json!({
            "links": {"self": app.url(&format!("/roles/{id}")), "home": app.url("/home"), "describedby": app.url("/openapi.json")},
            "data": shown(&app, id, "sample role"),
        })
    );
}

#[test]
fn the_role_of_administrators_is_there_from_the_beginning_and_unchangeable() {
    let app = TestApp::start();
    let admin = app.admin().get("/roles/1").expect(200).data();
    assert_eq!(admin["attributes"]["name"], "admin");
    assert_eq!(admin["attributes"]["unchangeable"], true);
}

#[test]
fn an_unknown_role_is_404_whatever_the_id_looks_like_f03() {
    let app = TestApp::start();
    for id in ["4711", "0", "-1", "abc", &"9".repeat(30)] {
        app.admin().get(&format!("/roles/{id}")).expect(404);
    }
}

#[test]
fn include_users_and_back_to_their_roles() {
    let app = TestApp::start();
    let (role, other) = (a_role().create(&app), a_role().create(&app));
    let user = a_user().holding(&role).holding(&other).create(&app);
    let path = format!("{}?include=users.roles", role.path());
    let answer = app.admin().get(&path).expect(200).json();
    assert_eq!(
        answer["data"]["relationships"]["users"]["data"],
        json!([{"type": "users", "id": user.id.to_string()}])
    );
    let included: Vec<_> = answer["included"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| (resource["type"].clone(), resource["id"].clone()))
        .collect();
    assert_eq!(
        included,
        [
            (json!("users"), json!(user.id.to_string())),
            (json!("roles"), json!(other.id.to_string())),
        ]
    );
}

#[test]
fn an_include_with_too_many_members_is_refused_and_never_cut_f13() {
    let app = TestApp::with(|settings| settings.limits.linkage_items = 2);
    let role = a_role().create(&app);
    let path = format!("{}?include=users", role.path());
    for _ in 0..2 {
        a_user().holding(&role).create(&app);
    }
    app.admin().get(&path).expect(200);
    a_user().holding(&role).create(&app);
    assert_eq!(app.admin().get(&path).expect(400).parameters(), ["include"]);
}

#[test]
fn whoever_holds_a_role_sees_it_and_of_its_members_only_themselves() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().holding(&role).create(&app);
    a_user().holding(&role).create(&app);
    let client = user.client(&app);
    let answer = client.get(&format!("{}?include=users", role.path()));
    let own = json!([{"type": "users", "id": user.id.to_string()}]);
    assert_eq!(
        answer.expect(200).data()["relationships"]["users"]["data"],
        own
    );
    let linkage = client.get(&format!("{}/relationships/users", role.path()));
    assert_eq!(linkage.expect(200).data(), own);
    let related = client.get(&format!("{}/users", role.path()));
    assert_eq!(related.expect(200).ids(), [user.id.to_string()]);
}

#[test]
fn a_role_that_is_not_ones_own_does_not_exist() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let client = a_user().create(&app).client(&app);
    for below in ["", "/users", "/relationships/users"] {
        client.get(&format!("{}{below}", role.path())).expect(404);
    }
}
