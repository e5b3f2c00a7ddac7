//! Bytes that are no text, and texts that a database chokes on.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::wire::{ask, head, status};
use super::{everything, is_refused, some_directory};
use crate::support::{ADMIN_PASSWORD, Client, TestApp};

#[test]
fn nul_in_a_text_is_refused_with_its_pointer() {
    let app = TestApp::start();
    some_directory(&app);
    let admin = app.admin();
    let before = everything(&admin);
    for (path, kind, name) in [
        ("/users", "users", "username"),
        ("/users", "users", "uname"),
        ("/users", "users", "name"),
        ("/users", "users", "surname"),
        ("/users", "users", "full_name"),
        ("/users", "users", "email"),
        ("/users", "users", "position"),
        ("/users", "users", "organization"),
        ("/users", "users", "time_zone"),
        ("/roles", "roles", "name"),
        ("/roles", "roles", "label"),
        ("/roles", "roles", "description"),
        ("/roles", "roles", "scope"),
        ("/roles", "roles", "include_context"),
        ("/roles", "roles", "exclude_bundles"),
        ("/tokens", "tokens", "name"),
        ("/tokens", "tokens", "expires"),
    ] {
        for text in ["\u{0}", "a\u{0}", "\u{0}a", "a@b\u{0}.org"] {
            let attributes = match kind {
                "users" => json!({"username": "moe", "password": "tulip-1637"}),
                _ => json!({"name": "moe"}),
            };
            let mut document = json!({"data": {"type": kind, "attributes": attributes}});
            document["data"]["attributes"][name] = text.into();
            let answer = admin.post(path, &document).expect(400);
            assert_eq!(answer.pointers(), [format!("/data/attributes/{name}")]);
            is_refused(&answer, Some(&document));
        }
    }
    for (path, name, list) in [
        ("/roles", "permissions", json!(["users:read\u{0}"])),
        ("/tokens", "scopes", json!(["\u{0}"])),
    ] {
        let mut document = json!({"data": {"type": &path[1..], "attributes": {"name": "moe"}}});
        document["data"]["attributes"][name] = list;
        let answer = admin.post(path, &document).expect(400);
        assert_eq!(answer.pointers(), [format!("/data/attributes/{name}")]);
    }
    assert_eq!(everything(&admin), before);
}

/// A password is hashed, so it may hold anything.
#[test]
fn nul_in_a_password_is_a_character_like_another() {
    let app = TestApp::start();
    let document = json!({"data": {"type": "users", "attributes":
        {"username": "moe", "password": "1234\u{0}678"}}});
    app.admin().post("/users", &document).expect(201);
    app.basic("moe", "1234\u{0}678").get("/users/2").expect(200);
    app.basic("moe", "1234").get("/users/2").expect(401);
}

#[test]
fn nul_in_names_of_a_document_is_at_worst_a_refusal() {
    let app = TestApp::start();
    some_directory(&app);
    let admin = app.admin();
    for (document, wanted) in [
        (
            json!({"data": {"type": "us\u{0}ers", "attributes": {}}}),
            409,
        ),
        (
            json!({"data": {"type": "users", "id": "\u{0}", "attributes": {}}}),
            403,
        ),
        (
            json!({"data": {"type": "users", "attributes": {"a\u{0}": 1, "username": "x"}}}),
            400,
        ),
        (
            json!({"data": {"type": "users", "attributes": {"username": "x", "password": "tulip-1637"},
                "relationships": {"roles": {"data": [{"type": "roles", "id": "2\u{0}"}]}}}}),
            404,
        ),
        (
            json!({"data": {"type": "users", "attributes": {"username": "x", "password": "tulip-1637"},
                "relationships": {"roles": {"data": [{"type": "ro\u{0}les", "id": "2"}]}}}}),
            400,
        ),
    ] {
        let answer = admin.post("/users", &document);
        assert!(
            answer.status == wanted || answer.status == 400,
            "{answer:?} for {document}"
        );
        is_refused(&answer, Some(&document));
    }
    assert_eq!(admin.get("/users").expect(200).ids(), ["1", "2"]);
}

