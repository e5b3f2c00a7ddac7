//! `/grant-rules` and what lies below.

mod effect;
mod reach;
mod write;

use serde_json::{Value, json};

use crate::support::{TestApp, a_new, linkage};

fn one(kind: &str, id: i64) -> Value {
    json!({"data": {"type": kind, "id": id.to_string()}})
}

/// A document that makes a rule.
fn rule(granter: i64, targets: &[i64], scope: &str, verbs: &[&str]) -> Value {
    let mut document = a_new("grant-rules", json!({"scope": scope, "verbs": verbs}));
    document["data"]["relationships"] = json!({
        "granter": one("roles", granter),
        "targets": linkage("roles", targets),
    });
    document
}

/// Makes a rule as the administrator; answers its path.
fn made(app: &TestApp, document: &Value) -> String {
    let answer = app.admin().post("/grant-rules", document).expect(201);
    format!("/grant-rules/{}", answer.id())
}

fn with(path: &str, attributes: Value) -> Value {
    crate::support::changes("grant-rules", path.rsplit('/').next().unwrap(), attributes)
}
