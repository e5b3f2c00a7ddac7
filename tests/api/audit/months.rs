//! On PostgreSQL the log is kept by months, of which the old ones leave as a whole.

use rolecall::directory::pruning::AddEventMonths;

use super::events;
use crate::program::rolecall;
use crate::support::{Beside, TestApp, a_user, is_postgres};

const DAY: i64 = 24 * 60 * 60;

/// January to April, with people in the first three, from the first of January on.
fn four_months() -> TestApp {
    let app = TestApp::start();
    for month in ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"] {
        app.database
            .execute(&format!("SELECT add_event_month('{month}')"));
    }
    for _ in 0..3 {
        a_user().create(&app);
        app.advance(31 * DAY);
    }
    app
}

fn count(app: &TestApp, condition: &str) -> i64 {
    Beside::count(&app.database, "events", condition)
}

fn is_there(app: &TestApp, part: &str) -> bool {
    let is_there = format!("to_regclass('{part}') IS NOT NULL");
    Beside::count(&app.database, "event_pruning", &is_there) == 1
}

fn prune(app: &TestApp, before: &str) -> String {
    let arguments = ["audit", "prune", "--before", before, "--batch", "2"];
    let output = rolecall(&app.database, &arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn months_that_are_over_are_dropped_and_of_the_last_the_rows_are_deleted() {
    if !is_postgres() {
        return;
    }
    let app = four_months();
    let before = "2026-02-20T00:00:00+00:00";
    let old = count(&app, &format!("at < '{before}'"));
    let last = Beside::number(
        &app.database,
        "max(id)",
        "events",
        &format!("at < '{before}'"),
    );
    let young = count(&app, "true") - old;
    assert!(old > 2 && young > 0, "{old} {young}");
    prune(&app, before);
    assert_eq!(count(&app, &format!("at < '{before}'")), 0);
    assert_eq!(count(&app, "verb <> 'prune'"), young);
    assert!(!is_there(&app, "events_2026_01"));
    assert!(is_there(&app, "events_2026_02"));
    let told = events(&app, "filter[verb]=prune");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["after"]["events"], old);
    assert_eq!(told[0]["after"]["up_to_id"], last);
    assert!(told[0]["after"]["up_to"].as_str().unwrap() < before);
    // A month without anything in it goes, too, and is not worth a word.
    prune(&app, "2026-03-01T00:00:00+00:00");
    assert!(!is_there(&app, "events_2026_02"));
    assert_eq!(events(&app, "filter[verb]=prune").len(), 1);
    let refusal = Beside::refusal(&app.database, "DELETE FROM events");
    assert!(refusal.contains("append-only"), "{refusal}");
}

#[test]
fn a_service_that_does_not_own_the_tables_deletes_what_it_may_not_drop() {
    if !is_postgres() {
        return;
    }
    let app = four_months();
    let mut beside = Beside::begin(&app.database);
    let role = format!("pruner_{}", std::process::id());
    beside.run(&format!(
        "CREATE ROLE {role}; GRANT SELECT, INSERT, DELETE ON events TO {role};
         GRANT SELECT, UPDATE ON event_pruning TO {role}; SET LOCAL ROLE {role};
         SELECT add_event_months('2027-06-01');
         UPDATE event_pruning SET is_allowed = TRUE;
         DO $$ BEGIN
           IF EXISTS (SELECT FROM drop_event_month('2026-03-01')) THEN RAISE 'dropped'; END IF;
         END $$;
         DELETE FROM events WHERE at < '2026-03-01';
         UPDATE event_pruning SET is_allowed = FALSE;"
    ));
    beside.roll_back();
}

#[test]
fn an_event_of_any_time_finds_a_place_and_moves_to_its_month() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start();
    let all = count(&app, "true");
    app.advance(400 * 365 * DAY);
    for _ in 0..2 {
        a_user().create(&app);
        app.inside(async |directory, context| directory.write(context, AddEventMonths).await);
    }
    assert!(count(&app, "true") > all);
    assert_eq!(Beside::count(&app.database, "events_other", "true"), all);
    let ahead = Beside::count(&app.database, "event_months()", "beyond > '2425'");
    assert_eq!(ahead, 4);
}
