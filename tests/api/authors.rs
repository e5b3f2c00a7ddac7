//! `meta` tells who made a thing and who changed it last, of every type that has it.

use serde_json::{Value, json};

use crate::support::{TestApp, a_new, a_user, changes, role_named};

#[test]
fn every_thing_tells_who_made_it_and_who_changed_it_last() {
    let app = TestApp::start();
    let [maker, editor] = [0, 1].map(|_| a_user().administrator().create(&app));
    let (making, editing) = (maker.client(&app), editor.client(&app));
    let to_one = |kind: &str, id: &str| json!({"data": {"type": kind, "id": id}});
    let workspace = making.post(
        "/workspaces",
        &a_new("workspaces", json!({"title": "Kenya", "code": "KEN"})),
    );
    let workspace = workspace.expect(201).id();
    let admin = role_named(&app, "admin").id.to_string();
    let mut cluster = a_new(
        "clusters",
        json!({"title": "Wells", "cluster_type": "wash"}),
    );
    cluster["data"]["relationships"] = json!({"workspace": to_one("workspaces", &workspace)});
    let mut rule = a_new("grant-rules", json!({"scope": "any", "verbs": ["give"]}));
    rule["data"]["relationships"] = json!({
        "granter": to_one("roles", &admin), "targets": {"data": [{"type": "roles", "id": "2"}]}
    });
    let made: [(&str, String, Value); 5] = [
        ("workspaces", workspace, json!({"title": "Kenia"})),
        (
            "clusters",
            making.post("/clusters", &cluster).expect(201).id(),
            json!({"title": "Pumps"}),
        ),
        (
            "partners",
            making
                .post("/partners", &a_new("partners", json!({"title": "P"})))
                .expect(201)
                .id(),
            json!({"title": "Q"}),
        ),
        (
            "grant-rules",
            making.post("/grant-rules", &rule).expect(201).id(),
            json!({"verbs": ["give", "remove"]}),
        ),
        (
            "roles",
            making
                .post("/roles", &a_new("roles", json!({"name": "r"})))
                .expect(201)
                .id(),
            json!({"label": "R"}),
        ),
    ];
    for (kind, id, edit) in made {
        let path = format!("/{kind}/{id}");
        let meta = || app.admin().get(&path).expect(200).data()["meta"].clone();
        assert_eq!(
            (&meta()["created_by"], &meta()["modified_by"]),
            (&json!(maker.id), &json!(maker.id)),
            "{kind}"
        );
        editing.patch(&path, &changes(kind, &id, edit)).expect(200);
        assert_eq!(
            (&meta()["created_by"], &meta()["modified_by"]),
            (&json!(maker.id), &json!(editor.id)),
            "{kind}"
        );
    }
}

#[test]
fn partners_that_are_made_at_the_portal_tell_it_too() {
    let app = TestApp::start();
    let maker = a_user().administrator().create(&app);
    let headers = [("content-type", "application/json")];
    let body = json!({"title": "Relief", "partner_type": "Gov"}).to_string();
    let path = "/api/id-management/partners/";
    let made = maker
        .client(&app)
        .send("POST", path, &headers, Some(body.as_bytes()));
    let id = made.expect(201).json()["id"].to_string();
    let meta = app
        .admin()
        .get(&format!("/partners/{id}"))
        .expect(200)
        .data()["meta"]
        .clone();
    assert_eq!(meta["created_by"], maker.id);
}
