//! Query strings made at random, from nonsense and from nearly good parts:
//! whatever comes, it is understood or the caller is told why not.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rolecall::jsonapi::query::{Cursor, Limits, Query};

use super::some_directory;
use crate::support::{TestApp, is_postgres};

const NAMES: &[&str] = &[
    "include",
    "sort",
    "q",
    "id",
    "roles",
    "page",
    "page_size",
    "page[number]",
    "page[size]",
    "page[offset]",
    "page[limit]",
    "page[after]",
    "page[before]",
    "page[count]",
    "fields[users]",
    "fields[roles]",
    "filter[id]",
    "filter[username]",
    "filter[surname][regex]",
    "filter[username][regex]",
    "filter[email][prefix]",
    "filter[name][suffix]",
    "filter[username][contains]",
    "filter[created][ge]",
    "filter[is_active]",
    "filter[last_login][null]",
    "filter[roles]",
    "filter[roles][nin]",
    "filter[query]",
    "filter[or][0][username]",
    "filter[or][1][roles]",
    "filter[or][0][or][1][name][contains]",
];

const VALUES: &[&str] = &[
    "",
    "1",
    "0",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "true",
    "none",
    "exact",
    "estimated",
    "calvin",
    "HR,1",
    "roles",
    "roles.users.roles",
    "tokens.user",
    "-surname,username",
    "username",
    "-id",
    "^cal(v|b)in$",
    "(a+)+$",
    "(",
    "%00",
    "\u{10ffff}",
    "WzFd",
    "2016-12-13T12:08:02Z",
];

const PATHS: &[&str] = &[
    "/users",
    "/users/2",
    "/users/2/roles",
    "/users/2/relationships/roles",
    "/roles",
    "/roles/11/users",
    "/roles/11/relationships/users",
    "/tokens",
    "/tokens/2/user",
    "/events",
    "/home",
];

fn cursor() -> impl Strategy<Value = String> {
    let sorts = prop::sample::select(vec!["", "username", "-surname,username", "-id"]);
    let value = prop_oneof![
        Just(serde_json::Value::Null),
        any::<String>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<bool>().prop_map(Into::into),
    ];
    let values = prop::collection::vec(value, 0..3);
    (sorts, values, any::<i64>()).prop_map(|(sort, values, id)| {
        let sort = sort.to_owned();
        Cursor::Item { sort, values, id }.encode()
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(NAMES).prop_map(str::to_owned),
        1 => "[a-z_]{0,8}(\\[[a-z_.0-9]{0,8}\\]){0,4}",
        1 => any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(VALUES).prop_map(str::to_owned),
        2 => cursor(),
        1 => "[-a-z0-9_.,*+?(){}|^$\\\\\\[\\]]{0,24}",
        1 => any::<String>(),
    ]
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec((name(), value()), 0..6)
}

/// As a client would write it, or with whatever the encoding leaves out.
fn encoded(pairs: &[(String, String)]) -> String {
    let encode = |text: &str| {
        let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~[],%".contains(&byte);
        text.bytes().fold(String::new(), |mut out, byte| {
            if keep(byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
            out
        })
    };
    let pair = |(name, value): &(String, String)| format!("{}={}", encode(name), encode(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    })
}

#[test]
fn no_text_breaks_the_parser_q24() {
    let text = prop_oneof![any::<String>(), pairs().prop_map(|pairs| encoded(&pairs))];
    let outcome = runner(2000).run(&text, |text| {
        match Query::parse(&text, &["q", "id"], &Limits::default()) {
            Ok(query) => {
                // What was understood is understood again from its own link.
                let mut link = Vec::new();
                query.write_link(&mut link, "", &[]);
                let link = String::from_utf8(link).unwrap();
                let again = link.strip_prefix('?').unwrap_or_default();
                let again = Query::parse(again, &["q", "id"], &Limits::default());
                prop_assert_eq!(again, Ok(query));
            }
            Err(errors) => prop_assert!((400..500).contains(&errors.status())),
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn no_query_is_our_fault_or_takes_long_q24() {
    let app = TestApp::start();
    some_directory(&app);
    let client = app.admin();
    let cases = if is_postgres() { 300 } else { 1000 };
    let request = (prop::sample::select(PATHS), pairs());
    let outcome = runner(cases).run(&request, |(path, pairs)| {
        let path = format!("{path}?{}", encoded(&pairs));
        let begun = Instant::now();
        let answer = client.get(&path);
        prop_assert!(answer.status < 500, "{path}: {}", answer.text);
        prop_assert!(begun.elapsed() < Duration::from_secs(5), "{path}");
        Ok(())
    });
    outcome.unwrap();
}
