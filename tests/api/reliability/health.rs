//! `/health` says whether changes can be made, and why not.

use std::process::Command;

use rolecall::config::DatabaseUrl;
use rolecall::storage::Obstacle;
use serde_json::json;

use super::{World, hasty, is_503, reason, recovers, rename};
use crate::program::rolecall;
use crate::scaling::is_skipped;
use crate::support::{Cluster, TestApp, TestDatabase, eventually, is_postgres};

#[test]
fn it_says_why_no_change_can_be_made_and_that_one_can() {
    let app = TestApp::start();
    let answer = app.anonymous().get("/health").expect(200).json();
    assert_eq!(answer["meta"]["status"], "ok");
    if !is_postgres() {
        app.directory.readiness().report(Obstacle::Damaged);
        let answer = app.anonymous().get("/health").expect(503);
        let error = &answer.errors()[0];
        assert_eq!(error["code"], "unavailable");
        assert_eq!(error["detail"], "The database file is damaged.");
        assert_eq!(error["meta"], json!({"reason": "damaged"}));
    }
}

#[test]
fn a_primary_that_became_read_only_is_noticed_before_a_change_and_reads_go_on() {
    if is_skipped() {
        return;
    }
    let world = World::with(|_| {});
    let admin = world.app.admin();
    let set = |value: &str| {
        world.server.script_sql(&format!("ALTER SYSTEM {value}"));
        world.server.script_sql("SELECT pg_reload_conf()");
    };
    for _ in 0..2 {
        assert!(reason(&world.app).is_null());
        set("SET default_transaction_read_only = on");
        eventually("it is noticed", || reason(&world.app) == "read_only");
        admin.get("/users").expect(200);
        is_503(&rename(&admin, "x"));
        set("RESET default_transaction_read_only");
        recovers_once(&world.app);
    }
}

fn recovers_once(app: &TestApp) {
    eventually("it is ready", || reason(app).is_null());
    let admin = app.admin();
    eventually("changes work", || rename(&admin, "Back").status == 200);
}

#[test]
fn a_demoted_primary_is_noticed_and_a_start_at_it_fails_with_a_sentence() {
    if is_skipped() {
        return;
    }
    let world = World::with(hasty);
    let standby = world.server.replica();
    world.proxy.lead_to(standby.port());
    eventually("it is noticed", || reason(&world.app) == "standby");
    let admin = world.app.admin();
    eventually("reads go on", || admin.get("/users").status == 200);
    is_503(&rename(&admin, "x"));
    let said = rolecall(
        &TestDatabase::create(),
        &["serve", "--listen", "127.0.0.1:0"],
    )
    .env("DATABASE_URL", &standby.address)
    .env("ROLECALL_DATABASE_START_WAIT_SECONDS", "0")
    .output()
    .unwrap();
    let complaint = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(1), "{complaint}");
    assert!(
        complaint.contains("is a standby and takes no changes"),
        "{complaint}"
    );
    world.proxy.lead_to(world.server.port());
    recovers(&world.app);
}

#[test]
fn of_several_servers_the_one_that_takes_changes_is_found_without_a_restart() {
    if is_skipped() {
        return;
    }
    let primary = Cluster::start();
    let standby = primary.replica();
    let app = TestApp::with(|settings| {
        let address = format!(
            "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/postgres?target_session_attrs=read-write",
            primary.port(),
            standby.port()
        );
        settings.database.url = DatabaseUrl::parse(&address).unwrap();
        hasty(settings);
    });
    rename(&app.admin(), "before").expect(200);
    eventually("the standby has all", || {
        standby.has("SELECT 1 FROM users WHERE name = 'before'")
    });
    // Not even an answer that it is gone.
    let frozen = primary.frozen();
    standby.script_sql("SELECT pg_promote()");
    recovers(&app);
    drop(frozen);
}

#[test]
fn a_file_that_cannot_be_written_is_noticed_before_a_change() {
    if is_postgres() {
        eprintln!("SKIPPED: PostgreSQL has no file of ours");
        return;
    }
    let folder = std::env::temp_dir().join(format!("rolecall_test_ro_{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("rolecall.db");
    let first = TestApp::with(|settings| {
        let address = format!("sqlite://{}", path.display());
        settings.database.url = DatabaseUrl::parse(&address).unwrap();
    });
    let is_mounted = Command::new("mount")
        .args(["-o", "bind"])
        .arg(&folder)
        .arg(&folder)
        .status()
        .is_ok_and(|status| status.success());
    if is_mounted {
        let remount = ["-o", "remount,ro,bind"];
        assert!(
            Command::new("mount")
                .args(remount)
                .arg(&folder)
                .status()
                .unwrap()
                .success()
        );
        // A process that starts now cannot write.
        let other = first.another();
        eventually("it is noticed", || reason(&other) == "read_only");
        other.admin().get("/users").expect(200);
        is_503(&rename(&other.admin(), "x"));
        drop(other);
        assert!(
            Command::new("umount")
                .args(["-l"])
                .arg(&folder)
                .status()
                .unwrap()
                .success()
        );
    } else {
        eprintln!("SKIPPED: no right to mount");
    }
    drop(first);
    std::fs::remove_dir_all(folder).unwrap();
}
