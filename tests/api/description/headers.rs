//! The headers that are described are those that are honoured.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{description, operations, resolve};
use crate::support::{
    ADMIN_PASSWORD, Answer, Client, JSON_API, TestApp, a_cluster, a_new, a_partner, a_role, a_user,
    a_workspace, changes, linkage,
};

const ATOMIC: &str = "application/vnd.api+json;ext=\"https://jsonapi.org/ext/atomic\"";

/// The names of the headers that an operation declares.
fn declared(description: &Value, operation: &Value) -> BTreeSet<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let headers = parameters
        .map(|parameter| resolve(description, parameter))
        .filter(|parameter| parameter["in"] == "header");
    headers
        .map(|header| header["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The id of the one that is there, by its collection.
fn id_at(path: &str) -> &'static str {
    match path.split('/').nth(1) {
        Some("roles") => "11",
        Some("trash") => "3",
        _ => "2",
    }
}

/// An app with one of everything, see [`id_at`], and the operations that are
/// described, each with whether it declares the header.
fn described(header: &str) -> (TestApp, Vec<(String, String, bool)>) {
    let app = TestApp::start();
    a_workspace().create(&app);
    let workspace = a_workspace().create(&app);
    a_cluster().within(&workspace).create(&app);
    let cluster = a_cluster().within(&workspace).create(&app);
    a_partner().create(&app);
    let partner = a_partner().create(&app);
    let user = a_user().with_password().create(&app);
    let role = a_role().create(&app);
    a_role().create(&app);
    let in_cluster = a_role().held_in("cluster").create(&app);
    let grant = user.grant_in(&app, &in_cluster, cluster.place());
    let trashed = a_user().deleted(&app);
    for _ in 0..2 {
        app.token_of(user.id, None);
        let password = json!({"username": user.username, "password": ADMIN_PASSWORD});
        app.anonymous().post("/auth", &password).expect(200);
    }
    assert_eq!((user.id, role.id, trashed.id), (2, 11, 3));
    assert_eq!((grant, partner.id), (2, 2));
    assert_eq!((cluster.id, workspace.id), (2, 2));
    let description = description(&app);
    let all = operations(&description).into_iter();
    let all = all.map(|(path, method, operation)| {
        let declares = declared(&description, &operation).contains(header);
        (path, method, declares)
    });
    (app, all.collect())
}

fn one(kind: &str, id: &str) -> Value {
    json!({ "data": { "type": kind, "id": id } })
}

fn linked(mut document: Value, relationships: &[(&str, &str, &str)]) -> Value {
    for (name, kind, id) in relationships {
        document["data"]["relationships"][name] = one(kind, id);
    }
    document
}

/// A document that the operation takes when it is alone.
fn document(path: &str, method: &str) -> Option<Value> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    Some(match (parts.as_slice(), method) {
        (_, "GET" | "HEAD") | ([_, "{id}"], "DELETE") | (["auth"], "DELETE") => return None,
        (["operations"], _) => {
            let role = a_new("roles", json!({ "name": "by an operation" }));
            json!({ "atomic:operations": [{ "op": "add", "data": role["data"] }] })
        }
        (["users"], _) => a_new(
            "users",
            json!({ "username": "made", "password": "long enough it is" }),
        ),
        (["workspaces"], _) => a_new("workspaces", json!({ "title": "Made", "code": "MADE" })),
        (["clusters"], _) => {
            let health = json!({ "title": "Made", "cluster_type": "health" });
            linked(
                a_new("clusters", health),
                &[("workspace", "workspaces", "2")],
            )
        }
        (["partners"], _) => a_new("partners", json!({ "title": "Made" })),
        (["grants"], _) => linked(
            a_new("grants", json!({})),
            &[("user", "users", "2"), ("role", "roles", "12")],
        ),
        (["grant-rules"], _) => linked(
            a_new("grant-rules", json!({ "scope": "any", "verbs": ["give"] })),
            &[("granter", "roles", "11")],
        ),
        (["access-checks"], _) => a_new("access-checks", json!({ "permission": "users:read" })),
        (["trash", "users", _], "DELETE") => return None,
        (["trash", "users", _], _) => changes("users", 3, json!({})),
        ([kind], _) => a_new(kind, json!({ "name": "made" })),
        (["auth", "user"], _) => changes("users", 1, json!({})),
        ([kind, "{id}"], _) => changes(kind, id_at(path), json!({})),
        ([.., "user"], _) => one("users", "2"),
        ([.., "role" | "granter"], _) => one("roles", "11"),
        ([.., "partner"], _) => one("partners", "2"),
        ([.., "workspace"], _) => one("workspaces", "2"),
        ([.., "cluster"], _) => one("clusters", "2"),
        ([.., "includes" | "targets"], _) => linkage("roles", &[]),
        ([.., name], _) => linkage(name, &[]),
        ([], _) => unreachable!("every address has a name"),
    })
}

