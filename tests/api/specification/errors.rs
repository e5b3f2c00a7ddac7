//! Error documents: D21, D22, E01 to E05, Q25, C12, F11, F12 and F17.

use serde_json::{Value, json};

use super::document::broken_answer;
use super::{change, new_role};
use crate::support::{JSON_API, TestApp, a_role, a_user};

/// The rule that the validator finds broken by an answer with one error.
#[track_caller]
fn broken(error: &Value) -> String {
    broken_answer(400, &json!({ "errors": [error] }).to_string())
}

/// An error with other members than a good one has.
fn error_with(member: &str, value: Value) -> Value {
    let mut error = json!({ "status": "400", "code": "c", "title": "T", "detail": "D" });
    error[member] = value;
    error
}

#[test]
fn d21_errors_are_objects_of_the_specified_members() {
    let app = TestApp::start();
    let admin = app.admin();
    let known = [
        "id", "links", "status", "code", "title", "detail", "source", "meta",
    ];
    for answer in [
        admin.get("/users/99").expect(404),
        admin.get("/users?page[size]=0&sort=x").expect(400),
        admin.post("/users", &json!({})).expect(400),
        admin.json("PUT", "/users", &json!({})).expect(405),
        app.anonymous().get("/users").expect(401),
    ] {
        for error in answer.errors() {
            for name in error.as_object().unwrap().keys() {
                assert!(known.contains(&name.as_str()), "{name}");
            }
        }
    }
}

