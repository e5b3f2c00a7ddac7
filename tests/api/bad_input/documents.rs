//! Documents that are broken, or not what they should be.

use rolecall::config::UnknownAttributes;
use serde_json::{Map, Value, json};

use super::{changes, everything, is_refused, some_directory, writing_routes};
use crate::support::{Answer, Client, JSON_API, TestApp};

/// What stands where something else is expected.
fn junk() -> Vec<Value> {
    let mut list = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(9_223_372_036_854_775_807_i64),
        json!(18_446_744_073_709_551_615_u64),
        json!(""),
        json!(" "),
        json!("\u{0}"),
        json!("a\u{0}b"),
        json!("\u{202e}\u{feff}"),
        json!("999999999999999999999999999999"),
        json!("x".repeat(20_000)),
        json!([]),
        json!([null]),
        json!([[]]),
        json!(["a\u{0}"]),
        json!({}),
        json!({"a": 1}),
        json!({"data": null}),
        json!({"type": 1, "id": []}),
    ];
    // Many of one thing, too.
    list.push(Value::Array(vec![
        json!({"type": "roles", "id": "11"});
        3000
    ]));
    list
}

/// The pointers to every value of a document.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                places(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate() {
                places(value, &format!("{at}/{place}"), found);
            }
        }
        _ => {}
    }
}

/// Every document that differs from this one in one place.
fn mutations(document: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    let mut pointers = Vec::new();
    places(document, "", &mut pointers);
    for pointer in &pointers {
        for value in junk() {
            let mut other = document.clone();
            *other.pointer_mut(pointer).unwrap() = value;
            all.push(other);
        }
        if let Some((parent, name)) = pointer.rsplit_once('/') {
            let mut without = document.clone();
            match without.pointer_mut(parent).unwrap() {
                Value::Object(members) => drop(members.remove(name)),
                Value::Array(items) => drop(items.remove(name.parse().unwrap())),
                other => panic!("{other} has no members"),
            }
            all.push(without);
        }
    }
    all
}

fn send(client: &Client, method: &str, path: &str, body: &[u8]) -> Answer {
    let headers = [("accept", JSON_API), ("content-type", JSON_API)];
    client.send(method, path, &headers, Some(body))
}

/// Each route gets its document changed in one place in every way: either that
/// is as good as before, or it is refused and nothing is changed.
#[track_caller]
fn survives(number: usize) {
    let app = TestApp::start();
    some_directory(&app);
    let admin = app.admin();
    let (method, path, document) = writing_routes().swap_remove(number);
    let mut before = (everything(&admin), changes(&admin));
    let mut refused = 0;
    for mutation in mutations(&document) {
        let answer = send(&admin, method, path, mutation.to_string().as_bytes());
        if (200..300).contains(&answer.status) {
            // What was asked for may be done again and again.
            before = (everything(&admin), changes(&admin));
            continue;
        }
        is_refused(&answer, Some(&mutation));
        refused += 1;
        assert_eq!(changes(&admin), before.1, "{method} {path} {mutation}");
    }
    assert_eq!(everything(&admin), before.0, "{method} {path}");
    assert!(refused > 50, "only {refused} were refused");
    // The service goes on.
    let answer = send(&admin, method, path, document.to_string().as_bytes());
    assert!([200, 201, 400].contains(&answer.status), "{answer:?}");
}

#[test]
fn a_new_user_of_wrong_kinds_is_refused() {
    survives(0);
}

#[test]
fn a_change_of_a_user_of_wrong_kinds_is_refused() {
    survives(1);
}

#[test]
fn a_new_role_of_wrong_kinds_is_refused() {
    survives(2);
}

#[test]
fn a_change_of_a_role_of_wrong_kinds_is_refused() {
    survives(3);
}

#[test]
fn a_new_token_of_wrong_kinds_is_refused() {
    survives(4);
}

#[test]
fn a_change_of_a_token_of_wrong_kinds_is_refused() {
    survives(5);
}

#[test]
fn linkage_of_wrong_kinds_is_refused() {
    for number in 6..writing_routes().len() {
        survives(number);
    }
}

/// What is no JSON, whatever it is sent to.
const BROKEN: &[&[u8]] = &[
    b"",
    b" \n\t",
    b"{",
    b"}",
    b"[",
    b"{]",
    b"\"",
    b"nul",
    b"NaN",
    b"Infinity",
    b"-",
    b"01",
    b"1.",
    b"1e999",
    b"-1e999",
    b"{\"data\":1e999}",
    b"{\"data\":}",
    b"{\"data\":null,}",
    b"{data:null}",
    b"{'data':null}",
    b"{\"data\":null}{\"data\":null}",
    b"{\"data\":null} x",
    b"// comment\n{\"data\":null}",
    b"{\"data\":\"\xff\xfe\"}",
    b"{\"data\":\"\xc0\xaf\"}",
    b"{\"data\":\"\xed\xa0\x80\"}",
    b"{\"data\":\"\xf5\x80\x80\x80\"}",
    b"{\"\xff\":null}",
    b"\xff\xfe{\x00}\x00",
    b"{\"data\":\"\\ud800\"}",
    b"{\"data\":\"\\udc00\\ud800\"}",
    b"{\"\\ud800\":null}",
    b"{\"data\":\"\\x41\"}",
    b"{\"data\":\"\\u12\"}",
    b"{\"data\":\"\n\"}",
    b"{\"data\":\"\x00\"}",
    b"\x00",
    b"{\"data\":null,\"data\":null}",
    b"data=1&type=users",
    b"<data/>",
    b"--- !ruby/object",
];

