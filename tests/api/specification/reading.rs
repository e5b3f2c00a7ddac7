//! GET and HEAD: F01 to F15. F11, F12 and F17 are with the errors.

use serde_json::{Value, json};

use super::{identifiers, included, members, new_role};
use crate::support::{JSON_API, Member, RoleMade, TestApp, a_role, a_user, eventually, raw};

/// What no id looks like, in addresses.
const IMPOSSIBLE: &[&str] = &[
    "abc",
    "-1",
    "0",
    "01",
    "1.0",
    "+1",
    "999999999999999999999999999999",
    "9223372036854775807",
    "%20",
    "%00",
    "1%2F2",
    "%C3%A4",
];

/// A role, and so many users who hold it.
fn a_crowd(app: &TestApp, size: usize) -> (RoleMade, Vec<Member>) {
    let role = a_role().create(app);
    let users = (0..size).map(|_| a_user().holding(&role).create(app));
    let users = users.collect();
    (role, users)
}

#[test]
fn f01_a_collection_is_200_and_an_array() {
    let app = TestApp::start();
    assert_eq!(app.admin().get("/users").expect(200).ids(), ["1"]);
    assert_eq!(app.admin().get("/partners").expect(200).data(), json!([]));
}

#[test]
fn f01_nothing_found_is_200_and_an_empty_array() {
    let app = TestApp::start();
    let answer = app
        .admin()
        .get("/users?filter[username]=nobody")
        .expect(200);
    assert_eq!(answer.data(), json!([]));
    let pages = &answer.json()["meta"]["pagination"];
    assert_eq!(pages["count"], 0);
    assert_eq!(pages["page_count"], 1);
}

#[test]
fn f02_a_resource_is_200_and_the_object() {
    let app = TestApp::start();
    let user = a_user().named("calvin").create(&app);
    let data = app.admin().get(&user.path()).expect(200).data();
    assert_eq!(data["type"], "users");
    assert_eq!(data["id"], user.id.to_string());
    assert_eq!(data["attributes"]["username"], "calvin");
}

#[test]
fn f03_what_does_not_exist_is_404() {
    let app = TestApp::start();
    for path in [
        "/users/99",
        "/roles/99",
        "/users/99/roles",
        "/roles/99/users",
        "/users/1/nothing",
        "/roles/1/nothing",
    ] {
        let answer = app.admin().get(path).expect(404);
        assert_eq!(answer.errors()[0]["status"], "404", "{path}");
    }
}

#[test]
fn f03_an_id_that_could_not_be_one_is_404() {
    let app = TestApp::start();
    for id in IMPOSSIBLE {
        for path in ["users/ID", "roles/ID", "users/ID/roles", "roles/ID/users"] {
            let path = format!("/{}", path.replace("ID", id));
            let answer = app.admin().get(&path);
            assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        }
    }
}

#[test]
fn f04_links_self_of_a_resource_answers_with_it() {
    let app = TestApp::start();
    let (role, _) = a_crowd(&app, 2);
    let admin = app.admin();
    // The first use of the token is written down beside the request.
    eventually("the use of the token is noted", || {
        admin.get("/tokens/1").data()["attributes"]["last_used"].is_string()
    });
    for path in ["/users?include=roles", "/roles", "/tokens", "/events"] {
        let document = admin.get(path).expect(200).json();
        let items = document["data"].as_array().unwrap().iter();
        for item in items.chain(document["included"].as_array().into_iter().flatten()) {
            let own = item["links"]["self"].as_str().unwrap();
            let found = admin.get(own).expect(200).data();
            assert_eq!(found["id"], item["id"]);
            assert_eq!(found["type"], item["type"]);
            assert_eq!(found["attributes"], item["attributes"]);
        }
    }
    assert!(role.id > 1);
}

#[test]
fn f05_links_related_return_full_resources_also_while_empty() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let link = |name: &str| {
        let data = app.admin().get(&user.path()).expect(200).data();
        data["relationships"][name]["links"]["related"].clone()
    };
    let before = link("roles");
    let path = before.as_str().unwrap();
    assert_eq!(app.admin().get(path).expect(200).data(), json!([]));
    let role = a_role().create(&app);
    user.grant(&app, &role);
    assert_eq!(link("roles"), before);
    let full = app.admin().get(path).expect(200).data();
    assert_eq!(full[0]["attributes"]["name"], role.name);
    assert!(full[0]["relationships"].is_object());
}

