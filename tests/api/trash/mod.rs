//! `/trash` and what lies below.

mod list;
mod names;
mod purge;
mod restore;

use serde_json::{Value, json};

use crate::support::{Answer, Client, JSON_API, Member, TestApp, a_role, a_user};

/// The document that takes a user out of the trash.
pub fn restoration(user: &Member) -> Value {
    json!({"data": {"type": "users", "id": user.id.to_string()}})
}

/// Somebody with these permissions and no others.
fn clerk(app: &TestApp, permissions: &[&str]) -> Client {
    let role = a_role().permitting(permissions).create(app);
    a_user().holding(&role).create(app).client(app)
}

/// With a condition, and maybe a document.
fn conditional(
    client: &Client,
    method: &str,
    path: &str,
    tag: &str,
    document: Option<&Value>,
) -> Answer {
    let headers = [
        ("accept", JSON_API),
        ("content-type", JSON_API),
        ("if-match", tag),
    ];
    let body = document.map(Value::to_string);
    let body = body.as_deref().map(str::as_bytes);
    let sent = if body.is_some() {
        &headers[..]
    } else {
        &[headers[0], headers[2]]
    };
    client.send(method, path, sent, body)
}

/// Verb, subject, actor and both sides of what a request did.
fn told(app: &TestApp, answer: &Answer) -> Vec<Value> {
    let request = answer.header("x-request-id").expect("a request id");
    let path = format!("/events?filter[request_id]={request}");
    let events = app.admin().get(&path).expect(200).data();
    let facts = [
        "verb",
        "subject_type",
        "subject_id",
        "actor_id",
        "before",
        "after",
    ];
    let events = events.as_array().unwrap().iter();
    events
        .map(|event| facts.map(|fact| event["attributes"][fact].clone()).into())
        .collect()
}
