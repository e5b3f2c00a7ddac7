//! `POST /grants`

use serde_json::{Value, json};

use super::{gift, gift_in, given, holder_of, one, role_named};
use crate::support::{BEGIN, TestApp, a_cluster, a_partner, a_role, a_user, a_workspace};

#[test]
fn a_role_is_given_for_good_and_everywhere() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let answer = app
        .admin()
        .post("/grants", &gift(user.id, role.id, json!({})))
        .expect(201);
    let id = answer.id();
    let own = app.url(&format!("/grants/{id}"));
    assert_eq!(answer.header("location"), Some(&*own));
    let relationship = |name: &str| {
        json!({"links": {
            "related": format!("{own}/{name}"),
            "self": format!("{own}/relationships/{name}"),
        }})
    };
    assert_eq!(
        answer.data(),
        json!({
            "type": "grants",
            "id": id,
            "attributes": {
                "is_active": true, "valid_from": null, "valid_until": null,
                "created_by": 1, "created": BEGIN, "modified": BEGIN,
            },
            "links": {"self": own},
            "relationships": {
                "user": relationship("user"),
                "role": relationship("role"),
                "workspace": relationship("workspace"),
                "cluster": relationship("cluster"),
            },
            "meta": {"created": BEGIN, "modified": BEGIN, "created_by": 1, "modified_by": 1},
        })
    );
    let held = app.admin().get(&format!("{}/roles", user.path()));
    assert_eq!(held.ids(), [role.id.to_string()]);
}

#[test]
fn a_role_is_given_in_the_place_that_its_scope_names() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let workspace = a_workspace().create(&app);
    let cluster = a_cluster().create(&app);
    for (name, place) in [
        ("IP_EDITOR", ("workspaces", workspace.id)),
        ("CLUSTER_IMO", ("clusters", cluster.id)),
    ] {
        let role = role_named(&app, name);
        let answer = app
            .admin()
            .post("/grants", &gift_in(user.id, role.id, place))
            .expect(201);
        let linkage = place.0.trim_end_matches('s');
        let path = format!("/grants/{}/relationships/{linkage}", answer.id());
        let shown = app.admin().get(&path).expect(200).json();
        assert_eq!(shown["data"], one(place.0, place.1)["data"]);
    }
    // Neither is among the roles that are held everywhere.
    let held = app.admin().get(&format!("{}/roles", user.path()));
    assert_eq!(held.ids(), Vec::<String>::new());
}

#[test]
fn a_place_that_is_not_of_the_roles_scope_is_400_at_its_relationship() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let workspace = ("workspaces", a_workspace().create(&app).id);
    let cluster = ("clusters", a_cluster().create(&app).id);
    let everywhere = |role: &str| gift(user.id, role_named(&app, role).id, json!({}));
    let there = |role: &str, place| gift_in(user.id, role_named(&app, role).id, place);
    let mut both = there("IP_VIEWER", workspace);
    both["data"]["relationships"]["cluster"] = one("clusters", cluster.1);
    for (document, pointer) in [
        (
            there("IP_VIEWER", cluster),
            "/data/relationships/cluster/data",
        ),
        (
            there("CLUSTER_IMO", workspace),
            "/data/relationships/workspace/data",
        ),
        (
            there("CLUSTER_SYSTEM_ADMIN", cluster),
            "/data/relationships/cluster/data",
        ),
        (
            there("admin", workspace),
            "/data/relationships/workspace/data",
        ),
        (both, "/data/relationships/cluster/data"),
        // The relationship that is missing has no place of its own.
        (everywhere("IP_VIEWER"), "/data"),
        (everywhere("CLUSTER_IMO"), "/data"),
    ] {
        let answer = app.admin().post("/grants", &document).expect(400);
        assert_eq!(answer.pointers(), [pointer], "{document}");
    }
    let path = format!("{}/grants", user.path());
    assert_eq!(app.admin().get(&path).ids(), Vec::<String>::new());
}

