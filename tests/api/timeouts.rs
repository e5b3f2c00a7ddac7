//! `database.statement_timeout_ms`: no query runs without bound.

use serde_json::{Value, json};

use crate::bulk::run;
use crate::program::rolecall;
use crate::support::{
    Answer, Beside, TestApp, a_user, changes, is_postgres, make_endless, make_slow, restore,
};

fn impatient() -> TestApp {
    TestApp::with(|settings| settings.database.statement_timeout_ms = 400)
}

#[track_caller]
fn is_told(answer: Answer) -> Value {
    assert_eq!(answer.header("retry-after"), Some("5"));
    answer.expect(503).json()
}

#[test]
fn a_read_that_takes_too_long_is_503_in_the_form_of_each_surface_and_the_next_is_answered() {
    let app = impatient();
    a_user().create(&app);
    let admin = app.admin();
    // Who is remembered needs not be read again.
    admin.get("/home").expect(200);
    make_endless(&app.database, "users");
    // More than there are connections of a worker.
    for _ in 0..3 {
        let error = &is_told(admin.get("/users"))["errors"][0];
        assert_eq!(
            (&error["code"], &error["title"]),
            (&json!("timed_out"), &json!("Timed out"))
        );
    }
    let openl2m = admin.send("GET", "/api/admin/users/", &[], None);
    let detail = "The database took too long; request less data.";
    assert_eq!(is_told(openl2m), json!({ "detail": detail }));
    let portal = admin.get_with("/api/id-management/users/", &[]);
    assert_eq!(is_told(portal)["error_codes"], "timed_out");
    let cfengine = admin.get_with("/api/user", &[]).expect(503);
    assert_eq!(cfengine.text, detail);
    restore(&app.database, "users");
    for _ in 0..5 {
        assert_eq!(admin.get("/users").expect(200).ids().len(), 2);
    }
}

#[test]
fn a_slow_kind_of_reading_is_ended_too() {
    let app = impatient();
    let admin = app.admin();
    admin.get("/home").expect(200);
    make_endless(&app.database, "users");
    for query in [
        "filter[surname][regex]=a.c$",
        "filter[surname][contains]=ca",
    ] {
        is_told(admin.get(&format!("/users?{query}")));
    }
    restore(&app.database, "users");
    let found = admin.get("/users?filter[username][regex]=^a.min$");
    assert_eq!(found.expect(200).ids(), ["1"]);
}

#[test]
fn a_change_that_takes_too_long_changes_nothing() {
    if !is_postgres() {
        eprintln!(
            "SKIPPED: SQLite's one writer is not stopped, for the sake of the changes beside"
        );
        return;
    }
    let app = impatient();
    let admin = app.admin();
    let user = a_user().create(&app);
    let rename = changes("users", user.id, json!({"name": "Calvin"}));
    let held = Beside::lock(&app.database);
    is_told(admin.patch(&user.path(), &rename));
    held.roll_back();
    let name = |answer: Answer| answer.expect(200).data()["attributes"]["name"].clone();
    assert_eq!(name(admin.get(&user.path())), Value::Null);
    assert_eq!(name(admin.patch(&user.path(), &rename)), "Calvin");
}

#[test]
fn zero_is_no_limit() {
    let app = TestApp::with(|settings| settings.database.statement_timeout_ms = 0);
    make_slow(&app.database, "users");
    assert_eq!(app.admin().get("/users").expect(200).ids(), ["1"]);
}

#[test]
fn commands_take_as_long_as_they_do() {
    let app = TestApp::start();
    make_slow(&app.database, "users");
    let listed = rolecall(&app.database, &["user", "list"])
        .env("ROLECALL_DATABASE_STATEMENT_TIMEOUT_MS", "1")
        .output()
        .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    restore(&app.database, "users");
    run(&app.database, &["check"]).well();
}
