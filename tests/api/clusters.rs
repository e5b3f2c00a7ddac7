//! `/clusters` and what lies below.

use serde_json::{Value, json};

use crate::support::{
    Answer, TestApp, WorkspaceMade, a_cluster, a_new, a_partner, a_role, a_user, a_workspace,
    changes, linkage,
};

fn one(kind: &str, id: i64) -> Value {
    json!({"data": {"type": kind, "id": id.to_string()}})
}

fn a_new_cluster(attributes: Value, workspace: i64) -> Value {
    let mut document = a_new("clusters", attributes);
    document["data"]["relationships"] = json!({"workspace": one("workspaces", workspace)});
    document
}

fn post(app: &TestApp, attributes: Value, workspace: &WorkspaceMade) -> Answer {
    app.admin()
        .post("/clusters", &a_new_cluster(attributes, workspace.id))
}

#[test]
fn a_cluster_is_shown_with_the_title_of_its_workspace() {
    let app = TestApp::start();
    let kenya = a_workspace().titled("Kenya").create(&app);
    let health = json!({"title": "Health", "cluster_type": "health"});
    let answer = post(&app, health, &kenya).expect(201);
    let attributes = answer.data()["attributes"].clone();
    assert_eq!(attributes["title"], "Health");
    assert_eq!(attributes["cluster_type"], "health");
    assert_eq!(attributes["imported_type"], json!(null));
    assert_eq!(attributes["full_title"], "Health (Kenya)");
    let path = format!("/clusters/{}", answer.id());
    let relationship = app.admin().get(&format!("{path}/relationships/workspace"));
    assert_eq!(relationship.data(), one("workspaces", kenya.id)["data"]);
    assert_eq!(
        app.admin().get(&format!("{path}/workspace")).id(),
        kenya.id.to_string()
    );
}

#[test]
fn a_new_title_of_the_workspace_shows_and_moves_the_tag() {
    let app = TestApp::start();
    let kenya = a_workspace().titled("Kenia").create(&app);
    let health = a_cluster().titled("Health").within(&kenya).create(&app);
    let etag = app.admin().get(&health.path());
    let etag = etag.header("etag").unwrap().to_owned();
    let again = || {
        app.admin()
            .get_with(&health.path(), &[("if-none-match", &etag)])
    };
    again().expect(304);
    let renamed = changes("workspaces", kenya.id, json!({"title": "Kenya"}));
    app.admin().patch(&kenya.path(), &renamed).expect(200);
    assert_eq!(
        again().expect(200).data()["attributes"]["full_title"],
        "Health (Kenya)"
    );
    // It is no edit of the cluster: who wants to change that still may.
    let headers = [
        ("content-type", "application/vnd.api+json"),
        ("if-match", etag.as_str()),
    ];
    let body = changes("clusters", health.id, json!({"title": "Saúde"})).to_string();
    let answer = app
        .admin()
        .send("PATCH", &health.path(), &headers, Some(body.as_bytes()));
    assert_eq!(
        answer.expect(200).data()["attributes"]["full_title"],
        "Saúde (Kenya)"
    );
}

#[test]
fn an_imported_cluster_is_about_its_title_unless_it_says_otherwise() {
    let app = TestApp::start();
    let kenya = a_workspace().create(&app);
    let imported = |sent: Value| post(&app, sent, &kenya).expect(201);
    let mines = json!({"title": "Mines", "cluster_type": "imported"});
    let plain = imported(mines.clone());
    assert_eq!(plain.data()["attributes"]["imported_type"], "Mines");
    let mut named = mines;
    named["imported_type"] = json!("demining");
    let named = imported(named).data()["attributes"]["imported_type"].clone();
    assert_eq!(named, "demining");
    let path = format!("/clusters/{}", plain.id());
    let to_wash = changes("clusters", plain.id(), json!({"cluster_type": "wash"}));
    let washed = app.admin().patch(&path, &to_wash).expect(200);
    assert_eq!(washed.data()["attributes"]["imported_type"], json!(null));
}

