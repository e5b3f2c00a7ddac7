//! The document: N01 and D01 to D26.

use serde_json::{Value, json};

use super::{change, identifiers, new_role, new_user};
use crate::support::document::{Asked, faults, parse};
use crate::support::{Answer, JSON_API, TestApp, a_role, a_user, raw};

/// One answer of every kind; the client checks each of them as it reads it.
fn tour(app: &TestApp) -> Vec<Answer> {
    let admin = app.admin();
    let role = a_role().create(app);
    let user = a_user().holding(&role).create(app);
    let token = json!({ "data": { "type": "tokens", "attributes": { "name": "one" } } });
    let linkage = format!("{}/relationships/roles", user.path());
    let related = format!("{}/roles", user.path());
    let rename = change("users", user.id, json!({ "surname": "Doe" }));
    vec![
        admin.get("/home"),
        admin.get("/users"),
        admin.get("/users?include=roles,tokens&page[size]=1&sort=-username"),
        admin.get("/users?filter[username]=nobody"),
        admin.get(&user.path()),
        admin.get(&format!("{}?include=roles.users.roles", user.path())),
        admin.get(&related),
        admin.get(&linkage),
        admin.get(&format!("{linkage}?include=roles")),
        admin.get("/roles?include=users"),
        admin.get("/roles/1/relationships/users"),
        admin.post("/roles?include=users", &new_role("toured")),
        admin.patch(&user.path(), &rename),
        admin.post(&linkage, &json!({ "data": identifiers("roles", &[1]) })),
        admin.delete_with(&linkage, &json!({ "data": identifiers("roles", &[1]) })),
        admin.post("/tokens", &token),
        admin.get("/tokens?include=user"),
        admin.get("/tokens/1/user"),
        admin.get("/tokens/1/relationships/user"),
        admin.get("/events?page[size]=100"),
        admin.get("/events/1"),
        admin.get("/users/99"),
        admin.get("/users?sort=nothing&page[size]=0"),
        admin.post("/users", &json!({ "data": { "type": "users" } })),
        app.anonymous().get("/users"),
    ]
}

/// The documents of the tour.
fn documents(app: &TestApp) -> Vec<Value> {
    tour(app).iter().map(Answer::json).collect()
}

/// All resource objects of the tour.
fn resources(app: &TestApp) -> Vec<Value> {
    let mut found = Vec::new();
    for document in documents(app) {
        for member in ["data", "included"] {
            match &document[member] {
                Value::Array(items) => found.extend(items.clone()),
                Value::Null => {}
                one => found.push(one.clone()),
            }
        }
    }
    found.retain(|item| item.get("attributes").is_some());
    assert!(found.len() > 20, "only {}", found.len());
    found
}

/// The first rule that the validator finds broken.
#[track_caller]
fn broken(document: &Value) -> String {
    broken_answer(200, &document.to_string())
}

#[track_caller]
pub fn broken_answer(status: u16, text: &str) -> String {
    let asked = Asked {
        method: "GET",
        path: "/users?page[size]=1",
        body: Some(b"{\"data\": {}}"),
    };
    let faults = faults(asked, status, Some(JSON_API), text);
    let first = faults.first().unwrap_or_else(|| panic!("no fault: {text}"));
    first.split(':').next().unwrap().to_owned()
}

fn resource() -> Value {
    json!({ "type": "users", "id": "1", "attributes": { "name": "Ann" } })
}

/// A document around primary data.
fn around(data: &Value) -> Value {
    json!({ "data": data, "links": { "self": "/users" } })
}

#[test]
fn n01_every_body_is_the_media_type_without_a_charset() {
    let app = TestApp::with(|settings| settings.limits.body_bytes = 1024);
    let admin = app.admin();
    let large = "x".repeat(2000);
    let headers = [("accept", JSON_API), ("content-type", JSON_API)];
    let send = |body: &[u8]| admin.send("POST", "/roles", &headers, Some(body));
    for answer in [
        admin.get("/roles").expect(200),
        admin.post("/roles", &new_role("made")).expect(201),
        send(b"{\"data\":").expect(400),
        send(b"\xff").expect(400),
        app.anonymous().get("/roles").expect(401),
        admin.get("/nothing").expect(404),
        admin.get("/roles/%FF").expect(404),
        admin.json("PUT", "/roles", &json!({})).expect(405),
        admin
            .get_with("/roles", &[("accept", "text/html")])
            .expect(406),
        admin.post("/roles", &new_role(&large)).expect(413),
        admin
            .get(&format!("/roles?{}", "a".repeat(9000)))
            .expect(414),
        admin
            .get_with(
                "/roles",
                &[("accept", JSON_API), ("x-long", &"x".repeat(20_000))],
            )
            .expect(431),
    ] {
        assert_eq!(
            answer.header("content-type"),
            Some(JSON_API),
            "{}",
            answer.text
        );
        assert!(!answer.text.is_empty());
    }
}

