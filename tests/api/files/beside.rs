//! Commands beside the service: those that read wait for nobody, those that change
//! much let others in between.

use std::io::Write;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::bulk::run;
use crate::program::{Running, rolecall};
use crate::support::{Beside, TestDatabase, changes};

#[test]
fn commands_that_read_do_not_wait_for_who_writes() {
    let database = TestDatabase::create();
    run(&database, &["generate", "--users", "200"]).well();
    run(&database, &["user", "add", "calvin", "--role", "admin"]).well();
    // Its first start makes the keys that sign.
    drop(Running::start(&database));
    let folder = std::env::temp_dir().join(crate::support::unique("rolecall-beside-"));
    let backup = folder.with_extension("db");
    let lock = Beside::lock(&database);
    for arguments in [
        &["user", "list"][..],
        &["user", "trash"],
        &["token", "list"],
        &["export"],
        &["check"],
        &["mail", "status"],
        &["migrate"],
        &[
            "audit",
            "prune",
            "--before",
            "2020-01-01T00:00:00Z",
            "--dry-run",
        ],
    ] {
        run(&database, arguments).well();
    }
    if let TestDatabase::Sqlite { .. } = database {
        run(&database, &["backup", backup.to_str().unwrap()]).well();
        let _ = std::fs::remove_file(&backup);
    }
    // Nor does a start, which then serves what reads.
    let service = Running::start(&database);
    service.admin().get("/health");
    lock.roll_back();
}

#[test]
fn an_import_without_end_lets_changes_of_the_service_through() {
    let database = TestDatabase::create();
    let service = Running::start(&database);
    let admin = service.admin();
    let mut import = rolecall(&database, &["import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut rows = import.stdin.take().unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !is_over.load(Ordering::Relaxed) {
                number += 1;
                let row = json!({"username": format!("row{number}"), "roles": ["admin"]});
                rows.write_all(format!("{row}\n").as_bytes()).unwrap();
            }
            drop(rows);
        });
        while Beside::count(&database, "users", "1 = 1") < 100 {
            std::thread::yield_now();
        }
        for number in 0..30 {
            let name = format!("Name {number}");
            let change = changes("users", "1", json!({"name": name}));
            admin.patch("/users/1", &change).expect(200);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(import.wait().unwrap().success());
    drop(service);
    run(&database, &["check"]).well();
}
