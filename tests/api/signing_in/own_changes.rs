//! What needs no permission is bounded: each change leaves an event.

use serde_json::{Value, json};

use crate::support::{Answer, Client, Member, TestApp, a_new, a_role, a_user, changes};

const SURFACES: [&str; 4] = ["own record", "users", "operations", "cfengine"];

fn change(client: &Client, user: &Member, surface: &str, name: &str) -> Answer {
    let document = changes("users", user.id, json!({"organization": name}));
    match surface {
        "own record" => client.patch("/auth/user", &document),
        "users" => client.patch(&user.path(), &document),
        "operations" => {
            let update = json!({"op": "update", "data": document["data"]});
            client.operations(&json!({"atomic:operations": [update]}))
        }
        _ => {
            let headers = [("content-type", "application/json")];
            let body = json!({"name": name}).to_string();
            let path = format!("/api/user/{}", user.username);
            client.send("POST", &path, &headers, Some(body.as_bytes()))
        }
    }
}

fn app() -> TestApp {
    TestApp::with(|settings| {
        settings.auth.own_changes = 3;
        settings.auth.own_change_seconds = 30;
    })
}

#[test]
fn too_many_changes_of_oneself_wait_on_every_surface() {
    let app = app();
    for surface in SURFACES {
        let user = a_user().create(&app);
        let client = user.client(&app);
        for name in ["a", "b", "c"] {
            let done = change(&client, &user, surface, name);
            assert!(done.status < 300, "{surface}: {}", done.text);
        }
        let events = || {
            let path = format!("/events?filter[actor]={}&page[size]=1", user.username);
            app.admin().get(&path).expect(200).json()["meta"]["total"].clone()
        };
        let before = events();
        let refused = change(&client, &user, surface, "d").expect(429);
        assert_eq!(refused.header("retry-after"), Some("30"), "{surface}");
        let form = refused.header("content-type").unwrap_or_default();
        match surface {
            "cfengine" => assert!(form.starts_with("text/plain"), "{form}"),
            _ => assert_eq!(refused.errors()[0]["code"], "too_many_changes"),
        }
        assert_eq!(events(), before, "{surface}");
        // The way does not matter, reading is free, and others have their own count.
        for other in SURFACES {
            change(&client, &user, other, "d").expect(429);
        }
        client.get("/auth/user").expect(200);
        app.advance(30);
        assert!(change(&client, &user, surface, "d").status < 300);
        change(&client, &user, surface, "e").expect(429);
    }
}

#[test]
fn own_tokens_count_too() {
    let app = app();
    let user = a_user().create(&app);
    let client = user.client(&app);
    let new = a_new("tokens", json!({"name": "t"}));
    let made = client.post("/tokens", &new).expect(201);
    let path = format!("/tokens/{}", made.id());
    let id: i64 = made.id().parse().unwrap();
    let renamed = changes("tokens", id, json!({"name": "u"}));
    client.patch(&path, &renamed).expect(200);
    client.delete(&path).expect(204);
    client.post("/tokens", &new).expect(429);
    change(&client, &user, "users", "x").expect(429);
}

#[test]
fn who_may_change_others_is_not_bounded() {
    let app = app();
    let writer = a_role().permitting(&["users:write"]).create(&app);
    let one = a_user().holding(&writer).create(&app);
    let other = a_user().administrator().create(&app);
    for user in [one, other] {
        let client = user.client(&app);
        for surface in SURFACES {
            for name in ["a", "b", "c", "d"] {
                let done = change(&client, &user, surface, name);
                assert!(done.status < 300, "{surface}: {}", done.text);
            }
        }
    }
}

#[test]
fn one_request_with_many_changes_counts_each_and_does_all_or_nothing() {
    let app = app();
    let user = a_user().create(&app);
    let client = user.client(&app);
    let update = |name: &str| {
        let document = changes("users", user.id, json!({"name": name}));
        json!({"op": "update", "data": document["data"]})
    };
    let four: Vec<Value> = ["a", "b", "c", "d"].map(update).into();
    let refused = client.operations(&json!({"atomic:operations": four}));
    assert_eq!(refused.expect(429).header("retry-after"), Some("30"));
    let name = client.get("/auth/user").data()["attributes"]["name"].clone();
    assert_eq!(name, Value::Null);
}