#[test]
fn n01_a_panic_answers_with_a_document() {
    use actix_web::web;
    async fn fail() -> &'static str {
        panic!("as the test wants it")
    }
    let app = TestApp::with_routes(
        |_| {},
        |config| {
            config.route("/fail", web::get().to(fail));
        },
    );
    let answer = app.admin().get("/fail").expect(500);
    assert_eq!(answer.header("content-type"), Some(JSON_API));
    assert_eq!(answer.errors()[0]["status"], "500");
    app.admin().get("/home").expect(200);
}

#[test]
fn n01_a_refused_preflight_answers_with_a_document() {
    let app = TestApp::with(|settings| {
        settings.server.cors_origins = vec!["https://page.example".into()];
    });
    for (origin, method, headers) in [
        ("https://other.example", "GET", "accept"),
        ("https://page.example", "TRACE", "accept"),
        ("https://page.example", "GET", "x-strange"),
        ("nonsense", "GET", "accept"),
        ("https://page.example", "no method", "accept"),
    ] {
        let sent = [
            ("origin", origin),
            ("access-control-request-method", method),
            ("access-control-request-headers", headers),
        ];
        let answer = app.anonymous().send("OPTIONS", "/roles", &sent, None);
        assert!((400..500).contains(&answer.status), "{origin} {method}");
        assert_eq!(answer.header("content-type"), Some(JSON_API));
        let status = answer.status.to_string();
        assert_eq!(answer.errors()[0]["status"], status);
    }
}

#[test]
fn n01_bytes_that_are_no_http_are_refused() {
    let app = TestApp::start();
    for request in [
        &b"nonsense\r\n\r\n"[..],
        b"GET  HTTP/1.1\r\n\r\n",
        b"GET /roles HTTP/9.9\r\n\r\n",
        b"GET /roles HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /roles HTTP/1.1\r\nContent-Length: many\r\n\r\n",
    ] {
        let answer = raw::exchange(&app, request);
        assert!((400..500).contains(&answer.status), "{request:?}");
        let ours = answer.header("content-type") == Some(JSON_API);
        assert!(ours || answer.body.is_empty(), "{:?}", answer.text());
    }
}

