//! `/users` and what lies below.

mod create;
mod delete;
mod found;
mod get;
mod held_by_many;
mod list;
mod of_partner;
mod partner;
mod roles;
mod search;
mod spelled;
mod update;

use serde_json::{Value, json};

use crate::support::{BEGIN, TestApp, a_new, links};

/// The document's `POST /users`.
fn post_johndoe(app: &TestApp) -> i64 {
    let johndoe = a_new(
        "users",
        json!({"username": "johndoe", "password": "j04nd0e", "uname": "johndoe"}),
    );
    let answer = app.admin().post("/users", &johndoe).expect(201);
    answer.id().parse().unwrap()
}

/// A user as every answer shows it, just made by the administrator.
fn shown(app: &TestApp, id: i64, username: &str) -> Value {
    let own = app.url(&format!("/users/{id}"));
    json!({
        "type": "users",
        "id": id.to_string(),
        "attributes": {
            "username": username,
            "uname": username,
            "name": null,
            "surname": null,
            "full_name": null,
            "email": null,
            "position": null,
            "organization": null,
            "time_zone": null,
            "is_active": true,
            "is_staff": false,
            "external": false,
            "last_login": null,
            "created_by": 1,
            "modified_by": 1,
            "created": BEGIN,
            "modified": BEGIN,
        },
        "links": {"self": own},
        "relationships": links(&own, &["roles", "grants", "partner", "tokens", "sign-ins"]),
        "meta": {"created": BEGIN, "modified": BEGIN, "created_by": 1, "modified_by": 1},
    })
}
