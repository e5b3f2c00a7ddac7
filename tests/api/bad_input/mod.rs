//! What no client should send: a clear 4xx, nothing changed, and the service
//! goes on.

mod documents;
mod letters;
mod queries;
mod transport;
mod wire;

use serde_json::{Value, json};

use crate::support::{Answer, CHANGES, Client, TestApp, a_role, a_user};

/// A directory with something in it: the user 2 holds the role 11 and has the
/// token 2, and the role 12 is held by nobody.
fn some_directory(app: &TestApp) {
    let role = a_role().named("HR").create(app);
    a_role().named("IT").create(app);
    let user = a_user().named("calvin").holding(&role).create(app);
    let token = app.token_of(user.id, Some(&["users:read"]));
    assert_eq!((user.id, role.id), (2, 11));
    assert!(token.starts_with("rc_"), "{token}");
}

/// Every route that takes a document, with one that it accepts.
fn writing_routes() -> Vec<(&'static str, &'static str, Value)> {
    let user = json!({
        "username": "susie", "password": "tulip-1637", "uname": "susie", "name": "Susie",
        "email": "susie@x.org", "is_active": true, "is_staff": false, "position": null,
    });
    let role = json!({
        "name": "Finance", "label": "Finance", "scope": "none", "unchangeable": false,
        "permissions": ["users:read"], "include_context": "a.*,b", "is_default": false,
    });
    let token = json!({
        "name": "laptop", "scopes": ["users:read"], "expires": "2030-01-01T00:00:00+00:00",
    });
    let roles = json!({"data": [{"type": "roles", "id": "11"}, {"type": "roles", "id": "12"}]});
    let users = json!({"data": [{"type": "users", "id": "2"}]});
    let owner = json!({"user": {"data": {"type": "users", "id": "2"}}});
    let document = |kind: &str, id: Option<&str>, attributes: &Value, relationships: &Value| {
        let mut data =
            json!({"type": kind, "attributes": attributes, "relationships": relationships});
        if let Some(id) = id {
            data["id"] = id.into();
        }
        json!({"data": data})
    };
    let (of_user, of_role) = (json!({"roles": roles}), json!({"users": users}));
    // Made unchangeable, a role would refuse everything after that.
    let mut other_role = role.clone();
    other_role
        .as_object_mut()
        .unwrap()
        .remove("unchangeable")
        .unwrap();
    vec![
        ("POST", "/users", document("users", None, &user, &of_user)),
        (
            "PATCH",
            "/users/2",
            document("users", Some("2"), &user, &of_user),
        ),
        ("POST", "/roles", document("roles", None, &role, &of_role)),
        (
            "PATCH",
            "/roles/11",
            document("roles", Some("11"), &other_role, &of_role),
        ),
        ("POST", "/tokens", document("tokens", None, &token, &owner)),
        (
            "PATCH",
            "/tokens/2",
            document("tokens", Some("2"), &token, &json!({})),
        ),
        ("POST", "/users/2/relationships/roles", roles.clone()),
        ("PATCH", "/users/2/relationships/roles", roles.clone()),
        ("DELETE", "/users/2/relationships/roles", roles),
        ("POST", "/roles/11/relationships/users", users.clone()),
        ("PATCH", "/roles/11/relationships/users", users.clone()),
        ("DELETE", "/roles/11/relationships/users", users),
    ]
}

/// All that can be seen of the directory.
fn everything(admin: &Client) -> Vec<String> {
    [
        "/users?page[size]=100&include=roles",
        "/roles?page[size]=100&include=users",
        // Not when they were last used: that is noted meanwhile.
        "/tokens?page[size]=100&fields[tokens]=name,scopes,expires,modified,user",
        "/users/2/relationships/roles",
        "/roles/11/relationships/users",
        CHANGES,
    ]
    .iter()
    .map(|path| admin.get(path).expect(200).text)
    .collect()
}

/// How much was ever done: every change leaves an event.
fn changes(admin: &Client) -> i64 {
    let events = admin.get(CHANGES);
    events.expect(200).json()["meta"]["pagination"]["count"]
        .as_i64()
        .unwrap()
}

/// A refusal as the specification has it: an error document whose pointers
/// exist in the request.
#[track_caller]
fn is_refused(answer: &Answer, document: Option<&Value>) {
    assert!((400..500).contains(&answer.status), "{answer:?}");
    let status = answer.status.to_string();
    let errors = answer.errors();
    assert!(
        errors.iter().any(|error| error["status"] == status),
        "{answer:?}"
    );
    for error in &errors {
        if let Some(pointer) = error["source"].get("pointer") {
            let there = document.is_some_and(|d| d.pointer(pointer.as_str().unwrap()).is_some());
            assert!(there, "{pointer} is not in {document:?}");
        }
    }
}
