//! What goes wrong around the service: it answers 503 in time, says why on
//! `/health`, and goes on by itself. With real servers that stop, and a proxy
//! that loses connections.

mod behind;
mod health;
mod pooler;
mod replica;
mod room;
mod silence;
mod waits;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Cluster, Proxy, TestApp, a_new, changes, eventually};
use rolecall::config::Settings;

/// No test waits so long: a limit that ends nothing in it.
const AN_HOUR: u64 = 3_600_000;

/// A service whose connections to its own server can be lost.
struct World {
    app: TestApp,
    // Behind the app: who connects goes first.
    proxy: Proxy,
    server: Cluster,
}

impl World {
    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let server = Cluster::start();
        let proxy = Proxy::to(server.port());
        let app = TestApp::with(|settings| {
            settings.database.url = proxy.url();
            change(settings);
        });
        Self { app, proxy, server }
    }
}

/// Limits that a test can wait for.
fn hasty(settings: &mut Settings) {
    settings.database.connect_timeout_ms = 2000;
    settings.database.answer_timeout_ms = 2000;
    settings.database.acquire_timeout_ms = 2000;
}

fn rename(client: &Client, name: &str) -> Answer {
    client.patch("/users/1", &changes("users", 1, json!({ "name": name })))
}

#[track_caller]
fn is_503(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
}

/// Why `/health` says that no change can be made; null when it does not.
fn reason(app: &TestApp) -> Value {
    let answer = app.anonymous().get("/health");
    match answer.status {
        200 => Value::Null,
        _ => {
            is_503(&answer);
            let errors = answer.errors();
            assert!(errors[0]["detail"].as_str().unwrap().ends_with('.'));
            errors[0]["meta"]["reason"].clone()
        }
    }
}

/// Reads and changes are answered again.
#[track_caller]
fn recovers(app: &TestApp) {
    let admin = app.admin();
    eventually("reads work", || admin.get("/users").status == 200);
    eventually("changes work", || rename(&admin, "Back").status == 200);
    eventually("it is ready", || reason(app).is_null());
    let role = a_new("roles", json!({"name": "after it"}));
    admin.post("/roles", &role).expect(201);
}
