//! `/workspaces` and what lies below.

use serde_json::{Value, json};

use crate::support::{
    Answer, BEGIN, TestApp, a_cluster, a_new, a_role, a_user, a_workspace, changes, linkage,
};

fn post(app: &TestApp, attributes: Value) -> Answer {
    app.admin()
        .post("/workspaces", &a_new("workspaces", attributes))
}

#[test]
fn a_workspace_is_created_and_answered_with_its_links() {
    let app = TestApp::start();
    let answer = post(&app, json!({"title": "Kenya", "code": "KEN"})).expect(201);
    let own = app.url(&format!("/workspaces/{}", answer.id()));
    assert_eq!(answer.header("location"), Some(&*own));
    let related = |name: &str| {
        json!({"links": {
            "related": format!("{own}/{name}"),
            "self": format!("{own}/relationships/{name}"),
        }})
    };
    assert_eq!(
        answer.data(),
        json!({
            "type": "workspaces",
            "id": answer.id(),
            "attributes": {"title": "Kenya", "code": "KEN", "created": BEGIN, "modified": BEGIN},
            "links": {"self": own},
            "relationships": {"clusters": related("clusters"), "grants": related("grants")},
            "meta": {"created": BEGIN, "modified": BEGIN, "created_by": 1, "modified_by": 1},
        })
    );
}

#[test]
fn every_bad_value_has_an_error_c12() {
    let app = TestApp::start();
    a_workspace().coded("KEN").create(&app);
    let long = "x".repeat(256);
    for (name, bad) in [
        ("title", json!("")),
        ("title", json!(" ")),
        ("title", json!(long)),
        ("title", json!(null)),
        ("title", json!(5)),
        ("code", json!("")),
        ("code", json!("\t")),
        ("code", json!("NINECHARS")),
        ("code", json!("a\u{0}b")),
        ("code", json!("KEN")),
    ] {
        let mut sent = json!({"title": "Kenya", "code": "NEW"});
        sent[name] = bad;
        let answer = post(&app, sent).expect(400);
        assert_eq!(answer.pointers(), [format!("/data/attributes/{name}")]);
    }
    let mut missing = post(&app, json!({})).expect(400).errors();
    missing.sort_by_key(|error| error["meta"]["attribute"].to_string());
    let missing: Vec<_> = missing.iter().map(|e| &e["meta"]["attribute"]).collect();
    assert_eq!(missing, ["code", "title"]);
    assert_eq!(app.admin().get("/workspaces").ids().len(), 1);
}

#[test]
fn eight_characters_of_any_script_are_a_code() {
    let app = TestApp::start();
    let data = post(&app, json!({"title": "Ω", "code": "ÄÖÜ😀ΩЖ字8"}));
    assert_eq!(data.expect(201).data()["attributes"]["code"], "ÄÖÜ😀ΩЖ字8");
}

#[test]
fn workspaces_are_filtered_and_sorted() {
    let app = TestApp::start();
    let kenya = a_workspace().titled("Kenya").coded("KEN").create(&app);
    let chad = a_workspace().titled("Chad").coded("TCD").create(&app);
    let ids = |query: &str| app.admin().get(&format!("/workspaces?{query}")).ids();
    let of = |made: &[i64]| made.iter().map(i64::to_string).collect::<Vec<_>>();
    assert_eq!(ids("sort=title"), of(&[chad.id, kenya.id]));
    assert_eq!(ids("sort=-code"), of(&[chad.id, kenya.id]));
    assert_eq!(ids("filter[code]=KEN"), of(&[kenya.id]));
    assert_eq!(ids("filter[title][prefix]=Ch"), of(&[chad.id]));
    assert_eq!(ids("filter[title][regex]=en.a"), of(&[kenya.id]));
}

#[test]
fn clusters_and_grants_of_a_workspace_are_listed_and_included() {
    let app = TestApp::start();
    let workspace = a_workspace().create(&app);
    let cluster = a_cluster().within(&workspace).create(&app);
    a_cluster().create(&app);
    let role = a_role().held_in("workspace").create(&app);
    let holder = a_user().create(&app);
    let grant = holder.grant_in(&app, &role, workspace.place());
    let below = |name: &str| app.admin().get(&format!("{}/{name}", workspace.path()));
    assert_eq!(below("clusters").ids(), [cluster.id.to_string()]);
    assert_eq!(
        below("relationships/clusters").ids(),
        [cluster.id.to_string()]
    );
    assert_eq!(below("grants").ids(), [grant.to_string()]);
    let path = format!("{}?include=clusters,grants.user", workspace.path());
    let included = app.admin().get(&path).expect(200).json()["included"].clone();
    let kinds: Vec<_> = included
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["type"])
        .collect();
    assert_eq!(kinds, ["users", "grants", "clusters"]);
    // A cluster names its workspace, not the other way round.
    let path = format!("{}/relationships/clusters", workspace.path());
    app.admin()
        .post(&path, &linkage("clusters", &[cluster.id]))
        .expect(403);
}

