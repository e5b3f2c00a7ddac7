//! The service killed in the midst of many changes: what it acknowledged is
//! there, and nothing is half done.

mod copies;
mod found;
mod people;
mod storm;

use std::collections::BTreeSet;

use serde_json::json;

use self::found::Found;
use self::people::Change;
use self::storm::{Acknowledged, Ground, Outcome, Request};
use crate::bulk::run;
use crate::program::Running;
use crate::support::{Answer, Beside, Client, TestDatabase, a_new, eventually, is_postgres};

/// After how many answers it is killed: at once, early, and in full swing.
const KILLED_AFTER: [usize; 4] = [1, 40, 120, 200];

#[test]
fn after_kills_in_a_storm_of_changes_what_was_acknowledged_is_there_and_nothing_is_half_done() {
    storms(&KILLED_AFTER, |_, _, _| ());
}

/// One storm after another on the same database, each until the service has
/// given so many answers. Each time something goes on beside the changes.
fn storms<T: Send>(
    killed_after: &[usize],
    beside: impl Fn(&TestDatabase, &Acknowledged, usize) -> T + Sync,
) -> (Ground, Vec<T>) {
    let database = TestDatabase::create();
    let mut service = start(&database);
    let ground = prepare(&database, &service);
    let mut done = Found::by(&service.token(&ground.token)).changes();
    let mut others = Vec::new();
    for (round, answers) in killed_after.iter().copied().enumerate() {
        let beside = |so_far: &Acknowledged| beside(&database, so_far, answers);
        let (outcome, other) = storm::until_killed(&service, &ground, round, answers, beside);
        assert!(outcome.acknowledged.len() >= answers);
        others.push(other);
        drop(service);
        nobody_is_connected(&database);
        service = start(&database);
        let admin = service.token(&ground.token);
        is_there_whole(&outcome, &admin, &mut done);
        who_heard_nothing_asks_again(&outcome.in_doubt, &admin, &mut done);
        repeating_changes_nothing(&outcome.acknowledged, &admin);
        is_sound(&database);
    }
    (ground, others)
}

/// Links must not differ from start to start, to compare whole answers.
fn start(database: &TestDatabase) -> Running {
    let environment = [
        ("ROLECALL_BASE_URL", "http://people.example.org"),
        ("ROLECALL_LIMIT_PAGE_SIZE_MAX", "10000"),
    ];
    Running::with(database, &environment)
}

fn prepare(database: &TestDatabase, service: &Running) -> Ground {
    let made = run(database, &["token", "create", "admin", "--name", "storm"]).well();
    let token = made.out.trim().to_owned();
    let admin = service.token(&token);
    let make = |kind: &str, attributes| {
        let path = format!("/{kind}");
        admin.post(&path, &a_new(kind, attributes)).expect(201).id()
    };
    let roles = ["first", "second", "third"];
    let roles = roles.map(|name| make("roles", json!({ "name": name })).parse().unwrap());
    let id = make("users", storm::attributes("everybody"));
    Ground {
        token,
        roles,
        everybody: (id, "everybody".to_owned()),
    }
}

/// PostgreSQL may still be carrying out what the killed process sent last.
fn nobody_is_connected(database: &TestDatabase) {
    if !is_postgres() {
        return;
    }
    let others = "datname = current_database() AND backend_type = 'client backend' \
                  AND pid <> pg_backend_pid()";
    eventually("the server has let go of the killed process", || {
        Beside::count(database, "pg_stat_activity", others) == 0
    });
}

/// That exactly what was acknowledged is done, and of the other requests each
/// wholly or not at all.
fn is_there_whole(outcome: &Outcome, admin: &Client, done: &mut BTreeSet<Change>) {
    let found = Found::by(admin);
    for (request, answer) in &outcome.acknowledged {
        let told = found.told_of(answer.header("x-request-id").unwrap());
        assert_eq!(told, request.changes.iter().collect(), "{request:?}");
        done.extend(request.changes.iter().cloned());
    }
    for request in &outcome.in_doubt {
        if is_done(request, &found) {
            done.extend(request.changes.iter().cloned());
        }
    }
    assert_eq!(&found.changes(), done);
    found.follows_from_the_log();
}

fn is_done(request: &Request, found: &Found) -> bool {
    let told = found.changes();
    let is_told = |change| told.contains(change);
    let is_done = request.changes.iter().all(is_told);
    assert!(
        is_done || !request.changes.iter().any(is_told),
        "half done: {request:?}"
    );
    is_done
}

/// Under the same key it is done then, if it was not before.
fn who_heard_nothing_asks_again(in_doubt: &[Request], admin: &Client, done: &mut BTreeSet<Change>) {
    for request in in_doubt.iter().filter(|request| request.key.is_some()) {
        let was_done = is_done(request, &Found::by(admin));
        let answer = request.send(admin).unwrap();
        assert!([200, 201].contains(&answer.status), "{}", answer.text);
        assert_eq!(is_replayed(&answer), was_done, "{request:?}");
        done.extend(request.changes.iter().cloned());
        let found = Found::by(admin);
        assert_eq!(&found.changes(), done);
        found.follows_from_the_log();
    }
}

/// Under the same key there is the same answer again.
fn repeating_changes_nothing(acknowledged: &[(Request, Answer)], admin: &Client) {
    let before = Found::by(admin);
    let mut repeated = 0;
    for (request, first) in acknowledged {
        if request.key.is_some() {
            let again = request.send(admin).unwrap();
            assert_eq!((again.status, &again.text), (first.status, &first.text));
            assert!(is_replayed(&again));
            repeated += 1;
        }
    }
    assert!(repeated > 0 || acknowledged.len() < 10);
    assert_eq!(Found::by(admin), before);
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

/// That nothing is to be repaired, and the file itself is whole.
fn is_sound(database: &TestDatabase) {
    run(database, &["check"]).well();
    if !is_postgres() {
        let damage = Beside::count(
            database,
            "pragma_integrity_check",
            "integrity_check <> 'ok'",
        );
        assert_eq!(damage, 0);
    }
}
