//! A rule works from the next request on.

use serde_json::json;

use super::{made, one, rule, with};
use crate::support::{Client, RoleMade, TestApp, a_role, a_user, linkage};

/// What becomes of giving a role to somebody new.
fn give(app: &TestApp, client: &Client, role: &RoleMade) -> u16 {
    let user = a_user().create(app);
    let mut gift = crate::support::a_new("grants", json!({}));
    gift["data"]["relationships"] = json!({
        "user": one("users", user.id), "role": one("roles", role.id),
    });
    client.post("/grants", &gift).status
}

#[test]
fn a_new_rule_a_changed_one_and_a_deleted_one_count_at_once() {
    let app = TestApp::start();
    let [granter, target, other] = [(); 3].map(|()| a_role().create(&app));
    let client = a_user().holding(&granter).create(&app).client(&app);
    assert_eq!(give(&app, &client, &target), 404);
    let path = made(&app, &rule(granter.id, &[target.id], "any", &["give"]));
    assert_eq!(give(&app, &client, &target), 201);
    assert_eq!(give(&app, &client, &other), 403);
    let targets = format!("{path}/relationships/targets");
    app.admin()
        .post(&targets, &linkage("roles", &[other.id]))
        .expect(200);
    assert_eq!(give(&app, &client, &other), 201);
    app.admin()
        .patch(&path, &with(&path, json!({"verbs": ["remove"]})))
        .expect(200);
    assert_eq!(give(&app, &client, &target), 404);
    app.admin()
        .patch(&path, &with(&path, json!({"verbs": ["give"]})))
        .expect(200);
    assert_eq!(give(&app, &client, &target), 201);
    app.admin()
        .patch(&path, &with(&path, json!({"scope": "same_partner"})))
        .expect(200);
    assert_eq!(give(&app, &client, &target), 404);
    app.admin()
        .patch(&path, &with(&path, json!({"scope": "any"})))
        .expect(200);
    assert_eq!(give(&app, &client, &target), 201);
    app.admin().delete(&path).expect(204);
    assert_eq!(give(&app, &client, &target), 404);
}

#[test]
fn whoever_holds_a_role_that_contains_the_granters_may_what_its_rules_say() {
    let app = TestApp::start();
    let [whole, part, target] = [(); 3].map(|()| a_role().create(&app));
    made(&app, &rule(part.id, &[target.id], "any", &["give"]));
    let client = a_user().holding(&whole).create(&app).client(&app);
    assert_eq!(give(&app, &client, &target), 404);
    let includes = format!("{}/relationships/includes", whole.path());
    app.admin()
        .post(&includes, &linkage("roles", &[part.id]))
        .expect(200);
    assert_eq!(give(&app, &client, &target), 201);
    // The role that contains it is another, which no rule speaks of.
    assert_eq!(give(&app, &client, &whole), 403);
    app.admin()
        .patch(&includes, &json!({"data": []}))
        .expect(200);
    assert_eq!(give(&app, &client, &target), 404);
}

#[test]
fn nobody_changes_their_own_roles_by_a_rule() {
    let app = TestApp::start();
    let [granter, target] = [(); 2].map(|()| a_role().create(&app));
    made(
        &app,
        &rule(
            granter.id,
            &[target.id, granter.id],
            "any",
            &["give", "remove", "change", "toggle"],
        ),
    );
    let user = a_user().holding(&granter).create(&app);
    let client = user.client(&app);
    let own = format!("{}/relationships/roles", user.path());
    client
        .post(&own, &linkage("roles", &[target.id]))
        .expect(403);
    client
        .delete_with(&own, &linkage("roles", &[granter.id]))
        .expect(403);
    client
        .patch(&own, &linkage("roles", &[target.id]))
        .expect(403);
    let members = format!("{}/relationships/users", granter.path());
    client
        .delete_with(&members, &linkage("users", &[user.id]))
        .expect(403);
    // Together with what they may do for others all is refused.
    let other = a_user().create(&app);
    client
        .post(&members, &linkage("users", &[other.id]))
        .expect(200);
    let both = linkage("users", &[other.id, user.id]);
    client.delete_with(&members, &both).expect(403);
    let held = app.admin().get(&members).expect(200);
    assert_eq!(held.ids(), [user.id, other.id].map(|id| id.to_string()));
}
