use std::sync::Arc;

use serde_json::Value;

use super::{events, so_many, try_password};
use crate::support::{Beside, TestApp, a_user, eventually, is_postgres};

/// Attempts that the log has told so far, in however many rows.
fn attempts(app: &TestApp) -> i64 {
    told(app, "sum(count)")
}

fn rows(app: &TestApp) -> i64 {
    told(app, "count(*)")
}

fn told(app: &TestApp, of: &str) -> i64 {
    let of = format!("CAST(coalesce({of}, 0) AS BIGINT)");
    let verbs = "verb IN ('sign_in_failed', 'throttled')";
    Beside::number(&app.database, &of, "events", verbs)
}

#[test]
fn the_same_failure_is_told_at_once_and_then_counted() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    try_password(&app, &user.username, "wrong").expect(401);
    so_many(&app, "sign_in_failed", 1);
    for _ in 0..5 {
        try_password(&app, &user.username, "wrong").expect(401);
    }
    so_many(&app, "sign_in_failed", 1);
    app.advance(60);
    let told = so_many(&app, "sign_in_failed", 2);
    assert_eq!(told[1]["count"], 5);
    assert_eq!(told[1]["subject_id"], user.id);
    assert_eq!(told[1]["after"]["username"], user.username);
    assert!(told[1]["after"]["until"].is_string());
}

#[test]
fn a_flood_over_many_names_is_few_rows_whose_counts_add_up() {
    const FLOOD: i64 = 300;
    let app = TestApp::with(|settings| {
        settings.auth.address_attempts = 0;
        // What is too long for a password costs no hash.
        settings.auth.password_min_length = 1;
        settings.auth.password_max_length = 1;
    });
    for number in 0..FLOOD {
        let answer = try_password(&app, &format!("name{number}"), "too long to be one");
        assert!(matches!(answer.status, 401 | 429), "{}", answer.text);
    }
    app.advance(60);
    eventually("all attempts are told", || attempts(&app) == FLOOD);
    assert!(rows(&app) < 60, "{} rows", rows(&app));
    let several: Vec<Value> = events(&app, "filter[verb]=sign_in_failed")
        .into_iter()
        .filter(|event| event["after"]["several"] == true)
        .collect();
    assert!(!several.is_empty());
    assert!(
        several
            .iter()
            .all(|event| event["source_address"] == "127.0.0.1")
    );
}

#[test]
fn what_was_counted_is_told_when_the_service_stops() {
    let app = TestApp::start();
    for _ in 0..4 {
        try_password(&app, "nobody", "wrong").expect(401);
    }
    let database = Arc::clone(&app.database);
    drop(app);
    let sum = "CAST(sum(count) AS BIGINT)";
    let told = Beside::number(&database, sum, "events", "verb = 'sign_in_failed'");
    assert_eq!(told, 4);
}

#[test]
fn what_the_database_does_not_take_waits_and_is_not_lost() {
    let app = TestApp::start();
    if is_postgres() {
        app.database.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN RAISE EXCEPTION 'the log is closed'; END $$",
        );
        app.database.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()",
        );
    } else {
        app.database.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON events BEGIN
             SELECT RAISE(ABORT, 'the log is closed'); END",
        );
    }
    for number in 0..6 {
        try_password(&app, &format!("name{}", number % 2), "wrong").expect(401);
    }
    assert_eq!(attempts(&app), 0);
    app.database.execute(if is_postgres() {
        "DROP TRIGGER refuse ON events"
    } else {
        "DROP TRIGGER refuse"
    });
    app.advance(60);
    eventually("all attempts are told", || attempts(&app) == 6);
}
