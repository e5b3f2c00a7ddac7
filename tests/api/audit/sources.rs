use serde_json::{Value, json};

use super::{behind_a_proxy, events, send, try_password};
use crate::program::rolecall;
use crate::support::{
    ADMIN_PASSWORD, Answer, Client, JSON_API, TestApp, a_new, a_role, a_user, changes,
};

const FROM: (&str, &str) = ("x-forwarded-for", "192.0.2.7");

/// Address and kind of credential of each event of the request that was answered so.
fn sources(app: &TestApp, answer: &Answer) -> Vec<[Value; 2]> {
    let request = answer.header("x-request-id").expect("a request id");
    let told = events(app, &format!("filter[request_id]={request}"));
    let source = |event: &Value| ["source_address", "credential"].map(|name| event[name].clone());
    told.iter().map(source).collect()
}

/// Sends JSON from behind the proxy.
fn from_afar(client: &Client, method: &str, path: &str, kind: &str, body: &Value) -> Answer {
    let headers = [("content-type", kind), ("accept", kind), FROM];
    client.send(method, path, &headers, Some(body.to_string().as_bytes()))
}

#[test]
fn every_surface_tells_where_a_change_came_from() {
    let app = behind_a_proxy();
    let admin = app.admin();
    let user = a_user().with_email("jo@example.org").create(&app);
    let plain = "application/json";
    let named = |name: &str| json!({"username": name, "password": "a long secret"});
    let requests = [
        ("POST", "/users", JSON_API, a_new("users", named("one"))),
        (
            "PATCH",
            &*user.path(),
            JSON_API,
            changes("users", user.id, json!({"name": "Jo"})),
        ),
        (
            "PUT",
            "/api/user/two",
            plain,
            json!({"password": "a long secret"}),
        ),
        ("POST", "/api/admin/users/", plain, named("three")),
        (
            "POST",
            "/api/id-management/partners/",
            plain,
            json!({"title": "ACME", "shared_partner": "No", "partner_type": "Gov"}),
        ),
    ];
    for (method, path, kind, body) in requests {
        let answer = from_afar(&admin, method, path, kind, &body);
        let told = sources(&app, &answer);
        assert!(
            !told.is_empty(),
            "{method} {path}: {} {}",
            answer.status,
            answer.text
        );
        for source in told {
            assert_eq!(source, ["192.0.2.7", "api_token"], "{method} {path}");
        }
    }
}

#[test]
fn operations_tell_it_for_each_of_their_changes() {
    let app = TestApp::start();
    let (one, two) = (a_user().create(&app), a_user().create(&app));
    let update = |id| {
        let mut operation = changes("users", id, json!({"name": "Jo"}));
        operation["op"] = "update".into();
        operation
    };
    let list = json!({"atomic:operations": [update(one.id), update(two.id)]});
    let answer = app.admin().operations(&list).expect(200);
    let source = [json!("127.0.0.1"), json!("api_token")];
    assert_eq!(sources(&app, &answer), [source.clone(), source]);
}

#[test]
fn each_kind_of_credential_has_its_name() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let meta = try_password(&app, &user.username, ADMIN_PASSWORD).json()["meta"].clone();
    let clients = [
        (app.basic(&user.username, ADMIN_PASSWORD), "password"),
        (user.client(&app), "api_token"),
        (app.token(meta["jwt"].as_str().unwrap()), "access_token"),
    ];
    for (place, (client, kind)) in clients.iter().enumerate() {
        let patch = changes("users", user.id, json!({"name": format!("Jo {place}")}));
        let answer = client.patch(&user.path(), &patch).expect(200);
        assert_eq!(sources(&app, &answer), [[json!("127.0.0.1"), json!(*kind)]]);
    }
    let renew = meta["renew"].as_str().unwrap();
    let answer = app.token(renew).delete("/auth").expect(204);
    let source = [json!("127.0.0.1"), json!("refresh_token")];
    assert_eq!(sources(&app, &answer), [source.clone(), source]);
}

#[test]
fn a_token_that_comes_twice_is_told_with_its_source() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let meta = try_password(&app, &user.username, ADMIN_PASSWORD).json()["meta"].clone();
    let grant = json!({"grant_type": "refresh_token", "refresh_token": meta["renew"]});
    send(&app.anonymous(), "POST", "/auth", &grant).expect(200);
    let again = send(&app.anonymous(), "POST", "/auth", &grant).expect(401);
    let told = sources(&app, &again);
    assert_eq!(told[0], ["127.0.0.1", "refresh_token"]);
}

#[test]
fn a_command_is_told_as_such_and_the_program_itself_as_nobody() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let added = rolecall(
        &app.database,
        &["user", "add", "calvin", "--role", &role.name],
    );
    assert!({ added }.output().unwrap().status.success());
    let told = events(&app, "filter[credential]=command");
    let verbs: Vec<&Value> = told.iter().map(|event| &event["subject_type"]).collect();
    assert_eq!(verbs, ["users", "grants"]);
    assert!(told.iter().all(|event| event["source_address"].is_null()));
    let first = app.admin().get("/events/1").expect(200).data()["attributes"].clone();
    assert_eq!(first["credential"], Value::Null);
    assert_eq!(first["source_address"], Value::Null);
    assert_eq!(first["count"], 1);
}

#[test]
fn events_are_found_by_source_and_sorted_by_it() {
    let app = behind_a_proxy();
    let user = a_user().create(&app);
    for (name, address) in [("A", "192.0.2.7"), ("B", "192.0.2.9"), ("C", "2001:db8::7")] {
        let patch = changes("users", user.id, json!({"name": name})).to_string();
        let headers = [("content-type", JSON_API), ("x-forwarded-for", address)];
        let answer = app
            .admin()
            .send("PATCH", &user.path(), &headers, Some(patch.as_bytes()));
        answer.expect(200);
    }
    let update = "filter[verb]=update";
    let of = |filter: &str| -> Vec<Value> {
        let found = events(&app, &format!("{update}&{filter}"));
        found
            .iter()
            .map(|event| event["after"]["name"].clone())
            .collect()
    };
    assert_eq!(of("filter[source_address]=192.0.2.9"), ["B"]);
    assert_eq!(of("filter[source_address][prefix]=192.0.2."), ["A", "B"]);
    assert_eq!(of("filter[credential]=api_token").len(), 3);
    assert_eq!(of("filter[count][gt]=1"), [""; 0]);
    let path = format!("/events?sort=-source_address&{update}");
    let sorted = app.admin().get(&path).expect(200).data();
    assert_eq!(sorted[0]["attributes"]["source_address"], "2001:db8::7");
}
