//! POST to a collection: C01 to C13. C12 is with the errors.

use std::thread;

use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use super::{count, count_roles, identifier, identifiers, members, new_role, new_user};
use crate::support::{JSON_API, TestApp, a_role, a_user};

/// Bodies that are no document for a POST to `/roles`.
const MALFORMED: &[&str] = &[
    "",
    "null",
    "1",
    "\"text\"",
    "[]",
    "{}",
    r#"{"data":null}"#,
    r#"{"data":[]}"#,
    r#"{"data":7}"#,
    r#"{"data":{}}"#,
    r#"{"data":[{"type":"roles","attributes":{"name":"x"}}]}"#,
    r#"{"data":{"attributes":{"name":"x"}}}"#,
    r#"{"data":{"type":7,"attributes":{"name":"x"}}}"#,
    r#"{"data":{"type":null,"attributes":{"name":"x"}}}"#,
    r#"{"data":{"type":"roles"}}"#,
    r#"{"data":{"type":"roles","attributes":[]}}"#,
    r#"{"data":{"type":"roles","attributes":null}}"#,
    r#"{"data":{"type":"roles","attributes":"x"}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":7}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":null}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":{}}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":[]}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":null}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":{"users":[]}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":{"users":null}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":{"users":{}}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":{"users":{"data":7}}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":{"users":{"data":null}}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":{"users":{"data":[7]}}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":{"users":{"data":[null]}}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":{"users":{"data":[{"id":"1"}]}}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":{"users":{"data":[{"type":"users"}]}}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":{"users":{"data":[{"type":"users","id":{}}]}}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":{"users":{"data":[{"type":"roles","id":"1"}]}}}}"#,
    r#"{"data":{"type":"roles","attributes":{"name":"x"},"relationships":{"users":{"data":{"type":"users","id":"1"}}}}}"#,
];

const BROKEN: &[&str] = &[
    "{",
    "{\"data\":",
    "[1,",
    "nul",
    "{'data':1}",
    "{} x",
    "\u{feff}{}",
];

#[test]
fn c01_a_created_resource_is_201_and_the_primary_data() {
    let app = TestApp::start();
    let made = app.admin().post("/users", &new_user("calvin")).expect(201);
    let data = made.data();
    assert_eq!(data["type"], "users");
    assert_eq!(data["attributes"]["username"], "calvin");
    let found = app
        .admin()
        .get(&format!("/users/{}", made.id()))
        .expect(200);
    assert_eq!(found.data(), data);
}

#[test]
fn c02_location_is_links_self_of_the_resource() {
    let app = TestApp::start();
    let made = app.admin().post("/roles", &new_role("made")).expect(201);
    let own = made.data()["links"]["self"].clone();
    assert_eq!(made.header("location").unwrap(), own);
    assert_eq!(own, app.url(&format!("/roles/{}", made.id())));
    assert_eq!(made.json()["links"]["self"], app.url("/roles"));
    app.admin().get(own.as_str().unwrap()).expect(200);
}

#[test]
fn c02_location_has_no_query() {
    let app = TestApp::start();
    let path = "/roles?include=users&fields[roles]=name";
    let made = app.admin().post(path, &new_role("made")).expect(201);
    assert_eq!(
        made.header("location").unwrap(),
        made.data()["links"]["self"]
    );
}

#[test]
fn c03_relationships_set_the_linkage_and_repetitions_count_once() {
    let app = TestApp::start();
    let first = a_role().create(&app);
    let second = a_role().create(&app);
    let mut document = new_user("calvin");
    let roles = identifiers("roles", &[second.id, first.id, second.id]);
    document["data"]["relationships"] = json!({ "roles": { "data": roles } });
    let made = app.admin().post("/users", &document).expect(201);
    let path = format!("/users/{}/relationships/roles", made.id());
    assert_eq!(members(&app, &path), [first.id, second.id]);
}

#[test]
fn c03_the_same_from_the_side_of_roles() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let mut document = new_role("made");
    let users = identifiers("users", &[user.id, user.id]);
    document["data"]["relationships"] = json!({ "users": { "data": users } });
    let made = app.admin().post("/roles", &document).expect(201);
    let path = format!("/roles/{}/relationships/users", made.id());
    assert_eq!(members(&app, &path), [user.id]);
}

#[test]
fn c03_linkage_that_cannot_be_set_is_403_and_not_passed_over() {
    let app = TestApp::start();
    let mut document = new_user("calvin");
    document["data"]["relationships"] = json!({ "tokens": { "data": [identifier("tokens", 1)] } });
    let answer = app.admin().post("/users", &document).expect(403);
    assert_eq!(answer.pointers(), ["/data/relationships/tokens/data"]);
    assert_eq!(count(&app, "/users"), 1);
}

