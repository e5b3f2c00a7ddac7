//! Rows of a file follow the rules of names.

use serde_json::json;

use crate::bulk::{export, import, lines, run, users};
use crate::support::TestDatabase;

#[test]
fn rows_are_compared_with_the_directory_and_with_each_other() {
    let database = TestDatabase::create();
    import(&database, lines(&[json!({"username": "calvin"})]), &[]).well();
    let rows = lines(&[
        json!({"username": "Calvin"}),
        json!({"username": "cаlvin"}),
        json!({"username": "hobbes\u{3164}"}),
        json!({"username": "hobbes"}),
        json!({"username": "HOBBES"}),
        json!({"username": "hоbbes"}),
        json!({"username": ".."}),
        json!({"username": "Zoe\u{308}"}),
    ]);
    let said = import(&database, rows, &[]).badly();
    let uname = lines(&[json!({"username": "susie", "uname": "hоbbes"})]);
    import(&database, uname, &[]).badly();
    assert_eq!(users(&database), 3, "{}{}", said.out, said.err);
    let names: Vec<_> = export(&database, &["--kind", "users"])
        .rows()
        .into_iter()
        .map(|row| row["username"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["calvin", "hobbes", "Zoë"]);
    for line in [1, 2, 3, 5, 6, 7] {
        let named = format!("{line}");
        assert!(
            said.err.contains(&named) || said.out.contains(&named),
            "{line}"
        );
    }
}

#[test]
fn a_file_in_another_spelling_names_the_same_people_and_roles() {
    let database = TestDatabase::create();
    let rows = lines(&[
        json!({"kind": "roles", "name": "Café"}),
        json!({"username": "Zoë"}),
        json!({"username": "Zoe\u{308}", "roles": ["Cafe\u{301}"]}),
    ]);
    import(&database, rows, &[]).badly();
    let again = lines(&[
        json!({"kind": "roles", "name": "Cafe\u{301}"}),
        json!({"username": "Zoe\u{308}", "roles": ["Cafe\u{301}"]}),
        json!({"kind": "grants", "user": "Zoe\u{308}", "role": "Cafe\u{301}"}),
    ]);
    import(&database, again, &["--upsert-by", "username"]).well();
    assert_eq!(users(&database), 1);
}

#[test]
fn the_command_line_follows_them_too() {
    let database = TestDatabase::create();
    import(&database, lines(&[json!({"username": "calvin"})]), &[]).well();
    for name in ["Calvin", "cаlvin", "hobbes\u{3164}", ".."] {
        let said = run(&database, &["user", "add", name]);
        assert_ne!(said.code, Some(0), "{name:?}");
    }
    assert_eq!(users(&database), 1);
}

#[test]
fn the_command_line_makes_anew_who_is_in_the_trash() {
    let database = TestDatabase::create();
    run(&database, &["user", "add", "root", "--role", "admin"]).well();
    for _ in 0..2 {
        run(&database, &["user", "add", "calvin", "--role", "admin"]).well();
        run(&database, &["user", "delete", "calvin"]).well();
    }
    run(&database, &["user", "add", "calvin"]).well();
    // The living one is meant, and of several in the trash an id says which.
    run(&database, &["user", "password", "calvin"]).well();
    run(&database, &["user", "grant", "calvin", "admin"]).well();
    let said = run(&database, &["user", "restore", "calvin"]).badly();
    assert!(said.err.contains("give one of the ids"), "{}", said.err);
    let trash = run(&database, &["user", "trash"]).well();
    let ids: Vec<&str> = trash
        .out
        .lines()
        .filter_map(|row| row.split('\t').next())
        .collect();
    assert_eq!(ids.len(), 2);
    let said = run(&database, &["user", "restore", ids[0]]).badly();
    assert!(
        said.err.contains("is called \"calvin\" now"),
        "{}",
        said.err
    );
    run(
        &database,
        &["user", "restore", ids[0], "--username", "hobbes"],
    )
    .well();
    run(&database, &["user", "purge", "calvin"]).well();
    run(&database, &["check"]).well();
    assert_eq!(users(&database), 3);
}

/// People choose names: an id that was looked up leads to nobody else.
#[test]
fn an_id_in_the_trash_is_no_name_that_somebody_chose() {
    let database = TestDatabase::create();
    run(&database, &["migrate"]).well();
    run(&database, &["user", "add", "calvin"]).well();
    run(&database, &["user", "delete", "calvin"]).well();
    run(&database, &["user", "add", "1"]).well();
    run(&database, &["user", "delete", "1"]).well();
    run(&database, &["user", "restore", "1"]).well();
    let living = run(&database, &["user", "list"]).well();
    assert!(living.out.contains("calvin"), "{}", living.out);
    run(&database, &["user", "restore", "2"]).well();
}
