//! `PATCH /grants/ID` and `PATCH /grants/ID/relationships/role`

use serde_json::{Value, json};

use super::{changed, given, holder_of, one, role_named};
use crate::support::{
    Client, JSON_API, Member, TestApp, a_cluster, a_partner, a_role, a_user, changes, linkage,
};

#[test]
fn a_grant_is_switched_off_and_on_and_limited() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let path = given(&app, &user, &role, json!({}));
    app.advance(5);
    let limits = json!({"is_active": false, "valid_from": "2026-01-02T04:00:00+01:00",
        "valid_until": "2027-01-01T00:00:00Z"});
    let shown = changed(&app.admin(), &path, limits).expect(200).data();
    let attributes = &shown["attributes"];
    assert_eq!(attributes["is_active"], false);
    assert_eq!(attributes["valid_from"], "2026-01-02T03:00:00+00:00");
    assert_eq!(attributes["valid_until"], "2027-01-01T00:00:00+00:00");
    assert_eq!(attributes["modified"], "2026-01-02T03:04:10+00:00");
    let lasting = json!({"is_active": true, "valid_from": null, "valid_until": null});
    let shown = changed(&app.admin(), &path, lasting).expect(200).data();
    assert_eq!(shown["attributes"]["valid_until"], Value::Null);
    assert_eq!(shown["attributes"]["is_active"], true);
}

#[test]
fn the_end_is_compared_with_the_beginning_that_is_there() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let time = json!({"valid_from": "2026-02-01T00:00:00Z", "valid_until": "2026-03-01T00:00:00Z"});
    let path = given(&app, &user, &role, time);
    for wrong in [
        json!({"valid_until": "2026-01-31T00:00:00Z"}),
        json!({"valid_from": "2026-03-01T00:00:00Z"}),
        json!({"is_active": null}),
    ] {
        changed(&app.admin(), &path, wrong).expect(400);
    }
    let shown = app.admin().get(&path).data();
    assert_eq!(
        shown["attributes"]["valid_until"],
        "2026-03-01T00:00:00+00:00"
    );
}

#[test]
fn another_role_takes_the_place_of_the_first() {
    let app = TestApp::start();
    let (user, role, other) = (
        a_user().create(&app),
        a_role().create(&app),
        a_role().create(&app),
    );
    let path = given(
        &app,
        &user,
        &role,
        json!({"valid_until": "2027-01-01T00:00:00Z"}),
    );
    let own = format!("{path}/relationships/role");
    let answer = app.admin().patch(&own, &one("roles", other.id)).expect(200);
    assert_eq!(answer.data(), one("roles", other.id)["data"]);
    let held = app.admin().get(&format!("{}/roles", user.path()));
    assert_eq!(held.ids(), [other.id.to_string()]);
    // Its time is what it was.
    let shown = app.admin().get(&path).data();
    assert_eq!(
        shown["attributes"]["valid_until"],
        "2027-01-01T00:00:00+00:00"
    );
    // And back as a part of the resource.
    let id = path.rsplit('/').next().unwrap();
    let mut document = changes("grants", id, json!({}));
    document["data"]["relationships"] = json!({"role": one("roles", role.id)});
    app.admin().patch(&path, &document).expect(200);
    assert_eq!(app.admin().get(&own).data(), one("roles", role.id)["data"]);
}

#[test]
fn linkage_that_is_no_role_is_refused() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let path = given(&app, &user, &role, json!({}));
    let own = format!("{path}/relationships/role");
    let ask = |document: &Value| app.admin().patch(&own, document);
    ask(&json!({"data": null})).expect(400);
    ask(&linkage("roles", &[role.id])).expect(400);
    ask(&one("users", user.id)).expect(400);
    let answer = ask(&one("roles", 4711)).expect(404);
    assert_eq!(answer.pointers(), ["/data"]);
    // A role that is held elsewhere.
    ask(&one("roles", role_named(&app, "IP_VIEWER").id)).expect(400);
    assert_eq!(app.admin().get(&own).data(), one("roles", role.id)["data"]);
    app.admin()
        .patch("/grants/4711/relationships/role", &one("roles", role.id))
        .expect(404);
}

#[test]
fn an_operation_sets_the_role_and_errors_point_into_it() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let [role, other] = [(); 2].map(|()| a_role().create(&app));
    let path = given(&app, &user, &role, json!({}));
    let id = path.rsplit('/').next().unwrap();
    let set = |data: Value| {
        let target = json!({"type": "grants", "id": id, "relationship": "role"});
        let operation = json!({"op": "update", "ref": target, "data": data});
        app.admin()
            .operations(&json!({"atomic:operations": [operation]}))
    };
    let data = "/atomic:operations/0/data";
    let wrong = set(one("users", user.id)["data"].clone()).expect(400);
    assert_eq!(wrong.pointers(), [format!("{data}/type")]);
    let wrong = set(json!([])).expect(400);
    assert_eq!(wrong.pointers(), [data]);
    let wrong = set(one("roles", 4711)["data"].clone()).expect(404);
    assert_eq!(wrong.pointers(), [data]);
    set(one("roles", other.id)["data"].clone()).expect(200);
    let shown = app.admin().get(&format!("{path}/relationships/role"));
    assert_eq!(shown.data(), one("roles", other.id)["data"]);
}

