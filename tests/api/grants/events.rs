//! What the audit log says of grants.

use rolecall::directory::grants::RecordExpiredGrants;
use serde_json::{Value, json};

use super::{changed, gift_in, given, one, role_named};
use crate::support::{BEGIN, CHANGES, TestApp, a_cluster, a_role, a_user, linkage};

/// Verb, state before and state after of the events of a grant.
fn told(app: &TestApp, id: &str) -> Vec<Value> {
    let path = format!("/events?filter[subject_type]=grants&filter[subject_id]={id}&sort=id");
    let data = app.admin().get(&path).expect(200).data();
    let event = |event: &Value| {
        let event = &event["attributes"];
        json!([event["verb"], event["before"], event["after"]])
    };
    data.as_array().unwrap().iter().map(event).collect()
}

fn tell(app: &TestApp) -> usize {
    app.inside(async |directory, context| directory.write(context, RecordExpiredGrants).await)
}

#[test]
fn each_change_is_told_with_what_was_and_what_is() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let cluster = a_cluster().create(&app);
    let (imo, viewer) = (
        role_named(&app, "CLUSTER_IMO"),
        role_named(&app, "CLUSTER_VIEWER"),
    );
    let document = gift_in(user.id, imo.id, ("clusters", cluster.id));
    let id = app.admin().post("/grants", &document).expect(201).id();
    let path = format!("/grants/{id}");
    changed(&app.admin(), &path, json!({"is_active": false})).expect(200);
    changed(&app.admin(), &path, json!({"is_active": false})).expect(200);
    let own = format!("{path}/relationships/role");
    app.admin()
        .patch(&own, &one("roles", viewer.id))
        .expect(200);
    app.admin().delete(&path).expect(204);
    let whole = |role: i64, is_active: bool| {
        json!({"user": user.id, "role": role, "workspace": null, "cluster": cluster.id,
            "is_active": is_active, "valid_from": null, "valid_until": null})
    };
    assert_eq!(
        told(&app, &id),
        [
            json!(["create", null, whole(imo.id, true)]),
            json!(["update", {"is_active": true}, {"is_active": false}]),
            json!(["update", {"role": imo.id}, {"role": viewer.id}]),
            json!(["delete", whole(viewer.id, false), null]),
        ]
    );
}

#[test]
fn what_is_refused_is_not_told() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let path = given(&app, &user, &role, json!({}));
    let count = || app.admin().get(CHANGES).json()["meta"]["pagination"]["count"].clone();
    let before = count();
    let client = user.client(&app);
    let tokens = count();
    assert_ne!(before, tokens);
    client.delete(&path).expect(403);
    changed(&client, &path, json!({"is_active": false})).expect(403);
    app.admin()
        .post("/grants", &super::gift(user.id, role.id, json!({})))
        .expect(400);
    assert_eq!(count(), tokens);
}

#[test]
fn the_end_of_a_grant_is_told_once() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let until = json!({"valid_until": "2026-01-02T03:05:05Z"});
    let path = given(&app, &user, &role, until);
    let id = path.rsplit('/').next().unwrap();
    app.advance(59);
    assert_eq!(tell(&app), 0);
    app.advance(1);
    assert_eq!([tell(&app), tell(&app)], [1, 0]);
    let grant = json!({"user": user.id, "role": role.id, "workspace": null, "cluster": null,
        "is_active": true, "valid_from": null, "valid_until": "2026-01-02T03:05:05+00:00"});
    assert_eq!(told(&app, id)[1..], [json!(["expire", grant, null])]);
    // The program itself did it.
    let event = app.admin().get("/events?filter[verb]=expire").data();
    assert_eq!(event[0]["attributes"]["actor"], Value::Null);
    // Another change of what has ended is no other end.
    changed(&app.admin(), &path, json!({"is_active": false})).expect(200);
    assert_eq!(tell(&app), 0);
    // Another end is.
    changed(
        &app.admin(),
        &path,
        json!({"valid_until": "2026-01-02T03:06:05Z"}),
    )
    .expect(200);
    assert_eq!(tell(&app), 0);
    app.advance(60);
    assert_eq!([tell(&app), tell(&app)], [1, 0]);
}

#[test]
fn a_grant_that_lasts_again_has_no_end_to_tell() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    given(
        &app,
        &user,
        &role,
        json!({"valid_until": "2026-01-02T03:05:05Z"}),
    );
    let own = format!("{}/relationships/roles", user.path());
    app.admin()
        .post(&own, &linkage("roles", &[role.id]))
        .expect(200);
    app.advance(3600);
    assert_eq!(tell(&app), 0);
}

#[test]
fn many_ends_are_told_some_at_a_time() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let ended = 450;
    for _ in 0..ended {
        a_user().create(&app);
    }
    app.database.execute(&format!(
        "INSERT INTO grants (user_id, role_id, valid_until, created, modified)
         SELECT id, {}, '{BEGIN}', '{BEGIN}', '{BEGIN}' FROM users WHERE id > 1",
        role.id
    ));
    let mut told = Vec::new();
    while told.last() != Some(&0) {
        told.push(tell(&app));
    }
    assert_eq!(told.iter().sum::<usize>(), ended);
    assert!(told.len() > 2, "{told:?}");
    let events = app.admin().get("/events?filter[verb]=expire&page[size]=1");
    assert_eq!(events.json()["meta"]["pagination"]["count"], ended);
}
