//! What no command touches: tables of a newer version.

use super::does;
use crate::program::rolecall;
use crate::support::{Beside, TestDatabase, is_postgres};

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

#[test]
fn tables_of_a_newer_version_are_refused_by_every_command_with_one_sentence() {
    let database = TestDatabase::create();
    does(&database, &["user", "add", "calvin"]);
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')";
    database.execute(newer);
    let backup = std::env::temp_dir().join(crate::support::unique("rolecall_newer_"));
    let backup = backup.to_str().unwrap();
    let mut commands = COMMANDS.to_vec();
    let file = database.address().replace("sqlite://", "");
    let (copy, restore) = (["backup", backup], ["restore", &file, "--replace"]);
    if !is_postgres() {
        commands.extend([&copy[..], &restore]);
    }
    for command in commands {
        let output = rolecall(&database, command)
            .envs(ldap())
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains("newer version of rolecall"),
            "{command:?}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{command:?}: {said}");
    }
    assert!(!std::path::Path::new(backup).exists());
    assert_eq!(Beside::count(&database, "users", "TRUE"), 1);
}

/// A server that nobody has to reach.
fn ldap() -> Vec<(&'static str, String)> {
    vec![
        ("ROLECALL_LDAP_ENABLED", "true".into()),
        ("ROLECALL_LDAP_URL", "ldap://127.0.0.1:1".into()),
        ("ROLECALL_LDAP_BASE_DN", "dc=example,dc=org".into()),
    ]
}
