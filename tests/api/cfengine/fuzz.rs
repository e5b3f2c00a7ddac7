//! Requests made at random: whatever comes, it is understood or the caller is
//! told in short why not.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use super::raw;
use crate::support::{TestApp, a_role, a_user};

const MEMBERS: &[&str] = &[
    "password",
    "email",
    "name",
    "time_zone",
    "roles",
    "description",
    "includeContext",
    "excludeContext",
    "includeBundles",
    "excludeBundles",
    "id",
    "external",
];
const TEXTS: &[&str] = &[
    "",
    "admin",
    "HR",
    "(",
    "a,b",
    "\u{0}",
    "x\u{202e}",
    "noreply@@aol.com",
    "correct horse",
];
const QUERIES: &[&str] = &[
    "id", "external", "page", "count", "", "id[]", "%00", "\u{fffd}",
];

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        prop::sample::select(TEXTS).prop_map(str::to_owned),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop::collection::vec(inner, 0..4).prop_map(Value::from)
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let member = (prop::sample::select(MEMBERS), value());
    let object = prop::collection::vec(member, 0..5).prop_map(|members| {
        let pairs = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        json!(pairs.collect::<Map<_, _>>()).to_string().into_bytes()
    });
    prop_oneof![4 => object, 1 => prop::collection::vec(any::<u8>(), 0..64)]
}

fn path() -> impl Strategy<Value = String> {
    let encoded = |text: String| {
        let set = percent_encoding::NON_ALPHANUMERIC;
        percent_encoding::utf8_percent_encode(&text, set).to_string()
    };
    let name = prop_oneof![
        prop::sample::select(&["known", "HR", "admin", "new"][..]).prop_map(str::to_owned),
        any::<String>().prop_map(encoded),
    ];
    let pair = (prop::sample::select(QUERIES), any::<String>());
    let query = prop::collection::vec(pair, 0..3).prop_map(move |pairs| {
        let pair =
            |(name, value): (&str, String)| format!("{}={}", encoded(name.into()), encoded(value));
        pairs.into_iter().map(pair).collect::<Vec<_>>().join("&")
    });
    let kind = prop::sample::select(&["/user", "/role", "/user/", "/role/"][..]);
    (kind, name, query).prop_map(|(kind, name, query)| match kind.ends_with('/') {
        true => format!("{kind}{name}?{query}"),
        false => format!("{kind}?{query}"),
    })
}

#[test]
fn no_request_is_our_fault() {
    let app = TestApp::start();
    a_user().named("known").create(&app);
    a_role().named("HR").create(&app);
    let method = prop::sample::select(&["GET", "PUT", "POST", "POST", "PUT", "DELETE"][..]);
    let mut runner = TestRunner::new(Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    });
    let asked = (method, path(), body());
    let outcome = runner.run(&asked, |(method, path, body)| {
        let body: &[u8] = if method == "GET" { b"" } else { &body };
        let answer = raw(&app.admin(), method, &path, body);
        prop_assert!(answer.status < 500, "{method} {path}: {answer:?}");
        if answer.status >= 400 {
            prop_assert!(
                !answer.text.is_empty() || answer.status == 400,
                "{answer:?}"
            );
            prop_assert!(!answer.text.starts_with('{'), "{method} {path}: {answer:?}");
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
