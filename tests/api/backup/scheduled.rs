//! Backups that the service makes by itself, by `backup.every`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::program::rolecall;
use crate::start_stop::Logged;
use crate::support::{TestApp, TestDatabase, TestFolder, a_new, eventually, is_postgres};

/// The files of the folder, by name.
fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Complete backups, the oldest first.
fn backups(folder: &Path) -> Vec<String> {
    let mut names = files(folder);
    names.retain(|name| name.ends_with(".db"));
    names
}

/// A service whose clock the test moves.
fn app(folder: &TestFolder, every_hours: u64, keep: usize) -> TestApp {
    TestApp::with(|settings| {
        settings.backup.every = Some(Duration::from_secs(every_hours * 3600));
        settings.backup.keep = keep;
        settings.backup.folder = Some(folder.path().to_owned());
    })
}

fn health(app: &TestApp) -> serde_json::Value {
    app.anonymous().get("/health").expect(200).json()["meta"]["backup"].clone()
}

#[test]
fn a_backup_is_complete_checked_and_has_its_hash() {
    if is_postgres() {
        return;
    }
    let folder = TestFolder::create();
    let app = app(&folder, 24, 7);
    app.admin()
        .post(
            "/users",
            &a_new(
                "users",
                json!({"username": "hobbes", "password": "tulip-1637"}),
            ),
        )
        .expect(201);
    let name = "rolecall-20260102T030405Z.db";
    eventually("there is a backup", || health(&app)["status"] == "ok");
    assert_eq!(
        files(folder.path()),
        [name.to_owned(), format!("{name}.sha256")]
    );
    assert_eq!(health(&app)["last"], "2026-01-02T03:04:05+00:00");
    let verified = Command::new("sha256sum")
        .args(["--check", "--strict", &format!("{name}.sha256")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let address = format!("sqlite://{}", folder.path().join(name).display());
    let checked = rolecall(&app.database, &["--database", &address, "check"])
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
    let listed = rolecall(&app.database, &["--database", &address, "user", "list"])
        .output()
        .unwrap();
    assert!(String::from_utf8(listed.stdout).unwrap().contains("hobbes"));
}

#[test]
fn backups_are_made_when_they_are_due_and_the_newest_are_kept() {
    if is_postgres() {
        return;
    }
    let folder = TestFolder::create();
    let foreign = folder.path().join("rolecall.db.mine");
    fs::write(&foreign, "mine").unwrap();
    let app = app(&folder, 24, 2);
    let at = ["20260102T030405Z", "20260103T030405Z", "20260104T030405Z"];
    for (day, moment) in at.iter().enumerate() {
        if day > 0 {
            app.advance(24 * 3600);
        }
        let name = format!("rolecall-{moment}.db");
        eventually("the next is there", || {
            backups(folder.path()).contains(&name)
        });
    }
    let kept = at[1..].iter().map(|moment| format!("rolecall-{moment}.db"));
    let kept: Vec<String> = kept.collect();
    eventually("the oldest is gone", || backups(folder.path()) == kept);
    eventually("its hash is gone", || files(folder.path()).len() == 5);
    assert!(foreign.exists());
}

#[test]
fn a_restart_makes_none_too_many() {
    if is_postgres() {
        return;
    }
    let folder = TestFolder::create();
    let first = app(&folder, 24, 7);
    eventually("the first is there", || health(&first)["status"] == "ok");
    let again = first.another();
    eventually("it knows of the last", || health(&again)["status"] == "ok");
    assert_eq!(health(&again)["last"], "2026-01-02T03:04:05+00:00");
    assert_eq!(backups(folder.path()).len(), 1);
}

#[test]
fn what_a_killed_service_left_is_cleared_away() {
    if is_postgres() {
        return;
    }
    let folder = TestFolder::create();
    for name in [
        "rolecall-20260101T000000Z.db.unchecked",
        "rolecall-20260101T000000Z.db.unchecked-wal",
        "rolecall-20260101T000000Z.db.unchecked.rolecall-0123abcd.partial",
    ] {
        fs::write(folder.path().join(name), "half").unwrap();
    }
    let app = app(&folder, 24, 7);
    eventually("there is a backup", || health(&app)["status"] == "ok");
    assert_eq!(files(folder.path()).len(), 2, "{:?}", files(folder.path()));
}

#[test]
fn a_failure_is_logged_and_told_and_the_service_stays_ready() {
    if is_postgres() {
        return;
    }
    let (database, folder) = (TestDatabase::create(), TestFolder::create());
    let missing: PathBuf = folder.path().join("missing");
    let program = Logged::serving(
        &database,
        &[
            ("ROLECALL_BACKUP_EVERY", "1s"),
            ("ROLECALL_BACKUP_FOLDER", missing.to_str().unwrap()),
        ],
    );
    let client = crate::support::Client::new(&format!("http://{}", program.address), None);
    eventually("it is told", || {
        client.get("/health").expect(200).json()["meta"]["backup"]["status"] == "failed"
    });
    assert!(
        program.log().contains("could not make a backup"),
        "{}",
        program.log()
    );
    client.get("/health/ready").expect(200);
    fs::create_dir(&missing).unwrap();
    eventually("the next one succeeds", || {
        client.get("/health").expect(200).json()["meta"]["backup"]["status"] == "ok"
    });
}

#[test]
fn a_schedule_needs_sqlite_and_a_folder() {
    let database = TestDatabase::create();
    let output = rolecall(&database, &["check"])
        .env("ROLECALL_BACKUP_EVERY", "24h")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    let expected = match is_postgres() {
        true => "backup.every: needs SQLite",
        false => "backup.folder: is needed with backup.every",
    };
    assert!(complaint.contains(expected), "{complaint}");
}
