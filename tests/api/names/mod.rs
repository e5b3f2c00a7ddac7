//! Names that people are told apart by: their spelling, who may change them, and
//! which cannot stand beside others.

mod check;
mod import;
mod refused;
mod renaming;
mod roles;
mod spelling;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Member, TestApp, a_new, changes};

/// Names that could be taken for `admin`.
const LOOK_ALIKES: &[&str] = &[
    "аdmin", "аdmіn", "АDMIN", "ɑdmin", "admın", "αdmin", "аdrnin",
];

/// `admin` in other letters of the same name.
const SAME_LETTERS: &[&str] = &["Admin", "ADMIN", "aDmIn", "ａdmin", "ＡＤＭＩＮ"];

/// Names with what nobody sees.
const UNSEEN: &[&str] = &[
    "admin\u{3164}",
    "ad\u{200b}min",
    "adm\u{200d}in",
    "ad\u{ad}min",
    "\u{feff}somebody",
    "somebody\u{115f}",
    "some\u{34f}body",
    "somebody\u{fe0f}",
    "somebody\u{ffa0}",
];

fn create(client: &Client, attributes: Value) -> Answer {
    client.post("/users", &a_new("users", attributes))
}

fn make(client: &Client, username: &str) -> Answer {
    create(
        client,
        json!({"username": username, "password": "j04nd0e-and-more"}),
    )
}

fn rename(client: &Client, user: &Member, attributes: Value) -> Answer {
    client.patch(&user.path(), &changes("users", user.id, attributes))
}

fn username(app: &TestApp, user: &Member) -> String {
    let data = app.admin().get(&user.path()).expect(200).data();
    data["attributes"]["username"].as_str().unwrap().to_owned()
}

/// As an address has it.
fn encoded(name: &str) -> String {
    name.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
