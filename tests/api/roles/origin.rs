//! `origin`: where a role comes from.

use serde_json::{Value, json};

use crate::support::{TestApp, a_new, a_role, changes, role_named};

fn origin(app: &TestApp, id: i64) -> Value {
    let role = app.admin().get(&format!("/roles/{id}")).expect(200);
    role.data()["attributes"]["origin"].clone()
}

#[test]
fn roles_say_where_they_come_from() {
    let app = TestApp::start();
    let own = a_role().create(&app);
    assert_eq!(origin(&app, 1), "system");
    assert_eq!(origin(&app, own.id), "directory");
    let of = |origin: &str| {
        let path = format!("/roles?filter[origin]={origin}&page[size]=50");
        app.admin().get(&path).expect(200).ids()
    };
    assert_eq!(of("system"), ["1"]);
    assert_eq!(of("directory"), [own.id.to_string()]);
    assert_eq!(of("portal").len(), 9);
    let others = app
        .admin()
        .get("/roles?filter[origin][ne]=portal&sort=-origin");
    assert_eq!(others.expect(200).ids(), ["1", &own.id.to_string()]);
    let sparse = app.admin().get("/roles/1?fields[roles]=origin").expect(200);
    assert_eq!(sparse.data()["attributes"], json!({"origin": "system"}));
}

#[test]
fn it_is_read_only_and_stays_with_the_role() {
    let app = TestApp::start();
    let admin = app.admin();
    let viewer = role_named(&app, "CLUSTER_VIEWER");
    let edit = json!({"name": "Onlookers", "origin": "directory"});
    let edit = changes("roles", viewer.id, edit);
    let renamed = admin.patch(&viewer.path(), &edit).expect(200);
    assert_eq!(renamed.data()["attributes"]["origin"], "portal");
    let named = json!({"name": "CLUSTER_VIEWER", "origin": "portal"});
    let made = admin.post("/roles", &a_new("roles", named)).expect(201);
    assert_eq!(made.data()["attributes"]["origin"], "directory");
    // A role of the portal that is made anew is that one again.
    admin.delete(&viewer.path()).expect(204);
    let path = format!("/roles/{}", made.id());
    admin.delete(&path).expect(204);
    let named = json!({"name": "CLUSTER_VIEWER"});
    let made = admin.post("/roles", &a_new("roles", named)).expect(201);
    assert_eq!(made.data()["attributes"]["origin"], "portal");
}

#[test]
fn the_log_does_not_repeat_it() {
    let app = TestApp::start();
    let made = app
        .admin()
        .post("/roles", &a_new("roles", json!({"name": "IP_EXTRA"})))
        .expect(201);
    let request = made.header("x-request-id").unwrap();
    let events = app
        .admin()
        .get(&format!("/events?filter[request_id]={request}"))
        .expect(200);
    assert_eq!(
        events.data()[0]["attributes"]["after"]["origin"],
        json!(null)
    );
}
