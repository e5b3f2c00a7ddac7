//! What has ended leaves the database by itself, and what has not stays.

use rolecall::config::Settings;
use rolecall::directory::expired::Expired;

use crate::support::{BEGIN, Beside, TestApp, eventually};

/// Long before the tests begin, and long after.
const PAST: &str = "2020-01-01T00:00:00+00:00";
const FUTURE: &str = "2999-01-01T00:00:00+00:00";

/// More than are deleted at once.
const MANY: usize = 450;

fn quickly(settings: &mut Settings) {
    settings.limits.ended_grants_seconds = 1;
}

/// A statement that makes `MANY` rows of a kind, as if they ended at `moment`.
fn rows(what: Expired, moment: &str) -> String {
    let (into, values) = match what {
        Expired::Answers => (
            "idempotency (caller_id, idempotency_key, request_hash, status, at)",
            format!("1, 'key' || n || '{moment}', 'x', 204, '{moment}'"),
        ),
        Expired::Tokens => (
            "tokens (hash, user_id, name, expires, created, modified)",
            format!("'hash' || n || '{moment}', 1, 'old', '{moment}', '{BEGIN}', '{BEGIN}'"),
        ),
        Expired::SignIns => (
            "sign_ins (user_id, created, expires, ends)",
            format!("1, '{BEGIN}', '{moment}', '{moment}'"),
        ),
        Expired::Mails => (
            "outbox (created, kind, event_key, recipient, subject, body, next_attempt, sent_at)",
            format!(
                "'{BEGIN}', 'created', 'event' || n || '{moment}', 'a@example.org', 's', 'b', \
                 '{BEGIN}', '{moment}'"
            ),
        ),
        Expired::Imports => (
            "imports (head, started, finished)",
            format!("'head' || n, '{BEGIN}', '{moment}'"),
        ),
        Expired::SigningKeys => (
            "signing_keys (kid, algorithm, private_key, public_key, not_before, retired_at, created)",
            format!("'kid' || n || '{moment}', 'none', '', '', '{BEGIN}', '{moment}', '{BEGIN}'"),
        ),
    };
    format!(
        "INSERT INTO {into} \
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY}) \
         SELECT {values} FROM numbers"
    )
}

fn table(what: Expired) -> (&'static str, &'static str) {
    match what {
        Expired::Answers => ("idempotency", "at"),
        Expired::Tokens => ("tokens", "expires"),
        Expired::SignIns => ("sign_ins", "expires"),
        Expired::Mails => ("outbox", "sent_at"),
        Expired::Imports => ("imports", "finished"),
        Expired::SigningKeys => ("signing_keys", "retired_at"),
    }
}

fn count(app: &TestApp, what: Expired, moment: &str) -> usize {
    let (table, column) = table(what);
    let found = Beside::count(&app.database, table, &format!("{column} = '{moment}'"));
    usize::try_from(found).unwrap()
}

fn fill(app: &TestApp) {
    for what in Expired::ALL {
        app.database.execute(&rows(what, PAST));
        app.database.execute(&rows(what, FUTURE));
    }
}

#[track_caller]
fn all_that_ended_goes(app: &TestApp) {
    for what in Expired::ALL {
        eventually(what.name(), || count(app, what, PAST) == 0);
        assert_eq!(count(app, what, FUTURE), MANY, "{what:?}");
    }
}

#[test]
fn what_has_ended_leaves_on_a_schedule_and_the_audit_log_stays_as_it_is() {
    let app = TestApp::with(quickly);
    let events = || app.admin().get("/events?page[size]=1").expect(200).json()["meta"].clone();
    let before = events();
    fill(&app);
    all_that_ended_goes(&app);
    assert_eq!(events(), before);
}

#[test]
fn what_has_ended_leaves_soon_after_a_restart() {
    // Its own look is over before there is anything, and the next an hour later.
    let app = TestApp::with(|settings| settings.limits.ended_grants_seconds = 3600);
    fill(&app);
    let _another = app.another();
    all_that_ended_goes(&app);
}

#[test]
fn two_processes_clear_the_same_without_standing_in_each_others_way() {
    let app = TestApp::with(quickly);
    let another = app.another();
    for _ in 0..3 {
        for what in Expired::ALL {
            app.database.execute(&rows(what, PAST));
        }
        for what in Expired::ALL {
            eventually(what.name(), || count(&app, what, PAST) == 0);
        }
    }
    another.admin().get("/users").expect(200);
    app.admin().get("/users").expect(200);
}

#[test]
fn an_expired_token_is_shown_for_as_long_as_the_setting_says() {
    let app = TestApp::with(|settings| {
        quickly(settings);
        settings.auth.expired_token_seconds = 3600;
    });
    let shown = || Beside::count(&app.database, "tokens", "name = 'old'");
    app.database.execute(&format!(
        "INSERT INTO tokens (hash, user_id, name, expires, created, modified) \
         VALUES ('h1', 1, 'old', '{PAST}', '{BEGIN}', '{BEGIN}'), \
                ('h2', 1, 'old', '{BEGIN}', '{BEGIN}', '{BEGIN}')"
    ));
    eventually("the older one is gone", || shown() == 1);
    app.advance(3599);
    // A look at the clock of before may still be under way: another kind shows that one is over.
    app.database.execute(&rows(Expired::Imports, PAST));
    eventually("it was looked once more", || {
        count(&app, Expired::Imports, PAST) == 0
    });
    assert_eq!(shown(), 1);
    app.advance(1);
    eventually("the other is gone, too", || shown() == 0);
}

#[test]
fn the_tokens_of_a_sign_in_that_is_over_go_with_it_and_are_logged() {
    let app = TestApp::with(quickly);
    let mut beside = Beside::begin(&app.database);
    beside.run(&format!(
        "INSERT INTO sign_ins (id, user_id, created, expires, ends) \
           VALUES (77, 1, '{BEGIN}', '{PAST}', '{PAST}'); \
         INSERT INTO tokens (hash, user_id, name, created, modified, sign_in_id) \
           VALUES ('h', 1, 'bound', '{BEGIN}', '{BEGIN}', 77);"
    ));
    beside.commit();
    eventually("both are gone", || {
        Beside::count(&app.database, "sign_ins", "id = 77") == 0
            && Beside::count(&app.database, "tokens", "name = 'bound'") == 0
    });
    let told = "verb = 'delete' AND subject_type = 'tokens'";
    assert_eq!(Beside::count(&app.database, "events", told), 1);
}
