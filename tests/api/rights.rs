//! Who may what: every address of every surface with every method, for
//! everybody, by tables that were written down without asking the program; and
//! that nothing changes when somebody is refused.

mod callers;
mod dialects;
mod native;
mod row;
mod things;

use std::collections::{BTreeMap, BTreeSet};

use rolecall::api::endpoints;
use rolecall::dialects::{cfengine, openl2m, prp};
use serde_json::Value;

use self::callers::Callers;
use self::row::Row;
use self::things::Things;
use crate::support::{ATOMIC, Answer, Client, JSON_API, TestApp, a_user, tables};

const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PATCH", "DELETE"];

/// All tables of all surfaces.
const TABLES: [&[Row]; 5] = [
    native::TABLE,
    dialects::CFENGINE,
    dialects::OPENL2M,
    dialects::PRP,
    dialects::OPEN,
];

fn all_rows() -> impl Iterator<Item = &'static Row> {
    TABLES.into_iter().flatten()
}

fn is_native(row: &Row) -> bool {
    native::TABLE.iter().any(|native| std::ptr::eq(native, row))
}

/// A directory, all who come, and what most requests are about.
struct Scene {
    app: TestApp,
    things: Things,
    callers: Callers,
}

impl Scene {
    fn new() -> Self {
        // Wrong credentials come again and again.
        let app = TestApp::with(|settings| {
            settings.auth.sign_in_attempts = 0;
            settings.auth.address_attempts = 0;
        });
        let things = Things::make(&app);
        let callers = Callers::make(&app, &things);
        Self {
            app,
            things,
            callers,
        }
    }
}

/// What somebody gets, as the tables say it.
fn outcome(client: &Client, things: &Things, row: &Row, method: &str) -> String {
    let answer = request(client, things, row, method);
    let wanted = match is_native(row) {
        true => None,
        false => dialects::listed(things, row),
    };
    match (answer.status, method) {
        (200, "GET") if shows_nothing(&answer, wanted.as_deref()) => "none".into(),
        (status, _) => status.to_string(),
    }
}

fn request(client: &Client, things: &Things, row: &Row, method: &str) -> Answer {
    let (address, body) = match is_native(row) {
        true => {
            let id = things.id(row.address()).to_string();
            let path = ["{id}", "{newcomer}", "{spare}"]
                .iter()
                .fold(row.address().to_owned(), |path, word| {
                    path.replace(word, &id)
                });
            let query = native::query(things, row);
            (path + &query, native::body(things, client, row))
        }
        false => (dialects::address(things, row), dialects::body(things, row)),
    };
    let kind = match row.address() {
        "/operations" => ATOMIC,
        _ if is_native(row) => JSON_API,
        _ => "application/json",
    };
    let mut headers = vec![("accept", kind)];
    let body = body.map(|body| body.to_string());
    if body.is_some() {
        headers.push(("content-type", kind));
    }
    let bytes = body.as_deref().map(str::as_bytes);
    client.send(method, &address, &headers, bytes)
}

/// Whether a list is empty or lacks the wanted, or one related is none.
fn shows_nothing(answer: &Answer, wanted: Option<&str>) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(&answer.text) else {
        return false;
    };
    let shown = ["data", "results"]
        .iter()
        .find_map(|name| document.get(name));
    match (shown.unwrap_or(&document), wanted) {
        (Value::Null, _) => true,
        (Value::Array(items), Some(wanted)) => {
            let is_it = |item: &Value| match &item["id"] {
                Value::String(id) => id == wanted,
                id => Some(id) == wanted.parse().ok().map(|id: i64| Value::from(id)).as_ref(),
            };
            !items.iter().any(is_it)
        }
        (Value::Array(items), None) => items.is_empty(),
        _ => false,
    }
}

/// The rows of these addresses, by their beginnings.
fn rows(of: &[&str]) -> impl Iterator<Item = &'static Row> {
    all_rows().filter(move |row| row.is_of(of))
}

