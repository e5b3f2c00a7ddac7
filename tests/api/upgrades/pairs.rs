//! Two processes that bring the same database up to date at the same time.

use std::path::PathBuf;
use std::process::{Child, Stdio};

use super::{complaint, does, names};
use crate::program::{Running, rolecall};
use crate::support::{Beside, TestDatabase, is_postgres};

fn migrating(database: &TestDatabase) -> Child {
    rolecall(database, &["migrate"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts two, and expects that both do well and everything is there.
#[track_caller]
fn pair(database: &TestDatabase, what: &str) {
    let both = [migrating(database), migrating(database)];
    for child in both {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{what}: {}", complaint(&output));
    }
    let applied = Beside::count(database, "__diesel_schema_migrations", "TRUE");
    assert_eq!(
        usize::try_from(applied).unwrap(),
        names("sqlite").len(),
        "{what}"
    );
}

#[test]
fn an_empty_database() {
    for round in 0..12 {
        pair(&TestDatabase::create(), &format!("round {round}"));
    }
}

/// A database whose first migration was killed when this file was there.
fn killed(when: &str) -> TestDatabase {
    let database = TestDatabase::create();
    let path = database.address().replace("sqlite://", "");
    let appears = PathBuf::from(format!("{path}{when}"));
    let mut child = migrating(&database);
    while !is_postgres() && !appears.exists() && child.try_wait().unwrap().is_none() {
        std::hint::spin_loop();
    }
    let _ = child.kill();
    let _ = child.wait();
    database
}

#[test]
fn a_database_whose_first_migration_was_killed() {
    for round in 0..8 {
        for when in ["", "-wal", "-shm"] {
            pair(&killed(when), &format!("round {round}, killed at {when:?}"));
        }
    }
}

#[test]
fn a_database_of_an_earlier_version_with_people_in_it() {
    let database = TestDatabase::create();
    does(&database, &["generate", "--users", "200", "--seed", "1"]);
    for round in 0..6 {
        does(
            &database,
            &["migrate", "--back-to", "2026-11-25-000002_outbox"],
        );
        pair(&database, &format!("round {round}"));
    }
    assert_eq!(Beside::count(&database, "users", "TRUE"), 200);
    does(&database, &["check"]);
}

#[test]
fn two_starts() {
    for _ in 0..4 {
        let database = TestDatabase::create();
        std::thread::scope(|scope| {
            let starts = [(); 2].map(|()| scope.spawn(|| Running::start(&database)));
            let both = starts.map(|start| start.join().unwrap());
            both[0].admin().get("/users").expect(200);
            both[1].admin().get("/users").expect(200);
        });
    }
}

#[test]
fn an_index_that_a_killed_process_left_unfinished_is_built_anew() {
    if !is_postgres() {
        return;
    }
    let database = TestDatabase::create();
    does(&database, &["user", "add", "calvin"]);
    does(
        &database,
        &[
            "migrate",
            "--back-to",
            "2026-12-01-000030_indexes_of_new_columns",
        ],
    );
    for hash in ["a", "b"] {
        database.execute(&format!(
            "INSERT INTO tokens (hash, user_id, name, expires, created, modified) \
             VALUES ('{hash}', 1, 'x', '2999', '2026', '2026')"
        ));
    }
    // Not unique, so its build fails, and leaves what a kill would leave.
    let unfinished = "CREATE UNIQUE INDEX CONCURRENTLY tokens_expires ON tokens (expires)";
    Beside::refusal(&database, unfinished);
    let invalid = || Beside::count(&database, "pg_index", "NOT indisvalid");
    assert_eq!(invalid(), 1);
    does(&database, &["migrate"]);
    assert_eq!(invalid(), 0);
    let is_ours = "indexrelid = 'tokens_expires'::regclass AND NOT indisunique";
    assert_eq!(Beside::count(&database, "pg_index", is_ours), 1);
}
