//! `/api/admin/users/` and `/api/users/token/`, as OpenL2M has them.

mod authentication;
mod errors;
mod nonsense;
mod races;
mod token;
mod users;

use serde_json::{Value, json};

use crate::support::{Answer, CHANGES, Client, TestApp};

const USERS: &str = "/api/admin/users/";
const TOKEN: &str = "/api/users/token/";

fn user(id: i64) -> String {
    format!("{USERS}{id}/")
}

fn get(client: &Client, path: &str) -> Answer {
    client.send("GET", path, &[], None)
}

fn raw(client: &Client, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
    client.send(method, path, &[("content-type", kind)], Some(body))
}

fn send(client: &Client, method: &str, path: &str, body: &Value) -> Answer {
    let body = body.to_string();
    raw(client, method, path, "application/json", body.as_bytes())
}

fn post(client: &Client, path: &str, body: &Value) -> Answer {
    send(client, "POST", path, body)
}

fn patch(client: &Client, path: &str, body: &Value) -> Answer {
    send(client, "PATCH", path, body)
}

/// One of the three forms in which a body comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Encoded,
    Parts,
}

const FORMS: [Form; 3] = [Form::Json, Form::Encoded, Form::Parts];

impl Form {
    /// Fields as texts; in JSON those that are named twice become lists.
    fn send(self, client: &Client, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        match self {
            Self::Json => {
                let mut object = json!({});
                for (name, value) in fields {
                    object[*name] = if *name == "groups" {
                        let mut items = object[*name].as_array().cloned().unwrap_or_default();
                        items.push((*value).into());
                        items.into()
                    } else {
                        (*value).into()
                    };
                }
                send(client, method, path, &object)
            }
            Self::Encoded => {
                let pair = |(name, value): &(&str, &str)| {
                    let value = percent_encoding::utf8_percent_encode(
                        value,
                        percent_encoding::NON_ALPHANUMERIC,
                    );
                    format!("{name}={value}")
                };
                let body = fields.iter().map(pair).collect::<Vec<_>>().join("&");
                let kind = "application/x-www-form-urlencoded; charset=utf-8";
                raw(client, method, path, kind, body.as_bytes())
            }
            Self::Parts => {
                let part = |(name, value): &(&str, &str)| {
                    format!(
                        "--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                    )
                };
                let body: String = fields.iter().map(part).collect();
                let kind = "multipart/form-data; boundary=edge";
                raw(
                    client,
                    method,
                    path,
                    kind,
                    format!("{body}--edge--\r\n").as_bytes(),
                )
            }
        }
    }
}

/// A new user named so.
fn make(app: &TestApp, username: &str) -> i64 {
    let body = json!({"username": username, "password": "secret words"});
    let made = post(&app.admin(), USERS, &body).expect(201);
    made.json()["id"].as_i64().unwrap()
}

/// What a refused change says, after which nothing has changed.
#[track_caller]
fn refused(app: &TestApp, status: u16, work: impl FnOnce() -> Answer) -> Value {
    let count = || {
        let page = app.admin().get(CHANGES).expect(200);
        page.json()["meta"]["pagination"]["count"].as_i64().unwrap()
    };
    let before = count();
    let answer = work().expect(status);
    assert_eq!(count(), before, "something changed: {}", answer.text);
    answer.json()
}
