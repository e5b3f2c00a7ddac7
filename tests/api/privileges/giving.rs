//! Roles that give more than the giver may.

use serde_json::{Value, json};

use super::{a_grant, hold, include, roles_that_give_more, somebody_with};
use crate::support::{
    Answer, Client, Member, RoleMade, TestApp, a_cluster, a_new, a_partner, a_role, a_user,
    changes, linkage, role_named,
};

const GIVER: &[&str] = &[
    "users:read",
    "users:write",
    "grants:read",
    "grants:write",
    "roles:read",
    "roles:write",
];

/// Every way to give a role to somebody.
fn tries(client: &Client, user: &Member, role: &RoleMade) -> Vec<(&'static str, Answer)> {
    let of_user = format!("{}/relationships/roles", user.path());
    let of_role = format!("{}/relationships/users", role.path());
    let roles = linkage("roles", &[role.id]);
    let users = linkage("users", &[user.id]);
    let related = |mut document: Value, name: &str, linkage: &Value| {
        document["data"]["relationships"] = json!({name: linkage});
        document
    };
    let user_with = related(changes("users", user.id, json!({})), "roles", &roles);
    let role_with = related(changes("roles", role.id, json!({})), "users", &users);
    let new_user = related(
        a_new(
            "users",
            json!({"username": format!("new-{}-{}", user.id, role.id), "password": "known to the giver"}),
        ),
        "roles",
        &roles,
    );
    let operation = json!({"atomic:operations": [{
        "op": "add",
        "ref": {"type": "users", "id": user.id.to_string(), "relationship": "roles"},
        "data": roles["data"],
    }]});
    vec![
        (
            "a grant",
            client.post("/grants", &a_grant(user.id, role.id, json!({}))),
        ),
        ("the user's roles", client.post(&of_user, &roles)),
        ("all of the user's roles", client.patch(&of_user, &roles)),
        ("the role's users", client.post(&of_role, &users)),
        (
            "the user as a whole",
            client.patch(&user.path(), &user_with),
        ),
        (
            "the role as a whole",
            client.patch(&role.path(), &role_with),
        ),
        ("a new user", client.post("/users", &new_user)),
        ("an operation", client.operations(&operation)),
    ]
}

#[test]
fn roles_that_give_more_than_the_giver_may_are_not_given_by_any_way() {
    let app = TestApp::start();
    let (giver, client) = somebody_with(&app, GIVER);
    for (what, role) in roles_that_give_more(&app) {
        for receiver in [giver.clone(), a_user().create(&app)] {
            for (way, answer) in tries(&client, &receiver, &role) {
                assert_eq!(answer.status, 403, "{what} by {way}: {}", answer.text);
            }
        }
    }
    for receiver in [giver, a_user().create(&app)] {
        let administrators = client
            .post("/grants", &a_grant(receiver.id, 1, json!({})))
            .status;
        assert_eq!(administrators, 403);
    }
}

#[test]
fn a_grant_does_not_become_one_of_such_a_role() {
    let app = TestApp::start();
    let (_, client) = somebody_with(&app, GIVER);
    let plain = a_role().create(&app);
    for (what, role) in roles_that_give_more(&app) {
        let user = a_user().create(&app);
        let grant = app
            .admin()
            .post("/grants", &a_grant(user.id, plain.id, json!({})))
            .expect(201)
            .id();
        let mut change = changes("grants", &grant, json!({}));
        change["data"]["relationships"] = json!({"role": super::one("roles", role.id)});
        let answer = client.patch(&format!("/grants/{grant}"), &change);
        assert_eq!(answer.status, 403, "{what}");
    }
}

#[test]
fn grants_of_such_roles_are_neither_switched_on_nor_taken() {
    let app = TestApp::start();
    let (_, client) = somebody_with(&app, GIVER);
    for (what, role) in roles_that_give_more(&app) {
        let user = a_user().create(&app);
        hold(&app, user.id, role.id, "switched off");
        let filter = format!("/grants?filter[user]={}", user.id);
        let grant = app.admin().get(&filter).expect(200).ids()[0].clone();
        let path = format!("/grants/{grant}");
        for attributes in [
            json!({"is_active": true}),
            json!({"valid_from": "2020-01-01T00:00:00+00:00"}),
        ] {
            let change = changes("grants", &grant, attributes);
            assert_eq!(client.patch(&path, &change).status, 403, "{what}");
        }
        assert_eq!(client.delete(&path).status, 403, "{what}");
    }
}

