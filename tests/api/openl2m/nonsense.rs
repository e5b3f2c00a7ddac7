//! Whatever is sent, it is the caller's mistake and never ours.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::openl2m::{TOKEN, USERS, make, raw, user};
use crate::support::{TestApp, is_postgres};

const FIELDS: &[&str] = &[
    "id",
    "username",
    "password",
    "first_name",
    "last_name",
    "email",
    "is_active",
    "is_staff",
    "is_superuser",
    "date_joined",
    "last_login",
    "groups",
    "user_permissions",
    "",
];

const KINDS: &[&str] = &[
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=e",
    "multipart/form-data",
    "text/xml",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "[0-9TZ:. +-]{0,30}".prop_map(Value::from),
        "[a-z@.\\[\\]\"-]{0,20}".prop_map(Value::from),
        (0_usize..300).prop_map(|length| "x@".repeat(length).into()),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(".{0,4}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Vec<u8>> {
    let field = (prop::sample::select(FIELDS), value());
    prop::collection::vec(field, 0..8).prop_map(|fields| {
        let members = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Value::Object(members.collect()).to_string().into_bytes()
    })
}

fn form() -> impl Strategy<Value = Vec<u8>> {
    let field = (prop::sample::select(FIELDS), ".{0,20}");
    prop::collection::vec(field, 0..8).prop_map(|fields| {
        let pairs = fields.iter().map(|(name, text)| format!("{name}={text}"));
        pairs.collect::<Vec<_>>().join("&").into_bytes()
    })
}

fn parts() -> impl Strategy<Value = Vec<u8>> {
    let head = prop_oneof![
        prop::sample::select(FIELDS)
            .prop_map(|name| format!("Content-Disposition: form-data; name=\"{name}\"")),
        prop::sample::select(FIELDS).prop_map(|name| {
            format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"f\"")
        }),
        ".{0,40}",
    ];
    prop::collection::vec((head, ".{0,20}"), 0..6).prop_map(|parts| {
        let part = |(head, text): &(String, String)| format!("--e\r\n{head}\r\n\r\n{text}\r\n");
        let body: String = parts.iter().map(part).collect();
        format!("{body}--e--\r\n").into_bytes()
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => object(),
        2 => form(),
        2 => parts(),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

#[test]
fn no_body_is_answered_with_a_fault_of_ours() {
    let app = TestApp::start();
    let id = make(&app, "jane");
    let cases = if is_postgres() { 150 } else { 400 };
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let address = prop_oneof![
        Just(("POST", USERS.to_owned())),
        Just(("PATCH", user(id))),
        Just(("POST", user(id))),
        Just(("POST", TOKEN.to_owned())),
    ];
    let asked = (address, prop::sample::select(KINDS), body());
    let outcome = runner.run(&asked, |((method, path), kind, body)| {
        let answer = raw(&app.admin(), method, &path, kind, &body);
        let known = [200, 201, 400, 403, 415, 429].contains(&answer.status);
        prop_assert!(known, "{method} {path}: {} {}", answer.status, answer.text);
        prop_assert!(answer.json().is_object(), "{}", answer.text);
        Ok(())
    });
    outcome.unwrap();
}
