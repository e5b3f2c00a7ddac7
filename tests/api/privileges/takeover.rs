//! Passwords, flags, tokens and records of people who may more.

use serde_json::json;

use super::{HELD, a_grant, hold, in_workspace, roles_that_give_more, somebody_with};
use crate::support::{
    Client, Member, TestApp, a_cluster, a_new, a_partner, a_role, a_user, a_workspace, changes,
    role_named,
};

const TAKER: &[&str] = &[
    "users:read",
    "users:write",
    "tokens:read",
    "tokens:write",
    "grants:read",
    "grants:write",
    "roles:read",
    "roles:write",
];

type Way = (&'static str, u16, Box<dyn Fn(&Client) -> u16>);

/// Every way to take over, hinder or remove somebody, with its success.
fn ways(app: &TestApp, victim: &Member) -> Vec<Way> {
    let path = victim.path();
    let update = move |attributes| changes("users", victim.id, attributes);
    let password = update(json!({"password": "a quite new one"}));
    let off = update(json!({"is_active": false}));
    let mut token = a_new("tokens", json!({"name": "taken"}));
    token["data"]["relationships"] = json!({"user": super::one("users", victim.id)});
    let kept = app.admin().post("/tokens", &token).expect(201).id();
    let kept = format!("/tokens/{kept}");
    let operation = json!({"atomic:operations": [{"op": "update", "data": password["data"]}]});
    let (of_password, of_off, of_delete) = (path.clone(), path.clone(), path);
    let (renamed, revoked) = (kept.clone(), kept.clone());
    let rename = changes(
        "tokens",
        kept.rsplit('/').next().unwrap(),
        json!({"name": "mine"}),
    );
    vec![
        // A new password would end the token.
        (
            "rename a token",
            200,
            Box::new(move |c| c.patch(&renamed, &rename).status),
        ),
        (
            "revoke a token",
            204,
            Box::new(move |c| c.delete(&revoked).status),
        ),
        (
            "password",
            200,
            Box::new(move |c| c.patch(&of_password, &password).status),
        ),
        (
            "operation",
            200,
            Box::new(move |c| c.operations(&operation).status),
        ),
        (
            "token",
            201,
            Box::new(move |c| c.post("/tokens", &token).status),
        ),
        (
            "deactivate",
            200,
            Box::new(move |c| c.patch(&of_off, &off).status),
        ),
        (
            "delete",
            204,
            Box::new(move |c| c.delete(&of_delete).status),
        ),
    ]
}

fn is_safe(app: &TestApp, taker: &Client, victim: &Member, why: &str) {
    for (way, _, act) in ways(app, victim) {
        assert_eq!(act(taker), 403, "{way}: {why}");
    }
    app.admin().delete(&victim.path()).expect(204);
    let trash = victim.trash_path();
    let restore = json!({"data": {"type": "users", "id": victim.id.to_string()}});
    assert_eq!(taker.patch(&trash, &restore).status, 403, "restore: {why}");
    assert_eq!(taker.delete(&trash).status, 403, "purge: {why}");
}

#[test]
fn people_who_may_more_are_safe_whatever_it_is_and_however_they_hold_it() {
    let app = TestApp::start();
    let (_, taker) = somebody_with(&app, TAKER);
    for (what, role) in roles_that_give_more(&app) {
        for how in HELD {
            let victim = a_user().create(&app);
            hold(&app, victim.id, role.id, how);
            is_safe(&app, &taker, &victim, &format!("{what}, {how}"));
        }
    }
    for how in HELD {
        let victim = a_user().create(&app);
        hold(&app, victim.id, 1, how);
        is_safe(&app, &taker, &victim, &format!("administrator, {how}"));
    }
}

#[test]
fn people_who_may_more_in_one_place_are_safe() {
    let app = TestApp::start();
    let (_, taker) = somebody_with(&app, TAKER);
    let workspace = a_workspace().create(&app);
    let paying = a_role()
        .permitting(&["payments:send"])
        .held_in("workspace")
        .create(&app);
    let victim = a_user().create(&app);
    let grant = in_workspace(a_grant(victim.id, paying.id, json!({})), &workspace);
    app.admin().post("/grants", &grant).expect(201);
    is_safe(&app, &taker, &victim, "a scoped grant");
    let cluster = a_cluster().create(&app);
    let partner = a_partner().create(&app);
    for name in ["CLUSTER_IMO", "CLUSTER_MEMBER"] {
        let victim = a_user().of_partner(&partner).create(&app);
        victim.grant_in(&app, &role_named(&app, name), cluster.place());
        is_safe(&app, &taker, &victim, name);
    }
    for name in ["IP_AUTHORIZED_OFFICER", "IP_ADMIN"] {
        let victim = a_user().of_partner(&partner).create(&app);
        victim.grant_in(&app, &role_named(&app, name), workspace.place());
        is_safe(&app, &taker, &victim, name);
    }
}

#[test]
fn people_who_may_no_more_can_be_looked_after() {
    let app = TestApp::start();
    let (_, taker) = somebody_with(&app, TAKER);
    let paying = a_role().permitting(&["payments:send"]).create(&app);
    let plain = a_role().permitting(&["users:read"]).create(&app);
    let over = a_user().create(&app);
    hold(&app, over.id, paying.id, "over");
    let ordinary = a_user().holding(&plain).create(&app);
    for victim in [over, ordinary, a_user().create(&app)] {
        for (way, success, act) in ways(&app, &victim) {
            assert_eq!(act(&taker), success, "{way}");
        }
    }
}

#[test]
fn the_same_holds_for_what_is_had_for_a_shorter_time() {
    let app = TestApp::start();
    let role = a_role().permitting(TAKER).create(&app);
    let temporary = a_user().create(&app);
    app.give_until(temporary.id, role.id, "2098-01-01T00:00:00+00:00");
    let lasting = a_user()
        .holding(&a_role().permitting(&["users:read"]).create(&app))
        .create(&app);
    let password = changes("users", lasting.id, json!({"password": "a quite new one"}));
    let client = temporary.client(&app);
    client.patch(&lasting.path(), &password).expect(403);
    let shorter = a_user().create(&app);
    let reading = a_role().permitting(&["users:read"]).create(&app);
    app.give_until(shorter.id, reading.id, "2097-01-01T00:00:00+00:00");
    let password = changes("users", shorter.id, json!({"password": "a quite new one"}));
    client.patch(&shorter.path(), &password).expect(200);
}

#[test]
fn nobody_is_moved_to_a_partner_where_they_may_more() {
    let app = TestApp::start();
    let (mover, client) = somebody_with(&app, &["users:read", "users:write"]);
    let partner = a_partner().create(&app);
    let cluster = a_cluster().create(&app);
    let member = role_named(&app, "CLUSTER_MEMBER");
    mover.grant_in(&app, &member, cluster.place());
    let partner_of = |user: &Member| {
        json!({"data": {"type": "users", "id": user.id.to_string(),
            "relationships": {"partner": super::one("partners", partner.id)}}})
    };
    client.patch(&mover.path(), &partner_of(&mover)).expect(403);
    let path = format!("{}/relationships/partner", mover.path());
    client
        .patch(&path, &super::one("partners", partner.id))
        .expect(403);
    let ordinary = a_user().create(&app);
    client
        .patch(&ordinary.path(), &partner_of(&ordinary))
        .expect(200);
    app.admin()
        .patch(&mover.path(), &partner_of(&mover))
        .expect(200);
}

#[test]
fn everybody_changes_their_own_password_whatever_they_may_later() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    hold(&app, user.id, 1, "not begun");
    let document = changes(
        "users",
        user.id,
        json!({"password": "a quite new one", "old_password": crate::support::ADMIN_PASSWORD}),
    );
    let client = app.basic(&user.username, crate::support::ADMIN_PASSWORD);
    client.patch("/auth/user", &document).expect(200);
}
