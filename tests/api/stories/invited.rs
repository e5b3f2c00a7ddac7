//! One tale, told through the portal's addresses and through JSON:API: both
//! tell of the same directory.

use serde_json::{Value, json};

use crate::support::{
    Answer, Client, TestApp, a_cluster, a_partner, a_user, a_workspace, role_named,
};

const PORTAL: &str = "/api/id-management";

fn portal(client: &Client, method: &str, path: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let headers = [("content-type", "application/json")];
    let path = format!("{PORTAL}{path}");
    client.send(method, &path, &headers, Some(body.as_bytes()))
}

/// A grant as JSON:API takes it.
fn a_grant(user: &str, role: i64, place: (&str, &str, i64), until: Option<&str>) -> Value {
    let (name, kind, id) = place;
    let mut document = json!({"data": {"type": "grants", "relationships": {
        "user": {"data": {"type": "users", "id": user}},
        "role": {"data": {"type": "roles", "id": role.to_string()}},
    }}});
    document["data"]["relationships"][name] = json!({"data": {"type": kind, "id": id.to_string()}});
    document["data"]["attributes"] = json!({ "valid_until": until });
    document
}

#[test]
fn an_officer_invites_an_editor_an_imo_reaches_too_far_and_a_grant_ends() {
    let app = TestApp::start();
    let kenya = a_workspace().titled("Kenya").create(&app);
    let health = a_cluster().titled("Health").within(&kenya).create(&app);
    let acme = a_partner().titled("ACME").create(&app);
    let officer = a_user().of_partner(&acme).create(&app);
    let role = |name: &str| role_named(&app, name);
    officer.grant_in(&app, &role("IP_AUTHORIZED_OFFICER"), kenya.place());
    let officer = officer.client(&app);

    // The officer invites somebody by the portal and makes them an editor there.
    let invited = json!({
        "email": "editor@acme.example", "first_name": "Eve", "last_name": "Editor",
    });
    let made = portal(&officer, "POST", "/users/?portal=IP", &invited).expect(201);
    let editor = made.json()["id"].as_i64().unwrap();
    let roles = json!({
        "user_id": editor, "prp_roles": [{"role": "IP_EDITOR", "workspace": kenya.id}],
    });
    portal(&officer, "POST", "/role-group/", &roles).expect(201);

    // JSON:API shows the same person, partner and role; the officer sees them, too.
    let path = format!("/users/{editor}/grants?include=role,workspace");
    for client in [&app.admin(), &officer] {
        let grants = client.get(&path).expect(200).json();
        let included = grants["included"].as_array().unwrap();
        let shows = |kind: &str, attribute: &str, value: &str| {
            included
                .iter()
                .any(|one| one["type"] == kind && one["attributes"][attribute] == value)
        };
        assert!(shows("roles", "name", "IP_EDITOR"));
        assert!(shows("workspaces", "title", "Kenya"));
    }
    let partner = app.admin().get(&format!("/users/{editor}/partner"));
    assert_eq!(partner.expect(200).id(), acme.id.to_string());

    // An IMO may not make anybody an administrator, by neither surface.
    let imo = a_user().create(&app);
    imo.grant_in(&app, &role("CLUSTER_IMO"), health.place());
    let imo_id = imo.id.to_string();
    let imo = imo.client(&app);
    let too_far = json!({"user_id": editor, "prp_roles": [{"role": "CLUSTER_SYSTEM_ADMIN"}]});
    portal(&imo, "POST", "/role-group/", &too_far).expect(403);
    let admin_role = json!({"data": [{"type": "roles", "id": "1"}]});
    imo.post(&format!("/users/{editor}/relationships/roles"), &admin_role)
        .expect(403);

    // What the IMO may, they do by JSON:API, for a time; the portal shows it.
    let viewer = role("CLUSTER_VIEWER").id;
    let cluster = ("cluster", "clusters", health.id);
    let until = "2026-01-02T04:00:00+00:00";
    let document = a_grant(&editor.to_string(), viewer, cluster, Some(until));
    let grant = imo.post("/grants", &document).expect(201).id();
    imo.post("/grants", &a_grant(&imo_id, viewer, cluster, None))
        .expect(403);
    let roles_of = |client: &Client, portal_name: &str| -> Vec<Value> {
        let path = format!("{PORTAL}/users/?portal={portal_name}&page_size=100");
        let users = client.get_with(&path, &[]).expect(200).json();
        let users = users["results"].as_array().unwrap();
        let user = users.iter().find(|user| user["id"] == editor).unwrap();
        let roles = user["prp_roles"].as_array().unwrap();
        roles.iter().map(|role| role["role"].clone()).collect()
    };
    assert_eq!(roles_of(&imo, "CLUSTER"), ["CLUSTER_VIEWER"]);
    assert_eq!(roles_of(&officer, "IP"), ["IP_EDITOR"]);

    // A member of the same partner lists its people by both surfaces.
    let member = a_user().of_partner(&acme).create(&app);
    member.grant_in(&app, &role("CLUSTER_MEMBER"), health.place());
    let member = member.client(&app);
    let listed = member.get("/users?sort=id").expect(200).ids();
    assert!(listed.contains(&editor.to_string()));
    assert!(!listed.contains(&imo_id), "the IMO has no partner");
    assert_eq!(roles_of(&member, "CLUSTER"), ["CLUSTER_VIEWER"]);

    // The grant ends by itself; the rest stays, and the log knows who gave it.
    let has = |name: &str, place: (&str, &str, i64)| {
        let (at, kind, id) = place;
        let document = json!({"data": {
            "type": "access-checks",
            "attributes": {"role_name": name},
            "relationships": {
                "user": {"data": {"type": "users", "id": editor.to_string()}},
                at: {"data": {"type": kind, "id": id.to_string()}},
            },
        }});
        let answer = app.admin().post("/access-checks", &document).expect(200);
        answer.data()["attributes"]["allowed"] == true
    };
    assert!(has("CLUSTER_VIEWER", cluster));
    app.advance(3600);
    assert!(!has("CLUSTER_VIEWER", cluster));
    assert!(has("IP_EDITOR", ("workspace", "workspaces", kenya.id)));
    let log = format!("/events?filter[subject_type]=grants&filter[subject_id]={grant}");
    let events = app.admin().get(&log).expect(200).data();
    assert_eq!(events[0]["attributes"]["actor_id"].to_string(), imo_id);
}