#[test]
fn f06_links_self_of_a_relationship_return_the_linkage() {
    let app = TestApp::start();
    let (role, users) = a_crowd(&app, 2);
    let data = app.admin().get(&role.path()).expect(200).data();
    let links = &data["relationships"]["users"]["links"];
    let own = links["self"].as_str().unwrap();
    let answer = app.admin().get(own).expect(200);
    let ids: Vec<i64> = users.iter().map(|user| user.id).collect();
    assert_eq!(answer.data(), identifiers("users", &ids));
    let document = answer.json();
    assert_eq!(document["links"]["self"], links["self"]);
    assert_eq!(document["links"]["related"], links["related"]);
    assert_eq!(document["links"]["home"], app.url("/home"));
}

#[test]
fn f06_the_linkage_of_a_to_one_relationship_is_an_identifier() {
    let app = TestApp::start();
    let answer = app.admin().get("/tokens/1/relationships/user").expect(200);
    assert_eq!(answer.data(), json!({ "type": "users", "id": "1" }));
    let links = &answer.json()["links"];
    assert_eq!(links["self"], app.url("/tokens/1/relationships/user"));
    assert_eq!(links["related"], app.url("/tokens/1/user"));
}

#[test]
fn f07_a_relationship_of_a_missing_parent_is_404() {
    let app = TestApp::start();
    for id in IMPOSSIBLE.iter().chain(&["99"]) {
        for path in [
            "users/ID/relationships/roles",
            "roles/ID/relationships/users",
        ] {
            let path = format!("/{}", path.replace("ID", id));
            assert_eq!(app.admin().get(&path).status, 404, "{path}");
        }
    }
}

#[test]
fn f07_an_unknown_relationship_is_404() {
    let app = TestApp::start();
    for path in [
        "/users/1/relationships/nothing",
        "/users/1/relationships/users",
        "/users/1/relationships",
        "/users/1/relationships/Roles",
        "/roles/1/relationships/roles",
    ] {
        app.admin().get(path).expect(404);
        app.admin().post(path, &json!({ "data": [] })).expect(404);
    }
}

#[test]
fn f08_an_empty_relationship_is_an_empty_array() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let role = a_role().create(&app);
    for path in [
        format!("{}/relationships/roles", user.path()),
        format!("{}/roles", user.path()),
        format!("{}/relationships/users", role.path()),
        format!("{}/users", role.path()),
    ] {
        assert_eq!(
            app.admin().get(&path).expect(200).data(),
            json!([]),
            "{path}"
        );
    }
}

#[test]
fn f09_links_self_reproduces_the_document() {
    let app = TestApp::start();
    let (role, users) = a_crowd(&app, 3);
    let user = &users[0];
    for path in [
        "/users?include=roles&fields[users]=username,roles&page[size]=2&sort=-username".to_owned(),
        "/users?filter[username]=a%2Cb%26c%3Dd+e".to_owned(),
        "/users?page=2&page_size=1".to_owned(),
        "/users?id=1".to_owned(),
        format!("{}?include=roles.users&fields[roles]=name", user.path()),
        format!("{}/roles?sort=-name&include=users", user.path()),
        format!(
            "{}/relationships/users?page[size]=1&include=users",
            role.path()
        ),
        "/tokens/1/user?include=roles".to_owned(),
        "/tokens/1/relationships/user".to_owned(),
        "/users/".to_owned(),
        "/users/%31/roles/?".to_owned(),
        "/home".to_owned(),
        "/events?page[size]=1".to_owned(),
    ] {
        let document = app.admin().get(&path).expect(200).json();
        let own = document["links"]["self"].as_str().unwrap().to_owned();
        let again = app.admin().get(&own).expect(200).json();
        assert_eq!(again, document, "{path} and {own}");
    }
}