#[test]
fn every_bad_value_has_an_error_c12() {
    let app = TestApp::start();
    let kenya = a_workspace().create(&app);
    let long = "x".repeat(256);
    for (name, bad) in [
        ("title", json!(" ")),
        ("title", json!(long)),
        ("title", json!(null)),
        ("cluster_type", json!("Health")),
        ("cluster_type", json!("")),
        ("cluster_type", json!(null)),
        ("imported_type", json!("")),
        ("imported_type", json!(long)),
        // Not of an imported cluster.
        ("imported_type", json!("mines")),
    ] {
        let mut sent = json!({"title": "Health", "cluster_type": "health"});
        sent[name] = bad.clone();
        let answer = post(&app, sent, &kenya).expect(400);
        let pointer = format!("/data/attributes/{name}");
        assert_eq!(answer.pointers(), [pointer], "{bad}");
    }
    let health = json!({"title": "Health", "cluster_type": "health"});
    let without = app
        .admin()
        .post("/clusters", &a_new("clusters", health.clone()));
    assert_eq!(
        without.expect(400).errors()[0]["meta"]["attribute"],
        "workspace"
    );
    let unknown = app.admin().post("/clusters", &a_new_cluster(health, 4711));
    assert_eq!(
        unknown.expect(404).pointers(),
        ["/data/relationships/workspace/data"]
    );
    assert_eq!(app.admin().get("/clusters").data(), json!([]));
}

#[test]
fn clusters_are_filtered_sorted_and_included_both_ways() {
    let app = TestApp::start();
    let kenya = a_workspace().create(&app);
    let acme = a_partner().create(&app);
    let wash = a_cluster()
        .titled("Wash")
        .about("wash")
        .within(&kenya)
        .create(&app);
    let health = a_cluster()
        .titled("Health")
        .with_partner(&acme)
        .within(&kenya)
        .create(&app);
    let other = a_cluster().titled("Zebras").create(&app);
    let ids = |query: &str| app.admin().get(&format!("/clusters?{query}")).ids();
    let of = |made: &[i64]| made.iter().map(i64::to_string).collect::<Vec<_>>();
    assert_eq!(ids("sort=title"), of(&[health.id, wash.id, other.id]));
    assert_eq!(
        ids(&format!("filter[workspace]={}", kenya.id)),
        of(&[wash.id, health.id])
    );
    assert_eq!(ids("filter[cluster_type]=wash"), of(&[wash.id]));
    assert_eq!(ids("filter[title][regex]=^He"), of(&[health.id]));
    let path = format!("{}?include=workspace,partners.clusters", health.path());
    let answer = app.admin().get(&path).expect(200).json();
    let kinds: Vec<_> = answer["included"].as_array().unwrap().iter().collect();
    let kinds: Vec<_> = kinds.iter().map(|resource| &resource["type"]).collect();
    assert_eq!(kinds, ["workspaces", "partners"]);
    assert_eq!(
        answer["data"]["relationships"]["partners"]["data"],
        linkage("partners", &[acme.id])["data"]
    );
    let back = format!("{}?include=clusters", acme.path());
    let back = app.admin().get(&back).expect(200).json();
    assert_eq!(back["included"][0]["id"], health.id.to_string());
    assert_eq!(
        back["included"][0]["attributes"]["full_title"],
        health.full_title
    );
}

#[test]
fn a_cluster_moves_to_another_workspace() {
    let app = TestApp::start();
    let cluster = a_cluster().create(&app);
    let chad = a_workspace().titled("Chad").create(&app);
    let path = format!("{}/relationships/workspace", cluster.path());
    assert_eq!(
        app.admin().get(&path).data(),
        one("workspaces", cluster.workspace)["data"]
    );
    let set = |document: &Value| app.admin().patch(&path, document);
    assert_eq!(
        set(&one("workspaces", chad.id)).expect(200).data(),
        one("workspaces", chad.id)["data"]
    );
    let full_title = format!("{} (Chad)", cluster.title);
    assert_eq!(
        app.admin().get(&cluster.path()).data()["attributes"]["full_title"],
        full_title
    );
    assert_eq!(
        set(&one("workspaces", 4711)).expect(404).pointers(),
        ["/data"]
    );
    set(&json!({"data": null})).expect(400);
    let events = app.admin().get("/events?sort=-id").data();
    assert_eq!(
        events[0]["attributes"]["after"],
        json!({"workspace": chad.id})
    );
}

