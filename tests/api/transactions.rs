//! A change is one transaction, also where parts of it are sent to the database
//! late: it happens as a whole or not at all, and is told as it happened.

use std::cell::Cell;

use futures_util::future::select;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rolecall::directory::Expected;
use rolecall::directory::listing::Visibility;
use rolecall::directory::permissions::PrivilegeCeiling;
use rolecall::directory::users::{UpdateUser, UserChanges};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use crate::support::{
    Beside, Member, TestApp, a_role, a_user, changes, eventually, is_postgres, linkage,
};

/// Lets the database refuse what is done to a table, by a statement that answers so.
struct Refusal<'a> {
    app: &'a TestApp,
    table: &'static str,
}

impl<'a> Refusal<'a> {
    /// `event` is `INSERT` or `UPDATE`; the words are PL/pgSQL and SQLite's.
    fn begin(
        app: &'a TestApp,
        table: &'static str,
        event: &str,
        postgres: &str,
        lite: &str,
    ) -> Self {
        if is_postgres() {
            app.database.execute(&format!(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN {postgres}; RETURN new; END $$"
            ));
            app.database.execute(&format!(
                "CREATE TRIGGER refuse BEFORE {event} ON {table}
                 FOR EACH ROW EXECUTE FUNCTION refuse()"
            ));
        } else {
            app.database.execute(&format!(
                "CREATE TRIGGER refuse BEFORE {event} ON {table} BEGIN {lite}; END"
            ));
        }
        Self { app, table }
    }

    fn end(self) {
        if is_postgres() {
            let table = self.table;
            self.app
                .database
                .execute(&format!("DROP TRIGGER refuse ON {table}"));
            self.app.database.execute("DROP FUNCTION refuse");
        } else {
            self.app.database.execute("DROP TRIGGER refuse");
        }
    }
}

/// As when somebody else takes a username after it was found to be free.
const TAKEN: &str = "RAISE EXCEPTION USING ERRCODE = 'unique_violation', \
     CONSTRAINT = 'users_username_key', MESSAGE = 'duplicate key'";
const TAKEN_LITE: &str = "INSERT INTO users (username, uname, created, modified) \
     VALUES (new.username, 'quicker', new.created, new.modified)";

fn named(user: &Member, name: &str) -> Value {
    changes("users", user.id, json!({"name": name}))
}

/// An operation of a list.
fn update(user: &Member, attributes: Value) -> Value {
    let mut operation = changes("users", user.id, attributes);
    operation["op"] = "update".into();
    operation
}

#[test]
fn a_change_that_cannot_be_told_to_the_audit_log_does_not_happen() {
    let app = TestApp::start();
    let admin = app.admin();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let roles = format!("{}/relationships/roles", user.path());
    let held = linkage("roles", &[role.id]);
    let refusal = Refusal::begin(
        &app,
        "events",
        "INSERT",
        "RAISE EXCEPTION 'the log is closed'",
        "SELECT RAISE(ABORT, 'the log is closed')",
    );
    for _ in 0..3 {
        admin.patch(&user.path(), &named(&user, "Jo")).expect(500);
        admin.post(&roles, &held).expect(500);
        let both = json!({"atomic:operations": [
            update(&user, json!({"name": "Jo"})),
            {"op": "add", "ref": {"type": "users", "id": user.id.to_string(), "relationship": "roles"},
             "data": held["data"]},
        ]});
        admin.operations(&both).expect(500);
    }
    refusal.end();
    let found = admin.get(&user.path()).expect(200).data();
    assert_eq!(found["attributes"]["name"], Value::Null);
    assert_eq!(admin.get(&roles).expect(200).ids(), [""; 0]);
    let told = format!("/events?filter[subject_id]={}&filter[verb]=update", user.id);
    assert_eq!(admin.get(&told).expect(200).ids(), [""; 0]);
    // The connections are as good as before.
    admin.patch(&user.path(), &named(&user, "Jo")).expect(200);
    assert_eq!(admin.get(&told).expect(200).ids().len(), 1);
}

