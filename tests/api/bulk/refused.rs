//! Rows that are not well: each is told by its line and its field, and nothing
//! else suffers.

use serde_json::json;

use super::{Scratch, import, lines, run, users};
use crate::support::{Beside, TestDatabase};

#[test]
fn every_kind_of_broken_row_is_told_with_its_line_and_its_field() {
    let database = TestDatabase::migrated();
    let mut text: Vec<u8> = Vec::new();
    let rows: &[(&[u8], &str)] = &[
        (br#"{"username": "first", "uname": "one"}"#, ""),
        (b"{\"username\": \"caf\xff\"}", "line 2: This line is not valid UTF-8."),
        (br#"{"username": "cut"#, "line 3: The JSON ends too early."),
        (br#"["username"]"#, "line 4: This line is no JSON object."),
        (br#"{"username": 7}"#, "line 5: username: This value must be a string."),
        (br#"{"username": "a b"}"#, "line 6: username: This value may contain only"),
        (br#"{"name": "Nobody"}"#, "line 7: username: This member is required."),
        (br#"{"username": "first"}"#, "line 8: username: The line 1 has the same."),
        (br#"{"username": "x9", "roles": ["nothing"]}"#, "line 9: roles: There is no \"nothing\"."),
        (br#"{"username": "x10", "roles": "admin"}"#, "line 10: roles: This value must be an array"),
        (br#"{"username": "x11", "partner": "V1"}"#, "line 11: partner: There is no \"V1\"."),
        (br#"{"username": "x12", "roles": ["IP_EDITOR"]}"#, "line 12: roles: This role is held in a workspace"),
        (br#"{"username": "x13", "is_active": "yes"}"#, "line 13: is_active: This value must be true or false."),
        (br#"{"username": "x14", "emial": "a@b"}"#, "line 14: emial: There is no such field."),
        (br#"{"username": "x15", "email": "nonsense"}"#, "line 15: email: Enter a valid"),
        (br#"{"username": "x16", "password": "s3cret"}"#, "line 16: password: There is no such field."),
        (br#"{"username": "x17", "password_hash": "md5"}"#, "line 17: password_hash: This hash format is not supported"),
        (br#"{"username": "x18", "created": "yesterday"}"#, "line 18: created: This value must be a time"),
        (br#"{"kind": "cats"}"#, "line 19: kind: Choose one of"),
        (br#"{"kind": "grants", "user": "first", "role": "IP_EDITOR", "workspace": "NO"}"#, "line 20: workspace: There is no \"NO\"."),
        (br#"{"kind": "grants", "user": "first", "role": "admin", "valid_from": "2030-01-01T00:00:00Z", "valid_until": "2029-01-01T00:00:00Z"}"#, "line 21: valid_until: A grant ends after it begins."),
        (br#"{"kind": "roles", "name": "loop", "includes": ["loop"]}"#, "line 22: includes: There is no \"loop\"."),
        (br#"{"username": "x23", "uname": "one"}"#, "line 23: uname: A user with this uname already exists."),
        (br#"{"username": "last"}"#, ""),
    ];
    for (row, _) in rows {
        text.extend_from_slice(row);
        text.push(b'\n');
    }
    let errors = Scratch::file("");
    let said = import(&database, &text, &["--errors", errors.path()]).badly();
    let told = std::fs::read_to_string(&errors.0).unwrap();
    for (_, wanted) in rows {
        assert!(told.contains(wanted), "{wanted} is not in {told}");
    }
    let refused = rows.iter().filter(|(_, wanted)| !wanted.is_empty()).count();
    assert_eq!(told.lines().count(), refused, "{told}");
    assert!(said.out.contains("users: 2 created"), "{}", said.out);
    assert!(said.err.contains("--errors FILE has all"), "{}", said.err);
    assert_eq!(users(&database), 2);
}

#[test]
fn a_line_that_is_too_long_is_refused_and_the_next_is_read() {
    let database = TestDatabase::migrated();
    let long = format!("{{\"username\": \"{}\"}}", "x".repeat(5000));
    let text = format!("{long}\n{{\"username\": \"short\"}}\n");
    let said = import(&database, text, &["--max-line-bytes", "1000"]).badly();
    assert!(
        said.err
            .contains("line 1: This line is too long: see --max-line-bytes.")
    );
    assert_eq!(users(&database), 1);
}

#[test]
fn a_name_that_there_is_already_is_refused_and_the_same_row_again_is_no_news() {
    let database = TestDatabase::migrated();
    let rows = lines(&[json!({"username": "calvin", "name": "Calvin", "roles": ["admin"]})]);
    import(&database, &rows, &[]).well();
    let again = import(&database, &rows, &[]).well();
    assert!(
        again.out.contains("0 created, 0 updated, 1 unchanged"),
        "{}",
        again.out
    );
    let other = lines(&[json!({"username": "calvin", "name": "Hobbes"})]);
    let said = import(&database, other, &[]).badly();
    let wanted = "line 1: username: A user with this username already exists.";
    assert!(said.err.contains(wanted), "{}", said.err);
    assert_eq!(Beside::count(&database, "users", "name = 'Calvin'"), 1);
}

#[test]
fn a_dry_run_tells_everything_and_changes_nothing() {
    let database = TestDatabase::migrated();
    run(&database, &["migrate"]).well();
    let events = Beside::count(&database, "events", "1 = 1");
    let rows = lines(&[
        json!({"kind": "workspaces", "code": "KEN", "title": "Kenya"}),
        json!({"kind": "roles", "name": "tiger"}),
        json!({"username": "calvin", "roles": ["tiger"]}),
        json!({"username": "calvin"}),
    ]);
    let said = import(&database, &rows, &["--dry-run"]).badly();
    assert!(
        said.out
            .contains("users: 1 created, 0 updated, 0 unchanged, 1 refused"),
        "{}",
        said.out
    );
    for (table, condition) in [
        ("users", "1 = 1"),
        ("workspaces", "1 = 1"),
        ("imports", "1 = 1"),
        ("user_blocks", "living <> 0"),
        ("roles", "name = 'tiger'"),
    ] {
        assert_eq!(Beside::count(&database, table, condition), 0, "{table}");
    }
    assert_eq!(Beside::count(&database, "events", "1 = 1"), events);
    run(&database, &["check"]).well();
}

#[test]
fn all_or_nothing_is_nothing_when_the_last_row_is_broken() {
    let database = TestDatabase::migrated();
    let mut rows: Vec<_> = (0..50)
        .map(|number| json!({"username": format!("user{number}")}))
        .collect();
    let flags = ["--all-or-nothing", "--batch", "10"];
    rows.push(json!({"username": 1}));
    let said = import(&database, lines(&rows), &flags).badly();
    assert!(said.err.contains("so nothing was imported"), "{}", said.err);
    assert_eq!(users(&database), 0);
    rows.pop();
    import(&database, lines(&rows), &flags).well();
    assert_eq!(users(&database), 50);
}

#[test]
fn an_import_is_told_in_the_audit_log_by_batch_and_by_row_when_asked() {
    let database = TestDatabase::migrated();
    let rows: Vec<_> = (0..25)
        .map(|number| json!({"username": format!("user{number}")}))
        .collect();
    import(&database, lines(&rows), &["--batch", "10"]).well();
    assert_eq!(Beside::count(&database, "events", "verb = 'import'"), 3);
    assert_eq!(
        Beside::count(&database, "events", "subject_type = 'users'"),
        0
    );
    let more = [
        json!({"username": "calvin", "password_hash": "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"}),
    ];
    import(&database, lines(&more), &["--audit-rows"]).well();
    let told = "subject_type = 'users' AND verb = 'create'";
    assert_eq!(Beside::count(&database, "events", told), 1);
    assert_eq!(Beside::count(&database, "events", "after LIKE '%$2b$%'"), 0);
}
