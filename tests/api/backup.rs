//! `rolecall backup` and `rolecall restore`: a copy of one moment of an SQLite
//! database in use, and the way back. PostgreSQL has tools of its own.

pub mod postgres;
mod scheduled;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::program::{Running, rolecall};
use crate::support::{Answer, TestDatabase, a_new, eventually, is_postgres};

/// A database in a folder of its own, and what the commands say about it.
struct Place {
    database: TestDatabase,
}

impl Place {
    fn new() -> Self {
        Self {
            database: TestDatabase::create(),
        }
    }

    /// `None` in the run on PostgreSQL, which is backed up with its own tools.
    fn on_sqlite() -> Option<Self> {
        (!is_postgres()).then(Self::new)
    }

    fn back_up(&self) -> PathBuf {
        let copy = self.beside("copy.db");
        self.does(&["backup", shown(&copy)]);
        copy
    }

    fn file(&self) -> PathBuf {
        PathBuf::from(self.database.address().replace("sqlite://", ""))
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.file().with_file_name(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        rolecall(&self.database, arguments).output().unwrap()
    }

    #[track_caller]
    fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = text(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        text(&output.stdout)
    }

    #[track_caller]
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        format!("{}{}", text(&output.stdout), text(&output.stderr))
    }

    fn export(&self) -> String {
        self.does(&["export", "--with-password-hashes"])
    }
}

fn total(answer: &Answer) -> u64 {
    answer.json()["meta"]["pagination"]["count"]
        .as_u64()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn log_of(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", path.display()))
}

#[test]
fn a_backup_beside_changes_has_all_that_was_acknowledged_before_it() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    let service = Running::start(&place.database);
    let copy = place.beside("copy.db");
    let is_over = AtomicBool::new(false);
    let acknowledged = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let admin = service.admin();
            let mut names = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let name = format!("person{}", names.len());
                admin
                    .post(
                        "/users",
                        &a_new("users", json!({"username": name, "password": "tulip-1637"})),
                    )
                    .expect(201);
                names.push(name);
            }
            names.len()
        });
        let before = {
            let admin = service.admin();
            eventually("some were made", || {
                total(&admin.get("/users").expect(200)) > 20
            });
            total(&admin.get("/users").expect(200))
        };
        let said = place.does(&["backup", shown(&copy)]);
        assert!(said.contains("checked"), "{said}");
        is_over.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() as u64 >= before - 1);
        before
    });
    drop(service);
    let other = Place::new();
    other.does(&["restore", shown(&copy)]);
    let users = other
        .does(&["user", "list", "--limit", "100000"])
        .lines()
        .count() as u64;
    assert!(users >= acknowledged, "{users} of {acknowledged}");
    other.does(&["check"]);
}

#[test]
fn what_is_restored_is_what_was_backed_up() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    place.does(&["generate", "--users", "300"]);
    place.does(&["user", "add", "keeper"]);
    place.does(&["user", "add", "gone"]);
    let token = place.does(&["token", "create", "keeper", "--name", "t"]);
    place.does(&["user", "delete", "gone"]);
    let before = place.export();
    let copy = place.back_up();
    let other = Place::new();
    other.does(&["restore", shown(&copy)]);
    assert_eq!(other.export(), before);
    // What an export leaves behind is there, too.
    let service = Running::start(&other.database);
    service.token(token.trim()).get("/home").expect(200);
    assert_eq!(total(&service.admin().get("/trash/users").expect(200)), 1);
}

#[test]
fn a_backup_is_for_its_owner_only_and_replaces_nothing() {
    if is_postgres() {
        return;
    }
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.does(&["migrate"]);
    let copy = place.back_up();
    let mode = fs::metadata(&copy).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let bytes = fs::read(&copy).unwrap();
    assert!(
        place
            .fails(&["backup", shown(&copy)])
            .contains("exists already")
    );
    assert_eq!(fs::read(&copy).unwrap(), bytes);
    let nowhere = place.beside("no/such/folder.db");
    place.fails(&["backup", shown(&nowhere)]);
    // A failure leaves no half of a copy.
    let names = fs::read_dir(place.file().parent().unwrap()).unwrap();
    let partial = |name: &str| name.ends_with(".partial");
    assert!(
        !names
            .flatten()
            .any(|entry| partial(entry.file_name().to_str().unwrap()))
    );
}

impl Place {
    /// Names in the folder that contain this.
    fn named(&self, part: &str) -> Vec<String> {
        let names = fs::read_dir(self.file().parent().unwrap()).unwrap();
        let names = names.flatten().map(|entry| entry.file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| name.contains(part));
        names.sort();
        names
    }
}