#[test]
fn partners_come_to_a_cluster_and_go() {
    let app = TestApp::start();
    let cluster = a_cluster().create(&app);
    let partners = [(); 3].map(|()| a_partner().create(&app).id);
    let path = format!("{}/relationships/partners", cluster.path());
    let members = |ids: &[i64]| linkage("partners", ids);
    let admin = app.admin();
    let added = admin.post(&path, &members(&partners[..2])).expect(200);
    assert_eq!(added.data(), members(&partners[..2])["data"]);
    assert_eq!(added.json()["meta"]["changed"], 2);
    let etag = admin.get(&path).header("etag").unwrap().to_owned();
    admin.patch(&path, &members(&partners[1..])).expect(200);
    admin
        .get_with(&path, &[("if-none-match", &etag)])
        .expect(200);
    let left = admin
        .delete_with(&path, &members(&partners[1..2]))
        .expect(200);
    assert_eq!(left.data(), members(&partners[2..])["data"]);
    assert_eq!(
        admin
            .post(&path, &members(&[partners[0], 4711]))
            .expect(404)
            .pointers(),
        ["/data/1"]
    );
    assert_eq!(admin.get(&path).data(), members(&partners[2..])["data"]);
    let events = admin.get("/events?sort=-id").data();
    assert_eq!(events[0]["attributes"]["subject_type"], "clusters");
    assert_eq!(
        events[0]["attributes"]["after"],
        json!({"partners": [partners[2]]})
    );
    let replaced = json!({"data": {
        "type": "clusters", "id": cluster.id.to_string(),
        "relationships": {"partners": members(&[])},
    }});
    admin.patch(&cluster.path(), &replaced).expect(200);
    assert_eq!(admin.get(&path).data(), json!([]));
}

#[test]
fn a_cluster_where_roles_are_held_is_not_deleted() {
    let app = TestApp::start();
    let partner = a_partner().create(&app);
    let cluster = a_cluster().with_partner(&partner).create(&app);
    let role = a_role().held_in("cluster").create(&app);
    let grant = a_user().create(&app).grant_in(&app, &role, cluster.place());
    let grants = app.admin().get(&format!("{}/grants", cluster.path()));
    assert_eq!(grants.ids(), [grant.to_string()]);
    app.admin().delete(&cluster.path()).expect(403);
    app.admin()
        .get(&format!("/grants/{grant}/cluster"))
        .expect(200);
    app.admin().delete(&format!("/grants/{grant}")).expect(204);
    app.admin().delete(&cluster.path()).expect(204);
    app.admin().get(&partner.path()).expect(200);
    let events = app.admin().get("/events?sort=-id").data();
    assert_eq!(
        events[0]["attributes"]["before"]["partners"],
        json!([partner.id])
    );
}

#[test]
fn people_see_the_clusters_they_hold_a_role_in_and_those_of_their_workspaces() {
    let app = TestApp::start();
    let workspace = a_workspace().create(&app);
    let inside = a_cluster().within(&workspace).create(&app);
    let [own, other] = [(); 2].map(|()| a_cluster().create(&app));
    let partner = a_partner().working_in(&own).working_in(&other).create(&app);
    a_partner().working_in(&own).create(&app);
    let user = a_user().of_partner(&partner).create(&app);
    let role = a_role().held_in("cluster").create(&app);
    user.grant_in(&app, &role, own.place());
    let role = a_role().held_in("workspace").create(&app);
    user.grant_in(&app, &role, workspace.place());
    let client = user.client(&app);
    let seen = [inside.id, own.id].map(|id| id.to_string());
    assert_eq!(client.get("/clusters").expect(200).ids(), seen);
    client.get(&other.path()).expect(404);
    // Neither does linkage tell of what is hidden.
    let linked = |path: &str| client.get(path).expect(200);
    let path = format!("{}/relationships/clusters", partner.path());
    assert_eq!(linked(&path).ids(), [own.id.to_string()]);
    assert_eq!(
        linked(&format!("{}/clusters", partner.path())).ids(),
        [own.id.to_string()]
    );
    let path = format!("{}?include=partners", own.path());
    let answer = linked(&path).json();
    assert_eq!(
        answer["data"]["relationships"]["partners"]["data"],
        linkage("partners", &[partner.id])["data"]
    );
    let path = format!("{}/relationships/partners", own.path());
    assert_eq!(linked(&path).ids(), [partner.id.to_string()]);
    client.post(&path, &linkage("partners", &[])).expect(403);
}

