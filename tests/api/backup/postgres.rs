//! PostgreSQL's own copies, as docs/guides/backup.md tells to make them: what was
//! acknowledged before one was begun is in it, and it is a directory that works.

use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use crate::bulk::run;
use crate::program::Running;
use crate::support::{Beside, Cluster, TestDatabase, a_new, eventually, is_postgres};

/// One of the server's programs, of the newest version that is there.
pub fn server_program(name: &str) -> Command {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let programs = versions
        .flatten()
        .map(|version| version.path().join("bin").join(name));
    let newest = programs.filter(|path| path.exists()).max();
    Command::new(newest.unwrap_or_else(|| PathBuf::from(name)))
}

#[track_caller]
pub fn done(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// Lets somebody make users until `work` is done; how many were acknowledged
/// before it was begun.
fn beside_changes(database: &TestDatabase, work: impl FnOnce()) -> i64 {
    let service = Running::start(database);
    let (is_over, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let admin = service.admin();
            while !is_over.load(Ordering::Acquire) {
                make(&admin, &format!("person{}", count.load(Ordering::Acquire)));
                count.fetch_add(1, Ordering::AcqRel);
            }
        });
        eventually("some were made", || count.load(Ordering::Acquire) > 10);
        let acknowledged = count.load(Ordering::Acquire);
        work();
        is_over.store(true, Ordering::Release);
        i64::try_from(acknowledged).unwrap()
    })
}

fn make(admin: &crate::support::Client, username: &str) {
    let attributes = json!({"username": username, "password": "tulip-1637"});
    admin
        .post("/users", &a_new("users", attributes))
        .expect(201);
}

/// That a restored directory has the first so many people, is sound, and takes changes.
fn is_whole(database: &TestDatabase, people: i64) {
    run(database, &["check"]).well();
    assert!(Beside::count(database, "users", "username LIKE 'person%'") >= people);
    // One event for each of them.
    let events = Beside::count(
        database,
        "events",
        "subject_type = 'users' AND verb = 'create'",
    );
    assert_eq!(events, Beside::count(database, "users", "true"));
    let refusal = Beside::refusal(database, "DELETE FROM events");
    assert!(refusal.contains("append-only"), "{refusal}");
    make(&Running::start(database).admin(), "afterwards");
    run(database, &["check"]).well();
}

/// For one test's files; goes with it.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn create() -> Self {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).unwrap();
        let name = format!("rolecall_dumps_{:x}", u64::from_le_bytes(random));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn dumps_of_each_format_beside_changes_are_whole() {
    if !is_postgres() {
        return;
    }
    let folder = Folder::create();
    for format in ["custom", "plain", "directory"] {
        let database = TestDatabase::create();
        let file = folder.0.join(format);
        let people = beside_changes(&database, || {
            let mut dump = server_program("pg_dump");
            done(
                dump.arg(format!("--format={format}"))
                    .arg("--file")
                    .arg(&file)
                    .arg(database.address()),
            );
        });
        let other = TestDatabase::create();
        done(&mut match format {
            "plain" => {
                let mut psql = server_program("psql");
                psql.args(["--set", "ON_ERROR_STOP=1", "--quiet", "--file"]);
                psql.arg(&file).arg(other.address());
                psql
            }
            _ => {
                let mut restore = server_program("pg_restore");
                restore
                    .args(["--exit-on-error", "--dbname", &other.address()])
                    .arg(&file);
                restore
            }
        });
        is_whole(&other, people);
    }
}

/// As docs/guides/backup.md says it.
const EMPTIED: &str = "TRUNCATE roles, grant_rules, secrets, credential_versions, \
    event_pruning, __diesel_schema_migrations CASCADE";

