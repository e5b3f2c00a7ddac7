use std::sync::Arc;

use serde_json::Value;

use super::{events, so_many, try_password};
use crate::support::{ADMIN_PASSWORD, Beside, TestApp, a_user, eventually, is_postgres};

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

/// How often a verb happened to a user as the log tells it, and in how many rows.
fn of_user(app: &TestApp, verb: &str, user: i64) -> (i64, i64) {
    let number = |of: &str| {
        let of = format!("CAST(coalesce({of}, 0) AS BIGINT)");
        let theirs = format!("verb = '{verb}' AND subject_id = {user}");
        Beside::number(&app.database, &of, "events", &theirs)
    };
    (number("sum(count)"), number("count(*)"))
}

#[test]
fn many_sign_ins_and_sign_outs_of_a_user_are_few_rows_whose_counts_add_up() {
    for most in [0, 3] {
        let app = TestApp::with(|settings| settings.audit.window_sign_ins = most);
        let [often, once] = [0, 1].map(|_| a_user().with_password().create(&app));
        let come_and_go = |username: &str| {
            let answer = try_password(&app, username, ADMIN_PASSWORD).expect(200);
            let token = answer.json()["meta"]["jwt"].as_str().unwrap().to_owned();
            app.token(&token).delete("/auth").expect(204);
        };
        (0..20).for_each(|_| come_and_go(&often.username));
        come_and_go(&once.username);
        app.advance(60);
        let most = i64::from(most);
        for verb in ["sign_in", "sign_out"] {
            for (user, times) in [(&often, 20), (&once, 1)] {
                eventually("all are told", || of_user(&app, verb, user.id).0 == times);
            }
            // Their own, the first that is counted, and the rest of the window.
            assert_eq!(of_user(&app, verb, often.id).1, most + 2, "{verb}");
            assert_eq!(of_user(&app, verb, once.id).1, 1, "{verb}");
            let told = events(&app, &format!("filter[verb]={verb}"));
            let mut of_often = told.iter().filter(|event| event["actor"] == often.username);
            let last = of_often.next_back().unwrap();
            assert_eq!(last["count"], 20 - most - 1);
            assert_eq!(last["source_address"], "127.0.0.1");
            assert!(last["after"]["until"].is_string(), "{last}");
            let credential = ["password", "access_token"][usize::from(verb == "sign_out")];
            assert_eq!(last["credential"], credential);
        }
        let ended = Beside::count(
            &app.database,
            "events",
            "verb = 'delete' AND subject_type = 'sign_ins'",
        );
        assert_eq!(ended, most + most.min(1));
        assert_eq!(Beside::count(&app.database, "sign_ins", "1 = 1"), 0);
        // The next window begins anew.
        try_password(&app, &often.username, ADMIN_PASSWORD).expect(200);
        app.advance(60);
        eventually("the next is told", || {
            of_user(&app, "sign_in", often.id).0 == 21
        });
    }
}

#[test]
fn sign_ins_that_are_refused_after_the_password_are_in_no_count() {
    let app = TestApp::with(|settings| settings.audit.window_sign_ins = 0);
    let user = a_user().with_password().inactive().create(&app);
    for _ in 0..3 {
        try_password(&app, &user.username, ADMIN_PASSWORD).expect(401);
    }
    app.advance(60);
    eventually("all are told", || {
        of_user(&app, "sign_in_failed", user.id).0 == 3
    });
    assert_eq!(of_user(&app, "sign_in", user.id), (0, 0));
}