#[test]
fn d01_an_answer_is_an_object_without_repeated_members() {
    let app = TestApp::start();
    for answer in tour(&app) {
        assert!(parse(&answer.text).unwrap().is_object());
    }
    assert_eq!(broken_answer(200, "[]"), "D01");
    assert_eq!(broken_answer(200, r#"{"meta":{"a":1,"a":2}}"#), "D01");
}

#[test]
fn d02_an_answer_has_data_errors_or_meta() {
    let app = TestApp::start();
    for document in documents(&app) {
        let says = ["data", "errors", "meta"];
        assert!(says.iter().any(|name| document.get(name).is_some()));
    }
    assert_eq!(broken(&json!({ "links": { "self": "/users" } })), "D02");
}

#[test]
fn d03_data_and_errors_are_never_together() {
    let app = TestApp::start();
    for document in documents(&app) {
        assert!(document.get("data").is_none() || document.get("errors").is_none());
    }
    let both = json!({ "data": null, "errors": [] });
    assert_eq!(broken(&both), "D03");
}

#[test]
fn d04_the_top_level_has_the_specified_members_only() {
    let app = TestApp::start();
    let known = ["data", "errors", "meta", "jsonapi", "links", "included"];
    for document in documents(&app) {
        for name in document.as_object().unwrap().keys() {
            assert!(known.contains(&name.as_str()), "{name}");
        }
    }
    assert_eq!(broken(&json!({ "meta": {}, "error": {} })), "D04");
}

#[test]
fn d04_as_plain_json_an_error_has_the_single_error_of_bedita_too() {
    let app = TestApp::start();
    let plain = [("accept", "application/json")];
    let answer = app.admin().get_with("/users/99", &plain).expect(404);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.json();
    assert_eq!(document["error"]["status"], "404");
    assert_eq!(document["error"]["title"], document["errors"][0]["title"]);
    let usual = app.admin().get("/users/99").expect(404).json();
    assert!(usual.get("error").is_none());
}

#[test]
fn d05_included_stands_only_beside_data() {
    let app = TestApp::start();
    for document in documents(&app) {
        assert!(document.get("included").is_none() || document.get("data").is_some());
    }
    assert_eq!(broken(&json!({ "meta": {}, "included": [] })), "D05");
}

#[test]
fn d06_a_collection_is_an_array_and_a_resource_an_object() {
    let app = TestApp::start();
    let admin = app.admin();
    let none = admin.get("/users?filter[username]=nobody").expect(200);
    assert_eq!(none.data(), json!([]));
    let one = admin.get("/users?filter[username]=admin").expect(200);
    assert_eq!(one.ids(), ["1"]);
    assert!(admin.get("/users/1").expect(200).data().is_object());
    assert!(admin.get("/users/1/roles").expect(200).data().is_array());
    assert!(admin.get("/tokens/1/user").expect(200).data().is_object());
}

#[test]
fn d07_types_and_ids_are_strings_everywhere() {
    let app = TestApp::start();
    for item in resources(&app) {
        assert!(item["type"].is_string() && item["id"].is_string(), "{item}");
    }
    let number = json!({ "type": "users", "id": 1 });
    assert_eq!(broken(&around(&number)), "D07");
}

#[test]
fn d07_numbers_are_accepted_in_requests() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let document = json!({ "data": {
        "type": "users",
        "id": 1,
        "relationships": { "roles": { "data": [
            { "type": "roles", "id": 1 },
            { "type": "roles", "id": role.id },
        ] } },
    } });
    app.admin().patch("/users/1", &document).expect(200);
    let linkage = app.admin().get("/users/1/relationships/roles").expect(200);
    assert_eq!(linkage.data(), identifiers("roles", &[1, role.id]));
}

#[test]
fn d07_a_number_that_is_no_integer_is_no_id() {
    let app = TestApp::start();
    let headers = [("accept", JSON_API), ("content-type", JSON_API)];
    for id in ["1.0", "1e0", "true", "null", "[]", "{}"] {
        let body = format!(r#"{{"data":{{"type":"users","id":{id}}}}}"#);
        let answer = app
            .admin()
            .send("PATCH", "/users/1", &headers, Some(body.as_bytes()))
            .expect(400);
        assert_eq!(answer.pointers(), ["/data/id"], "{id}");
    }
}

#[test]
fn d08_a_resource_object_has_the_specified_members_only() {
    let app = TestApp::start();
    let known = ["type", "id", "attributes", "relationships", "links", "meta"];
    for item in resources(&app) {
        for name in item.as_object().unwrap().keys() {
            assert!(known.contains(&name.as_str()), "{name}");
        }
    }
    let mut other = resource();
    other["title"] = json!("no");
    assert_eq!(broken(&around(&other)), "D08");
}

#[test]
fn d09_member_names_are_legal() {
    let app = TestApp::start();
    assert!(
        resources(&app)
            .iter()
            .all(|item| item["attributes"].is_object())
    );
    for name in ["_name", "name_", "a.b", "a+b", "", " a", "a/b"] {
        let mut other = resource();
        other["attributes"] = json!({ "nested": [{ name: 1 }] });
        assert_eq!(broken(&around(&other)), "D09", "{name:?}");
        assert_eq!(broken(&json!({ "meta": { name: 1 } })), "D09", "{name:?}");
    }
}

#[test]
fn d10_attributes_and_relationships_share_their_names() {
    let app = TestApp::start();
    for item in resources(&app) {
        let attributes = item["attributes"].as_object().unwrap();
        let relationships = item["relationships"].as_object();
        for name in relationships.into_iter().flat_map(|object| object.keys()) {
            assert!(!attributes.contains_key(name), "{name}");
        }
        assert!(!attributes.contains_key("id") && !attributes.contains_key("type"));
    }
    let mut other = resource();
    other["attributes"] = json!({ "type": "x" });
    assert_eq!(broken(&around(&other)), "D10");
}

#[test]
fn d11_a_relationship_has_links_to_itself_and_to_what_is_related() {
    let app = TestApp::start();
    let user = app.admin().get("/users/1").expect(200).data();
    for name in ["roles", "tokens"] {
        let relationship = &user["relationships"][name];
        let own = app.url(&format!("/users/1/relationships/{name}"));
        let related = app.url(&format!("/users/1/{name}"));
        assert_eq!(
            relationship,
            &json!({ "links": { "self": own, "related": related } })
        );
    }
    for wrong in [json!({}), json!({ "data": [], "href": "/x" }), json!([])] {
        let mut other = resource();
        other["relationships"] = json!({ "roles": wrong });
        assert_eq!(broken(&around(&other)), "D11");
    }
}

#[test]
fn d12_linkage_is_an_array_of_identifiers() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let path = format!("{}?include=roles", user.path());
    let empty = app.admin().get(&path).expect(200).data();
    assert_eq!(empty["relationships"]["roles"]["data"], json!([]));
    let full = app.admin().get("/users/1?include=roles").expect(200).data();
    assert_eq!(
        full["relationships"]["roles"]["data"],
        identifiers("roles", &[1])
    );
    let token = app.admin().get("/tokens/1?include=user").expect(200).data();
    assert_eq!(
        token["relationships"]["user"]["data"],
        json!({ "type": "users", "id": "1" })
    );
    for wrong in [
        json!(["1"]),
        json!([{ "type": "roles", "id": "1", "name": "x" }]),
    ] {
        let mut other = resource();
        let links = json!({ "self": "/a", "related": "/b" });
        other["relationships"] = json!({ "roles": { "links": links, "data": wrong } });
        assert_eq!(broken(&around(&other)), "D12");
    }
}

#[test]
fn d13_links_are_uri_references() {
    let app = TestApp::start();
    let path = "/users?filter[username]=%C3%A4+%7B%7D%22&page[size]=1";
    let links = app.admin().get(path).expect(200).json()["links"].clone();
    let own = links["self"].as_str().unwrap();
    assert!(own.contains("page%5Bsize%5D=1"), "{own}");
    assert!(own.contains("%C3%A4"), "{own}");
    for link in ["/users?page[size]=1", "/a b", "/\u{e4}", "/%zz", "/%4"] {
        assert_eq!(
            broken(&json!({ "meta": {}, "links": { "self": link } })),
            "D13"
        );
    }
}

#[test]
fn d14_a_link_object_has_an_href() {
    for link in [
        json!({}),
        json!({ "href": null }),
        json!({ "href": "/a", "x": 1 }),
    ] {
        let document = json!({ "meta": {}, "links": { "self": link } });
        assert_eq!(broken(&document), "D14", "{link}");
    }
    let good = json!({ "meta": {}, "links": { "self": { "href": "/a", "title": "A" } } });
    let asked = Asked {
        method: "GET",
        ..Asked::default()
    };
    assert_eq!(
        faults(asked, 200, Some(JSON_API), &good.to_string()),
        Vec::<String>::new()
    );
}

#[test]
fn d15_links_have_the_specified_names_and_home() {
    let app = TestApp::start();
    for document in documents(&app) {
        assert_eq!(document["links"]["home"], app.url("/home"), "{document}");
    }
    for item in resources(&app) {
        let links = item["links"].as_object().unwrap();
        assert_eq!(links.keys().collect::<Vec<_>>(), ["self"]);
    }
    let other = json!({ "meta": {}, "links": { "start": "/users" } });
    assert_eq!(broken(&other), "D15");
}

#[test]
fn d16_pagination_links_stand_beside_their_collection_only() {
    let app = TestApp::start();
    let single = app.admin().get("/users/1").expect(200).json();
    for name in ["first", "last", "prev", "next"] {
        assert!(single["links"].get(name).is_none(), "{name}");
    }
    let list = app.admin().get("/users").expect(200).json();
    assert_eq!(list["links"]["prev"], Value::Null);
    assert_eq!(list["links"]["next"], Value::Null);
    let mut other = around(&resource());
    other["links"]["next"] = json!("/users?page=2");
    assert_eq!(broken(&other), "D16");
}

#[test]
fn d17_no_resource_is_there_twice() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    for _ in 0..3 {
        a_user().holding(&role).create(&app);
    }
    let answer = app.admin().get("/users?include=roles.users").expect(200);
    let included = super::included(&answer);
    assert_eq!(included, ["roles/1", &format!("roles/{}", role.id)]);
    let twice = around(&json!([resource(), resource()]));
    assert_eq!(broken(&twice), "D17");
}