#[test]
fn rows_alone_go_into_a_database_that_has_been_migrated() {
    if !is_postgres() {
        return;
    }
    let (folder, database) = (Folder::create(), TestDatabase::create());
    let file = folder.0.join("rows");
    // A month that the other database does not have.
    run(&database, &["migrate"]).well();
    database.execute("SELECT add_event_month('2020-01-01')");
    database.execute(
        "INSERT INTO events (at, verb, subject_type, subject_id, request_id)
         VALUES ('2020-01-05T00:00:00+00:00', 'create', 'roles', 1, 'a')",
    );
    run(&database, &["generate", "--users", "300"]).well();
    let people = beside_changes(&database, || {
        let mut dump = server_program("pg_dump");
        dump.args(["--format=custom", "--load-via-partition-root", "--file"]);
        done(dump.arg(&file).arg(database.address()));
    });
    let other = TestDatabase::create();
    run(&other, &["migrate"]).well();
    let documented = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides/backup.md"),
    );
    assert!(documented.unwrap().contains(EMPTIED));
    other.execute(EMPTIED);
    let mut restore = server_program("pg_restore");
    restore.env("PGOPTIONS", "-c session_replication_role=replica");
    restore.args(["--data-only", "--single-transaction"]);
    done(restore.args(["--dbname", &other.address()]).arg(&file));
    assert_eq!(Beside::count(&other, "events", "at < '2021'"), 1);
    let generated = 300;
    run(&other, &["check"]).well();
    assert!(Beside::count(&other, "users", "true") >= people + generated);
    make(&Running::start(&other).admin(), "afterwards");
    run(&other, &["check"]).well();
}

/// The directory on a server of the test's own, which goes without being emptied.
fn on(cluster: &Cluster) -> ManuallyDrop<TestDatabase> {
    ManuallyDrop::new(TestDatabase::Postgres {
        server: cluster.address.clone(),
        name: "rolecall".to_owned(),
    })
}

#[test]
fn a_server_is_recovered_to_a_point_in_time_from_a_base_backup_and_the_archive() {
    if !is_postgres() {
        return;
    }
    let cluster = Cluster::start();
    cluster.archive();
    cluster.execute("CREATE DATABASE rolecall");
    let database = on(&cluster);
    let before = beside_changes(&database, || cluster.back_up());
    let service = Running::start(&database);
    make(&service.admin(), "person-after-the-backup");
    // The next change is at a later time than this, by the server's own clock.
    let (_, time) = (cluster.execute("SELECT pg_sleep(0.01)"), now(&database));
    cluster.execute("SELECT pg_sleep(0.01)");
    make(&service.admin(), "person-too-many");
    run(&database, &["user", "delete", "person0", "--purge"]).well();
    drop(service);
    cluster.execute("SELECT pg_switch_wal()");
    let archived = "last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 16777216)";
    eventually("the log is archived", || {
        Beside::count(&database, "pg_stat_archiver", archived) == 1
    });
    cluster.halt();
    let recovered = cluster.recover(Some(&time));
    let there = on(&recovered);
    let named = |name: &str| Beside::count(&there, "users", &format!("username = '{name}'"));
    assert_eq!(named("person-after-the-backup"), 1);
    assert_eq!(named("person-too-many"), 0);
    assert_eq!(named("person0"), 1, "its deletion is undone");
    is_whole(&there, before + 1);
    // The backup alone is a directory, too.
    let alone = cluster.recover(Some("backup"));
    is_whole(&on(&alone), before);
    // Without a time it is all that was archived.
    let last = cluster.recover(None);
    let there = on(&last);
    let named = |name: &str| Beside::count(&there, "users", &format!("username = '{name}'"));
    assert_eq!((named("person-too-many"), named("person0")), (1, 0));
    run(&there, &["check"]).well();
}

/// As `recovery_target_time` takes it: microseconds since 1970 would not do.
fn now(database: &TestDatabase) -> String {
    let micros = Beside::number(
        database,
        "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
        "event_pruning",
        "id = 1",
    );
    let time = chrono::DateTime::from_timestamp_micros(micros).unwrap();
    time.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string()
}