#[test]
fn what_is_named_must_be_there() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let plain = a_role().create(&app);
    let editor = role_named(&app, "IP_EDITOR");
    let imo = role_named(&app, "CLUSTER_IMO");
    for (document, name) in [
        (gift(4711, plain.id, json!({})), "user"),
        (gift(user.id, 4711, json!({})), "role"),
        (
            gift_in(user.id, editor.id, ("workspaces", 4711)),
            "workspace",
        ),
        (gift_in(user.id, imo.id, ("clusters", 4711)), "cluster"),
    ] {
        let answer = app.admin().post("/grants", &document).expect(404);
        assert_eq!(
            answer.pointers(),
            [format!("/data/relationships/{name}/data")]
        );
    }
    for name in ["user", "role"] {
        let mut document = gift(user.id, plain.id, json!({}));
        let relationships = document["data"]["relationships"].as_object_mut().unwrap();
        relationships.remove(name);
        let answer = app.admin().post("/grants", &document).expect(400);
        assert_eq!(answer.errors()[0]["meta"]["attribute"], name);
        let mut document = gift(user.id, plain.id, json!({}));
        document["data"]["relationships"][name] = json!({"data": null});
        app.admin().post("/grants", &document).expect(400);
    }
}

#[test]
fn a_user_in_the_trash_gets_nothing() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    app.admin().delete(&user.path()).expect(204);
    app.admin()
        .post("/grants", &gift(user.id, role.id, json!({})))
        .expect(404);
}

#[test]
fn the_same_role_in_the_same_place_is_given_once() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let imo = role_named(&app, "CLUSTER_IMO");
    let cluster = ("clusters", a_cluster().create(&app).id);
    let other = ("clusters", a_cluster().create(&app).id);
    for document in [
        gift(user.id, role.id, json!({})),
        gift_in(user.id, imo.id, cluster),
        gift_in(user.id, imo.id, other),
    ] {
        app.admin().post("/grants", &document).expect(201);
        let again = app.admin().post("/grants", &document).expect(400);
        assert_eq!(again.pointers(), ["/data/relationships/role/data"]);
        // Not even one that is off or has ended.
        let mut ended = document.clone();
        ended["data"]["attributes"] = json!({"is_active": false});
        app.admin().post("/grants", &ended).expect(400);
    }
}

#[test]
fn a_grant_ends_after_it_begins() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    for (from, until) in [
        ("2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("2026-02-01T00:00:00Z", "2026-01-31T23:59:59Z"),
        // The same moment in another zone.
        ("2026-02-01T00:00:00Z", "2026-02-01T02:00:00+02:00"),
    ] {
        let time = json!({"valid_from": from, "valid_until": until});
        let answer = app.admin().post("/grants", &gift(user.id, role.id, time));
        let answer = answer.expect(400);
        assert_eq!(answer.pointers(), ["/data/attributes/valid_until"]);
    }
    for wrong in [json!("soon"), json!(5), json!("2026-02-30T00:00:00Z")] {
        let time = json!({"valid_until": wrong});
        let answer = app.admin().post("/grants", &gift(user.id, role.id, time));
        answer.expect(400);
    }
}

