//! PATCH of a resource: U01 to U10.

use serde_json::{Value, json};

use super::{change, identifier, identifiers, members};
use crate::support::{JSON_API, Member, RoleMade, TestApp, a_role, a_user};

fn held(app: &TestApp, user: &Member) -> Vec<i64> {
    members(app, &format!("{}/relationships/roles", user.path()))
}

fn attributes(app: &TestApp, path: &str) -> Value {
    app.admin().get(path).expect(200).data()["attributes"].clone()
}

/// A user with a surname who holds a role.
fn doe(app: &TestApp) -> (Member, RoleMade) {
    let role = a_role().create(app);
    let user = a_user()
        .with_surname("Doe")
        .with_email("doe@example.com")
        .holding(&role)
        .create(app);
    (user, role)
}

fn linking(user: &Member, roles: Value) -> Value {
    json!({ "data": {
        "type": "users",
        "id": user.id.to_string(),
        "relationships": { "roles": { "data": roles } },
    } })
}

#[test]
fn u01_what_is_not_sent_keeps_its_value() {
    let app = TestApp::start();
    let (user, role) = doe(&app);
    let document = change("users", user.id, json!({ "name": "Jo" }));
    let data = app
        .admin()
        .patch(&user.path(), &document)
        .expect(200)
        .data();
    assert_eq!(data["attributes"]["name"], "Jo");
    assert_eq!(data["attributes"]["surname"], "Doe");
    assert_eq!(data["attributes"]["email"], "doe@example.com");
    assert_eq!(data["attributes"]["is_active"], true);
    assert_eq!(held(&app, &user), [role.id]);
}

#[test]
fn u01_null_empties_an_attribute() {
    let app = TestApp::start();
    let (user, _) = doe(&app);
    let document = change("users", user.id, json!({ "surname": null }));
    app.admin().patch(&user.path(), &document).expect(200);
    let now = attributes(&app, &user.path());
    assert_eq!(now["surname"], Value::Null);
    assert_eq!(now["email"], "doe@example.com");
}

#[test]
fn u01_a_document_without_changes_changes_nothing() {
    let app = TestApp::start();
    let (user, role) = doe(&app);
    let before = attributes(&app, &user.path());
    for document in [
        json!({ "data": identifier("users", user.id) }),
        change("users", user.id, json!({})),
        json!({ "data": {
            "type": "users",
            "id": user.id.to_string(),
            "relationships": { "roles": { "links": { "self": "/x" }, "meta": {} } },
        } }),
    ] {
        app.admin().patch(&user.path(), &document).expect(200);
    }
    let mut after = attributes(&app, &user.path());
    after["modified_by"] = before["modified_by"].clone();
    assert_eq!(after, before);
    assert_eq!(held(&app, &user), [role.id]);
}

#[test]
fn u01_a_relationship_without_data_and_links_is_refused_and_changes_nothing() {
    let app = TestApp::start();
    let (user, role) = doe(&app);
    let admin = app.admin();
    for relationship in [
        json!({}),
        json!({ "meta": {} }),
        json!({ "meta": { "a": 1 }, "x": 1 }),
    ] {
        let document = json!({ "data": {
            "type": "users",
            "id": user.id.to_string(),
            "attributes": { "name": "Nobody" },
            "relationships": { "roles": relationship },
        } });
        let answer = admin.patch(&user.path(), &document).expect(400);
        assert_eq!(answer.pointers(), ["/data/relationships/roles"]);
        let operation = json!({ "op": "update", "data": document["data"] });
        let answer = admin.operations(&json!({ "atomic:operations": [operation] }));
        let answer = answer.expect(400);
        let pointer = "/atomic:operations/0/data/relationships/roles";
        assert_eq!(answer.pointers(), [pointer]);
    }
    assert_ne!(attributes(&app, &user.path())["name"], "Nobody");
    assert_eq!(held(&app, &user), [role.id]);
}

#[test]
fn u02_the_answer_is_the_updated_resource() {
    let app = TestApp::start();
    let (user, _) = doe(&app);
    let before = attributes(&app, &user.path());
    app.advance(60);
    let document = change("users", user.id, json!({ "name": "Jo" }));
    let answer = app.admin().patch(&user.path(), &document).expect(200);
    let data = answer.data();
    assert_eq!(data["attributes"]["modified"], "2026-01-02T03:05:05+00:00");
    assert_ne!(data["attributes"]["modified"], before["modified"]);
    assert_eq!(data["attributes"]["created"], before["created"]);
    assert_eq!(data["attributes"]["modified_by"], 1);
    assert_eq!(app.admin().get(&user.path()).expect(200).data(), data);
    assert_eq!(answer.json()["links"]["self"], app.url(&user.path()));
}