#[test]
fn d18_included_resources_are_linked_from_the_primary_data() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().holding(&role).create(&app);
    let path = format!("{}?include=roles.users", user.path());
    let document = app.admin().get(&path).expect(200).json();
    assert_eq!(
        document["data"]["relationships"]["roles"]["data"],
        identifiers("roles", &[role.id])
    );
    assert_eq!(
        document["included"][0]["relationships"]["users"]["data"],
        identifiers("users", &[user.id])
    );
    let mut other = around(&resource());
    other["included"] = json!([{ "type": "roles", "id": "1" }]);
    assert_eq!(broken(&other), "D18");
}

#[test]
fn d18_it_holds_for_callers_who_see_little() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().holding(&role).create(&app);
    let other = a_user().holding(&role).create(&app);
    let client = user.client(&app);
    let own = format!("{}?include=roles.users,tokens.user", user.path());
    let answer = client.get(&own).expect(200);
    let hidden = format!("users/{}", other.id);
    assert!(!super::included(&answer).contains(&hidden));
    let linked = &answer.json()["included"][0]["relationships"]["users"]["data"];
    assert_eq!(linked, &identifiers("users", &[user.id]));
    for item in answer.json()["included"].as_array().unwrap() {
        let link = item["links"]["self"].as_str().unwrap();
        client.get(link).expect(200);
    }
    client.get("/users?include=roles.users").expect(200);
    client
        .get(&format!("{}/users?include=roles", role.path()))
        .expect(200);
}

