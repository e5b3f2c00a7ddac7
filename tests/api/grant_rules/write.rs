//! `POST /grant-rules`, `PATCH` and `DELETE /grant-rules/ID`, and the linkage.

use serde_json::{Value, json};

use super::{made, one, rule, with};
use crate::support::{BEGIN, JSON_API, TestApp, a_role, a_user, linkage};

#[test]
fn a_rule_is_made_and_shown() {
    let app = TestApp::start();
    let [granter, target] = [(); 2].map(|()| a_role().create(&app));
    let document = rule(
        granter.id,
        &[target.id],
        "same_partner",
        &["toggle", "give"],
    );
    let answer = app.admin().post("/grant-rules", &document).expect(201);
    let own = app.url(&format!("/grant-rules/{}", answer.id()));
    assert_eq!(answer.header("location"), Some(&*own));
    assert_eq!(
        answer.data()["attributes"],
        json!({"scope": "same_partner", "verbs": ["give", "toggle"], "created": BEGIN, "modified": BEGIN})
    );
    let targets = app
        .admin()
        .get(&format!("{own}/relationships/targets"))
        .expect(200);
    assert_eq!(targets.data(), linkage("roles", &[target.id])["data"]);
    let holder = app.admin().get(&format!("{own}/granter")).expect(200);
    assert_eq!(holder.id(), granter.id.to_string());
    let of_role = app.admin().get(&format!("{}/grant-rules", granter.path()));
    assert_eq!(of_role.ids(), [answer.id()]);
    let path = format!(
        "/grant-rules?filter[granter]={}&include=granter,targets",
        granter.id
    );
    let listed = app.admin().get(&path).expect(200).json();
    assert_eq!(listed["included"].as_array().unwrap().len(), 2);
}

#[test]
fn the_rules_of_the_portal_are_there_from_the_beginning() {
    let app = TestApp::start();
    let listed = app
        .admin()
        .get("/grant-rules?include=granter,targets&sort=id")
        .expect(200)
        .json();
    let name = |identifier: &Value| {
        let included = listed["included"].as_array().unwrap();
        let role = included
            .iter()
            .find(|role| role["id"] == identifier["id"])
            .unwrap();
        role["attributes"]["name"].as_str().unwrap().to_owned()
    };
    let shown: Vec<String> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            let links = &rule["relationships"];
            let mut targets: Vec<String> = links["targets"]["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(name)
                .collect();
            targets.sort();
            let verbs: Vec<&str> = rule["attributes"]["verbs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|verb| verb.as_str().unwrap())
                .collect();
            format!(
                "{}: {} ({}): {}",
                name(&links["granter"]["data"]),
                targets.join(" "),
                rule["attributes"]["scope"].as_str().unwrap(),
                verbs.join(" ")
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "CLUSTER_SYSTEM_ADMIN: CLUSTER_COORDINATOR CLUSTER_IMO CLUSTER_MEMBER CLUSTER_VIEWER (any): give remove change toggle",
            "CLUSTER_SYSTEM_ADMIN: CLUSTER_SYSTEM_ADMIN (any): give",
            "CLUSTER_IMO: CLUSTER_COORDINATOR CLUSTER_MEMBER CLUSTER_VIEWER (same_cluster): give remove change toggle",
            "CLUSTER_MEMBER: CLUSTER_MEMBER CLUSTER_VIEWER (same_partner): give remove change toggle",
            "IP_AUTHORIZED_OFFICER: IP_ADMIN IP_EDITOR IP_VIEWER (same_workspace_and_partner): give remove change toggle",
            "IP_AUTHORIZED_OFFICER: IP_AUTHORIZED_OFFICER (same_workspace): toggle",
            "IP_ADMIN: IP_EDITOR IP_VIEWER (same_workspace_and_partner): give remove change toggle",
            "IP_ADMIN: IP_ADMIN (same_workspace_and_partner): give change toggle",
        ]
    );
}

#[test]
fn what_is_no_rule_is_400_where_it_is_wrong() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let good = || rule(role.id, &[role.id], "any", &["give"]);
    for (name, wrong) in [
        ("scope", json!("everywhere")),
        ("scope", json!(null)),
        ("verbs", json!([])),
        ("verbs", json!(["GIVE"])),
        ("verbs", json!("give")),
        ("verbs", json!([1])),
    ] {
        let mut document = good();
        document["data"]["attributes"][name] = wrong.clone();
        let answer = app.admin().post("/grant-rules", &document).expect(400);
        let pointers = answer.pointers();
        assert!(
            pointers[0].starts_with(&format!("/data/attributes/{name}")),
            "{wrong}: {pointers:?}"
        );
    }
    for name in ["scope", "verbs"] {
        let mut document = good();
        document["data"]["attributes"]
            .as_object_mut()
            .unwrap()
            .remove(name);
        app.admin().post("/grant-rules", &document).expect(400);
    }
    let mut document = good();
    document["data"]["relationships"]
        .as_object_mut()
        .unwrap()
        .remove("granter");
    app.admin().post("/grant-rules", &document).expect(400);
    let unknown = app
        .admin()
        .post("/grant-rules", &rule(4711, &[role.id], "any", &["give"]));
    assert_eq!(
        unknown.expect(404).pointers(),
        ["/data/relationships/granter/data"]
    );
    let unknown = app.admin().post(
        "/grant-rules",
        &rule(role.id, &[role.id, 4711], "any", &["give"]),
    );
    assert_eq!(
        unknown.expect(404).pointers(),
        ["/data/relationships/targets/data/1"]
    );
    let listed = app.admin().get(&format!("{}/grant-rules", role.path()));
    assert_eq!(listed.ids(), Vec::<String>::new());
}

