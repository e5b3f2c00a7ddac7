//! `meta` tells who made a thing and who changed it last, of every type that has it.

use serde_json::{Value, json};

use crate::bulk::{import, lines, run};
use crate::support::{
    Answer, Member, RoleMade, TestApp, a_cluster, a_new, a_role, a_user, changes, linkage,
    role_named,
};

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

/// A grant or a token with the users who made it and changed it last.
#[track_caller]
fn authors(app: &TestApp, path: &str) -> [Value; 2] {
    let meta = app.admin().get(path).expect(200).data()["meta"].clone();
    ["created_by", "modified_by"].map(|name| meta[name].clone())
}

/// A role that is switched off for somebody, until some way of giving it lifts that.
struct Given {
    app: TestApp,
    maker: Member,
    editor: Member,
    user: Member,
    role: RoleMade,
    grant: String,
}

impl Given {
    fn new() -> Self {
        let app = TestApp::start();
        let [maker, editor] = [0, 1].map(|_| a_user().administrator().create(&app));
        let (user, role) = (a_user().create(&app), a_role().create(&app));
        let mut new = a_new("grants", json!({"is_active": false}));
        new["data"]["relationships"] = json!({
            "user": {"data": {"type": "users", "id": user.id.to_string()}},
            "role": {"data": {"type": "roles", "id": role.id.to_string()}},
        });
        let grant = maker.client(&app).post("/grants", &new).expect(201).id();
        Self {
            app,
            maker,
            editor,
            user,
            role,
            grant,
        }
    }

    fn plain(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        let body = body.to_string();
        self.editor
            .client(&self.app)
            .send(method, path, &headers, Some(body.as_bytes()))
    }

    fn on(&self) -> Value {
        changes("grants", &self.grant, json!({"is_active": true}))
    }

    fn roles(&self) -> Value {
        linkage("roles", &[self.role.id])
    }
}

