//! `unchangeable` is set and unset by administrators alone.

use serde_json::json;

use super::somebody_with;
use crate::support::{Client, TestApp, a_new, a_role, changes};

fn put_protection(client: &Client, role: i64, unchangeable: bool) -> u16 {
    let document = changes("roles", role, json!({"unchangeable": unchangeable}));
    client.patch(&format!("/roles/{role}"), &document).status
}

#[test]
fn roles_write_protects_no_role_from_others() {
    let app = TestApp::start();
    let (_, client) = somebody_with(&app, &["roles:read", "roles:write", "grants:write"]);
    let role = a_role().create(&app);
    assert_eq!(put_protection(&client, role.id, true), 403);
    let new = a_new("roles", json!({"name": "fort", "unchangeable": true}));
    client.post("/roles", &new).expect(403);
    let operation = json!({"atomic:operations": [
        {"op": "update", "data": changes("roles", role.id, json!({"unchangeable": true}))["data"]}
    ]});
    assert_eq!(client.operations(&operation).status, 403);
    // What it is already may be sent back.
    assert_eq!(put_protection(&client, role.id, false), 200);
}

#[test]
fn administrators_protect_a_role_and_give_that_up_again() {
    let app = TestApp::start();
    let (_, client) = somebody_with(&app, &["roles:read", "roles:write"]);
    let role = a_role().create(&app);
    assert_eq!(put_protection(&app.admin(), role.id, true), 200);
    let path = role.path();
    let label = changes("roles", role.id, json!({"label": "x"}));
    app.admin().patch(&path, &label).expect(403);
    app.admin().delete(&path).expect(403);
    assert_eq!(put_protection(&client, role.id, false), 403);
    assert_eq!(put_protection(&app.admin(), role.id, false), 200);
    app.admin().patch(&path, &label).expect(200);
    app.admin().delete(&path).expect(204);
}

#[test]
fn the_administrators_own_role_stays_protected() {
    let app = TestApp::start();
    assert_eq!(put_protection(&app.admin(), 1, false), 403);
    app.admin().delete("/roles/1").expect(403);
}