#[test]
fn what_one_may_oneself_can_be_given_and_a_role_without_power_by_everybody() {
    let app = TestApp::start();
    let (_, client) = somebody_with(&app, GIVER);
    let reading = a_role().permitting(&["users:read"]).create(&app);
    let harmless = a_role().create(&app);
    // Who could give the target to anybody gives the rule about it, too.
    let handing_on = a_role().create(&app);
    super::a_rule(&app, &handing_on, &[reading.id, harmless.id], "any");
    for role in [reading, harmless, handing_on] {
        let user = a_user().create(&app);
        client
            .post("/grants", &a_grant(user.id, role.id, json!({})))
            .expect(201);
    }
    let viewer = role_named(&app, "CLUSTER_VIEWER");
    let cluster = a_cluster().create(&app);
    let user = a_user().create(&app);
    let mut grant = a_grant(user.id, viewer.id, json!({}));
    grant["data"]["relationships"]["cluster"] = super::one("clusters", cluster.id);
    client.post("/grants", &grant).expect(201);
}

#[test]
fn a_rule_lets_its_granter_pass_and_nobody_else() {
    let app = TestApp::start();
    let paying = a_role().permitting(&["payments:send"]).create(&app);
    let delegator = a_role().create(&app);
    super::a_rule(&app, &delegator, &[paying.id], "any");
    let (granter, with_permission) = somebody_with(&app, &["grants:write", "users:read"]);
    granter.grant(&app, &delegator);
    let (_, without_rule) = somebody_with(&app, &["grants:write", "users:read"]);
    let by_rule = a_user().holding(&delegator).create(&app).client(&app);
    let give = |client: &Client, user: &Member| {
        client
            .post("/grants", &a_grant(user.id, paying.id, json!({})))
            .status
    };
    assert_eq!(give(&without_rule, &a_user().create(&app)), 403);
    assert_eq!(give(&by_rule, &a_user().create(&app)), 201);
    // The permission takes nothing away from the rule, nor does it stretch it.
    assert_eq!(give(&with_permission, &a_user().create(&app)), 201);
    assert_eq!(give(&with_permission, &granter), 403);
}

#[test]
fn a_role_that_is_held_in_one_place_is_not_given_in_another() {
    let app = TestApp::start();
    let imo = role_named(&app, "CLUSTER_IMO");
    let member = role_named(&app, "CLUSTER_MEMBER");
    let [here, there] = [(); 2].map(|()| a_cluster().create(&app));
    let [own, other] = [(); 2].map(|()| a_partner().create(&app));
    let giving = a_role().permitting(&["grants:write"]).create(&app);
    let giver = a_user().of_partner(&own).holding(&giving).create(&app);
    giver.grant_in(&app, &imo, here.place());
    giver.grant_in(&app, &member, here.place());
    let client = giver.client(&app);
    let give = |role: &RoleMade, cluster: i64, user: &Member| {
        let mut grant = a_grant(user.id, role.id, json!({}));
        grant["data"]["relationships"]["cluster"] = super::one("clusters", cluster);
        client.post("/grants", &grant).status
    };
    let user = || a_user().of_partner(&own).create(&app);
    assert_eq!(give(&imo, here.id, &user()), 201);
    assert_eq!(give(&imo, there.id, &user()), 403);
    assert_eq!(give(&imo, there.id, &giver), 403);
    assert_eq!(give(&member, here.id, &user()), 201);
    let stranger = a_user().of_partner(&other).create(&app);
    assert_eq!(give(&member, there.id, &stranger), 403);
}

#[test]
fn grants_write_alone_gives_itself_no_role_of_the_portal() {
    let app = TestApp::start();
    let (gil, client) = somebody_with(&app, &["grants:write"]);
    let system_admin = role_named(&app, "CLUSTER_SYSTEM_ADMIN");
    client
        .post("/grants", &a_grant(gil.id, system_admin.id, json!({})))
        .expect(403);
    let composite = a_role().create(&app);
    include(&app, &composite, system_admin.id);
    client
        .post("/grants", &a_grant(gil.id, composite.id, json!({})))
        .expect(403);
    let pal = a_user().create(&app);
    let invited = json!({"user_id": pal.id, "prp_roles": [{"role": "CLUSTER_SYSTEM_ADMIN"}]});
    let answer = client.send(
        "POST",
        "/api/id-management/role-group/",
        &[("content-type", "application/json")],
        Some(invited.to_string().as_bytes()),
    );
    assert_eq!(answer.status, 403, "{}", answer.text);
    let users = client.get("/api/id-management/users/?portal=CLUSTER");
    assert_eq!(users.status, 403);
}
