//! Values that one surface takes and others would not, and such from before today's
//! rules: they stand, so they can be sent back everywhere, and go with the directory.

mod exported;
mod sent_back;
mod times;

use serde_json::{Value, json};

use crate::support::{Answer, CHANGES, Client, TestApp, a_new, changes};

const PORTAL: &str = "/api/id-management";
const OPENL2M: &str = "/api/admin/users/";

/// As an address has it.
fn encoded(name: &str) -> String {
    name.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn json_to(client: &Client, method: &str, path: &str, body: &Value) -> Answer {
    let kind = [("content-type", "application/json")];
    client.send(method, path, &kind, Some(body.to_string().as_bytes()))
}

fn events(app: &TestApp) -> i64 {
    let page = app.admin().get(CHANGES).expect(200);
    page.json()["meta"]["pagination"]["count"].as_i64().unwrap()
}

/// What a resource is, with its tag.
fn state(app: &TestApp, path: &str) -> (Value, String) {
    let answer = app.admin().get(path).expect(200);
    let tag = answer.header("etag").unwrap().to_owned();
    (answer.data()["attributes"].clone(), tag)
}

/// Does what is asked without a change of the resource, and without a word in the
/// audit log.
#[track_caller]
fn unchanged(app: &TestApp, path: &str, what: &str, work: impl FnOnce() -> Answer) {
    let before = (state(app, path), events(app));
    let answer = work();
    assert!(
        (200..300).contains(&answer.status),
        "{what} {path}: {} {}",
        answer.status,
        answer.text
    );
    assert_eq!((state(app, path), events(app)), before, "{what} {path}");
}

/// An address of so many characters that Django takes.
fn address(characters: usize) -> String {
    let domain = format!("{}.org", vec!["d".repeat(50); 2].join("."));
    let local = "x".repeat(characters - domain.len() - 1);
    format!("{local}@{domain}")
}

fn by_portal(app: &TestApp) -> Vec<i64> {
    let mut addresses: Vec<String> = [
        "o'brien@x.org",
        "a/b@x.org",
        "a%b@x.org",
        "\"q\"@x.org",
        "{a}|b@x.org",
        "!#$&*=?^`~@x.org",
        "a@[127.0.0.1]",
        "a@हिन्दी.भारत",
    ]
    .map(str::to_owned)
    .into();
    addresses.extend([151, 200, 254, 255].map(address));
    let make = |email: &String| {
        let body = json!({"email": email, "first_name": "F", "last_name": "L"});
        let made = json_to(&app.admin(), "POST", &format!("{PORTAL}/users/"), &body);
        made.expect(201).json()["id"].as_i64().unwrap()
    };
    addresses.iter().map(make).collect()
}

fn by_cfengine(app: &TestApp) -> Vec<i64> {
    let long = "e".repeat(254);
    let emails = [
        "noreply@@aol.com",
        "not an address",
        long.as_str(),
        " a@x.org ",
        "a,b\t@x",
    ];
    let make = |(number, email): (usize, &&str)| {
        let path = format!("/api/user/cf{number}");
        let body = json!({"email": email, "name": " Willard Van ", "time_zone": " "});
        json_to(&app.admin(), "PUT", &path, &body).expect(201);
        let found = app
            .admin()
            .get(&format!("/users?filter[username]=cf{number}"));
        found.expect(200).ids()[0].parse().unwrap()
    };
    emails.iter().enumerate().map(make).collect()
}

fn by_openl2m(app: &TestApp) -> Vec<i64> {
    let (first, last) = ("F".repeat(150), "L".repeat(150));
    let rows = [
        json!({"username": "l2m0", "first_name": first, "last_name": last}),
        json!({"username": "l2m1", "date_joined": "2024-06-04T22:25:58.747427Z",
               "last_login": "2024-06-05T01:02:03.000009Z"}),
        json!({"username": "l2m2", "date_joined": "0001-01-01T00:00:00Z"}),
        json!({"username": "l2m3", "email": "a@हिन्दी.भारत"}),
    ];
    let make = |row: &Value| {
        let mut body = row.clone();
        body["password"] = json!("secret words");
        let made = json_to(&app.admin(), "POST", OPENL2M, &body).expect(201);
        made.json()["id"].as_i64().unwrap()
    };
    rows.iter().map(make).collect()
}

fn by_native(app: &TestApp) -> Vec<i64> {
    let rows = [
        json!({"username": "native0", "name": "", "surname": " x ", "full_name": "", "position": "\n",
               "email": "a,b@x", "organization": "x".repeat(255)}),
        json!({"username": "ナティブ", "name": "N".repeat(255), "surname": "S".repeat(255)}),
    ];
    let make = |row: &Value| {
        let mut attributes = row.clone();
        attributes["password"] = json!("j04nd0e-and-more");
        let made = app.admin().post("/users", &a_new("users", attributes));
        made.expect(201).id().parse().unwrap()
    };
    rows.iter().map(make).collect()
}

/// Names that today's rules refuse to whoever asks for one.
const FROM_BEFORE: &[&str] = &[
    "calvin",
    "Calvin",
    "cаlvin",
    "admin\u{3164}",
    "Zoe\u{308}",
    "a b",
    "..",
    "ＡＤＭＩＮ",
    "\u{308}x",
    "ß",
    "SS",
];

fn from_before(app: &TestApp) -> Vec<i64> {
    for (number, name) in FROM_BEFORE.iter().enumerate() {
        app.database.execute(&format!(
            "INSERT INTO users (username, uname, name, created, modified) VALUES \
             ('{name}', 'U {number}', 'n', '2026-01-02T03:04:05+00:00', '2026-01-02T03:04:05+00:00')"
        ));
    }
    let all = app.admin().get("/users?page[size]=100").expect(200).json();
    let all = all["data"].as_array().unwrap().clone();
    let is_old =
        |user: &&Value| FROM_BEFORE.contains(&user["attributes"]["username"].as_str().unwrap());
    let id = |user: &Value| user["id"].as_str().unwrap().parse().unwrap();
    all.iter().filter(is_old).map(id).collect()
}

/// Users as every surface makes them, and such from before.
fn odd_users(app: &TestApp) -> Vec<i64> {
    [by_portal, by_cfengine, by_openl2m, by_native, from_before]
        .iter()
        .flat_map(|make| make(app))
        .collect()
}

/// Partners as both surfaces make them.
fn odd_partners(app: &TestApp) -> Vec<i64> {
    let portal = [
        json!({"title": "P0", "email": "not an email", "alternate_id": 7}),
        json!({"title": "P1", "email": "e".repeat(255), "short_title": "", "alternate_id": -3}),
    ];
    let native = [
        json!({"title": " N0 ", "phone_number": " 1 ", "alternate_id": "x7", "city": "", "vendor_number": " 9 "}),
        json!({"title": "N1", "alternate_id": "007", "total_ct_cp": "007.5", "email": "a@b"}),
        json!({"title": "N2", "alternate_id": "99999999999", "rating": "\t"}),
    ];
    let by_portal = |row: &Value| {
        let made = json_to(&app.admin(), "POST", &format!("{PORTAL}/partners/"), row);
        made.expect(201).json()["id"].as_i64().unwrap()
    };
    let by_native = |row: &Value| {
        let made = app
            .admin()
            .post("/partners", &a_new("partners", row.clone()));
        made.expect(201).id().parse().unwrap()
    };
    let portal = portal.iter().map(by_portal);
    portal.chain(native.iter().map(by_native)).collect()
}

/// The document that sends back what was read of a resource.
fn read(app: &TestApp, kind: &str, path: &str) -> Value {
    let data = app.admin().get(path).expect(200).data();
    changes(
        kind,
        data["id"].as_str().unwrap(),
        data["attributes"].clone(),
    )
}
