//! Grants of one's own that end, have not begun or are switched off.

use serde_json::{Value, json};

use super::{a_grant, hold, include};
use crate::support::{Client, Member, RoleMade, TestApp, a_role, a_user, changes, linkage};

const END: &str = "2098-01-01T00:00:00+00:00";

fn own_grant(app: &TestApp, user: &Member, role: &RoleMade) -> String {
    let filter = format!("/grants?filter[user]={}&filter[role]={}", user.id, role.id);
    app.admin().get(&filter).expect(200).ids()[0].clone()
}

fn update(client: &Client, grant: &str, attributes: Value) -> u16 {
    let path = format!("/grants/{grant}");
    client
        .patch(&path, &changes("grants", grant, attributes))
        .status
}

/// Somebody who gives roles until [`END`], and that role.
fn temporary(app: &TestApp) -> (Member, Client, RoleMade) {
    let role = a_role()
        .permitting(&["grants:read", "grants:write", "users:read"])
        .create(app);
    let user = a_user().create(app);
    app.give_until(user.id, role.id, END);
    let client = user.client(app);
    (user, client, role)
}

#[test]
fn nobody_lengthens_rebegins_or_repeats_a_limited_grant_of_their_own() {
    let app = TestApp::start();
    let (user, client, role) = temporary(&app);
    let grant = own_grant(&app, &user, &role);
    for attributes in [
        json!({"valid_until": null}),
        json!({"valid_until": "2099-01-01T00:00:00+00:00"}),
        json!({"valid_from": "2001-01-01T00:00:00+00:00", "valid_until": null}),
    ] {
        assert_eq!(
            update(&client, &grant, attributes.clone()),
            403,
            "{attributes}"
        );
    }
    let roles = linkage("roles", &[role.id]);
    let of_user = format!("{}/relationships/roles", user.path());
    client.post(&of_user, &roles).expect(403);
    let of_role = format!("{}/relationships/users", role.path());
    client
        .post(&of_role, &linkage("users", &[user.id]))
        .expect(403);
    client.delete(&format!("/grants/{grant}")).expect(403);
    client.delete_with(&of_user, &roles).expect(403);
    let longer = a_role().create(&app);
    include(&app, &longer, role.id);
    client
        .post("/grants", &a_grant(user.id, longer.id, json!({})))
        .expect(403);
    // An administrator decides on it.
    assert_eq!(
        update(&app.admin(), &grant, json!({"valid_until": null})),
        200
    );
}

#[test]
fn such_a_grant_can_be_shortened_by_its_holder() {
    let app = TestApp::start();
    let (user, client, role) = temporary(&app);
    let grant = own_grant(&app, &user, &role);
    let sooner = json!({"valid_until": "2097-01-01T00:00:00+00:00"});
    assert_eq!(update(&client, &grant, sooner), 200);
    assert_eq!(update(&client, &grant, json!({"is_active": false})), 200);
}

#[test]
fn what_was_switched_off_has_not_begun_or_is_over_is_not_brought_back_by_its_holder() {
    let app = TestApp::start();
    let giving = a_role().permitting(&["grants:write"]).create(&app);
    for (how, attributes) in [
        ("switched off", json!({"is_active": true})),
        ("not begun", json!({"valid_from": null})),
        ("over", json!({"valid_until": null})),
    ] {
        let role = a_role().create(&app);
        let user = a_user().holding(&giving).create(&app);
        hold(&app, user.id, role.id, how);
        let client = user.client(&app);
        let grant = own_grant(&app, &user, &role);
        assert_eq!(update(&client, &grant, attributes), 403, "{how}");
        let path = format!("{}/relationships/roles", user.path());
        let again = client.post(&path, &linkage("roles", &[role.id]));
        assert_eq!(again.status, 403, "{how}");
    }
}

#[test]
fn what_one_has_for_a_time_is_given_for_no_longer() {
    let app = TestApp::start();
    let (_, client, role) = temporary(&app);
    let give = |attributes| {
        let user = a_user().create(&app);
        client
            .post("/grants", &a_grant(user.id, role.id, attributes))
            .status
    };
    assert_eq!(give(json!({})), 403);
    assert_eq!(
        give(json!({"valid_until": "2099-01-01T00:00:00+00:00"})),
        403
    );
    assert_eq!(give(json!({"valid_until": END})), 201);
    // What gives no power needs no end.
    let harmless = a_role().create(&app);
    let user = a_user().create(&app);
    client
        .post("/grants", &a_grant(user.id, harmless.id, json!({})))
        .expect(201);
}