#[test]
fn a_username_that_was_taken_meanwhile_is_refused_as_any_that_is_taken() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = a_user().create(&app);
    let refusal = Refusal::begin(&app, "users", "UPDATE OF username", TAKEN, TAKEN_LITE);
    let rename = changes("users", user.id, json!({"name": "Jo", "username": "jo"}));
    let answer = admin.patch(&user.path(), &rename).expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes/username"]);
    refusal.end();
    let found = admin.get(&user.path()).expect(200).data();
    assert_eq!(found["attributes"]["name"], Value::Null);
    assert_eq!(found["attributes"]["username"], user.username);
}

#[test]
fn of_a_list_the_operation_is_named_that_failed_and_all_are_undone() {
    let app = TestApp::start();
    let admin = app.admin();
    let (one, two, three) = (
        a_user().create(&app),
        a_user().create(&app),
        a_user().create(&app),
    );
    let refusal = Refusal::begin(&app, "users", "UPDATE OF username", TAKEN, TAKEN_LITE);
    let first = update(&one, json!({"name": "One"}));
    let failing = update(&two, json!({"name": "Two", "username": "two"}));
    let last = update(&three, json!({"name": "Three"}));
    // Not the last, when the next tells of it, and the last, when the end does.
    for operations in [
        json!([first, failing, last]),
        json!([first, failing]),
        json!([first, failing, {"op": "add", "data": {"type": "roles", "attributes": {"name": "x"}}}]),
    ] {
        let answer = admin.operations(&json!({"atomic:operations": operations}));
        assert_eq!(
            answer.expect(400).pointers(),
            ["/atomic:operations/1/data/attributes/username"]
        );
    }
    refusal.end();
    for user in [&one, &two, &three] {
        let found = admin.get(&user.path()).expect(200).data();
        assert_eq!(found["attributes"]["name"], Value::Null);
    }
}

#[test]
fn a_change_that_meets_another_at_its_end_is_tried_again() {
    if !is_postgres() {
        eprintln!("SKIPPED: on SQLite one change comes after the other");
        return;
    }
    let app = TestApp::start();
    let admin = app.admin();
    let user = a_user().create(&app);
    app.database.execute("CREATE SEQUENCE tried");
    // A sequence goes on whatever is undone.
    let refusal = Refusal::begin(
        &app,
        "users",
        "UPDATE OF name",
        "IF nextval('tried') < 3 THEN \
           RAISE EXCEPTION USING ERRCODE = 'deadlock_detected', MESSAGE = 'deadlock detected'; \
         END IF",
        "",
    );
    let answer = admin.patch(&user.path(), &named(&user, "Jo")).expect(200);
    refusal.end();
    assert_eq!(admin.get(&user.path()).expect(200).data(), answer.data());
    let told = format!("/events?filter[subject_id]={}&filter[verb]=update", user.id);
    assert_eq!(admin.get(&told).expect(200).ids().len(), 1);
}

#[test]
fn the_audit_log_has_the_operations_of_a_list_in_their_order() {
    let app = TestApp::start();
    let admin = app.admin();
    let users: Vec<Member> = (0..40).map(|_| a_user().create(&app)).collect();
    let role = a_role().create(&app);
    let mut operations = Vec::new();
    for user in users.iter().rev() {
        operations.push(update(user, json!({"name": "Jo"})));
        operations.push(
            json!({"op": "add", "ref": {"type": "users", "id": user.id.to_string(),
            "relationship": "roles"}, "data": [{"type": "roles", "id": role.id.to_string()}]}),
        );
    }
    let before = Beside::count(&app.database, "events", "true");
    admin
        .operations(&json!({"atomic:operations": operations}))
        .expect(200);
    let path = "/events?sort=-id&page[size]=100";
    let data = admin.get(path).expect(200).data();
    let mut told: Vec<(String, i64)> = data
        .as_array()
        .unwrap()
        .iter()
        .take(80)
        .map(|event| {
            let attributes = &event["attributes"];
            let kind = attributes["subject_type"].as_str().unwrap().to_owned();
            let user = match kind.as_str() {
                "grants" => attributes["after"]["user"].as_i64().unwrap(),
                _ => attributes["subject_id"].as_i64().unwrap(),
            };
            (kind, user)
        })
        .collect();
    told.reverse();
    let wanted: Vec<(String, i64)> = users
        .iter()
        .rev()
        .flat_map(|user| {
            [
                ("users".to_owned(), user.id),
                ("grants".to_owned(), user.id),
            ]
        })
        .collect();
    assert_eq!(told, wanted);
    let after = Beside::count(&app.database, "events", "true");
    assert_eq!(after - before, 80);
}