#[test]
fn c03_a_to_one_relationship_is_set_by_an_identifier() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let token = |linkage: Value| {
        json!({ "data": {
            "type": "tokens",
            "attributes": { "name": "one" },
            "relationships": { "user": { "data": linkage } },
        } })
    };
    let document = token(identifier("users", user.id));
    let made = app
        .admin()
        .post("/tokens?include=user", &document)
        .expect(201);
    let linked = made.data()["relationships"]["user"]["data"].clone();
    assert_eq!(linked, identifier("users", user.id));
    let array = token(json!([identifier("users", user.id)]));
    app.admin().post("/tokens", &array).expect(400);
    let missing = token(identifier("users", 99));
    let answer = app.admin().post("/tokens", &missing).expect(404);
    assert_eq!(answer.pointers(), ["/data/relationships/user/data"]);
}

#[test]
fn c04_a_missing_related_resource_is_404_and_nothing_was_created() {
    let app = TestApp::start();
    for id in ["99", "abc", "-1", "0", "999999999999999999999999"] {
        let mut document = new_role("made");
        let linkage = json!([identifier("users", 1), { "type": "users", "id": id }]);
        document["data"]["relationships"] = json!({ "users": { "data": linkage } });
        let answer = app.admin().post("/roles", &document).expect(404);
        assert_eq!(
            answer.pointers(),
            ["/data/relationships/users/data/1"],
            "{id}"
        );
    }
    assert_eq!(count_roles(&app), 1);
    let mut document = new_user("calvin");
    let roles = identifiers("roles", &[99]);
    document["data"]["relationships"] = json!({ "roles": { "data": roles } });
    let answer = app.admin().post("/users", &document).expect(404);
    assert_eq!(answer.pointers(), ["/data/relationships/roles/data/0"]);
    assert_eq!(count(&app, "/users"), 1);
}

#[test]
fn c05_a_foreign_type_is_409_before_attributes_are_looked_at() {
    let app = TestApp::start();
    for kind in ["users", "Roles", "role", ""] {
        let document = json!({ "data": { "type": kind, "attributes": { "name": 7 } } });
        let answer = app.admin().post("/roles", &document).expect(409);
        assert_eq!(answer.pointers(), ["/data/type"], "{kind}");
    }
    assert_eq!(count_roles(&app), 1);
}

#[test]
fn c06_client_generated_ids_are_403() {
    let app = TestApp::start();
    for id in [json!("1"), json!("7"), json!(7), json!("")] {
        let mut document = new_role("made");
        document["data"]["id"] = id;
        let answer = app.admin().post("/roles", &document).expect(403);
        assert_eq!(answer.pointers(), ["/data/id"]);
    }
    assert_eq!(count_roles(&app), 1);
}

#[test]
fn c07_a_taken_username_is_400() {
    let app = TestApp::start();
    a_user().named("calvin").create(&app);
    let answer = app.admin().post("/users", &new_user("calvin")).expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes/username"]);
    assert_eq!(answer.errors()[0]["title"], "Invalid data");
    assert_eq!(count(&app, "/users"), 2);
}

#[test]
fn c07_a_missing_required_attribute_is_400() {
    let app = TestApp::start();
    let document = json!({ "data": { "type": "users", "attributes": { "name": "x" } } });
    let answer = app.admin().post("/users", &document).expect(400);
    let named: Vec<Value> = answer
        .errors()
        .iter()
        .map(|error| error["meta"]["attribute"].clone())
        .collect();
    assert_eq!(named, ["username", "password"]);
}

#[test]
fn c08_malformed_documents_are_4xx_without_effect() {
    let app = TestApp::start();
    let headers = [("accept", JSON_API), ("content-type", JSON_API)];
    for body in MALFORMED {
        let answer = app
            .admin()
            .send("POST", "/roles", &headers, Some(body.as_bytes()));
        assert!(
            (400..500).contains(&answer.status),
            "{body}: {}",
            answer.status
        );
        assert!(!answer.errors().is_empty());
    }
    assert_eq!(count_roles(&app), 1);
}

#[test]
fn c08_no_body_at_all_is_400() {
    let app = TestApp::start();
    let headers = [("accept", JSON_API)];
    app.admin()
        .send("POST", "/roles", &headers, None)
        .expect(400);
    assert_eq!(count_roles(&app), 1);
}

#[test]
fn c08_broken_json_is_400() {
    let app = TestApp::start();
    let headers = [("accept", JSON_API), ("content-type", JSON_API)];
    for body in BROKEN {
        let answer = app
            .admin()
            .send("POST", "/roles", &headers, Some(body.as_bytes()));
        assert_eq!(answer.status, 400, "{body}");
    }
}

