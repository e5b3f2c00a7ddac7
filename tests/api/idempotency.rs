//! `Idempotency-Key`: asking again does nothing again.

use rolecall::directory::expired::{DeleteExpired, Expired};
use serde_json::{Value, json};

use crate::support::{
    Answer, BEGIN, Beside, Client, JSON_API, TestApp, a_new, a_role, a_user, is_postgres,
};

fn keyed(client: &Client, path: &str, key: &str, document: &Value) -> Answer {
    let headers = [
        ("accept", JSON_API),
        ("content-type", JSON_API),
        ("idempotency-key", key),
    ];
    let body = document.to_string();
    client.send("POST", path, &headers, Some(body.as_bytes()))
}

fn role(name: &str) -> Value {
    a_new("roles", json!({ "name": name }))
}

fn error(answer: Answer, status: u16) -> Value {
    answer.expect(status).errors()[0].clone()
}

#[test]
fn the_same_request_again_is_answered_with_the_first_answer() {
    let app = TestApp::start();
    let admin = app.admin();
    let first = keyed(&admin, "/roles", "k1", &role("HR")).expect(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    admin
        .patch(
            &format!("/roles/{}", first.id()),
            &crate::support::changes("roles", first.id(), json!({"label": "later"})),
        )
        .expect(200);
    let again = keyed(&admin, "/roles", "k1", &role("HR")).expect(201);
    assert_eq!(again.text, first.text);
    for header in ["location", "etag", "content-type", "vary"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    // Without the key it is another request, and the name is taken.
    admin.post("/roles", &role("HR")).expect(400);
    assert_eq!(
        admin.get("/roles?filter[name]=HR").expect(200).ids().len(),
        1
    );
}

#[test]
fn a_user_with_a_password_is_made_once_and_the_password_is_kept_nowhere() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = |password: &str| a_new("users", json!({"username": "jd", "password": password}));
    let first = keyed(&admin, "/users", "k", &user("a long password")).expect(201);
    // The password takes no part in what makes the request the same.
    let again = keyed(&admin, "/users", "k", &user("another password")).expect(201);
    assert_eq!(again.id(), first.id());
    app.basic("jd", "a long password").get("/home").expect(200);
    app.basic("jd", "another password").get("/home").expect(401);
}

#[test]
fn another_request_under_the_same_key_is_422() {
    let app = TestApp::start();
    let admin = app.admin();
    keyed(&admin, "/roles", "k", &role("HR")).expect(201);
    for (path, document) in [
        ("/roles", role("IT")),
        ("/roles?fields[roles]=name", role("HR")),
    ] {
        let error = error(keyed(&admin, path, "k", &document), 422);
        assert_eq!(error["code"], "idempotency_key_reused");
        assert_eq!(error["source"]["header"], "Idempotency-Key");
    }
    let user = a_new(
        "users",
        json!({"username": "jd", "password": "long enough"}),
    );
    keyed(&admin, "/users", "k", &user).expect(422);
    // The order of the members and blanks make no difference.
    let body = r#" {"data": {"attributes": {"name": "HR"},   "type": "roles"}}"#;
    let headers = [("content-type", JSON_API), ("idempotency-key", "k")];
    admin
        .send("POST", "/roles/", &headers, Some(body.as_bytes()))
        .expect(201);
}

#[test]
fn a_key_is_the_callers_own() {
    let app = TestApp::start();
    let writers = a_role()
        .permitting(&["roles:write", "roles:read"])
        .create(&app);
    let other = a_user().holding(&writers).create(&app);
    keyed(&app.admin(), "/roles", "k", &role("HR")).expect(201);
    keyed(&other.client(&app), "/roles", "k", &role("IT")).expect(201);
    // Who may not make it does not read what was answered to who may.
    let narrow = app.token(&app.token_of(other.id, Some(&["roles:read"])));
    keyed(&narrow, "/roles", "k", &role("IT")).expect(403);
}

#[test]
fn what_was_refused_is_not_kept() {
    let app = TestApp::start();
    let admin = app.admin();
    let taken = keyed(&admin, "/roles", "k", &role("admin"));
    assert_eq!(taken.expect(400).pointers(), ["/data/attributes/name"]);
    keyed(&admin, "/roles", "k", &role("HR")).expect(201);
    let missing = json!({"data": {"type": "roles", "attributes": {"name": "X"},
        "relationships": {"users": {"data": [{"type": "users", "id": "999"}]}}}});
    let refused = keyed(&admin, "/roles", "other", &missing).expect(404);
    assert_eq!(refused.pointers(), ["/data/relationships/users/data/0"]);
    keyed(&admin, "/roles", "other", &role("X")).expect(201);
}

#[test]
fn an_answer_is_kept_for_a_day() {
    let app = TestApp::start();
    let admin = app.admin();
    let first = keyed(&admin, "/roles", "k", &role("HR")).expect(201);
    app.advance(24 * 60 * 60 - 1);
    assert_eq!(
        keyed(&admin, "/roles", "k", &role("HR")).expect(201).id(),
        first.id()
    );
    app.advance(1);
    keyed(&admin, "/roles", "k", &role("HR")).expect(400);
    keyed(&admin, "/roles", "k", &role("IT")).expect(201);
}

#[test]
fn what_has_expired_is_forgotten() {
    let app = TestApp::start();
    let admin = app.admin();
    for name in ["a", "b"] {
        keyed(&admin, "/roles", name, &role(name)).expect(201);
    }
    app.advance(10);
    keyed(&admin, "/roles", "c", &role("c")).expect(201);
    let forget = || {
        let clear = DeleteExpired {
            what: Expired::Answers,
            until: BEGIN.to_owned(),
        };
        app.inside(async |directory, context| directory.write(context, clear).await)
    };
    assert_eq!(forget(), 2);
    assert_eq!(forget(), 0);
    let kept = keyed(&admin, "/roles", "c", &role("c")).expect(201);
    assert_eq!(kept.header("idempotency-replayed"), Some("true"));
}

/// Another process that is at the request with the key "k" just now; its
/// answer is the one that is kept under "done".
fn somebody_else_at_it(app: &TestApp) -> Beside {
    let mut other = Beside::begin(&app.database);
    other.run(
        "INSERT INTO idempotency (caller_id, idempotency_key, request_hash, at, status, headers, answer)
         SELECT caller_id, 'k', request_hash, at, status, headers, answer
         FROM idempotency WHERE idempotency_key = 'done'",
    );
    other
}

/// Told to come back: SQLite has one writer, so that what another process
/// writes is not known before it is through.
fn must_come_back(answer: Answer) {
    assert!(answer.header("retry-after").is_some());
    let (status, code) = if is_postgres() {
        (409, "idempotency_in_progress")
    } else {
        (503, "busy")
    };
    let error = error(answer, status);
    assert_eq!(error["code"], code);
    if is_postgres() {
        assert_eq!(error["source"]["header"], "Idempotency-Key");
    }
}

#[test]
fn what_another_process_is_at_is_told_and_not_done_twice() {
    let app = TestApp::with(|settings| settings.database.busy_timeout_ms = 50);
    let admin = app.admin();
    let first = keyed(&admin, "/roles", "done", &role("HR")).expect(201);
    let other = somebody_else_at_it(&app);
    for _ in 0..2 {
        must_come_back(keyed(&admin, "/roles", "k", &role("HR")));
    }
    other.commit();
    let again = keyed(&admin, "/roles", "k", &role("HR")).expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.text, first.text);
    assert_eq!(
        admin.get("/roles?filter[name]=HR").expect(200).ids().len(),
        1
    );
}