/// C08, D01: broken JSON is a 400 without a pointer, since there is nothing to point into.
#[test]
fn broken_json_is_a_400_everywhere() {
    let app = TestApp::start();
    some_directory(&app);
    let admin = app.admin();
    let before = everything(&admin);
    for (method, path, _) in writing_routes() {
        for body in BROKEN {
            let answer = send(&admin, method, path, body);
            assert_eq!(answer.status, 400, "{answer:?} for {body:?}");
            is_refused(&answer, None);
        }
    }
    assert_eq!(everything(&admin), before);
}

#[test]
fn a_document_that_is_cut_off_anywhere_is_a_400() {
    let app = TestApp::start();
    some_directory(&app);
    let admin = app.admin();
    let before = everything(&admin);
    for (method, path, document) in writing_routes() {
        let text = document.to_string();
        for end in 0..text.len() {
            let answer = send(&admin, method, path, &text.as_bytes()[..end]);
            assert_eq!(answer.status, 400, "{answer:?} for {}", &text[..end]);
            is_refused(&answer, None);
        }
    }
    assert_eq!(everything(&admin), before);
}

#[test]
fn a_byte_that_is_another_never_is_a_defect_of_ours() {
    let app = TestApp::start();
    some_directory(&app);
    let admin = app.admin();
    for (method, path, document) in writing_routes() {
        let text = document.to_string();
        // An odd step meets every part of the document, with another byte each.
        for (turn, place) in (0..text.len()).step_by(3).enumerate() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = b"\x00\xff\"\\{}[],:0-"[turn % 12];
            let answer = send(&admin, method, path, &bytes);
            assert!(answer.status < 500, "{answer:?} for {bytes:?}");
        }
    }
    admin.get("/users").expect(200);
}

#[test]
fn deep_nesting_is_a_400_and_does_not_exhaust_the_stack() {
    let app = TestApp::start();
    some_directory(&app);
    let admin = app.admin();
    let before = everything(&admin);
    for (method, path, document) in writing_routes() {
        for levels in [33, 1000, 100_000] {
            let (open, close) = ("[".repeat(levels), "]".repeat(levels));
            let objects = "{\"a\":".repeat(levels);
            let ends = "}".repeat(levels);
            let mut with_meta = document.to_string();
            with_meta.truncate(with_meta.len() - 1);
            for body in [
                format!("{open}{close}"),
                open.clone(),
                format!("{objects}1{ends}"),
                format!("{with_meta},\"meta\":{objects}1{ends}}}"),
                format!("{with_meta},\"@x\":{open}{close}}}"),
            ] {
                let answer = send(&admin, method, path, body.as_bytes());
                assert_eq!(answer.status, 400, "{answer:?} at {levels} levels");
                is_refused(&answer, None);
            }
        }
    }
    assert_eq!(everything(&admin), before);
}

/// D01: which of the two would count?
#[test]
fn a_member_twice_is_a_400_at_every_depth() {
    let app = TestApp::start();
    some_directory(&app);
    let admin = app.admin();
    let before = everything(&admin);
    for body in [
        r#"{"data":{"type":"roles","attributes":{"name":"A"}},"data":{"type":"roles","attributes":{"name":"B"}}}"#,
        r#"{"data":{"type":"roles","type":"roles","attributes":{"name":"A"}}}"#,
        r#"{"data":{"type":"roles","attributes":{"name":"A","name":"B"}}}"#,
        r#"{"data":{"type":"roles","attributes":{"name":"A","n\u0061me":"B"}}}"#,
        r#"{"data":{"type":"roles","attributes":{"name":"A"},"attributes":{"name":"B"}}}"#,
        r#"{"data":{"type":"roles","attributes":{"name":"A"}},"meta":{"a":{"b":1,"b":2}}}"#,
    ] {
        let answer = send(&admin, "POST", "/roles", body.as_bytes());
        assert_eq!(answer.status, 400, "{answer:?} for {body}");
        is_refused(&answer, None);
    }
    assert_eq!(everything(&admin), before);
}