#[test]
fn d19_meta_is_an_object() {
    let app = TestApp::start();
    for item in resources(&app) {
        assert!(item.get("meta").is_none_or(Value::is_object), "{item}");
    }
    assert_eq!(broken(&json!({ "meta": [] })), "D19");
}

#[test]
fn d20_a_jsonapi_object_tells_the_version() {
    let app = TestApp::start();
    for document in documents(&app) {
        let version = document.get("jsonapi").map(|object| &object["version"]);
        assert!(version.is_none_or(|version| version == "1.1"));
    }
    let other = json!({ "meta": {}, "jsonapi": { "version": 1.1 } });
    assert_eq!(broken(&other), "D20");
}

#[test]
fn d23_errors_come_with_4xx_and_others_with_2xx() {
    let app = TestApp::start();
    for answer in tour(&app) {
        let failed = answer.json().get("errors").is_some();
        assert_eq!(failed, answer.status >= 400, "{}", answer.text);
    }
    assert_eq!(broken_answer(404, r#"{"meta":{}}"#), "D23");
}

#[test]
fn d24_no_content_and_answers_to_head_have_no_body() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    for path in ["/roles", "/roles/1", "/roles/99", "/nothing", "/home"] {
        let line = format!("HEAD {path} HTTP/1.1");
        let answer = raw::as_admin(&app, &line, &[], None);
        assert!(answer.body.is_empty(), "{path}: {}", answer.text());
    }
    let line = format!("DELETE {} HTTP/1.1", role.path());
    let answer = raw::as_admin(&app, &line, &[], None);
    assert_eq!(answer.status, 204);
    assert!(answer.body.is_empty());
    assert_eq!(answer.header("content-type"), None);
    assert_eq!(broken_answer(204, "{}"), "D24");
}

#[test]
fn d25_passwords_and_hashes_are_in_no_document() {
    let app = TestApp::start();
    let admin = app.admin();
    let made = admin.post("/users", &new_user("ann")).expect(201);
    let path = format!("/users/{}", made.id());
    let id = made.id().parse().unwrap();
    let renewed = change("users", id, json!({ "password": "another long password" }));
    for answer in [
        made,
        admin.patch(&path, &renewed).expect(200),
        admin.get(&path).expect(200),
        admin.get("/users?include=roles.users").expect(200),
        admin.get("/roles/1?include=users").expect(200),
        admin.get("/events?page[size]=100").expect(200),
    ] {
        for secret in ["a long password", "another long", "argon2", "password_hash"] {
            assert!(!answer.text.contains(secret), "{secret}: {}", answer.text);
        }
    }
    admin
        .get(&format!("{path}?fields[users]=password"))
        .expect(400);
    for secret in [
        json!({ "password": "x" }),
        json!({ "note": "$argon2id$v=19" }),
    ] {
        assert_eq!(broken(&json!({ "meta": secret })), "D25");
    }
}

#[test]
fn d26_what_refers_to_resources_is_a_relationship() {
    let app = TestApp::start();
    let user = app.admin().get("/users/1").expect(200).data();
    let attributes = user["attributes"].as_object().unwrap();
    assert!(!attributes.contains_key("roles"));
    assert!(attributes.contains_key("created_by") && attributes.contains_key("modified_by"));
    assert!(user["relationships"]["roles"].is_object());
}