#[test]
fn what_another_process_gave_up_is_done() {
    let app = TestApp::with(|settings| settings.database.busy_timeout_ms = 50);
    let admin = app.admin();
    let first = keyed(&admin, "/roles", "done", &role("HR")).expect(201);
    admin.delete(&format!("/roles/{}", first.id())).expect(204);
    let other = somebody_else_at_it(&app);
    must_come_back(keyed(&admin, "/roles", "k", &role("HR")));
    other.roll_back();
    let made = keyed(&admin, "/roles", "k", &role("HR")).expect(201);
    assert_eq!(made.header("idempotency-replayed"), None);
    assert_ne!(made.id(), first.id());
}

#[test]
fn who_asks_while_another_process_is_at_it_waits_for_its_answer() {
    let app = TestApp::with(|settings| settings.database.busy_timeout_ms = 60_000);
    let admin = app.admin();
    let first = keyed(&admin, "/roles", "done", &role("HR")).expect(201);
    let other = somebody_else_at_it(&app);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| keyed(&admin, "/roles", "k", &role("HR")));
        // Whether it waits already or not: it must come through.
        other.commit();
        assert_eq!(waiting.join().unwrap().expect(201).text, first.text);
    });
}

#[test]
fn what_is_no_key_is_400() {
    let app = TestApp::start();
    let admin = app.admin();
    let long = "k".repeat(256);
    for wrong in ["", "a b", "é", &long] {
        let error = error(keyed(&admin, "/roles", wrong, &role("HR")), 400);
        assert_eq!(error["code"], "invalid_header", "{wrong}");
        assert_eq!(error["source"]["header"], "Idempotency-Key");
    }
    let twice = [
        ("idempotency-key", "a"),
        ("idempotency-key", "b"),
        ("content-type", JSON_API),
    ];
    let body = role("HR").to_string();
    admin
        .send("POST", "/roles", &twice, Some(body.as_bytes()))
        .expect(400);
    keyed(&admin, "/roles", &"k".repeat(255), &role("HR")).expect(201);
}

#[test]
fn an_answer_that_cannot_be_kept_is_not_given_under_a_key() {
    let app = TestApp::start();
    let admin = app.admin();
    let token = a_new("tokens", json!({"name": "ci"}));
    for (path, document) in [("/tokens", token), ("/roles?include=users", role("HR"))] {
        let error = error(keyed(&admin, path, "k", &document), 400);
        assert_eq!(error["code"], "idempotency_key_unsupported");
        assert_eq!(error["source"]["header"], "Idempotency-Key");
    }
    assert_eq!(
        admin.get("/roles?filter[name]=HR").expect(200).data(),
        json!([])
    );
}

#[test]
fn the_events_tell_of_one_change() {
    let app = TestApp::start();
    let admin = app.admin();
    for _ in 0..3 {
        keyed(&admin, "/roles", "k", &role("HR")).expect(201);
    }
    let events = admin.get("/events?filter[subject_type]=roles").expect(200);
    assert_eq!(events.ids().len(), 1);
}