#[test]
fn nul_in_a_query_is_at_worst_a_400_for_its_parameter() {
    let app = TestApp::start();
    some_directory(&app);
    let admin = app.admin();
    for query in [
        "filter[username]=a%00b",
        "filter[username]=%00",
        "filter[name][lt]=%00",
        "filter[name][ne]=%00",
        "filter[username][in]=a,%00",
        "filter[created][ge]=%00",
        "filter[id]=2%00",
        "filter[is_active]=true%00",
        "filter[or][0][username]=%00",
        "filter[%00]=1",
        "filter[username][%00]=1",
        "sort=%00",
        "sort=username%00",
        "include=%00",
        "include=roles%00",
        "fields[users]=%00",
        "fields[%00]=name",
        "page[size]=%00",
        "page[number]=1%00",
        "page[%00]=1",
        "%00=1",
        "a%00b",
    ] {
        let answer = admin.get(&format!("/users?{query}"));
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(
            answer.errors()[0]["source"]["parameter"].is_string(),
            "{answer:?}"
        );
    }
    assert_eq!(admin.get("/users?id=2%00").expect(200).ids(), [""; 0]);
}

#[test]
fn a_query_that_is_no_utf_8_is_a_400() {
    let app = TestApp::start();
    some_directory(&app);
    let admin = app.admin();
    for query in [
        "filter[username]=%ff",
        "filter[username]=%ed%a0%80",
        "filter[%ff]=1",
        "sort=%c0%af",
        "include=%fe",
        "fields[users]=%80",
        "%ff=%ff",
        "page[size]=%f5",
    ] {
        let answer = admin.get(&format!("/users?{query}"));
        is_refused(&answer, None);
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    for query in ["filter[username]=%", "filter[username]=%2", "sort=%zz"] {
        let answer = admin.get(&format!("/users?{query}"));
        assert!(answer.status < 500, "{answer:?}");
    }
    let raw = head(&app, "GET /users?filter[username]=", "");
    let mut bytes = raw.into_bytes();
    let place = bytes.windows(5).position(|part| part == b" HTTP").unwrap();
    bytes.splice(place..place, *b"\xff\xfe");
    let answer = ask(&app, &bytes);
    assert!((400..500).contains(&status(&answer)), "{answer}");
}

#[test]
fn a_path_with_strange_letters_is_no_path_of_ours() {
    let app = TestApp::start();
    some_directory(&app);
    let admin = app.admin();
    for path in [
        "/%00",
        "/users/%00",
        "/users/2%00",
        "/users/%ff",
        "/users/2%ff",
        "/%ff",
        "/users/2/%00",
        "/users/2/relationships/%00",
        "/users/2/relationships/roles%00",
        "/users/%ed%a0%80",
        "/users/%2f2",
        "/users//2",
        "//users",
        "/users/./2",
        "/users%2f2",
        "/USERS",
        "/users/2/roles/2",
    ] {
        for method in ["GET", "PATCH", "DELETE"] {
            let body = (method == "PATCH").then_some(b"{\"data\":null}".as_slice());
            let headers = [("content-type", "application/vnd.api+json")];
            let headers = if body.is_some() { &headers[..] } else { &[] };
            let answer = admin.send(method, path, headers, body);
            assert!(
                (400..500).contains(&answer.status),
                "{method} {path}: {answer:?}"
            );
            answer.errors();
        }
    }
    assert_eq!(admin.get("/users").expect(200).ids(), ["1", "2"]);
}

#[test]
fn credentials_with_strange_bytes_are_wrong_credentials() {
    let app = TestApp::start();
    let credentials: Vec<Vec<u8>> = [
        b"admin\0:correct horse".as_slice(),
        b"\0:\0",
        b"\0",
        b"admin:correct horse\0",
        b"ad\0min:correct horse",
        b"\xff\xfe:\xff",
        b"admin:\xff",
        b":",
        b"",
        b"admin",
        b"admin'--:x",
    ]
    .iter()
    .map(|pair| format!("Basic {}", STANDARD.encode(pair)).into_bytes())
    .collect();
    let mut headers = credentials;
    headers.extend([
        b"Basic".to_vec(),
        b"Basic ====".to_vec(),
        b"Basic \xff\xff".to_vec(),
        b"Bearer".to_vec(),
        b"Bearer \xff".to_vec(),
        "Bearer rc_é".as_bytes().to_vec(),
        b"Bearer rc_".to_vec(),
        [b"Bearer ".as_slice(), &b"x".repeat(9000)].concat(),
        b"\xff".to_vec(),
        b"Basic , Bearer".to_vec(),
    ]);
    for header in headers {
        let mut bytes = b"GET /users HTTP/1.1\r\nHost: localhost\r\nAuthorization: ".to_vec();
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(b"\r\n\r\n");
        let answer = ask(&app, &bytes);
        let shown = String::from_utf8_lossy(&header).into_owned();
        assert_eq!(status(&answer), 401, "{shown}: {answer}");
        assert!(answer.contains("\"errors\""), "{answer}");
    }
    app.basic("admin", ADMIN_PASSWORD).get("/users").expect(200);
}

#[test]
fn headers_with_strange_bytes_are_no_defect_of_ours() {
    let app = TestApp::start();
    for line in [
        b"Accept: \xff\xfe".as_slice(),
        b"Accept: application/vnd.api+json; ext=\"\xff\"",
        b"Content-Type: \xff",
        b"X-Forwarded-Host: \xff",
        b"X-Forwarded-For: ::::",
        b"If-Match: \xff",
        b"If-None-Match: \"\xff",
        b"Origin: \xff",
        b"Cookie: \xff\xff",
        b"Idempotency-Key: \xff",
        b"Range: bytes=9-1",
        b"Expect: something",
        b"Accept-Encoding: \xff",
        b"X\xff: y",
        b"X: a\0b",
        b": empty",
        b" folded: x",
        b"no colon",
    ] {
        let text = head(&app, "GET /users", "");
        let mut bytes = text.trim_end().as_bytes().to_vec();
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(line);
        bytes.extend_from_slice(b"\r\n\r\n");
        let answer = ask(&app, &bytes);
        let shown = String::from_utf8_lossy(line);
        assert!(status(&answer) < 500, "{shown}: {answer}");
    }
    app.admin().get("/users").expect(200);
}

#[test]
fn a_host_that_is_no_host_is_a_400_and_never_part_of_a_link() {
    let app = TestApp::start();
    for host in ["a b", "\"><script>", "x/y", "\\", "a\u{e9}", "x:y:z", ""] {
        let request = format!(
            "GET /users HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\r\n",
            app.admin_token()
        );
        let answer = ask(&app, request);
        assert_eq!(status(&answer), 400, "{host}: {answer}");
        assert!(!answer.contains("script"), "{answer}");
    }
}

/// Letters outside of Unicode's first plane and the like are texts as others are.
#[test]
fn unusual_letters_come_back_as_they_were() {
    let app = TestApp::start();
    let admin = app.admin();
    for name in [
        "😀",
        "e\u{301}",
        "\u{202e}x",
        "\u{feff}",
        "\u{ffff}",
        "\u{10ffff}",
        "\"\\/\u{8}\u{c}\n\r\t\u{1f}\u{7f}",
        "</script>",
        "\u{2028}\u{2029}",
        "' OR 1=1 --",
        "%00",
        "\\u0000",
    ] {
        let document =
            json!({"data": {"type": "users", "id": "1", "attributes": {"surname": name}}});
        let answer = admin.patch("/users/1", &document).expect(200);
        assert_eq!(answer.data()["attributes"]["surname"], name);
        let again = admin.get("/users/1").expect(200);
        assert_eq!(again.data()["attributes"]["surname"], name);
    }
}

#[test]
fn a_client_without_a_name_is_nobody() {
    let app = TestApp::start();
    let nobody = Client::new(&app.url(""), Some("Basic Og==".into()));
    nobody.get("/users").expect(401);
}
