//! `POST /access-checks`, and what grants come to.

mod visibility;

use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Member, TestApp, a_cluster, a_role, a_user, a_workspace, role_named,
};

/// Asks about a user in a place.
fn ask(client: &Client, user: &Member, attributes: Value, others: &[(&str, &str, i64)]) -> Answer {
    let mut relationships = json!({
        "user": {"data": {"type": "users", "id": user.id.to_string()}},
    });
    for (name, kind, id) in others {
        relationships[name] = json!({"data": {"type": kind, "id": id.to_string()}});
    }
    let document = json!({"data": {
        "type": "access-checks", "attributes": attributes, "relationships": relationships,
    }});
    client.post("/access-checks", &document)
}

fn verdict(answer: Answer) -> (bool, Value) {
    let data = answer.expect(200).data();
    let allowed = data["attributes"]["allowed"].as_bool().unwrap();
    (allowed, data["attributes"]["reasons"].clone())
}

#[test]
fn a_permission_is_allowed_by_the_grant_whose_role_carries_it() {
    let app = TestApp::start();
    let role = a_role().permitting(&["invoices:approve"]).create(&app);
    let user = a_user().holding(&role).create(&app);
    let asked = |name: &str| ask(&app.admin(), &user, json!({ "permission": name }), &[]);
    let (allowed, reasons) = verdict(asked("invoices:approve"));
    assert!(allowed);
    assert_eq!(reasons[0]["roles"], json!([role.id.to_string()]));
    assert_eq!(reasons.as_array().unwrap().len(), 1);
    let answer = asked("invoices:pay").expect(200).data();
    assert_eq!(answer["attributes"]["allowed"], false);
    let missing = answer["attributes"]["missing"].as_str().unwrap();
    assert!(missing.contains("invoices:pay"), "{missing}");
}

#[test]
fn what_is_held_in_a_workspace_counts_in_its_clusters_and_nowhere_else() {
    let app = TestApp::start();
    let (here, there) = (a_workspace().create(&app), a_workspace().create(&app));
    let cluster = a_cluster().within(&here).create(&app);
    let role = a_role().held_in("workspace").create(&app);
    let user = a_user().create(&app);
    user.grant_in(&app, &role, here.place());
    let asked = |place: &[(&str, &str, i64)]| {
        let role = [("role", "roles", role.id)];
        let others = [&role[..], place].concat();
        verdict(ask(&app.admin(), &user, json!({}), &others)).0
    };
    assert!(asked(&[("workspace", "workspaces", here.id)]));
    assert!(asked(&[("cluster", "clusters", cluster.id)]));
    assert!(!asked(&[("workspace", "workspaces", there.id)]));
    assert!(!asked(&[]));
}

#[test]
fn a_role_within_a_role_is_told_with_its_path() {
    let app = TestApp::start();
    let part = a_role().named("part").create(&app);
    let middle = a_role().named("middle").create(&app);
    let whole = a_role().named("whole").create(&app);
    let includes = |role: i64, part: i64| {
        let document = json!({"data": [{"type": "roles", "id": part.to_string()}]});
        let path = format!("/roles/{role}/relationships/includes");
        app.admin().post(&path, &document).expect(200);
    };
    includes(whole.id, middle.id);
    includes(middle.id, part.id);
    let user = a_user().holding(&whole).create(&app);
    let (allowed, reasons) = verdict(ask(&app.admin(), &user, json!({"role_name": "part"}), &[]));
    assert!(allowed);
    let path = [whole.id, middle.id, part.id].map(|id| id.to_string());
    assert_eq!(reasons[0]["roles"], json!(path));

    let roles = format!("{}/effective-roles?sort=id", user.path());
    let answer = app.admin().get(&roles).expect(200);
    assert_eq!(
        answer.ids(),
        [part.id, middle.id, whole.id].map(|id| id.to_string())
    );
    assert_eq!(answer.data()[0]["meta"]["origins"], reasons);
    let page = app
        .admin()
        .get(&format!("{roles}&page[size]=2"))
        .expect(200);
    assert_eq!(page.json()["meta"]["pagination"]["count"], 3);
    assert_eq!(page.ids().len(), 2);
    let users = format!("/roles/{}/effective-users", part.id);
    let answer = app.admin().get(&users).expect(200);
    assert_eq!(answer.ids(), [user.id.to_string()]);
    assert_eq!(answer.data()[0]["meta"]["origins"], reasons);
}