#[test]
fn c09_unknown_members_are_ignored() {
    let app = TestApp::start();
    let document = json!({
        "data": {
            "type": "roles",
            "lid": "local",
            "meta": { "note": 1 },
            "links": { "self": "/x" },
            "unknown": [1],
            "attributes": { "name": "made" },
            "relationships": {
                "users": {
                    "data": [{ "type": "users", "id": "1", "meta": { "a": 1 }, "unknown": 1 }],
                    "links": { "self": "/x" },
                    "meta": {},
                    "unknown": 1,
                },
                "empty": { "links": {}, "meta": {} },
            },
        },
        "meta": {},
        "links": {},
        "jsonapi": { "version": "1.1" },
        "included": [],
        "unknown": null,
    });
    let made = app.admin().post("/roles", &document).expect(201);
    assert!(!made.text.contains("unknown"));
    let path = format!("/roles/{}/relationships/users", made.id());
    assert_eq!(members(&app, &path), [1]);
}

#[test]
fn c09_members_that_begin_with_an_at_sign_are_ignored_everywhere() {
    let app = TestApp::start();
    let document = json!({
        "@context": "x",
        "data": {
            "@id": 1,
            "type": "roles",
            "attributes": { "@type": 1, "name": "made", "@name": 7 },
            "relationships": {
                "@users": 7,
                "users": {
                    "@x": 1,
                    "data": [{ "type": "users", "id": "1", "@x": [] }],
                },
            },
        },
    });
    let made = app.admin().post("/roles", &document).expect(201);
    assert_eq!(made.data()["attributes"]["name"], "made");
    assert!(!made.text.contains('@'));
}

#[test]
fn c09_read_only_attributes_are_passed_over() {
    let app = TestApp::start();
    let mut document = new_role("made");
    document["data"]["attributes"]["created"] = json!("1999-01-01T00:00:00+00:00");
    document["data"]["attributes"]["created_by"] = json!(77);
    let made = app.admin().post("/roles", &document).expect(201).data();
    assert_eq!(made["attributes"]["created"], "2026-01-02T03:04:05+00:00");
    assert_eq!(made["attributes"]["created_by"], 1);
}

#[test]
fn c10_text_survives_unchanged() {
    let app = TestApp::start();
    for (number, text) in [
        "\u{1f600}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
        "quotes \" ' ` and \\ back",
        "line\nbreak\ttab\r\u{7f}",
        "<b>&amp;</b>",
        "e\u{301} \u{e9}",
        " blanks ",
        "\u{202e}rtl",
        "\u{2028}\u{feff}\u{1}",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("{number}{text}");
        let attributes = json!({ "name": name, "label": text, "description": text });
        let document = json!({ "data": { "type": "roles", "attributes": attributes } });
        let made = app.admin().post("/roles", &document).expect(201);
        let path = format!("/roles/{}", made.id());
        let found = app.admin().get(&path).expect(200).data();
        assert_eq!(found["attributes"]["description"], text);
        assert_eq!(found["attributes"]["label"], text);
        // A name has one spelling: without blanks around it, in normalization form C.
        let normal: String = name.trim().nfc().collect();
        assert_eq!(found["attributes"]["name"], normal);
    }
}

#[test]
fn c11_post_patch_and_get_show_the_same() {
    let app = TestApp::start();
    let made = app.admin().post("/users", &new_user("calvin")).expect(201);
    let path = format!("/users/{}", made.id());
    assert_eq!(app.admin().get(&path).expect(200).data(), made.data());
    let id: i64 = made.id().parse().unwrap();
    let document = super::change("users", id, json!({ "surname": "Doe" }));
    let changed = app.admin().patch(&path, &document).expect(200).data();
    assert_eq!(app.admin().get(&path).expect(200).data(), changed);
    let listed = app
        .admin()
        .get("/users?filter[username]=calvin")
        .expect(200);
    assert_eq!(listed.data()[0], changed);
}

#[test]
fn c13_of_simultaneous_posts_with_one_username_one_is_created() {
    let app = TestApp::start();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let posts: Vec<_> = (0..6)
            .map(|_| {
                let client = app.admin();
                scope.spawn(move || client.post("/users", &new_user("calvin")).status)
            })
            .collect();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    let created = statuses.iter().filter(|status| **status == 201).count();
    let refused = statuses.iter().filter(|status| **status == 400).count();
    assert_eq!((created, refused), (1, 5), "{statuses:?}");
    assert_eq!(count(&app, "/users"), 2);
}