#[test]
fn a_role_that_the_user_holds_there_already_is_400() {
    let app = TestApp::start();
    let (user, role, other) = (
        a_user().create(&app),
        a_role().create(&app),
        a_role().create(&app),
    );
    let path = given(&app, &user, &role, json!({}));
    given(&app, &user, &other, json!({"is_active": false}));
    let own = format!("{path}/relationships/role");
    app.admin().patch(&own, &one("roles", other.id)).expect(400);
    let id = path.rsplit('/').next().unwrap();
    let mut document = changes("grants", id, json!({}));
    document["data"]["relationships"] = json!({"role": one("roles", other.id)});
    let answer = app.admin().patch(&path, &document).expect(400);
    assert_eq!(answer.pointers(), ["/data/relationships/role/data"]);
}

#[test]
fn who_holds_it_and_where_never_changes() {
    let app = TestApp::start();
    let (user, role, other) = (
        a_user().create(&app),
        a_role().create(&app),
        a_user().create(&app),
    );
    let cluster = a_cluster().create(&app);
    let path = given(&app, &user, &role, json!({}));
    let id = path.rsplit('/').next().unwrap();
    for (name, identifier) in [
        ("user", one("users", other.id)),
        ("cluster", one("clusters", cluster.id)),
    ] {
        let mut document = changes("grants", id, json!({}));
        document["data"]["relationships"] = json!({ name: identifier });
        app.admin().patch(&path, &document).expect(403);
        let own = format!("{path}/relationships/{name}");
        app.admin().patch(&own, &identifier).expect(403);
    }
    let shown = app.admin().get(&format!("{path}/relationships/user"));
    assert_eq!(shown.data(), one("users", user.id)["data"]);
}

#[test]
fn a_stale_if_match_is_412_and_changes_nothing() {
    let app = TestApp::start();
    let (user, role, other) = (
        a_user().create(&app),
        a_role().create(&app),
        a_role().create(&app),
    );
    let path = given(&app, &user, &role, json!({}));
    let id = path.rsplit('/').next().unwrap();
    let first = app.admin().get(&path).header("etag").unwrap().to_owned();
    let send = |method: &str, path: &str, tag: &str, document: Option<Value>| {
        let headers = [
            ("accept", JSON_API),
            ("content-type", JSON_API),
            ("if-match", tag),
        ];
        let body = document.map(|document| document.to_string());
        app.admin()
            .send(method, path, &headers, body.as_deref().map(str::as_bytes))
    };
    let off = || Some(changes("grants", id, json!({"is_active": false})));
    let second = send("PATCH", &path, &first, off()).expect(200);
    let second = second.header("etag").unwrap().to_owned();
    assert_ne!(first, second);
    send(
        "PATCH",
        &path,
        &first,
        Some(changes("grants", id, json!({"is_active": true}))),
    )
    .expect(412);
    let own = format!("{path}/relationships/role");
    send("PATCH", &own, &first, Some(one("roles", other.id))).expect(412);
    send("DELETE", &path, &first, None).expect(412);
    send("PATCH", &own, &second, Some(one("roles", other.id))).expect(200);
    send("DELETE", &path, &second, None).expect(412);
    let shown = app.admin().get(&path).expect(200);
    assert_eq!(shown.data()["attributes"]["is_active"], false);
    let third = shown.header("etag").unwrap();
    send("DELETE", &path, third, None).expect(204);
}

#[test]
fn what_is_sent_back_whole_changes_nothing() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let path = given(
        &app,
        &user,
        &role,
        json!({"valid_until": "2027-01-01T00:00:00Z"}),
    );
    let before = app.admin().get(&path).expect(200);
    app.advance(60);
    let data = before.data();
    let document = json!({"data": {"type": "grants", "id": data["id"],
        "attributes": data["attributes"], "relationships": {"role": one("roles", role.id)}}});
    app.admin().patch(&path, &document).expect(200);
    let after = app.admin().get(&path).expect(200);
    assert_eq!(after.data(), data);
    assert_eq!(after.header("etag"), before.header("etag"));
}

#[test]
fn the_address_says_which_grant_and_nobody_learns_of_others() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let path = given(&app, &user, &role, json!({}));
    let id: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
    let ask = |client: &Client, id: i64| {
        let attributes = json!({"is_active": false});
        client.patch(&format!("/grants/{id}"), &changes("grants", id, attributes))
    };
    ask(&app.admin(), 4711).expect(404);
    let stranger = a_user().create(&app).client(&app);
    ask(&stranger, id).expect(404);
    // The holder sees it, and whoever sees all grants.
    ask(&user.client(&app), id).expect(403);
    ask(&holder_of(&app, &["grants:read"]), id).expect(403);
    ask(&holder_of(&app, &["grants:read", "grants:write"]), id).expect(200);
    let wrong = changes("grants", id + 1, json!({"is_active": false}));
    app.admin().patch(&path, &wrong).expect(409);
}