#[test]
fn a_user_and_their_grant_are_made_by_one_request() {
    let app = TestApp::start();
    let role = a_role().permitting(&["users:read"]).create(&app);
    let mut grant = gift(0, role.id, json!({"valid_until": "2026-03-01T00:00:00Z"}));
    grant["data"]["lid"] = "gift".into();
    grant["data"]["relationships"]["user"] = json!({"data": {"type": "users", "lid": "new"}});
    let user = json!({"type": "users", "lid": "new",
        "attributes": {"username": "newcomer", "password": "long enough"}});
    let off = json!({"type": "grants", "lid": "gift", "attributes": {"is_active": false}});
    let answer = app.admin().operations(&json!({"atomic:operations": [
        {"op": "add", "data": user},
        {"op": "add", "data": grant["data"]},
        {"op": "update", "data": off},
    ]}));
    let results = answer.expect(200).json()["atomic:results"].clone();
    let id = |place: usize| results[place]["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(id(1), id(2));
    let shown = app.admin().get(&format!("/users/{}/grants", id(0)));
    let shown = shown.expect(200);
    assert_eq!(shown.ids(), [id(1)]);
    assert_eq!(shown.data()[0]["attributes"]["is_active"], false);
}

#[test]
fn when_the_grant_fails_the_user_is_not_made_either() {
    let app = TestApp::start();
    let role = role_named(&app, "IP_VIEWER");
    let mut grant = gift(0, role.id, json!({}));
    grant["data"]["relationships"]["user"] = json!({"data": {"type": "users", "lid": "new"}});
    let user = json!({"type": "users", "lid": "new",
        "attributes": {"username": "newcomer", "password": "long enough"}});
    let answer = app.admin().operations(&json!({"atomic:operations": [
        {"op": "add", "data": user},
        {"op": "add", "data": grant["data"]},
    ]}));
    let answer = answer.expect(400);
    assert_eq!(answer.pointers(), ["/atomic:operations/1/data"]);
    let found = app.admin().get("/users?filter[username]=newcomer");
    assert_eq!(found.ids(), Vec::<String>::new());
}

#[test]
fn whoever_may_not_is_403_and_hears_nothing_of_whom_they_do_not_see() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let stranger = a_user().create(&app);
    let give = |client: &crate::support::Client, user: i64| {
        client.post("/grants", &gift(user, role.id, json!({})))
    };
    app.anonymous()
        .post("/grants", &gift(user.id, role.id, json!({})))
        .expect(401);
    let client = stranger.client(&app);
    give(&client, stranger.id).expect(403);
    for hidden in [user.id, 4711] {
        give(&client, hidden).expect(404);
    }
    give(&holder_of(&app, &["users:read"]), user.id).expect(403);
    give(&holder_of(&app, &["users:read", "grants:write"]), user.id).expect(201);
}

#[test]
fn nobody_gives_more_than_they_may_themselves() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let giver = holder_of(&app, &["users:read", "grants:write"]);
    let stronger = a_role().permitting(&["audit:read"]).create(&app);
    for role in [stronger.id, 1] {
        giver
            .post("/grants", &gift(user.id, role, json!({})))
            .expect(403);
    }
    // Not even for a time that has passed, or switched off.
    for limits in [
        json!({"is_active": false}),
        json!({"valid_until": "2020-01-01T00:00:00Z"}),
    ] {
        giver.post("/grants", &gift(user.id, 1, limits)).expect(403);
    }
}

#[test]
fn a_token_without_the_scope_gives_nothing_by_rules() {
    let app = TestApp::start();
    let partner = a_partner().create(&app);
    let cluster = a_cluster().create(&app);
    let member = role_named(&app, "CLUSTER_MEMBER");
    let granter = a_user().of_partner(&partner).create(&app);
    granter.grant_in(&app, &member, cluster.place());
    let user = a_user().of_partner(&partner).create(&app);
    let document = gift_in(user.id, member.id, ("clusters", cluster.id));
    let status = |scopes: &[&str]| {
        let token = app.token_of(granter.id, Some(scopes));
        app.token(&token).post("/grants", &document).status
    };
    assert_eq!(status(&["self:read", "self:write", "users:read"]), 403);
    assert_eq!(status(&["grants:write"]), 201);
}

#[test]
fn attributes_that_are_read_only_are_passed_over_or_refused_but_never_kept() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let path = given(
        &app,
        &user,
        &role,
        json!({"created": "2001-01-01T00:00:00Z", "created_by": 4711}),
    );
    let shown = app.admin().get(&path).data();
    assert_eq!(shown["attributes"]["created"], Value::from(BEGIN));
    assert_eq!(shown["attributes"]["created_by"], 1);
}