fn as_the_table_says(of: &[&str]) {
    let scene = Scene::new();
    let wrong: Vec<String> = rows(of)
        .flat_map(|row| {
            let mut wrong = changing_nothing(&scene, row);
            wrong.extend(changing_something(&scene, row));
            wrong
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Everybody who must not change anything, and that they did not.
fn changing_nothing(scene: &Scene, row: &Row) -> Vec<String> {
    let methods: &[&str] = match row.method {
        "GET" => &["GET", "HEAD"],
        _ => &[row.method],
    };
    let mut wrong = Wrong::of(row);
    let before = tables(&scene.app.database);
    for caller in callers::all() {
        if row.lets_change(&caller) {
            continue;
        }
        let client = scene.callers.client(&caller);
        for method in methods {
            let got = outcome(client, &scene.things, row, method);
            wrong.compare(&caller, method, &got);
        }
    }
    let mut wrong = wrong.told();
    let changes = before.differences(&tables(&scene.app.database));
    if !changes.is_empty() {
        let request = format!("{} {}", row.method, row.path);
        wrong.push(format!("{request} changed:\n  {}", changes.join("\n  ")));
    }
    wrong
}

/// Everybody who may change something, each for things of their own.
fn changing_something(scene: &Scene, row: &Row) -> Vec<String> {
    let mut wrong = Wrong::of(row);
    for caller in callers::all() {
        if row.lets_change(&caller) {
            let things = Things::make(&scene.app);
            let client = scene.callers.client_near(&scene.app, &things, &caller);
            let got = outcome(&client, &things, row, row.method);
            wrong.compare(&caller, row.method, &got);
        }
    }
    wrong.told()
}

/// What was not as a row says it: callers by what they got and what they should.
struct Wrong<'a> {
    row: &'a Row,
    found: BTreeMap<(String, String, String), Vec<String>>,
}

impl<'a> Wrong<'a> {
    fn of(row: &'a Row) -> Self {
        Self {
            row,
            found: BTreeMap::new(),
        }
    }

    fn compare(&mut self, caller: &str, method: &str, got: &str) {
        let expected = self.row.expected(caller);
        let expected = match method {
            "HEAD" => expected.replace("none", "200"),
            _ => expected.to_owned(),
        };
        if got != expected {
            let kind = (method.to_owned(), got.to_owned(), expected);
            self.found.entry(kind).or_default().push(caller.to_owned());
        }
    }

    fn told(self) -> Vec<String> {
        let path = self.row.path;
        let line = |((method, got, expected), callers): (_, Vec<String>)| {
            format!(
                "{method} {path}: {got}, not {expected}, for {}",
                callers.join(" ")
            )
        };
        self.found.into_iter().map(line).collect()
    }
}

/// The tests of the tables, so many rows in each that one takes some seconds.
macro_rules! tests_of_addresses {
    ($($name:ident: $words:expr;)*) => {
        const PARTS: &[&[&str]] = &[$(&$words),*];

        mod everybody_gets_what_the_table_says_and_nobody_else_changes_anything {
            $(#[test]
            fn $name() {
                super::as_the_table_says(&$words);
            })*
        }
    };
}

tests_of_addresses! {
    open: ["/health", "/openapi.json", "/docs", "/.well-known"];
    entrance: ["/home", "/access-checks", "/operations"];
    signing_in: ["/auth"];
    users: ["/users"];
    roles: ["/roles"];
    grants: ["/grants"];
    grant_rules: ["/grant-rules"];
    workspaces: ["/workspaces"];
    clusters: ["/clusters"];
    partners: ["/partners"];
    tokens: ["/tokens"];
    sign_ins: ["/sign-ins"];
    log_and_trash: ["/events", "/trash"];
    cfengine_status_and_users: ["=/api", "/api/user"];
    cfengine_roles: ["/api/role"];
    openl2m: ["/api/admin", "/api/users"];
    portal_users: ["/api/id-management/users"];
    portal_roles: ["/api/id-management/role-group"];
    portal_partners: ["/api/id-management/partners", "/api/id-management/assignable-clusters",
        "/api/id-management/assignable-partners"];
}

#[test]
fn every_row_of_the_tables_is_tested_once_and_names_nobody_unknown() {
    for row in all_rows() {
        let tested = PARTS.iter().filter(|part| row.is_of(part));
        assert_eq!(tested.count(), 1, "{} {}", row.method, row.path);
        for name in row.named() {
            assert!(
                row::is_a_name(name),
                "{name} at {} {}",
                row.method,
                row.path
            );
        }
    }
}

#[test]
fn no_address_is_missing_from_the_tables() {
    let native: BTreeSet<(String, String)> = endpoints()
        .iter()
        .flat_map(|endpoint| of_address(&endpoint.path, endpoint.methods.iter().copied()))
        .collect();
    assert_eq!(listed(native::TABLE), native);
    for (table, served) in [
        (dialects::CFENGINE, cfengine::endpoints()),
        (dialects::OPENL2M, openl2m::endpoints()),
        (dialects::PRP, prp::endpoints()),
    ] {
        let served = served.iter().flat_map(|(path, allow)| {
            let path = path.replace(":[0-9]+", "");
            of_address(&path, allow.split(", "))
        });
        assert_eq!(listed(table), served.collect());
    }
}

/// HEAD is tested with GET.
fn of_address<'a>(path: &str, methods: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let methods = methods.filter(|method| *method != "HEAD");
    methods
        .map(|method| (method.to_owned(), path.to_owned()))
        .collect()
}

fn listed(table: &[Row]) -> BTreeSet<(String, String)> {
    let named = |row: &Row| (row.method.to_owned(), row.route());
    table.iter().map(named).collect()
}

#[test]
fn every_other_method_is_405_for_whoever_is_known_f11() {
    let app = TestApp::start();
    let stranger = a_user().create(&app).client(&app);
    for endpoint in endpoints() {
        let allow = endpoint.methods.join(", ");
        let address = endpoint.path.replace("{id}", "1");
        let others = METHODS
            .iter()
            .chain(&["PUT"])
            .filter(|method| !endpoint.methods.contains(method));
        for method in others {
            let ask = |client: &Client| client.send(method, &address, &[], None);
            let answer = ask(&stranger).expect(405);
            assert_eq!(answer.header("allow"), Some(&*allow), "{method} {address}");
            ask(&app.anonymous()).expect(401);
        }
    }
}