#[test]
fn a_workspace_is_changed_with_its_state_in_mind() {
    let app = TestApp::start();
    let workspace = a_workspace().titled("Kenia").create(&app);
    let etag = app.admin().get(&workspace.path());
    let etag = etag.header("etag").unwrap().to_owned();
    let renamed = changes("workspaces", workspace.id, json!({"title": "Kenya"}));
    let body = renamed.to_string();
    let send = || {
        let headers = [
            ("content-type", "application/vnd.api+json"),
            ("if-match", etag.as_str()),
        ];
        app.admin()
            .send("PATCH", &workspace.path(), &headers, Some(body.as_bytes()))
    };
    assert_eq!(send().expect(200).data()["attributes"]["title"], "Kenya");
    send().expect(412);
    let events = app.admin().get("/events?sort=-id").data();
    assert_eq!(events[0]["attributes"]["verb"], "update");
    assert_eq!(events[0]["attributes"]["before"], json!({"title": "Kenia"}));
    assert_eq!(events[0]["attributes"]["after"], json!({"title": "Kenya"}));
    let taken = a_workspace().coded("TCD").create(&app);
    let same = changes("workspaces", workspace.id, json!({"code": taken.code}));
    app.admin().patch(&workspace.path(), &same).expect(400);
}

#[test]
fn a_workspace_that_is_used_is_not_deleted() {
    let app = TestApp::start();
    let workspace = a_workspace().create(&app);
    let cluster = a_cluster().within(&workspace).create(&app);
    app.admin().delete(&workspace.path()).expect(403);
    app.admin().delete(&cluster.path()).expect(204);
    let role = a_role().held_in("workspace").create(&app);
    let grant = a_user()
        .create(&app)
        .grant_in(&app, &role, workspace.place());
    app.admin().delete(&workspace.path()).expect(403);
    app.admin().delete(&format!("/grants/{grant}")).expect(204);
    app.admin().delete(&workspace.path()).expect(204);
    app.admin().get(&workspace.path()).expect(404);
    let events = app.admin().get("/events?sort=-id").data();
    assert_eq!(events[0]["attributes"]["verb"], "delete");
    assert_eq!(events[0]["attributes"]["before"]["title"], workspace.title);
}

#[test]
fn people_see_the_workspaces_they_hold_a_role_in() {
    let app = TestApp::start();
    let [own, through_cluster, ended, other] = [(); 4].map(|()| a_workspace().create(&app));
    let cluster = a_cluster().within(&through_cluster).create(&app);
    let user = a_user().create(&app);
    let here = a_role().held_in("workspace").create(&app);
    user.grant_in(&app, &here, own.place());
    let there = a_role().held_in("cluster").create(&app);
    user.grant_in(&app, &there, cluster.place());
    let grant = user.grant_in(&app, &here, ended.place());
    let off = changes("grants", grant, json!({"is_active": false}));
    app.admin()
        .patch(&format!("/grants/{grant}"), &off)
        .expect(200);
    let client = user.client(&app);
    let seen = [own.id, through_cluster.id].map(|id| id.to_string());
    let list = client.get("/workspaces").expect(200);
    assert_eq!(list.ids(), seen);
    assert_eq!(list.json()["meta"]["pagination"]["count"], 2);
    client.get(&own.path()).expect(200);
    for hidden in [&ended, &other] {
        client.get(&hidden.path()).expect(404);
        client
            .get(&format!("{}/clusters", hidden.path()))
            .expect(404);
        client.delete(&hidden.path()).expect(404);
    }
    // Not everybody's grants come with the place.
    a_user().create(&app).grant_in(&app, &here, own.place());
    assert_eq!(client.get(&format!("{}/grants", own.path())).ids().len(), 1);
    client.delete(&own.path()).expect(403);
}

#[test]
fn permissions_open_all_workspaces() {
    let app = TestApp::start();
    let workspace = a_workspace().create(&app);
    let reader = a_role().permitting(&["workspaces:read"]).create(&app);
    let reader = a_user().holding(&reader).create(&app).client(&app);
    reader.get(&workspace.path()).expect(200);
    let new = a_new("workspaces", json!({"title": "Kenya", "code": "KEN"}));
    reader.post("/workspaces", &new).expect(403);
    let writer = a_role()
        .permitting(&["workspaces:read", "workspaces:write"])
        .create(&app);
    let writer = a_user().holding(&writer).create(&app).client(&app);
    let made = writer.post("/workspaces", &new).expect(201).id();
    writer.delete(&format!("/workspaces/{made}")).expect(204);
}