#[test]
fn unknown_members_are_passed_over_at_every_place_where_the_setting_says_so() {
    let app = TestApp::with(|settings| {
        settings.server.unknown_attributes = UnknownAttributes::Ignore;
    });
    some_directory(&app);
    let admin = app.admin();
    let strange = |value: &mut Value| {
        let members: Map<String, Value> = [
            ("nobody_knows", json!([1, {"a": null}])),
            ("@ext", json!(1)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        value.as_object_mut().unwrap().extend(members);
    };
    let mut document = json!({
        "data": {
            "type": "users",
            "attributes": {"username": "moe", "password": "tulip-1637"},
            "relationships": {"roles": {"data": [{"type": "roles", "id": "11"}]}},
        },
        "meta": {},
    });
    for place in [
        "",
        "/data",
        "/data/attributes",
        "/data/relationships/roles",
        "/data/relationships/roles/data/0",
        "/meta",
    ] {
        strange(document.pointer_mut(place).unwrap());
    }
    document["data"]["relationships"]["friends"] =
        json!({"data": [{"type": "users", "id": "999"}]});
    let made = admin.post("/users", &document).expect(201);
    assert_eq!(made.data()["attributes"]["username"], "moe");
    assert!(!made.text.contains("nobody_knows"));
    let roles = format!("/users/{}/relationships/roles", made.id());
    assert_eq!(admin.get(&roles).expect(200).ids(), ["11"]);
}

#[test]
fn every_attribute_of_a_wrong_kind_is_told_of_with_its_pointer() {
    let app = TestApp::start();
    some_directory(&app);
    let admin = app.admin();
    let before = everything(&admin);
    let texts = json!([true, 1, 1.5, [], {}, "\u{0}"]);
    let flags = json!([null, 1, 0, "true", [], {}]);
    let lists = json!([null, true, 1, "users:read", {}, [1], [null], ["\u{0}"]]);
    let times = json!([true, 1, "", "tomorrow", "2026-13-01T00:00:00Z", [], {}]);
    let table: &[(&str, &str, &[&str], &Value)] = &[
        (
            "/users/2",
            "users",
            &[
                "username",
                "name",
                "surname",
                "full_name",
                "email",
                "position",
                "organization",
                "time_zone",
                "uname",
            ],
            &texts,
        ),
        ("/users/2", "users", &["is_active", "is_staff"], &flags),
        (
            "/roles/11",
            "roles",
            &[
                "name",
                "label",
                "description",
                "scope",
                "include_context",
                "exclude_context",
                "include_bundles",
                "exclude_bundles",
            ],
            &texts,
        ),
        (
            "/roles/11",
            "roles",
            &["unchangeable", "is_default"],
            &flags,
        ),
        ("/roles/11", "roles", &["permissions"], &lists),
        ("/tokens/2", "tokens", &["name"], &texts),
        ("/tokens/2", "tokens", &["expires"], &times),
    ];
    for (path, kind, names, values) in table {
        for value in values.as_array().unwrap() {
            // All of them in one request: all of them are told.
            let attributes: Map<String, Value> = names
                .iter()
                .map(|name| ((*name).to_owned(), value.clone()))
                .collect();
            let document = json!({"data": {"type": kind, "id": path.rsplit('/').next(), "attributes": attributes}});
            let answer = admin.patch(path, &document).expect(400);
            let mut wanted: Vec<String> = names
                .iter()
                .map(|name| format!("/data/attributes/{name}"))
                .collect();
            wanted.sort();
            let mut found = answer.pointers();
            found.sort();
            assert_eq!(found, wanted, "{value}: {}", answer.text);
        }
    }
    assert_eq!(everything(&admin), before);
}

#[test]
fn ids_of_any_length_and_kind_are_at_worst_unknown() {
    let app = TestApp::start();
    some_directory(&app);
    let admin = app.admin();
    let before = everything(&admin);
    let long = "9".repeat(2000);
    for id in [
        "999999999999999999999999999999",
        "9223372036854775808",
        "18446744073709551616",
        long.as_str(),
        "0",
        "-1",
        "00002",
        "2.0",
        "2e0",
        "0x2",
        "+2",
        "%202",
        "2%20",
        "%EF%BC%92",
        "..",
        "%2e%2e%2f",
        "null",
        "*",
        "%25",
        "2;drop",
        "'",
    ] {
        for path in [
            format!("/users/{id}"),
            format!("/roles/{id}"),
            format!("/tokens/{id}"),
            format!("/events/{id}"),
            format!("/users/{id}/roles"),
            format!("/users/{id}/relationships/roles"),
        ] {
            let answer = admin.get(&path);
            assert_eq!(answer.status, 404, "{answer:?}");
            is_refused(&answer, None);
        }
        let document = json!({"data": [{"type": "roles", "id": id}]});
        let answer = admin.post("/users/2/relationships/roles", &document);
        assert_eq!(answer.status, 404, "{answer:?}");
        assert_eq!(answer.pointers(), ["/data/0"]);
        admin.delete(&format!("/users/{id}")).expect(404);
    }
    // Numbers that are no integers of ours, in the document itself.
    for id in [
        "1e999",
        "999999999999999999999999999999",
        "2.0",
        "-2",
        "1e3",
    ] {
        let body = format!(r#"{{"data":[{{"type":"roles","id":{id}}}]}}"#);
        let answer = send(
            &admin,
            "POST",
            "/users/2/relationships/roles",
            body.as_bytes(),
        );
        assert!([400, 404].contains(&answer.status), "{answer:?}");
    }
    assert_eq!(everything(&admin), before);
}
