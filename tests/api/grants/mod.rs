//! `/grants` and what lies below.

mod counted;
mod create;
mod delete;
mod events;
mod last_administrator;
mod list;
mod time;
mod update;

use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Member, RoleMade, TestApp, a_new, a_role, a_user, role_named,
};

/// A resource identifier as the linkage of a to-one relationship.
fn one(kind: &str, id: i64) -> Value {
    json!({"data": {"type": kind, "id": id.to_string()}})
}

/// A document that gives a role.
fn gift(user: i64, role: i64, attributes: Value) -> Value {
    let mut document = a_new("grants", attributes);
    document["data"]["relationships"] = json!({
        "user": one("users", user),
        "role": one("roles", role),
    });
    document
}

/// The same in a workspace or a cluster.
fn gift_in(user: i64, role: i64, place: (&str, i64)) -> Value {
    let (kind, id) = place;
    let mut document = gift(user, role, json!({}));
    let name = kind.trim_end_matches('s');
    document["data"]["relationships"][name] = one(kind, id);
    document
}

/// Gives a role as the administrator; answers the path of the grant.
fn given(app: &TestApp, user: &Member, role: &RoleMade, attributes: Value) -> String {
    let answer = app
        .admin()
        .post("/grants", &gift(user.id, role.id, attributes));
    format!("/grants/{}", answer.expect(201).id())
}

fn changed(client: &Client, path: &str, attributes: Value) -> Answer {
    let id = path.rsplit('/').next().unwrap();
    client.patch(path, &crate::support::changes("grants", id, attributes))
}

/// Somebody who may what the permissions say, and nothing by grant rules.
fn holder_of(app: &TestApp, permissions: &[&str]) -> Client {
    let role = a_role().permitting(permissions).create(app);
    a_user().holding(&role).create(app).client(app)
}