#[test]
fn f10_head_answers_like_get_without_a_body() {
    let app = TestApp::start();
    for path in [
        "/users",
        "/users?include=roles",
        "/users/1",
        "/users/1/roles",
        "/users/1/relationships/roles",
        "/tokens/1/user",
        "/tokens/1/relationships/user",
        "/home",
        "/health",
        "/users/99",
        "/users?foo=1",
        "/nothing",
    ] {
        let get = raw::as_admin(&app, &format!("GET {path} HTTP/1.1"), &[], None);
        let head = raw::as_admin(&app, &format!("HEAD {path} HTTP/1.1"), &[], None);
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty(), "{path}");
        for name in ["content-type", "vary", "cache-control", "content-length"] {
            assert_eq!(head.header(name), get.header(name), "{name} of {path}");
        }
        assert_eq!(get.header("content-type"), Some(JSON_API), "{path}");
    }
}

#[test]
fn f10_head_needs_credentials_like_get() {
    let app = TestApp::start();
    assert_eq!(app.anonymous().head("/users").status, 401);
    assert_eq!(app.admin().head("/users").status, 200);
}

#[test]
fn f13_a_default_page_size_does_not_cut_linkage() {
    let app = TestApp::start();
    let (role, users) = a_crowd(&app, 25);
    let ids: Vec<i64> = users.iter().map(|user| user.id).collect();
    let linkage = format!("{}/relationships/users", role.path());
    assert_eq!(members(&app, &linkage), ids);
    let answer = app.admin().get(&format!("{}?include=users", role.path()));
    let answer = answer.expect(200);
    let linked = &answer.data()["relationships"]["users"]["data"];
    assert_eq!(linked, &identifiers("users", &ids));
    assert_eq!(included(&answer).len(), 25);
}

#[test]
fn f13_long_linkage_is_paginated_with_links() {
    let app = TestApp::with(|settings| settings.limits.linkage_items = 3);
    let (role, users) = a_crowd(&app, 7);
    let mut next = app.url(&format!("{}/relationships/users", role.path()));
    let mut found = Vec::new();
    loop {
        let answer = app.admin().get(&next).expect(200);
        found.extend(answer.ids());
        match &answer.json()["links"]["next"] {
            Value::String(link) => next.clone_from(link),
            Value::Null => break,
            other => panic!("{other}"),
        }
    }
    let ids: Vec<String> = users.iter().map(|user| user.id.to_string()).collect();
    assert_eq!(found, ids);
}

#[test]
fn f13_included_linkage_is_complete_or_refused() {
    let app = TestApp::with(|settings| settings.limits.linkage_items = 3);
    let (role, _) = a_crowd(&app, 4);
    let path = format!("{}?include=users", role.path());
    let answer = app.admin().get(&path).expect(400);
    assert_eq!(answer.parameters(), ["include"]);
}

#[test]
fn f14_both_sides_always_agree() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let role = a_role().create(&app);
    let roles = format!("{}/relationships/roles", user.path());
    let users = format!("{}/relationships/users", role.path());
    let admin = app.admin();
    let by_role = json!({ "data": identifiers("roles", &[role.id]) });
    let by_user = json!({ "data": identifiers("users", &[user.id]) });
    let nobody = json!({ "data": [] });
    let sides = |held: bool| {
        assert_eq!(members(&app, &roles).contains(&role.id), held);
        assert_eq!(members(&app, &users).contains(&user.id), held);
        let related = app.admin().get(&format!("{}/users", role.path()));
        assert_eq!(!related.expect(200).ids().is_empty(), held);
    };
    admin.post(&roles, &by_role).expect(200);
    sides(true);
    admin.delete_with(&users, &by_user).expect(200);
    sides(false);
    admin.patch(&users, &by_user).expect(200);
    sides(true);
    admin.patch(&roles, &nobody).expect(200);
    sides(false);
}

#[test]
fn f15_times_are_rfc_3339_with_an_offset() {
    let app = TestApp::start();
    let made = app
        .admin()
        .post("/roles", &new_role("now"))
        .expect(201)
        .data();
    for name in ["created", "modified"] {
        let text = made["attributes"][name].as_str().unwrap();
        chrono::DateTime::parse_from_rfc3339(text).unwrap();
        assert_eq!(text, "2026-01-02T03:04:05+00:00");
        assert_eq!(made["meta"][name], text);
    }
}