#[test]
fn a_rule_is_changed_and_deleted() {
    let app = TestApp::start();
    let [granter, target, other] = [(); 3].map(|()| a_role().create(&app));
    let path = made(&app, &rule(granter.id, &[target.id], "any", &["give"]));
    let mut document = with(&path, json!({"scope": "same_cluster", "verbs": ["toggle"]}));
    document["data"]["relationships"] = json!({
        "granter": one("roles", other.id), "targets": linkage("roles", &[granter.id, other.id]),
    });
    let shown = app.admin().patch(&path, &document).expect(200).data();
    assert_eq!(shown["attributes"]["scope"], "same_cluster");
    assert_eq!(shown["attributes"]["verbs"], json!(["toggle"]));
    let targets = format!("{path}/relationships/targets");
    let members = |answer: crate::support::Answer| answer.expect(200).ids();
    let name = |id: i64| id.to_string();
    assert_eq!(
        members(app.admin().get(&targets)),
        [name(granter.id), name(other.id)]
    );
    let add = linkage("roles", &[target.id]);
    assert_eq!(members(app.admin().post(&targets, &add)).len(), 3);
    assert_eq!(members(app.admin().delete_with(&targets, &add)).len(), 2);
    assert_eq!(
        members(app.admin().patch(&targets, &add)),
        [name(target.id)]
    );
    let own = format!("{path}/relationships/granter");
    app.admin()
        .patch(&own, &one("roles", granter.id))
        .expect(200);
    app.admin().patch(&own, &json!({"data": null})).expect(400);
    app.admin().delete(&path).expect(204);
    for path in [&path, &targets, &own] {
        app.admin().get(path).expect(404);
    }
}

#[test]
fn a_rule_ends_with_its_granters_role_and_shrinks_with_its_targets() {
    let app = TestApp::start();
    let [granter, target, other] = [(); 3].map(|()| a_role().create(&app));
    let path = made(
        &app,
        &rule(granter.id, &[target.id, other.id], "any", &["give"]),
    );
    app.admin().delete(&target.path()).expect(204);
    let targets = app.admin().get(&format!("{path}/relationships/targets"));
    assert_eq!(targets.ids(), [other.id.to_string()]);
    app.admin().delete(&granter.path()).expect(204);
    app.admin().get(&path).expect(404);
}

#[test]
fn a_stale_if_match_is_412() {
    let app = TestApp::start();
    let [granter, target] = [(); 2].map(|()| a_role().create(&app));
    let path = made(&app, &rule(granter.id, &[target.id], "any", &["give"]));
    let tag = app.admin().get(&path).header("etag").unwrap().to_owned();
    let send = |method: &str, document: Option<Value>| {
        let headers = [
            ("accept", JSON_API),
            ("content-type", JSON_API),
            ("if-match", &*tag),
        ];
        let body = document.map(|document| document.to_string());
        app.admin()
            .send(method, &path, &headers, body.as_deref().map(str::as_bytes))
    };
    let document = with(&path, json!({"verbs": ["give", "remove"]}));
    send("PATCH", Some(document.clone())).expect(200);
    send("PATCH", Some(document)).expect(412);
    send("DELETE", None).expect(412);
    app.admin().get(&path).expect(200);
}

#[test]
fn the_log_tells_of_a_rule_and_of_its_targets() {
    let app = TestApp::start();
    let [granter, target] = [(); 2].map(|()| a_role().create(&app));
    let path = made(&app, &rule(granter.id, &[target.id], "any", &["give"]));
    app.admin()
        .patch(&path, &with(&path, json!({"scope": "same_partner"})))
        .expect(200);
    app.admin().delete(&path).expect(204);
    let id = path.rsplit('/').next().unwrap();
    let events =
        format!("/events?filter[subject_type]=grant-rules&filter[subject_id]={id}&sort=id");
    let told: Vec<Value> = app
        .admin()
        .get(&events)
        .data()
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            let event = &event["attributes"];
            json!([event["verb"], event["before"], event["after"]])
        })
        .collect();
    let whole =
        |scope: &str| json!({"granter": granter.id, "scope": scope, "verbs": r#"["give"]"#});
    assert_eq!(
        told,
        [
            json!(["create", null, whole("any")]),
            json!(["update", {"targets": []}, {"targets": [target.id]}]),
            json!(["update", {"scope": "any"}, {"scope": "same_partner"}]),
            json!(["delete", whole("same_partner"), null]),
        ]
    );
}

#[test]
fn rules_are_seen_by_holders_of_the_granters_role_and_of_roles_read() {
    let app = TestApp::start();
    let [granter, target] = [(); 2].map(|()| a_role().create(&app));
    let path = made(&app, &rule(granter.id, &[target.id], "any", &["give"]));
    let reader = a_role().permitting(&["roles:read"]).create(&app);
    let client = |role| a_user().holding(role).create(&app).client(&app);
    client(&granter).get(&path).expect(200);
    client(&reader).get(&path).expect(200);
    client(&target).get(&path).expect(404);
    client(&target)
        .get(&format!("{path}/relationships/targets"))
        .expect(404);
    assert_eq!(client(&granter).get("/grant-rules").ids().len(), 1);
    assert_eq!(client(&target).get("/grant-rules").ids().len(), 0);
    client(&granter).delete(&path).expect(403);
    client(&target).delete(&path).expect(404);
}
