//! When a grant gives a right: from `valid_from` on, up to `valid_until`, and
//! whatever is remembered of callers.

use serde_json::json;

use super::{changed, given, role_named};
use crate::support::{ADMIN_PASSWORD, Client, TestApp, a_cluster, a_new, a_role, a_user};

/// A minute that begins a minute after the test.
const MINUTE: (&str, &str) = ("2026-01-02T03:05:05Z", "2026-01-02T04:06:05+01:00");

fn minute() -> serde_json::Value {
    json!({"valid_from": MINUTE.0, "valid_until": MINUTE.1})
}

#[test]
fn a_right_begins_and_ends_to_the_second_for_every_kind_of_credentials() {
    let app = TestApp::start();
    let role = a_role().permitting(&["audit:read"]).create(&app);
    let user = a_user().with_password().create(&app);
    given(&app, &user, &role, minute());
    let signed_in = app
        .anonymous()
        .post(
            "/auth",
            &json!({"username": user.username, "password": ADMIN_PASSWORD}),
        )
        .expect(200)
        .json();
    let access = signed_in["meta"]["jwt"].as_str().unwrap().to_owned();
    let clients: [(&str, Client); 3] = [
        ("API token", user.client(&app)),
        ("access token", app.token(&access)),
        ("password", app.basic(&user.username, ADMIN_PASSWORD)),
    ];
    let own = format!("{}/relationships/roles", user.path());
    let check = |status: u16| {
        for (credentials, client) in &clients {
            // Twice: not remembered, and remembered.
            for _ in 0..2 {
                let answer = client.get("/events?page[size]=1");
                assert_eq!(answer.status, status, "{credentials}");
            }
            let held = client.get(&own).expect(200).ids().len();
            assert_eq!(held, usize::from(status == 200), "{credentials}");
        }
    };
    check(403);
    app.advance(59);
    check(403);
    app.advance(1);
    check(200);
    app.advance(59);
    check(200);
    app.advance(1);
    check(403);
}

#[test]
fn rules_count_from_the_first_to_the_last_second_of_the_granters_grant() {
    let app = TestApp::start();
    let cluster = a_cluster().create(&app);
    let imo = role_named(&app, "CLUSTER_IMO");
    let viewer = role_named(&app, "CLUSTER_VIEWER");
    let granter = a_user().create(&app);
    let place = ("clusters", cluster.id);
    let mut document = super::gift_in(granter.id, imo.id, place);
    document["data"]["attributes"] = minute();
    app.admin().post("/grants", &document).expect(201);
    let client = granter.client(&app);
    let give = || {
        let user = a_user().create(&app).id;
        let given = client.post("/grants", &super::gift_in(user, viewer.id, place));
        // Whom they see follows from what they may give.
        let seen = client.get(&format!("/users/{user}"));
        (given.status, seen.status)
    };
    assert_eq!(give(), (404, 404));
    app.advance(59);
    assert_eq!(give(), (404, 404));
    app.advance(1);
    assert_eq!(give(), (201, 200));
    app.advance(59);
    assert_eq!(give(), (201, 200));
    app.advance(1);
    assert_eq!(give(), (404, 404));
}

#[test]
fn a_change_of_the_time_counts_at_once() {
    let app = TestApp::start();
    let role = a_role().permitting(&["audit:read"]).create(&app);
    let user = a_user().create(&app);
    let path = given(&app, &user, &role, json!({}));
    let client = user.client(&app);
    let status = || client.get("/events?page[size]=1").status;
    let set = |attributes| {
        changed(&app.admin(), &path, attributes).expect(200);
        status()
    };
    assert_eq!(status(), 200);
    assert_eq!(set(json!({"valid_until": "2026-01-02T03:04:05Z"})), 403);
    assert_eq!(set(json!({"valid_until": "2026-01-02T03:04:06Z"})), 200);
    assert_eq!(set(json!({"valid_from": "2026-01-02T03:04:05Z"})), 200);
    assert_eq!(
        set(json!({"valid_until": null, "valid_from": "2026-01-02T03:04:06Z"})),
        403
    );
    assert_eq!(set(json!({"valid_from": null})), 200);
    assert_eq!(set(json!({"is_active": false})), 403);
    assert_eq!(set(json!({"is_active": true})), 200);
}

#[test]
fn a_scoped_role_permits_nothing_outside_its_scope() {
    let app = TestApp::start();
    let role = a_role()
        .held_in("cluster")
        .permitting(&["audit:read"])
        .create(&app);
    let user = a_user().create(&app);
    user.grant_in(&app, &role, a_cluster().create(&app).place());
    user.client(&app).get("/events").expect(403);
    let token = a_new("tokens", json!({"name": "mine"}));
    user.client(&app).post("/tokens", &token).expect(201);
}
