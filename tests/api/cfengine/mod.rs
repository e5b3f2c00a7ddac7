//! `/api`, `/api/user` and `/api/role`: CFEngine's users and roles.

mod example;
mod fuzz;
mod own;
mod races;
mod role;
mod status;
mod user;
mod wrong;

use serde_json::Value;

use crate::support::{Answer, CHANGES, Client, Member, TestApp};

/// As curl sends what `-d` names.
const FORM: &str = "application/x-www-form-urlencoded";

fn get(client: &Client, path: &str) -> Answer {
    client.get_with(&format!("/api{path}"), &[])
}

fn send(client: &Client, method: &str, path: &str, body: &Value) -> Answer {
    raw(client, method, path, body.to_string().as_bytes())
}

fn raw(client: &Client, method: &str, path: &str, body: &[u8]) -> Answer {
    let path = format!("/api{path}");
    client.send(method, &path, &[("content-type", FORM)], Some(body))
}

fn put(client: &Client, path: &str, body: &Value) -> Answer {
    send(client, "PUT", path, body)
}

fn post(client: &Client, path: &str, body: &Value) -> Answer {
    send(client, "POST", path, body)
}

fn delete(client: &Client, path: &str) -> Answer {
    client.send("DELETE", &format!("/api{path}"), &[], None)
}

/// The one entry of an envelope.
#[track_caller]
fn entry(answer: Answer) -> Value {
    let envelope = answer.expect(200).json();
    let meta = &envelope["meta"];
    assert_eq!(
        (&meta["page"], &meta["count"], &meta["total"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert_eq!(envelope["data"].as_array().unwrap().len(), 1);
    envelope["data"][0].clone()
}

/// The ids of an envelope, in its order.
#[track_caller]
fn ids(answer: Answer) -> Vec<String> {
    answer.expect(200).ids()
}

/// Somebody whom a directory elsewhere knows.
fn make_external(app: &TestApp, user: &Member) {
    let id = user.id;
    app.database.execute(&format!(
        "UPDATE users SET external = TRUE, password_hash = NULL WHERE id = {id}"
    ));
}

fn events(app: &TestApp) -> i64 {
    let page = app.admin().get(CHANGES).expect(200);
    page.json()["meta"]["pagination"]["count"].as_i64().unwrap()
}

/// Answers like this with a short text, and changes nothing.
#[track_caller]
fn refused(app: &TestApp, status: u16, work: impl FnOnce() -> Answer) -> Answer {
    let before = events(app);
    let answer = work().expect(status);
    assert_eq!(events(app), before, "something changed: {}", answer.text);
    assert!(
        (1..400).contains(&answer.text.len()) && !answer.text.starts_with('{'),
        "no short text: {}",
        answer.text
    );
    answer
}
