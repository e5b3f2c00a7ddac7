//! What no command touches: tables of a newer version or of another program, and
//! what is not there.

use std::process::Stdio;

use super::does;
use crate::program::rolecall;
use crate::support::{Beside, TestDatabase, is_postgres, unique};

/// Every command that opens the database; the second word of some is a file or a name.
const COMMANDS: &[&[&str]] = &[
    &["serve", "--listen", "127.0.0.1:0"],
    &["migrate"],
    &["migrate", "--back-to", "2026-11-30-000130_entry_ids"],
    &["user", "add", "calvin"],
    &["user", "password", "calvin"],
    &["user", "grant", "calvin", "admin"],
    &["user", "revoke", "calvin", "admin"],
    &["user", "list"],
    &["user", "delete", "calvin"],
    &["user", "trash"],
    &["user", "restore", "calvin"],
    &["user", "purge", "calvin"],
    &["token", "create", "calvin", "--name", "x"],
    &["token", "list"],
    &["token", "revoke", "1"],
    &["mail", "status"],
    &["import", "-"],
    &["import", "-", "--dry-run"],
    &["export"],
    &["generate", "--users", "2"],
    &["check"],
    &["check", "--repair"],
    &["audit", "prune", "--before", "2020-01-01T00:00:00Z"],
    &["ldap", "sync"],
];

/// Those that make a directory where there is none.
const FILLING: &[&[&str]] = &[
    &["serve", "--listen", "127.0.0.1:0"],
    &["migrate"],
    &["user", "add", "calvin"],
    &["import", "-"],
    &["generate", "--users", "2"],
];

/// Fails with one sentence, which says this.
#[track_caller]
fn is_refused(database: &TestDatabase, command: &[&str], why: &str) {
    let output = rolecall(database, command)
        .envs(LDAP.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
    assert!(said.contains(why), "{command:?}: {said}");
    assert_eq!(said.lines().count(), 1, "{command:?}: {said}");
}

/// A server that nobody has to reach.
const LDAP: &[(&str, &str)] = &[
    ("ROLECALL_LDAP_ENABLED", "true"),
    ("ROLECALL_LDAP_URL", "ldap://127.0.0.1:1"),
    ("ROLECALL_LDAP_BASE_DN", "dc=example,dc=org"),
];

/// Refused by every command, those for files included.
#[track_caller]
fn all_refuse(database: &TestDatabase, why: &str) {
    let copy = std::env::temp_dir().join(unique(&format!("rolecall_copy_{}_", std::process::id())));
    let backup = ["backup", copy.to_str().unwrap()];
    let file = database.address().replace("sqlite://", "");
    let restore = ["restore", &file, "--replace"];
    let mut commands = COMMANDS.to_vec();
    if !is_postgres() {
        commands.extend([&backup[..], &restore]);
    }
    for command in commands {
        is_refused(database, command, why);
    }
    assert!(!copy.exists());
}

#[test]
fn tables_of_a_newer_version() {
    let database = TestDatabase::create();
    does(&database, &["user", "add", "calvin"]);
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')";
    database.execute(newer);
    all_refuse(&database, "newer version of rolecall");
    assert_eq!(Beside::count(&database, "users", "TRUE"), 1);
}

#[test]
fn tables_of_another_program() {
    let database = TestDatabase::create();
    database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)");
    all_refuse(&database, "not a rolecall database");
    assert_eq!(Beside::count(&database, "users", "TRUE"), 0);
}

#[test]
fn what_is_not_there_is_made_by_a_few_commands_only() {
    let database = TestDatabase::create();
    for command in COMMANDS.iter().filter(|command| !FILLING.contains(command)) {
        // Without a file it tries in a directory of its own.
        if !is_postgres() && command.contains(&"--dry-run") {
            continue;
        }
        is_refused(&database, command, "no such database");
    }
    for command in FILLING.iter().skip(1) {
        let database = TestDatabase::create();
        let output = rolecall(&database, command)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{command:?}");
        does(&database, &["user", "list"]);
    }
}