#[test]
fn u03_a_relationship_in_the_body_replaces_the_whole_linkage() {
    let app = TestApp::start();
    let (user, _) = doe(&app);
    let other = a_role().create(&app);
    let document = linking(&user, identifiers("roles", &[other.id, other.id]));
    app.admin().patch(&user.path(), &document).expect(200);
    assert_eq!(held(&app, &user), [other.id]);
}

#[test]
fn u03_an_empty_array_clears_the_linkage() {
    let app = TestApp::start();
    let (user, _) = doe(&app);
    let document = linking(&user, json!([]));
    app.admin().patch(&user.path(), &document).expect(200);
    assert!(held(&app, &user).is_empty());
}

#[test]
fn u03_the_same_from_the_side_of_roles() {
    let app = TestApp::start();
    let (user, role) = doe(&app);
    let other = a_user().create(&app);
    let document = json!({ "data": {
        "type": "roles",
        "id": role.id.to_string(),
        "relationships": { "users": { "data": identifiers("users", &[other.id]) } },
    } });
    app.admin().patch(&role.path(), &document).expect(200);
    assert!(held(&app, &user).is_empty());
    assert_eq!(held(&app, &other), [role.id]);
}

#[test]
fn u03_a_replacement_that_is_refused_is_403_as_a_whole() {
    let app = TestApp::start();
    let (user, _) = doe(&app);
    let mut document = change("users", user.id, json!({ "surname": "Changed" }));
    document["data"]["relationships"] = json!({ "tokens": { "data": [] } });
    let answer = app.admin().patch(&user.path(), &document).expect(403);
    assert_eq!(answer.pointers(), ["/data/relationships/tokens/data"]);
    assert_eq!(attributes(&app, &user.path())["surname"], "Doe");
    let mut document = change("tokens", 1, json!({ "name": "changed" }));
    let other = identifier("users", user.id);
    document["data"]["relationships"] = json!({ "user": { "data": other } });
    let answer = app.admin().patch("/tokens/1", &document).expect(403);
    assert_eq!(answer.pointers(), ["/data/relationships/user/data"]);
    assert_eq!(attributes(&app, "/tokens/1")["name"], "test");
}

#[test]
fn u04_a_missing_resource_is_404() {
    let app = TestApp::start();
    for path in ["/users/99", "/users/abc", "/users/0", "/roles/99"] {
        let kind = path.split('/').nth(1).unwrap();
        let document = json!({ "data": { "type": kind, "id": "99", "attributes": {} } });
        app.admin().patch(path, &document).expect(404);
    }
}

#[test]
fn u05_a_missing_related_resource_is_404_and_nothing_is_applied() {
    let app = TestApp::start();
    let (user, role) = doe(&app);
    for id in ["99", "abc", "0"] {
        let linkage = json!([identifier("roles", 1), { "type": "roles", "id": id }]);
        let mut document = linking(&user, linkage);
        document["data"]["attributes"] = json!({ "surname": "Changed" });
        let answer = app.admin().patch(&user.path(), &document).expect(404);
        assert_eq!(answer.pointers(), ["/data/relationships/roles/data/1"]);
    }
    assert_eq!(attributes(&app, &user.path())["surname"], "Doe");
    assert_eq!(held(&app, &user), [role.id]);
}

#[test]
fn u06_another_type_or_id_than_the_address_has_is_409() {
    let app = TestApp::start();
    let (user, _) = doe(&app);
    let admin = app.admin();
    let foreign = change("roles", user.id, json!({ "surname": "Changed" }));
    let answer = admin.patch(&user.path(), &foreign).expect(409);
    assert_eq!(answer.pointers(), ["/data/type"]);
    for id in [
        json!("1"),
        json!(1),
        json!("abc"),
        json!(format!("0{}", user.id)),
    ] {
        let mut document = change("users", user.id, json!({ "surname": "Changed" }));
        document["data"]["id"] = id;
        let answer = admin.patch(&user.path(), &document).expect(409);
        assert_eq!(answer.pointers(), ["/data/id"]);
    }
    assert_eq!(attributes(&app, &user.path())["surname"], "Doe");
}