/// A member of a cluster, their path to the roles of `user`, and who is asked for.
fn a_granter_by_rule(app: &TestApp, granter_role: i64, targets: &[i64], verbs: &[&str]) -> Member {
    let mut rule = crate::support::a_new("grant-rules", json!({"scope": "any", "verbs": verbs}));
    rule["data"]["relationships"] = json!({
        "granter": one("roles", granter_role),
        "targets": linkage("roles", targets),
    });
    app.admin().post("/grant-rules", &rule).expect(201);
    let granter = a_user().create(app);
    let role = crate::support::RoleMade {
        id: granter_role,
        name: String::new(),
    };
    granter.grant(app, &role);
    granter
}

#[test]
fn replacing_the_roles_of_a_user_needs_the_verbs_for_all_that_changes_hands() {
    let app = TestApp::start();
    let [granting, old, new] = [(); 3].map(|()| a_role().create(&app));
    let path = |user: &Member| format!("{}/relationships/roles", user.path());
    for (verbs, status) in [
        (vec!["give"], 403),
        // Only those to whom something can be given are seen.
        (vec!["remove"], 404),
        (vec!["change", "toggle"], 404),
        (vec!["give", "remove"], 200),
    ] {
        let granting = if status == 200 {
            a_role().create(&app)
        } else {
            granting.clone()
        };
        let granter = a_granter_by_rule(&app, granting.id, &[old.id, new.id], &verbs);
        // The rules of the rounds before do not count for this one.
        app.database.execute(&format!(
            "DELETE FROM grant_rules WHERE granter_role_id = {} AND id < (SELECT max(id) FROM grant_rules)",
            granting.id
        ));
        let user = a_user().holding(&old).create(&app);
        let answer = granter
            .client(&app)
            .patch(&path(&user), &linkage("roles", &[new.id]));
        assert_eq!(answer.status, status, "{verbs:?}: {}", answer.text);
    }
}

#[test]
fn a_grant_that_is_off_or_over_is_not_revived_by_whoever_may_not() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    for limits in [
        json!({"is_active": false}),
        json!({"valid_until": "2026-01-02T03:04:05Z"}),
        json!({"valid_from": "2027-01-01T00:00:00Z"}),
    ] {
        let former = a_user().create(&app);
        let admin = crate::support::RoleMade {
            id: 1,
            name: "admin".into(),
        };
        given(&app, &former, &admin, limits.clone());
        given(&app, &former, &role, limits);
        let client = former.client(&app);
        let own = format!("{}/relationships/roles", former.path());
        for wanted in [1, role.id] {
            for method in ["POST", "PATCH"] {
                let answer = client.json(method, &own, &linkage("roles", &[wanted]));
                answer.expect(403);
            }
        }
        let mut document = changes("users", former.id, json!({}));
        document["data"]["relationships"] = json!({"roles": linkage("roles", &[1])});
        client.patch(&former.path(), &document).expect(403);
        client.get("/events").expect(403);
        // Nor by somebody who gives roles, but may less than this one permits.
        let giver = holder_of(&app, &["users:read", "grants:write"]);
        giver.post(&own, &linkage("roles", &[1])).expect(403);
        giver.post(&own, &linkage("roles", &[role.id])).expect(200);
    }
}

#[test]
fn a_role_for_a_time_stays_one_when_a_whole_record_is_sent_back() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let until = "2026-01-02T04:00:00+00:00";
    let grant = given(&app, &user, &role, json!({ "valid_until": until }));
    let mut document = changes("users", user.id, json!({"name": "John"}));
    document["data"]["relationships"] = json!({"roles": linkage("roles", &[role.id])});
    app.admin().patch(&user.path(), &document).expect(200);
    let own = format!("{}/relationships/roles", user.path());
    app.admin()
        .patch(&own, &linkage("roles", &[role.id]))
        .expect(200);
    let still = app.admin().get(&grant).expect(200).data();
    assert_eq!(still["attributes"]["valid_until"], until);
    app.admin()
        .post(&own, &linkage("roles", &[role.id]))
        .expect(200);
    let lasting = app.admin().get(&grant).expect(200).data();
    assert_eq!(lasting["attributes"]["valid_until"], json!(null));
}

#[test]
fn an_officer_switches_off_an_officer_of_another_partner_in_the_same_workspace() {
    let app = TestApp::start();
    let officer = role_named(&app, "IP_AUTHORIZED_OFFICER");
    let workspace = crate::support::a_workspace().create(&app);
    let [one_partner, other] = [(); 2].map(|()| a_partner().create(&app));
    let granter = a_user().of_partner(&one_partner).create(&app);
    granter.grant_in(&app, &officer, workspace.place());
    let colleague = a_user().of_partner(&other).create(&app);
    let grant = colleague.grant_in(&app, &officer, workspace.place());
    let client = granter.client(&app);
    let path = format!("/grants/{grant}");
    client.get(&path).expect(200);
    let answer = changed(&client, &path, json!({"is_active": false})).expect(200);
    assert_eq!(answer.data()["attributes"]["is_active"], false);
    client.delete(&path).expect(403);
    // Their record stays out of sight.
    client.get(&colleague.path()).expect(404);
}