#[test]
fn what_a_killed_backup_left_goes_with_the_next_one() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    place.does(&["generate", "--users", "5000"]);
    let mut left = Vec::new();
    for number in 0..50 {
        let copy = place.beside(&format!("killed{number}.db"));
        let mut child = rolecall(&place.database, &["backup", shown(&copy)])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The one of this name: what was left before goes as it begins.
        let begun = || place.named(&format!("killed{number}.db.rolecall-"));
        while begun().is_empty() && child.try_wait().unwrap().is_none() {}
        child.kill().unwrap();
        child.wait().unwrap();
        left = begun();
        if !left.is_empty() {
            break;
        }
    }
    assert!(!left.is_empty(), "no backup was killed in the middle");
    let output = place.run(&["backup", shown(&place.beside("next.db"))]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("left by a process that was killed"));
    assert_eq!(place.named(".partial"), [""; 0]);
    let left: Vec<&String> = left
        .iter()
        .filter(|name| place.beside(name).exists())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn nothing_else_is_taken_for_left_over() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    place.does(&["migrate"]);
    let (left, kept) = (
        [
            "a.db.rolecall-0123abcd.partial",
            "a.db.rolecall-0123abcd.partial-journal",
            "a.db.restoring-0123abcd",
            "a.db.restoring-0123abcd-wal",
        ],
        [
            "a.db.partial",
            "a.db.rolecall-0123abcd",
            "a.db.rolecall-0123ABCD.partial",
            "a.db.restoring-x",
            "busy.db.rolecall-0123abcd.partial",
        ],
    );
    for name in left.iter().chain(&kept) {
        fs::write(place.beside(name), "").unwrap();
    }
    let folder = place.beside("folder.db.rolecall-0123abcd.partial");
    fs::create_dir(&folder).unwrap();
    let link = place.beside("link.db.rolecall-0123abcd.partial");
    std::os::unix::fs::symlink(place.beside("a.db.partial"), &link).unwrap();
    // Another process is at it.
    let busy = fs::File::open(place.beside(kept[4])).unwrap();
    busy.lock().unwrap();
    let copy = place.back_up();
    place.does(&["restore", shown(&copy), "--replace"]);
    for name in left {
        assert!(!place.beside(name).exists(), "{name}");
    }
    for name in kept {
        assert!(place.beside(name).exists(), "{name}");
    }
    assert!(folder.exists() && link.is_symlink());
    drop(busy);
    place.does(&["restore", shown(&copy), "--replace"]);
    assert!(!place.beside(kept[4]).exists());
}

#[test]
fn a_database_in_use_or_alive_is_not_replaced_unasked() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    place.does(&["generate", "--users", "10"]);
    let copy = place.back_up();
    place.does(&["user", "add", "later"]);
    let before = place.export();
    assert!(
        place
            .fails(&["restore", shown(&copy)])
            .contains("--replace")
    );
    let service = Running::start(&place.database);
    let replace = ["restore", shown(&copy), "--replace"];
    assert!(place.fails(&replace).contains("stop the service"));
    service.admin().get("/users").expect(200);
    drop(service);
    let with_admin = place.export();
    assert!(with_admin.len() > before.len());
    let said = place.does(&replace);
    let kept = said.split("what was there is ").nth(1).unwrap().trim();
    assert!(!place.export().contains("later"));
    // What was there can be had again.
    let back = ["restore", kept, "--replace"];
    place.does(&back);
    assert_eq!(place.export(), with_admin);
}

#[test]
fn a_damaged_database_is_not_replaced_while_it_may_be_in_use() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    place.does(&["generate", "--users", "10"]);
    let copy = place.back_up();
    let mut damaged = fs::read(place.file()).unwrap();
    damaged[..100].fill(0);
    fs::write(place.file(), damaged).unwrap();
    // As a service has it beside its file.
    let index = format!("{}-shm", shown(&place.file()));
    fs::write(&index, "").unwrap();
    let replace = ["restore", shown(&copy), "--replace"];
    assert!(place.fails(&replace).contains("may be in use"));
    fs::remove_file(index).unwrap();
    place.does(&replace);
    place.does(&["check"]);
}

#[test]
fn a_link_to_the_database_stays_a_link() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    place.does(&["generate", "--users", "10"]);
    let real = place.beside("real.db");
    let copy = place.back_up();
    let before = place.export();
    place.does(&["user", "add", "later"]);
    fs::rename(place.file(), &real).unwrap();
    std::os::unix::fs::symlink(&real, place.file()).unwrap();
    place.does(&["restore", shown(&copy), "--replace"]);
    assert!(place.file().is_symlink());
    assert_eq!(place.export(), before);
    fs::remove_file(&real).unwrap();
    assert!(
        place
            .fails(&["restore", shown(&copy)])
            .contains("leads nowhere")
    );
}