#[test]
fn a_request_that_is_given_up_in_the_middle_leaves_no_transaction_behind() {
    if !is_postgres() {
        eprintln!("SKIPPED: SQLite's writer finishes what it has begun");
        return;
    }
    let app = TestApp::start();
    let user = a_user().create(&app);
    let rename = |name: &str| UpdateUser {
        id: user.id,
        expected: Expected::Anything,
        visible: Visibility::All,
        changes: UserChanges {
            name: Some(Some(name.to_owned())),
            ..UserChanges::default()
        },
        roles: None,
        ceiling: PrivilegeCeiling::Everything,
        may_set_flags: true,
        may_rename: true,
        is_password_confirmed: false,
        end_tokens: None,
    };
    let ours = "datname = current_database() AND pid <> pg_backend_pid()";
    let count = |condition: &str| {
        let condition = format!("{ours} AND {condition}");
        Beside::count(&app.database, "pg_stat_activity", &condition)
    };
    let mut holder = Beside::begin(&app.database);
    holder.run(&format!(
        "SELECT FROM users WHERE id = {} FOR UPDATE",
        user.id
    ));
    std::thread::scope(|scope| {
        let (give_up, given_up) = oneshot::channel::<()>();
        let (go_on, gone_on) = oneshot::channel::<()>();
        let count = &count;
        scope.spawn(move || {
            eventually("the change waits for the row", || {
                count("wait_event_type = 'Lock'") == 1
            });
            give_up.send(()).unwrap();
            // It learns of it when the row is free.
            holder.commit();
            eventually("no transaction is open", || {
                count("xact_start IS NOT NULL") == 0
            });
            go_on.send(()).unwrap();
        });
        app.inside(async |directory, context| {
            let change = Box::pin(directory.write(context, rename("given up")));
            drop(select(change, given_up).await);
            gone_on.await.unwrap();
            directory.write(context, rename("done")).await
        });
    });
    let found = app.admin().get(&user.path()).expect(200).data();
    assert_eq!(found["attributes"]["name"], "done");
    assert_eq!(
        Beside::count(&app.database, "events", "after LIKE '%given up%'"),
        0
    );
}

/// Attributes of users with values that are accepted, and some that are not.
fn attributes() -> impl Strategy<Value = Map<String, Value>> {
    const TEXTS: &[&str] = &[
        "name",
        "surname",
        "full_name",
        "position",
        "organization",
        "email",
        "time_zone",
        "username",
        "uname",
    ];
    let text = prop_oneof![
        Just(Value::Null),
        "\\PC{0,24}".prop_map(Value::from),
        "[a-z]{1,6}@[a-z]{1,6}\\.org".prop_map(Value::from),
        Just(json!(" Jo\u{301}  O\u{2019}Neil ")),
        Just(json!("Europe/Zurich")),
    ];
    let text = (prop::sample::select(TEXTS), text);
    let flag = prop::sample::select(&["is_active", "is_staff"][..]);
    let flag = (flag, any::<bool>().prop_map(Value::from));
    prop::collection::vec(prop_oneof![4 => text, 1 => flag], 1..5).prop_map(|all| {
        all.into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

#[test]
fn the_answer_to_a_change_is_what_is_there_afterwards() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = a_user().create(&app);
    let config = Config {
        cases: 150,
        failure_persistence: None,
        ..Config::default()
    };
    let changed = Cell::new(0);
    let outcome = TestRunner::new(config).run(&attributes(), |attributes| {
        app.advance(1);
        let before = admin.get(&user.path()).expect(200);
        let answer = admin.patch(&user.path(), &changes("users", user.id, attributes.into()));
        let after = admin.get(&user.path()).expect(200);
        if answer.status == 200 {
            prop_assert_eq!(answer.json()["data"].clone(), after.data());
            prop_assert_eq!(answer.header("etag"), after.header("etag"));
            let is_new = answer.header("etag") != before.header("etag");
            changed.set(changed.get() + i32::from(is_new));
        } else {
            prop_assert_eq!(answer.status, 400);
            prop_assert_eq!(before.text, after.text);
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(changed.get() > 20, "{changed:?}");
}
