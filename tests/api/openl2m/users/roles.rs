//! `is_superuser` and `groups`: the roles that are held everywhere.

use serde_json::{Value, json};

use crate::openl2m::{FORMS, get, patch, refused, user};
use crate::support::{Answer, TestApp, a_cluster, a_role, a_user, role_named};

fn change(app: &TestApp, id: i64, body: &Value) -> Answer {
    patch(&app.admin(), &user(id), body)
}

#[test]
fn groups_are_replaced_whole_and_what_is_held_in_places_stays() {
    let app = TestApp::start();
    let (one, two) = (a_role().create(&app), a_role().create(&app));
    let member = a_user().holding(&one).administrator().create(&app);
    let cluster = a_cluster().create(&app);
    let scoped = role_named(&app, "CLUSTER_VIEWER");
    member.grant_in(&app, &scoped, cluster.place());
    let changed = change(&app, member.id, &json!({"groups": [two.id]})).expect(200);
    assert_eq!(changed.json()["groups"], json!([two.id]));
    assert_eq!(changed.json()["is_superuser"], true, "no group: untouched");
    let grants = app.admin().get(&format!("/users/{}/grants", member.id));
    assert_eq!(grants.expect(200).ids().len(), 3);
    let changed = change(&app, member.id, &json!({"groups": []})).expect(200);
    assert_eq!(changed.json()["groups"], json!([]));
    assert_eq!(changed.json()["is_superuser"], true);
}

#[test]
fn groups_come_in_each_form_and_stay_where_they_are_not_sent() {
    let app = TestApp::start();
    let (one, two) = (a_role().create(&app), a_role().create(&app));
    let (first, second) = (one.id.to_string(), two.id.to_string());
    for form in FORMS {
        let member = a_user().create(&app);
        let fields = [("groups", first.as_str()), ("groups", &second)];
        let send = |fields| form.send(&app.admin(), "PATCH", &user(member.id), fields);
        let changed = send(&fields).expect(200).json();
        assert_eq!(changed["groups"], json!([one.id, two.id]), "{form:?}");
        let changed = send(&[("first_name", "Jo")]).expect(200).json();
        assert_eq!(changed["groups"], json!([one.id, two.id]), "{form:?}");
    }
}

#[test]
fn administrators_are_made_and_unmade_beside_their_groups() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let member = a_user().holding(&role).create(&app);
    let changed = change(&app, member.id, &json!({"is_superuser": true})).expect(200);
    assert_eq!(changed.json()["is_superuser"], true);
    assert_eq!(changed.json()["groups"], json!([role.id]));
    get(&member.client(&app), &user(1)).expect(200);
    let changed = change(&app, member.id, &json!({"is_superuser": false})).expect(200);
    assert_eq!(changed.json()["is_superuser"], false);
    assert_eq!(changed.json()["groups"], json!([role.id]));
    get(&member.client(&app), &user(1)).expect(403);
}

#[test]
fn the_last_administrator_remains_one() {
    let app = TestApp::start();
    for body in [
        json!({"is_superuser": false}),
        json!({"is_active": false}),
        json!({"is_active": false, "is_superuser": false, "first_name": "x"}),
    ] {
        let told = refused(&app, 403, || change(&app, 1, &body));
        let expected = json!({"detail": "The last administrator must remain one."});
        assert_eq!(told, expected, "{body}");
    }
    let shown = get(&app.admin(), &user(1)).expect(200).json();
    assert_eq!(shown["is_superuser"], true);
    assert_eq!(shown["first_name"], "");
}