#[test]
fn a_grant_names_who_changed_it_last_whatever_changed_it() {
    type Way = (&'static str, fn(&Given));
    let ways: [Way; 8] = [
        ("grants", |given| {
            let path = format!("/grants/{}", given.grant);
            let client = given.editor.client(&given.app);
            client.patch(&path, &given.on()).expect(200);
        }),
        ("operations", |given| {
            let operation = json!({"op": "update", "data": given.on()["data"]});
            let client = given.editor.client(&given.app);
            let operations = json!({"atomic:operations": [operation]});
            client.operations(&operations).expect(200);
        }),
        ("roles added to a user", |given| {
            let path = format!("{}/relationships/roles", given.user.path());
            let client = given.editor.client(&given.app);
            client.post(&path, &given.roles()).expect(200);
        }),
        ("roles of a user replaced", |given| {
            let path = format!("{}/relationships/roles", given.user.path());
            let client = given.editor.client(&given.app);
            client.patch(&path, &given.roles()).expect(200);
        }),
        ("users of a role", |given| {
            let path = format!("{}/relationships/users", given.role.path());
            let client = given.editor.client(&given.app);
            client
                .post(&path, &linkage("users", &[given.user.id]))
                .expect(200);
        }),
        ("a user with roles", |given| {
            let mut user = changes("users", given.user.id, json!({}));
            user["data"]["relationships"] = json!({"roles": given.roles()});
            let client = given.editor.client(&given.app);
            client.patch(&given.user.path(), &user).expect(200);
        }),
        ("CFEngine", |given| {
            let roles = json!({"roles": [given.role.name]});
            let path = format!("/api/user/{}", given.user.username);
            given.plain("POST", &path, &roles).expect(204);
        }),
        ("OpenL2M", |given| {
            let groups = json!({"groups": [given.role.id]});
            let path = format!("/api/admin/users/{}/", given.user.id);
            given.plain("PATCH", &path, &groups).expect(200);
        }),
    ];
    for (name, change) in ways {
        let given = Given::new();
        let path = format!("/grants/{}", given.grant);
        let by = |id: i64| [json!(given.maker.id), json!(id)];
        assert_eq!(authors(&given.app, &path), by(given.maker.id), "{name}");
        change(&given);
        let grant = given.app.admin().get(&path).expect(200).data();
        assert_eq!(grant["attributes"]["is_active"], true, "{name}");
        assert_eq!(authors(&given.app, &path), by(given.editor.id), "{name}");
    }
}

#[test]
fn a_grant_names_who_changed_it_at_the_portal() {
    let app = TestApp::start();
    let [maker, editor] = [0, 1].map(|_| a_user().administrator().create(&app));
    let (user, cluster) = (a_user().create(&app), a_cluster().create(&app));
    let send = |by: &Member, method: &str, path: &str, body: Value| {
        let headers = [("content-type", "application/json")];
        let path = format!("/api/id-management/{path}");
        by.client(&app)
            .send(method, &path, &headers, Some(body.to_string().as_bytes()))
    };
    let role = json!({"role": "CLUSTER_VIEWER", "cluster": cluster.id});
    let body = json!({"user_id": user.id, "prp_roles": [role]});
    send(&maker, "POST", "role-group/", body).expect(201);
    let grants = app.admin().get(&format!("{}/grants", user.path()));
    let id = grants.expect(200).ids().remove(0);
    let path = format!("/grants/{id}");
    assert_eq!(authors(&app, &path), [maker.id, maker.id].map(Value::from));
    let body = json!({"is_active": false});
    send(&editor, "PATCH", &format!("role-group/{id}/"), body).expect(200);
    assert_eq!(authors(&app, &path), [maker.id, editor.id].map(Value::from));
}

/// The command line acts for no user: what it changes names nobody, least of all
/// the one who changed it before.
#[test]
fn a_grant_that_the_command_line_changed_names_nobody() {
    for by_import in [false, true] {
        let given = Given::new();
        let (user, role) = (&given.user.username, &given.role.name);
        let database = &given.app.database;
        if by_import {
            let row = json!({"kind": "grants", "user": user, "role": role, "is_active": true});
            import(database, lines(&[row]), &["--upsert-by", "all"]).well();
        } else {
            run(database, &["user", "grant", user, role]).well();
        }
        let path = format!("/grants/{}", given.grant);
        let changed = given.app.admin().get(&path).expect(200).data();
        assert_eq!(changed["attributes"]["is_active"], true, "{by_import}");
        let wanted = [json!(given.maker.id), Value::Null];
        assert_eq!(authors(&given.app, &path), wanted, "{by_import}");
    }
}

#[test]
fn a_token_names_who_changed_it_last() {
    let app = TestApp::start();
    let [maker, editor] = [0, 1].map(|_| a_user().administrator().create(&app));
    let user = a_user().create(&app);
    let mut new = a_new("tokens", json!({"name": "backup"}));
    let owner = json!({"type": "users", "id": user.id.to_string()});
    new["data"]["relationships"] = json!({"user": {"data": owner}});
    let id = maker.client(&app).post("/tokens", &new).expect(201).id();
    let path = format!("/tokens/{id}");
    assert_eq!(authors(&app, &path), [maker.id, maker.id].map(Value::from));
    let edit = changes("tokens", &id, json!({"name": "laptop"}));
    editor.client(&app).patch(&path, &edit).expect(200);
    assert_eq!(authors(&app, &path), [maker.id, editor.id].map(Value::from));
    let edit = changes("tokens", &id, json!({"name": "phone"}));
    let operation = json!({"op": "update", "data": edit["data"]});
    let operations = json!({"atomic:operations": [operation]});
    maker.client(&app).operations(&operations).expect(200);
    assert_eq!(authors(&app, &path), [maker.id, maker.id].map(Value::from));
    run(
        &app.database,
        &["token", "create", &user.username, "--name", "x"],
    )
    .well();
    let last = app.admin().get("/tokens?sort=-id&page[size]=1").expect(200);
    let path = format!("/tokens/{}", last.ids()[0]);
    assert_eq!(authors(&app, &path), [Value::Null, Value::Null]);
}

/// Rows from before the column was there: who made one that never changed is who
/// changed it last, and nobody knows it of another.
#[test]
fn rows_from_before_name_who_made_them_as_long_as_they_are_unchanged() {
    let given = Given::new();
    let path = format!("/grants/{}", given.grant);
    given
        .app
        .database
        .execute("UPDATE grants SET modified_by = NULL");
    let made = json!(given.maker.id);
    assert_eq!(authors(&given.app, &path), [made.clone(), made.clone()]);
    given
        .app
        .database
        .execute("UPDATE grants SET version = version + 1");
    assert_eq!(authors(&given.app, &path), [made, Value::Null]);
}