#[test]
fn of_restores_at_the_same_time_one_leaves_its_directory() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    place.does(&["generate", "--users", "10"]);
    let copy = place.back_up();
    let before = place.export();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| place.run(&["restore", shown(&copy), "--replace"]));
        }
    });
    assert_eq!(place.export(), before);
    let names = fs::read_dir(place.file().parent().unwrap()).unwrap();
    let is_left = |name: &str| name.contains("restoring");
    assert!(
        !names
            .flatten()
            .any(|entry| is_left(entry.file_name().to_str().unwrap()))
    );
}

#[test]
fn what_is_damaged_or_foreign_is_not_restored() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    place.does(&["generate", "--users", "300"]);
    let before = place.export();
    let copy = place.back_up();
    let sound = fs::read(&copy).unwrap();
    let mut damaged = sound.clone();
    let middle = damaged.len() / 2 / 4096 * 4096;
    damaged[middle..middle + 4096].fill(0);
    let cut = sound[..sound.len() / 2].to_vec();
    for (name, bytes) in [
        ("damaged.db", damaged),
        ("cut.db", cut),
        ("empty.db", Vec::new()),
        ("text.db", b"users and roles".to_vec()),
    ] {
        let file = place.beside(name);
        fs::write(&file, bytes).unwrap();
        place.fails(&["restore", shown(&file), "--replace"]);
        assert_eq!(place.export(), before, "{name}");
    }
    place.fails(&["restore", shown(&place.beside("nothing.db")), "--replace"]);
    assert_eq!(place.export(), before);
}

#[test]
fn after_a_clean_stop_the_file_alone_is_the_directory() {
    if is_postgres() {
        return;
    }
    for signal in ["-TERM", "-INT"] {
        let place = Place::new();
        let mut service = Running::start(&place.database);
        let admin = service.admin();
        for number in 0..50 {
            let name = format!("person{number}");
            admin
                .post(
                    "/users",
                    &a_new("users", json!({"username": name, "password": "tulip-1637"})),
                )
                .expect(201);
        }
        service.signal(signal);
        assert!(service.child.wait().unwrap().success());
        assert!(!log_of(&place.file()).exists(), "{signal}");
        let other = Place::new();
        fs::copy(place.file(), other.file()).unwrap();
        assert_eq!(
            other
                .does(&["user", "list", "--limit", "100"])
                .lines()
                .count(),
            51
        );
    }
}

#[test]
fn a_check_sees_a_damaged_file_and_looks_at_the_rest() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    place.does(&["generate", "--users", "300"]);
    let copy = place.back_up();
    assert!(place.does(&["check"]).starts_with("file: right\n"));
    let sound = fs::read(&copy).unwrap();
    // Each page behind the first in turn.
    for page in (1..sound.len() / 4096).step_by(7) {
        let mut damaged = sound.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0);
        let other = Place::new();
        fs::write(other.file(), damaged).unwrap();
        let said = other.fails(&["check"]);
        assert!(said.contains("restore a backup"), "page {page}: {said}");
    }
}

#[test]
fn tables_of_a_newer_version_are_not_touched() {
    let place = Place::new();
    place.does(&["migrate"]);
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20300101000000')";
    place.database.execute(newer);
    for command in [
        &["serve"][..],
        &["migrate"],
        &["user", "list"],
        &["export"],
        &["check"],
    ] {
        let said = place.fails(command);
        assert!(
            said.contains("newer version of rolecall"),
            "{command:?}: {said}"
        );
    }
}

#[test]
fn a_backup_of_a_newer_version_is_refused_by_its_name_and_replaces_nothing() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    place.does(&["migrate"]);
    let copy = place.back_up();
    let before = fs::read(place.file()).unwrap();
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20300101000000')";
    place.database.execute(newer);
    let newer = place.beside("newer.db");
    fs::rename(place.file(), &newer).unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = fs::rename(
            place.beside(&format!("rolecall.db{suffix}")),
            place.beside(&format!("newer.db{suffix}")),
        );
    }
    fs::write(place.file(), &before).unwrap();
    let said = place.fails(&["restore", shown(&newer), "--replace"]);
    let wanted = format!(
        "rolecall: {}: a newer version of rolecall has changed its tables (migration 20300101000000): use that version, or restore a backup from before it\n",
        shown(&newer)
    );
    assert_eq!(said, wanted);
    assert_eq!(fs::read(place.file()).unwrap(), before);
    place.does(&["restore", shown(&copy), "--replace"]);
}

#[test]
fn a_server_of_postgresql_is_copied_with_its_own_tools() {
    if !is_postgres() {
        return;
    }
    let place = Place::new();
    for command in [&["backup", "/tmp/never.db"], &["restore", "/tmp/never.db"]] {
        let output = place.run(command);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("pg_dump"));
    }
}