#[test]
fn the_linkage_of_partners_needs_partners_write() {
    let app = TestApp::start();
    let writer = a_role()
        .permitting(&["clusters:read", "clusters:write"])
        .create(&app);
    let writer = a_user().holding(&writer).create(&app).client(&app);
    let workspace = a_workspace().create(&app);
    let partner = a_partner().create(&app);
    let mut new = a_new_cluster(
        json!({"title": "Health", "cluster_type": "health"}),
        workspace.id,
    );
    writer.post("/clusters", &new).expect(201);
    new["data"]["relationships"]["partners"] = linkage("partners", &[partner.id]);
    writer.post("/clusters", &new).expect(403);
    let cluster = a_cluster().create(&app);
    let path = format!("{}/relationships/partners", cluster.path());
    let one = linkage("partners", &[partner.id]);
    writer.post(&path, &one).expect(403);
    app.admin().post(&path, &one).expect(200);
}

#[test]
fn a_workspace_its_cluster_and_its_partner_are_made_in_one_request() {
    let app = TestApp::start();
    let add = |kind: &str, lid: &str, attributes: Value, relationships: Value| {
        json!({"op": "add", "data": {
            "type": kind, "lid": lid, "attributes": attributes, "relationships": relationships,
        }})
    };
    let lid = |kind: &str, lid: &str| json!({"type": kind, "lid": lid});
    let operations = json!({"atomic:operations": [
        add("workspaces", "w", json!({"title": "Kenya", "code": "KEN"}), json!({})),
        add("partners", "p", json!({"title": "ACME"}), json!({})),
        add(
            "clusters", "c", json!({"title": "Health", "cluster_type": "health"}),
            json!({
                "workspace": {"data": lid("workspaces", "w")},
                "partners": {"data": [lid("partners", "p")]},
            }),
        ),
        add(
            "users", "u", json!({"username": "jo", "password": "correct horse"}),
            json!({"partner": {"data": lid("partners", "p")}}),
        ),
    ]});
    app.admin().operations(&operations).expect(200);
    let answer = app
        .admin()
        .get("/clusters?include=workspace,partners.users");
    let answer = answer.expect(200).json();
    assert_eq!(
        answer["data"][0]["attributes"]["full_title"],
        "Health (Kenya)"
    );
    let kinds: Vec<_> = answer["included"].as_array().unwrap().iter().collect();
    let kinds: Vec<_> = kinds.iter().map(|resource| &resource["type"]).collect();
    assert_eq!(kinds, ["users", "workspaces", "partners"]);
}

#[test]
fn what_only_users_in_the_trash_hold_a_role_in_is_told_to_be_in_use_by_them() {
    let app = TestApp::start();
    let (cluster, workspace) = (a_cluster().create(&app), a_workspace().create(&app));
    let user = a_user().create(&app);
    let (viewer, editor) = ("CLUSTER_VIEWER", "IP_EDITOR");
    user.grant_in(
        &app,
        &crate::support::role_named(&app, viewer),
        cluster.place(),
    );
    user.grant_in(
        &app,
        &crate::support::role_named(&app, editor),
        workspace.place(),
    );
    let detail = |path: &str| {
        let answer = app.admin().delete(path).expect(403);
        answer.errors()[0]["detail"].as_str().unwrap().to_owned()
    };
    for path in [cluster.path(), workspace.path()] {
        assert!(
            detail(&path).ends_with("delete the grants first."),
            "{path}"
        );
    }
    app.admin().delete(&user.path()).expect(204);
    for path in [cluster.path(), workspace.path()] {
        assert!(detail(&path).starts_with("Users in the trash"), "{path}");
    }
    app.admin().delete(&user.trash_path()).expect(204);
    for path in [cluster.path(), workspace.path()] {
        app.admin().delete(&path).expect(204);
    }
}