#[test]
fn u07_type_and_id_are_required() {
    let app = TestApp::start();
    let (user, _) = doe(&app);
    let id = user.id.to_string();
    for data in [
        json!({ "id": id, "attributes": { "surname": "Changed" } }),
        json!({ "type": "users", "attributes": { "surname": "Changed" } }),
        json!({ "attributes": { "surname": "Changed" } }),
    ] {
        let document = json!({ "data": data });
        let answer = app.admin().patch(&user.path(), &document).expect(400);
        assert!(answer.pointers().iter().all(|at| at == "/data"));
    }
    assert_eq!(attributes(&app, &user.path())["surname"], "Doe");
}

#[test]
fn u07_malformed_documents_are_4xx_without_effect() {
    let app = TestApp::start();
    let (user, role) = doe(&app);
    let headers = [("accept", JSON_API), ("content-type", JSON_API)];
    let start = format!(r#"{{"data":{{"type":"users","id":"{}""#, user.id);
    for rest in [
        "",
        r#","attributes":[]}}"#,
        r#","attributes":null}}"#,
        r#","attributes":{"surname":7}}}"#,
        r#","attributes":{"surname":"X","surname":"Y"}}}"#,
        r#","relationships":[]}}"#,
        r#","relationships":{"roles":null}}}"#,
        r#","relationships":{"roles":{}}}}"#,
        r#","relationships":{"roles":{"data":null}}}}"#,
        r#","relationships":{"roles":{"data":"1"}}}}"#,
        r#","relationships":{"roles":{"data":{"type":"roles","id":"1"}}}}}"#,
        r#","relationships":{"roles":{"data":[{"type":"roles"}]}}}}"#,
        r#","relationships":{"roles":{"data":[{"id":"1"}]}}}}"#,
        r#","relationships":{"roles":{"data":[{"type":"users","id":"1"}]}}}}"#,
        r#","relationships":{"roles":{"data":[[]]}}}}"#,
    ] {
        let body = format!("{start}{rest}");
        let answer = app
            .admin()
            .send("PATCH", &user.path(), &headers, Some(body.as_bytes()));
        assert!(
            (400..500).contains(&answer.status),
            "{body}: {}",
            answer.status
        );
    }
    for body in ["", "{}", "null", "[]", r#"{"data":null}"#, r#"{"data":[]}"#] {
        app.admin()
            .send("PATCH", &user.path(), &headers, Some(body.as_bytes()))
            .expect(400);
    }
    assert_eq!(attributes(&app, &user.path())["surname"], "Doe");
    assert_eq!(held(&app, &user), [role.id]);
}

#[test]
fn u08_one_bad_attribute_leaves_the_others_unchanged() {
    let app = TestApp::start();
    let (user, role) = doe(&app);
    let mut document = linking(&user, json!([]));
    document["data"]["attributes"] = json!({ "surname": "Changed", "email": "nowhere" });
    let answer = app.admin().patch(&user.path(), &document).expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes/email"]);
    assert_eq!(attributes(&app, &user.path())["surname"], "Doe");
    assert_eq!(held(&app, &user), [role.id]);
}

#[test]
fn u08_a_taken_name_changes_nothing() {
    let app = TestApp::start();
    let (user, role) = doe(&app);
    let mut document = linking(&user, json!([]));
    document["data"]["attributes"] = json!({ "surname": "Changed", "username": "admin" });
    let answer = app.admin().patch(&user.path(), &document).expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes/username"]);
    assert_eq!(attributes(&app, &user.path())["surname"], "Doe");
    assert_eq!(held(&app, &user), [role.id]);
}

#[test]
fn u09_an_id_as_a_number_is_accepted() {
    let app = TestApp::start();
    let (user, _) = doe(&app);
    let mut document = change("users", user.id, json!({ "name": "Jo" }));
    document["data"]["id"] = json!(user.id);
    let data = app
        .admin()
        .patch(&user.path(), &document)
        .expect(200)
        .data();
    assert_eq!(data["id"], user.id.to_string());
}

#[test]
fn u10_conflicts_point_at_the_attribute() {
    let app = TestApp::start();
    let taken = a_role().named("taken").create(&app);
    let role = a_role().create(&app);
    let document = change("roles", role.id, json!({ "name": taken.name }));
    let answer = app.admin().patch(&role.path(), &document).expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes/name"]);
}