const UUID: &str = "0D2b9b1e-7c4f-4b8a-9f56-2f1d3c4e5a6b";

fn with_id(mut document: Value, id: &str) -> Value {
    document["data"]["id"] = id.into();
    document
}

#[test]
fn c06_a_uuid_of_a_client_is_kept_beside_ours_by_setting() {
    use rolecall::config::ClientIds;
    let app = TestApp::with(|settings| settings.server.client_ids = ClientIds::ExternalId);
    let admin = app.admin();
    let made = admin
        .post("/users", &with_id(new_user("jd"), UUID))
        .expect(201);
    assert_eq!(made.id(), "2");
    let external = made.data()["meta"]["external_id"].clone();
    assert_eq!(external, UUID.to_ascii_lowercase());
    let read = admin.get("/users/2").expect(200).data();
    assert_eq!(read, made.data());

    let again = with_id(new_user("calvin"), &UUID.to_ascii_lowercase());
    let taken = admin.post("/users", &again).expect(409);
    assert_eq!(taken.pointers(), ["/data/id"]);
    assert_eq!(taken.errors()[0]["code"], "client_id_taken");
    let token = crate::support::a_new("tokens", json!({"name": "x"}));
    for (path, document) in [
        ("/users", with_id(new_user("calvin"), "7")),
        ("/roles", with_id(new_role("HR"), "7")),
        ("/tokens", with_id(token, UUID)),
    ] {
        let refused = admin.post(path, &document).expect(403);
        assert_eq!(refused.pointers(), ["/data/id"]);
    }
    let add = |document: Value| json!({"op": "add", "data": document["data"]});
    let other = UUID.replace("0D", "1d");
    let list = [add(with_id(new_user("hobbes"), &other)), add(again)];
    let refused = admin
        .operations(&json!({"atomic:operations": list}))
        .expect(409);
    assert_eq!(refused.pointers(), ["/atomic:operations/1/data/id"]);
}

#[test]
fn c06_roles_keep_the_id_of_a_client_as_users_do() {
    use rolecall::config::ClientIds;
    let app = TestApp::with(|settings| settings.server.client_ids = ClientIds::ExternalId);
    let admin = app.admin();
    let made = admin
        .post("/roles", &with_id(new_role("HR"), UUID))
        .expect(201);
    assert_eq!(made.id(), "11");
    let external = made.data()["meta"]["external_id"].clone();
    assert_eq!(external, UUID.to_ascii_lowercase());
    assert_eq!(admin.get("/roles/11").expect(200).data(), made.data());
    let taken = admin
        .post("/roles", &with_id(new_role("IT"), UUID))
        .expect(409);
    assert_eq!(taken.pointers(), ["/data/id"]);
    assert_eq!(taken.errors()[0]["code"], "client_id_taken");
    // The same may name a user: ids are those of a type.
    admin
        .post("/users", &with_id(new_user("jd"), UUID))
        .expect(201);
    let add = json!({"op": "add", "data": with_id(new_role("IT"), UUID)["data"]});
    let refused = admin.operations(&json!({"atomic:operations": [add]}));
    assert_eq!(
        refused.expect(409).pointers(),
        ["/atomic:operations/0/data/id"]
    );
}

#[test]
fn c06_what_a_client_calls_it_finds_the_resource() {
    use rolecall::config::ClientIds;
    let app = TestApp::with(|settings| settings.server.client_ids = ClientIds::ExternalId);
    let admin = app.admin();
    admin
        .post("/users", &with_id(new_user("jd"), UUID))
        .expect(201);
    admin
        .post("/roles", &with_id(new_role("HR"), UUID))
        .expect(201);
    for (kind, own) in [("users", "2"), ("roles", "11")] {
        let ids = |filter: &str| admin.get(&format!("/{kind}?{filter}")).expect(200).ids();
        let other = UUID.replace('2', "3");
        assert_eq!(ids(&format!("filter[external_id]={UUID}")), [own]);
        assert_eq!(ids(&format!("filter[external_id]={other},{UUID}")), [own]);
        assert_eq!(ids(&format!("filter[external_id]={other}")), [""; 0]);
        assert_eq!(ids("filter[external_id][prefix]=0D2B"), [own]);
        assert!(ids("filter[external_id][null]=true").contains(&"1".to_owned()));
        assert!(!ids("filter[external_id][null]=true").contains(&own.to_owned()));
        let or = format!("filter[or][0][external_id]={UUID}&filter[or][1][id]=1");
        assert_eq!(ids(&or), ["1", own]);
    }
    let refused = admin.get("/tokens?filter[external_id]=x").expect(400);
    assert_eq!(refused.parameters(), ["filter[external_id]"]);
}