fn send(client: &Client, path: &str, method: &str, header: (&str, &str)) -> Answer {
    let kind = if path == "/operations" {
        ATOMIC
    } else {
        JSON_API
    };
    // For what is no document of ours, too.
    let headers = [("accept", "*/*"), ("content-type", kind), header];
    let body = document(path, method).map(|document| document.to_string());
    let body = body.as_deref().map(str::as_bytes);
    client.send(method, &path.replace("{id}", id_at(path)), &headers, body)
}

#[test]
fn a_stale_if_match_is_412_exactly_where_it_is_declared() {
    let (app, operations) = described("If-Match");
    let admin = app.admin();
    assert_eq!(operations.iter().filter(|(.., is)| *is).count(), 41);
    for (path, method, declares) in operations {
        // It ends the sign-in that asks.
        if (path.as_str(), method.as_str()) == ("/auth", "DELETE") {
            continue;
        }
        let answer = send(&admin, &path, &method, ("if-match", "\"99-x\""));
        assert_eq!(
            answer.status == 412,
            declares,
            "{method} {path}: {} {}",
            answer.status,
            answer.text
        );
    }
}

#[test]
fn what_the_client_has_is_304_exactly_where_if_none_match_is_declared() {
    let (app, operations) = described("If-None-Match");
    let admin = app.admin();
    let reading = |method: &str| matches!(method, "GET" | "HEAD");
    for (path, method, declares) in operations {
        if !reading(&method) {
            assert!(!declares, "{method} {path}");
            continue;
        }
        let answer = send(&admin, &path, &method, ("if-none-match", "*"));
        assert_eq!(
            answer.status,
            if declares { 304 } else { 200 },
            "{method} {path}: {}",
            answer.text
        );
        assert!(!declares || answer.header("etag").is_some(), "{path}");
    }
}

#[test]
fn a_second_request_is_replayed_exactly_where_idempotency_key_is_declared() {
    let (app, operations) = described("Idempotency-Key");
    let admin = app.admin();
    let declared = operations.iter().filter(|(.., is)| *is);
    assert_eq!(declared.count(), 8);
    for (path, method, declares) in operations {
        if method == "DELETE" {
            assert!(!declares, "{path}");
            continue;
        }
        let ask = || send(&admin, &path, &method, ("idempotency-key", &path));
        let (first, again) = (ask(), ask());
        let is_replayed = again.header("idempotency-replayed") == Some("true");
        assert_eq!(is_replayed, declares, "{method} {path}: {}", again.text);
        if declares {
            assert!(first.status < 300, "{path}: {}", first.text);
            assert_eq!(first.header("idempotency-replayed"), None);
            assert_eq!((first.status, &first.text), (again.status, &again.text));
        }
    }
}

#[test]
fn answers_have_the_headers_that_are_described() {
    let app = TestApp::start();
    let description = description(&app);
    let admin = app.admin();
    for (path, method, operation) in operations(&description) {
        if method != "GET" {
            continue;
        }
        let answer = admin.get(&path.replace("{id}", "1"));
        let described = &operation["responses"][answer.status.to_string()]["headers"];
        assert_eq!(
            described["ETag"].is_object(),
            answer.header("etag").is_some(),
            "{path}: {}",
            answer.status
        );
    }
}

#[test]
fn if_match_is_required_by_the_setting_that_demands_it() {
    for demanded in [false, true] {
        let app = TestApp::with(|settings| settings.server.require_if_match = demanded);
        let description = description(&app);
        let parameter = &description["components"]["parameters"]["header.If-Match"];
        assert_eq!(parameter["required"], demanded);
        assert!(parameter["example"].is_string());
    }
}
