//! What the audit log tells beside changes: who came in, who did not and who
//! was refused, from where and by what proof; and that it stays.

mod door;
mod floods;
mod kept;
mod months;
mod pruning;
mod sources;

use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp, eventually};

/// The attributes of the events that a filter finds, the oldest first.
fn events(app: &TestApp, filter: &str) -> Vec<Value> {
    let path = format!("/events?sort=id&page[size]=100&{filter}");
    let events = app.admin().get(&path).expect(200).data();
    let events = events.as_array().unwrap().iter();
    events.map(|event| event["attributes"].clone()).collect()
}

/// Waits until there are so many events of this verb.
#[track_caller]
fn so_many(app: &TestApp, verb: &str, number: usize) -> Vec<Value> {
    let filter = format!("filter[verb]={verb}");
    let what = format!("{number} events {verb}");
    eventually(&what, || events(app, &filter).len() >= number);
    let found = events(app, &filter);
    assert_eq!(found.len(), number, "{found:#?}");
    found
}

fn try_password(app: &TestApp, username: &str, password: &str) -> Answer {
    let grant = json!({"username": username, "password": password});
    app.anonymous().post("/auth", &grant)
}

fn send(client: &Client, method: &str, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    client.send(method, path, &headers, Some(body.to_string().as_bytes()))
}

/// Believes what a proxy on this machine says of where a request comes from.
fn behind_a_proxy() -> TestApp {
    TestApp::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
}