#[test]
fn a_verb_is_allowed_by_the_rule_that_covers_it() {
    let app = TestApp::start();
    let cluster = a_cluster().create(&app);
    let other = a_cluster().create(&app);
    let (imo, target) = (a_user().create(&app), a_user().create(&app));
    let role = role_named(&app, "CLUSTER_IMO");
    imo.grant_in(&app, &role, cluster.place());
    let asked = |cluster: i64| {
        let attributes = json!({"verb": "give", "role_name": "CLUSTER_MEMBER"});
        let others = [
            ("target", "users", target.id),
            ("cluster", "clusters", cluster),
        ];
        verdict(ask(&imo.client(&app), &imo, attributes, &others))
    };
    let (allowed, reasons) = asked(cluster.id);
    assert!(allowed);
    let rule = reasons[0]["rule"].as_str().unwrap();
    let rule = app.admin().get(&format!("/grant-rules/{rule}")).expect(200);
    assert_eq!(rule.data()["attributes"]["scope"], "same_cluster");
    assert!(!asked(other.id).0);
}

#[test]
fn many_are_asked_in_one_request_and_see_what_came_before() {
    let app = TestApp::start();
    let role = a_role().named("HR").create(&app);
    let user = a_user().create(&app);
    let check = json!({"op": "add", "data": {
        "type": "access-checks",
        "attributes": {"role_name": "HR"},
        "relationships": {"user": {"data": {"type": "users", "id": user.id.to_string()}}},
    }});
    let give = json!({
        "op": "add",
        "ref": {"type": "users", "id": user.id.to_string(), "relationship": "roles"},
        "data": [{"type": "roles", "id": role.id.to_string()}],
    });
    let body = json!({ "atomic:operations": [check, give, check] }).to_string();
    let atomic = r#"application/vnd.api+json;ext="https://jsonapi.org/ext/atomic""#;
    let headers = [("content-type", atomic), ("accept", atomic)];
    let answer = app
        .admin()
        .send("POST", "/operations", &headers, Some(body.as_bytes()))
        .expect(200)
        .json();
    let allowed = |place: usize| &answer["atomic:results"][place]["data"]["attributes"]["allowed"];
    assert_eq!((allowed(0), allowed(2)), (&json!(false), &json!(true)));
}

#[test]
fn whom_a_caller_does_not_see_they_cannot_ask_about() {
    let app = TestApp::start();
    let (one, other) = (a_user().create(&app), a_user().create(&app));
    let asked = json!({"permission": "users:read"});
    assert!(!verdict(ask(&one.client(&app), &one, asked.clone(), &[])).0);
    let answer = ask(&one.client(&app), &other, asked.clone(), &[]).expect(404);
    assert_eq!(answer.pointers(), ["/data/relationships/user/data"]);
    app.anonymous()
        .post("/access-checks", &json!({}))
        .expect(401);
    let inactive = a_user().inactive().create(&app);
    assert!(!verdict(ask(&app.admin(), &inactive, asked, &[])).0);
}

#[test]
fn a_question_that_is_none_is_a_400_with_its_pointer() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    for (attributes, pointer) in [
        (json!({}), "/data"),
        (json!({"permission": 5}), "/data/attributes/permission"),
        (
            json!({"permission": "a:b", "role_name": "HR"}),
            "/data/attributes/permission",
        ),
        (
            json!({"verb": "steal", "role_name": "HR"}),
            "/data/attributes/verb",
        ),
    ] {
        let answer = ask(&app.admin(), &user, attributes.clone(), &[]).expect(400);
        assert_eq!(answer.pointers(), [pointer], "{attributes}");
    }
    let asked = json!({"permission": "users:read"});
    let nowhere = [("cluster", "clusters", 4711)];
    let answer = ask(&app.admin(), &user, asked, &nowhere).expect(404);
    assert_eq!(answer.pointers(), ["/data/relationships/cluster/data"]);
}
