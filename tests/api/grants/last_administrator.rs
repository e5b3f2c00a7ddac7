//! Whatever happens to grants, somebody remains administrator, for good.

use serde_json::{Value, json};

use super::{changed, given, one};
use crate::support::{RoleMade, TestApp, a_role, a_user, changes};

fn admin() -> RoleMade {
    RoleMade {
        id: 1,
        name: "admin".into(),
    }
}

/// The grant that makes the first administrator one.
fn first(app: &TestApp) -> String {
    let ids = app.admin().get("/users/1/grants").expect(200).ids();
    format!("/grants/{}", ids[0])
}

/// Everything that would end the grant now or at some time.
fn ends() -> Vec<Value> {
    vec![
        json!({"is_active": false}),
        json!({"valid_until": "2026-01-02T03:04:06Z"}),
        json!({"valid_until": "2999-01-01T00:00:00Z"}),
        json!({"valid_until": "2020-01-01T00:00:00Z"}),
        json!({"valid_from": "2026-01-02T03:04:06Z"}),
    ]
}

#[test]
fn the_last_one_keeps_the_grant_as_it_is() {
    let app = TestApp::start();
    let path = first(&app);
    let before = app.admin().get(&path).expect(200).json();
    app.admin().delete(&path).expect(403);
    for end in ends() {
        let answer = changed(&app.admin(), &path, end.clone());
        assert_eq!(answer.status, 403, "{end}");
    }
    let other = a_role().create(&app);
    let own = format!("{path}/relationships/role");
    app.admin().patch(&own, &one("roles", other.id)).expect(403);
    let id = path.rsplit('/').next().unwrap();
    let remove = json!({"op": "remove", "ref": {"type": "grants", "id": id}});
    app.admin()
        .operations(&json!({"atomic:operations": [remove]}))
        .expect(403);
    assert_eq!(app.admin().get(&path).json(), before);
    // What does not end it may be.
    changed(
        &app.admin(),
        &path,
        json!({"valid_from": "2020-01-01T00:00:00Z"}),
    )
    .expect(200);
}

#[test]
fn another_who_is_not_one_for_good_is_not_enough() {
    let app = TestApp::start();
    let path = first(&app);
    for limits in ends() {
        given(&app, &a_user().create(&app), &admin(), limits);
    }
    given(&app, &a_user().inactive().create(&app), &admin(), json!({}));
    let gone = a_user().create(&app);
    given(&app, &gone, &admin(), json!({}));
    app.admin().delete(&gone.path()).expect(204);
    app.admin().delete(&path).expect(403);
    changed(&app.admin(), &path, json!({"is_active": false})).expect(403);
}

#[test]
fn with_another_for_good_the_first_may_go() {
    for end in ends() {
        let app = TestApp::start();
        let deputy = a_user().create(&app);
        given(&app, &deputy, &admin(), json!({}));
        changed(&app.admin(), &first(&app), end).expect(200);
        // And now the deputy is the last.
        let client = deputy.client(&app);
        let patch = changes("users", deputy.id, json!({"is_active": false}));
        client.patch(&deputy.path(), &patch).expect(403);
    }
}

#[test]
fn a_role_that_contains_admin_makes_administrators_but_not_the_last() {
    let app = TestApp::start();
    let above = a_role().create(&app);
    let include = format!("{}/relationships/includes", above.path());
    let parts = crate::support::linkage("roles", &[1]);
    app.admin().post(&include, &parts).expect(200);
    let deputy = a_user().holding(&above).create(&app);
    deputy.client(&app).get("/events").expect(200);
    app.admin().delete(&first(&app)).expect(403);
}
