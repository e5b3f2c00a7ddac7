//! `/roles` and what lies below.

mod create;
mod delete;
mod get;
mod includes;
mod list;
mod origin;
mod update;
mod users;

use serde_json::{Value, json};

use crate::support::{BEGIN, TestApp, a_new, links};

/// The document's `POST /roles`.
fn post_sample_role(app: &TestApp) -> i64 {
    let role = a_new("roles", json!({"name": "sample role"}));
    let answer = app.admin().post("/roles", &role).expect(201);
    answer.id().parse().unwrap()
}

/// A role as every answer shows it, just made by the administrator.
fn shown(app: &TestApp, id: i64, name: &str) -> Value {
    let own = app.url(&format!("/roles/{id}"));
    json!({
        "type": "roles",
        "id": id.to_string(),
        "attributes": {
            "name": name,
            "label": null,
            "description": null,
            "scope": "none",
            "unchangeable": false,
            "is_default": false,
            "permissions": [],
            "include_context": null,
            "exclude_context": null,
            "include_bundles": null,
            "exclude_bundles": null,
            "origin": "directory",
            "created_by": 1,
            "modified_by": 1,
            "created": BEGIN,
            "modified": BEGIN,
        },
        "links": {"self": own},
        "relationships": links(&own, &["users", "grants", "includes", "grant-rules"]),
        "meta": {"created": BEGIN, "modified": BEGIN, "created_by": 1, "modified_by": 1},
    })
}
