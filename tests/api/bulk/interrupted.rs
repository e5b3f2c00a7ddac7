//! An import that is killed, and goes on.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use super::{Scratch, export, run, users};
use crate::program::rolecall;
use crate::support::{Beside, TestDatabase};

const ALL: usize = 4000;
const BATCH: i64 = 100;

fn text(users: usize) -> String {
    (0..users)
        .map(|number| {
            let row = json!({
                "username": format!("user{number:05}"),
                "full_name": format!("User with the number {number}"),
                "roles": ["admin"],
            });
            format!("{row}\n")
        })
        .collect()
}

#[test]
fn what_a_killed_import_committed_is_whole_and_resume_does_the_rest() {
    let database = TestDatabase::migrated();
    run(&database, &["migrate"]).well();
    let mut child = rolecall(&database, &["import", "-", "--batch", &BATCH.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The pipe stays open: the import waits for the rest and cannot end by itself.
    let mut input = child.stdin.take().unwrap();
    input.write_all(text(ALL * 3 / 4).as_bytes()).unwrap();
    input.flush().unwrap();
    while users(&database) < 5 * BATCH {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let committed = users(&database);
    assert_eq!(committed % BATCH, 0, "{committed}");
    assert!(committed < i64::try_from(ALL).unwrap());
    let held = Beside::count(&database, "grants", "role_id = 1");
    assert_eq!(
        held, committed,
        "nobody is without the role of the same row"
    );
    run(&database, &["check"]).well();

    let file = Scratch::file(&text(ALL));
    let said = run(&database, &["import", file.path(), "--resume"]).well();
    let rest = i64::try_from(ALL).unwrap() - committed;
    assert!(
        said.out.contains(&format!("users: {rest} created")),
        "{}",
        said.out
    );
    assert_eq!(export(&database, &["--kind", "users"]).rows().len(), ALL);
    run(&database, &["check"]).well();

    let again = run(&database, &["import", file.path(), "--resume"]).well();
    assert_eq!(again.out, "", "there is nothing left");
}

#[test]
fn another_file_that_begins_alike_is_not_gone_on_with() {
    let database = TestDatabase::migrated();
    let first = Scratch::file(&text(ALL));
    run(&database, &["import", first.path()]).well();
    let other = Scratch::file(&text(ALL).replace("user03999", "user0x999"));
    let said = run(&database, &["import", other.path(), "--resume"]).badly();
    assert!(
        said.err.contains("is not what was imported"),
        "{}",
        said.err
    );
}
