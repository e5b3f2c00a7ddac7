//! External users: LDAP knows their names and passwords.

mod check;
mod codes;
mod encryption;
mod identity;
mod outage;
mod records;
mod refusing;
mod reused;
mod roles;
mod scripted;
mod signing_in;
mod sync;

use std::process::{Command, Output};

use rolecall::config::Settings;
use serde_json::{Value, json};

use crate::program::rolecall;
use crate::support::{Answer, Client, Entry, Slapd, TULIP, TestApp, TestDatabase};

/// A service that asks this server.
fn asking(slapd: &Slapd) -> TestApp {
    asking_with(slapd, |_| {})
}

fn asking_with(slapd: &Slapd, change: impl FnOnce(&mut Settings)) -> TestApp {
    TestApp::with(|settings| {
        slapd.asked_by(settings);
        change(settings);
    })
}

/// A server with these people and groups, and a service that asks it.
fn company(entries: &[Entry]) -> (Slapd, TestApp) {
    let slapd = Slapd::with(entries);
    let app = asking(&slapd);
    (slapd, app)
}

fn as_calvin(app: &TestApp) -> Client {
    app.basic("calvin", TULIP)
}

/// Long enough for everything that was remembered to be forgotten.
fn forget(app: &TestApp) {
    app.advance(61);
}

fn grant(app: &TestApp, username: &str, password: &str) -> Answer {
    let grant = json!({"username": username, "password": password});
    app.anonymous().post("/auth", &grant)
}

/// The caller's own attributes.
#[track_caller]
fn own(client: &Client) -> Value {
    client.get("/auth/user").expect(200).data()["attributes"].clone()
}

/// The id of the user who is called so, when there is one.
fn id_of(app: &TestApp, username: &str) -> Option<String> {
    let path = format!("/users?filter[username]={username}");
    app.admin().get(&path).expect(200).ids().first().cloned()
}

/// The names of the roles that a user holds everywhere.
#[track_caller]
fn roles_of(app: &TestApp, username: &str) -> Vec<String> {
    let id = id_of(app, username).expect("a user");
    let roles = app.admin().get(&format!("/users/{id}/roles")).expect(200);
    let roles = roles.data();
    let name = |role: &Value| role["attributes"]["name"].as_str().unwrap().to_owned();
    let mut names: Vec<String> = roles.as_array().unwrap().iter().map(name).collect();
    names.sort();
    names
}

/// The attributes of every event about this type, the oldest first.
fn events(app: &TestApp, subject_type: &str) -> Vec<Value> {
    let path = format!(
        "/events?filter[subject_type]={subject_type}&filter[verb]=create,update,delete\
         &sort=id&page[size]=100"
    );
    let events = app.admin().get(&path).expect(200).data();
    let events = events.as_array().unwrap().iter();
    events.map(|event| event["attributes"].clone()).collect()
}

/// The program, asking this server.
fn program(slapd: &Slapd, database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = rolecall(database, arguments);
    command.envs(slapd.environment());
    command
}

fn run(command: &mut Command) -> (Output, String, String) {
    let output = command.output().unwrap();
    let out = String::from_utf8(output.stdout.clone()).unwrap();
    let complaint = String::from_utf8(output.stderr.clone()).unwrap();
    (output, out, complaint)
}