#[test]
fn d21_the_validator_refuses_other_errors() {
    assert_eq!(broken_answer(400, r#"{"errors":[]}"#), "D21");
    assert_eq!(broken(&error_with("status", json!(400))), "D21");
    assert_eq!(broken(&error_with("message", json!("x"))), "D21");
    assert_eq!(broken(&error_with("source", json!({ "body": 1 }))), "D21");
    assert_eq!(broken(&error_with("status", json!("404"))), "E01");
    let nowhere = json!({ "pointer": "/data/attributes" });
    assert_eq!(broken(&error_with("source", nowhere)), "D22");
    let unsent = json!({ "parameter": "page" });
    assert_eq!(broken(&error_with("source", unsent)), "Q25");
}

#[test]
fn e01_the_status_of_a_single_error_is_the_one_of_http() {
    let app = TestApp::start();
    let answer = app.admin().get("/users/99").expect(404);
    assert_eq!(answer.errors().len(), 1);
    assert_eq!(answer.errors()[0]["status"], "404");
}

#[test]
fn e01_several_errors_share_the_most_general_status() {
    let app = TestApp::start();
    let answer = app
        .admin()
        .get("/users?foo=1&page[size]=x&sort=_")
        .expect(400);
    assert_eq!(answer.errors().len(), 3);
    for error in answer.errors() {
        assert_eq!(error["status"], "400");
    }
}

#[test]
fn e01_the_status_of_invalid_data_is_a_setting() {
    use rolecall::config::InvalidDataStatus;
    let app = TestApp::with(|settings| {
        settings.server.invalid_data_status = InvalidDataStatus::UnprocessableContent;
    });
    let answer = app.admin().post("/roles", &new_role("")).expect(422);
    assert_eq!(answer.errors()[0]["status"], "422");
}

#[test]
fn d22_pointers_point_at_what_was_sent() {
    let app = TestApp::start();
    let document = json!({ "data": { "type": "users", "attributes": {
        "username": "a b",
        "email": 7,
        "is_active": "yes",
    } } });
    let answer = app.admin().post("/users", &document).expect(400);
    let mut pointers = answer.pointers();
    pointers.sort();
    // The password is missing: its parent is blamed.
    assert_eq!(
        pointers,
        [
            "/data/attributes",
            "/data/attributes/email",
            "/data/attributes/is_active",
            "/data/attributes/username",
        ]
    );
}

#[test]
fn d22_a_missing_member_is_reported_at_its_parent() {
    let app = TestApp::start();
    let admin = app.admin();
    for (document, pointer) in [
        (json!({}), ""),
        (json!({ "data": {} }), "/data"),
        (json!({ "data": { "type": "roles" } }), "/data"),
        (
            json!({ "data": { "type": "roles", "attributes": {} } }),
            "/data/attributes",
        ),
        (
            json!({ "data": { "type": "roles", "attributes": { "label": "x" } } }),
            "/data/attributes",
        ),
    ] {
        let answer = admin.post("/roles", &document).expect(400);
        // Either is a parent that exists, but the nearest is the one to name.
        let pointers = answer.pointers();
        assert!(
            pointers
                .iter()
                .all(|sent| sent == pointer || sent == "/data"),
            "{document}: {pointers:?}"
        );
    }
}

#[test]
fn d22_names_with_slashes_and_tildes_are_escaped() {
    let app = TestApp::start();
    let document = json!({ "data": {
        "type": "roles",
        "attributes": { "name": "x" },
        "relationships": { "a/b~c": 7 },
    } });
    let answer = app.admin().post("/roles", &document).expect(400);
    assert_eq!(answer.pointers(), ["/data/relationships/a~1b~0c"]);
}

#[test]
fn d22_linkage_is_blamed_where_it_is() {
    let app = TestApp::start();
    let document = json!({ "data": {
        "type": "users",
        "id": "1",
        "relationships": { "roles": { "data": [
            { "type": "roles", "id": "1" },
            { "type": "roles", "id": "99" },
        ] } },
    } });
    let answer = app.admin().patch("/users/1", &document).expect(404);
    assert_eq!(answer.pointers(), ["/data/relationships/roles/data/1"]);
}

#[test]
fn e05_a_body_that_cannot_be_parsed_has_no_pointer() {
    let app = TestApp::start();
    let headers = [("accept", JSON_API), ("content-type", JSON_API)];
    for body in [
        &b""[..],
        b"{",
        b"{\"data\":}",
        b"nonsense",
        b"\xff\xfe",
        b"{} {}",
        b"{\"data\":{\"type\":\"roles\",\"type\":\"users\"}}",
        b"\"\\ud800\"",
    ] {
        let answer = app
            .admin()
            .send("POST", "/roles", &headers, Some(body))
            .expect(400);
        assert_eq!(answer.errors()[0].get("source"), None, "{body:?}");
    }
}

#[test]
fn q25_parameters_are_named_as_they_were_sent() {
    let app = TestApp::start();
    for (query, name) in [
        ("page%5Bsize%5D=0", "page[size]"),
        ("page[size]=0", "page[size]"),
        ("page_size=0", "page_size"),
        ("page=0", "page"),
        ("filter%5Bnothing%5D=1", "filter[nothing]"),
        ("fields[users]=nothing", "fields[users]"),
        ("foo=1", "foo"),
        ("include=nothing", "include"),
        ("sort=nothing", "sort"),
        ("page=7", "page"),
        ("page[number]=7", "page[number]"),
    ] {
        let answer = app.admin().get(&format!("/users?{query}"));
        assert!((400..500).contains(&answer.status), "{query}");
        assert_eq!(answer.parameters(), [name], "{query}");
    }
}

#[test]
fn e03_refused_negotiation_names_the_header() {
    let app = TestApp::start();
    let admin = app.admin();
    let answer = admin
        .get_with("/users", &[("accept", "text/html")])
        .expect(406);
    assert_eq!(answer.errors()[0]["source"], json!({ "header": "Accept" }));
    let headers = [("content-type", "text/plain")];
    let answer = admin
        .send("POST", "/users", &headers, Some(b"x"))
        .expect(415);
    assert_eq!(
        answer.errors()[0]["source"],
        json!({ "header": "Content-Type" })
    );
}

#[test]
fn e02_a_title_is_the_same_for_all_of_its_kind() {
    let app = TestApp::start();
    let admin = app.admin();
    let one = admin.get("/users?sort=nothing").expect(400).errors();
    let other = admin.get("/roles?sort=other").expect(400).errors();
    assert_eq!(one[0]["title"], other[0]["title"]);
    assert_eq!(one[0]["code"], other[0]["code"]);
    assert_ne!(one[0]["detail"], other[0]["detail"]);
}

#[test]
fn c12_several_invalid_attributes_give_an_error_each() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let document = change(
        "users",
        user.id,
        json!({ "username": "", "email": "nowhere", "is_staff": 1, "name": [] }),
    );
    let errors = app
        .admin()
        .patch(&user.path(), &document)
        .expect(400)
        .errors();
    let mut blamed: Vec<&str> = errors
        .iter()
        .map(|error| error["meta"]["attribute"].as_str().unwrap())
        .collect();
    blamed.sort_unstable();
    assert_eq!(blamed, ["email", "is_staff", "name", "username"]);
    for error in &errors {
        assert_eq!(error["title"], "Invalid data");
        assert!(error["meta"]["message"].is_string());
    }
}

#[test]
fn f12_missing_or_wrong_credentials_are_401_with_a_challenge() {
    let app = TestApp::start();
    for answer in [
        app.anonymous().get("/users"),
        app.token("wrong").get("/users"),
        app.basic("admin", "wrong").get("/users"),
        app.basic("nobody", "wrong").get("/users"),
        app.anonymous().get("/users/99"),
        app.anonymous().post("/users", &json!({})),
    ] {
        let answer = answer.expect(401);
        let challenges = answer.headers("www-authenticate");
        assert!(challenges.iter().any(|value| value.starts_with("Basic")));
        assert!(challenges.iter().any(|value| value.starts_with("Bearer")));
        assert_eq!(answer.errors()[0]["status"], "401");
    }
}

#[test]
fn f11_an_unsupported_method_is_405_with_what_is_allowed() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    for (method, path, allow) in [
        ("PUT", "/roles".to_owned(), "GET, HEAD, POST"),
        ("PATCH", "/roles".to_owned(), "GET, HEAD, POST"),
        ("DELETE", "/roles".to_owned(), "GET, HEAD, POST"),
        ("POST", role.path(), "GET, HEAD, PATCH, DELETE"),
        ("PUT", role.path(), "GET, HEAD, PATCH, DELETE"),
        ("POST", format!("{}/users", role.path()), "GET, HEAD"),
        ("DELETE", format!("{}/users", role.path()), "GET, HEAD"),
        (
            "PUT",
            format!("{}/relationships/users", role.path()),
            "GET, HEAD, POST, PATCH, DELETE",
        ),
        ("POST", "/home".to_owned(), "GET, HEAD"),
        ("DELETE", "/events".to_owned(), "GET, HEAD"),
    ] {
        let answer = app.admin().json(method, &path, &json!({ "data": [] }));
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
    app.admin().get(&role.path()).expect(200);
}

#[test]
fn f11_health_allows_reading_only() {
    let app = TestApp::start();
    let answer = app
        .anonymous()
        .json("POST", "/health", &json!({}))
        .expect(405);
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    assert_eq!(answer.errors()[0]["status"], "405");
}

#[test]
fn f17_an_unknown_path_is_404_with_an_error_document() {
    let app = TestApp::start();
    for path in ["/", "/nothing", "/users/1/nothing", "/a/b/c/d", "//users"] {
        let answer = app.admin().get(path).expect(404);
        assert_eq!(answer.header("content-type"), Some(JSON_API), "{path}");
        let error: &Value = &answer.errors()[0];
        assert_eq!(error["status"], "404", "{path}");
    }
    app.admin().post("/nothing", &json!({})).expect(404);
}
