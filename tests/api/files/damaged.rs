//! A page of each table and each index damaged in turn: `check` sees it, requests
//! are 503 where they meet it, and `/health` tells.

use std::fs;
use std::path::Path;

use super::{Place, is_not_ready, lines_of};
use crate::program::Running;
use crate::support::{Client, eventually};

/// A directory in which each table that people fill has rows; by itself in its file.
fn filled() -> Option<(Place, Vec<u8>)> {
    let place = Place::on_sqlite()?;
    place.does(&["generate", "--users", "300", "--seed", "3"]);
    place.does(&["user", "add", "calvin", "--role", "admin"]);
    place.does(&["token", "create", "calvin", "--name", "t"]);
    place.does(&["user", "add", "hobbes"]);
    place.does(&["user", "delete", "hobbes"]);
    // The first start makes the keys that sign.
    drop(Running::start(&place.database));
    let copy = place.beside("sound.db");
    place.does(&["backup", copy.to_str().unwrap()]);
    let sound = fs::read(copy).unwrap();
    Some((place, sound))
}

/// Each table and index, with its last page that holds entries.
fn pages(file: &Path) -> Vec<(String, u32)> {
    let connection = rusqlite::Connection::open(file).unwrap();
    let mut last = connection
        .prepare(
            "SELECT name, max(pageno) FROM dbstat WHERE pagetype = 'leaf' AND ncell > 0 GROUP BY name",
        )
        .unwrap();
    let rows = last.query_map((), |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

fn with_page(sound: &[u8], page: u32, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut damaged = sound.to_vec();
    let page = page as usize;
    change(&mut damaged[(page - 1) * 4096..page * 4096]);
    damaged
}

/// Eight bits, here and there.
fn flip(bytes: &mut [u8]) {
    for number in 0..8 {
        bytes[number * 509 % 4096] ^= 1 << number;
    }
}

/// Puts this file in the place of the database; nobody has it open.
fn put(place: &Place, bytes: &[u8]) {
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(place.part(suffix));
    }
    fs::write(place.file(), bytes).unwrap();
}

fn sqlite_finds_damage(place: &Place) -> bool {
    let connection = rusqlite::Connection::open(place.file()).unwrap();
    let found = connection.query_row("PRAGMA integrity_check", (), |row| row.get::<_, String>(0));
    found.is_ok_and(|found| found != "ok") || {
        let again =
            connection.query_row("PRAGMA integrity_check", (), |row| row.get::<_, String>(0));
        again.is_err()
    }
}

#[test]
fn a_check_calls_no_file_right_that_has_a_damaged_page() {
    let Some((place, sound)) = filled() else {
        return;
    };
    put(&place, &sound);
    assert!(place.does(&["check"]).starts_with("file: right\n"));
    let pages = pages(&place.file());
    assert!(pages.len() > 40, "{pages:?}");
    for (name, page) in pages {
        put(&place, &with_page(&sound, page, |bytes| bytes.fill(0)));
        let said = place.fails(&["check"]);
        assert!(!said.contains("file: right"), "{name}: {said}");
        assert!(said.contains("restore a backup"), "{name}: {said}");
        // The root of all other names cannot name itself.
        let is_named = said.contains(&name) || name == "sqlite_schema";
        assert!(is_named, "{name}: {said}");
        put(&place, &with_page(&sound, page, flip));
        if sqlite_finds_damage(&place) {
            assert!(place.fails(&["check"]).contains("file: "), "{name}");
        }
    }
}

const READS: &[&str] = &[
    "/users?page[size]=100&include=roles,partner",
    "/users?q=calvin",
    "/users?sort=-username&page[number]=2",
    "/roles?include=includes",
    "/grants?page[size]=100&include=user,role,workspace,cluster",
    "/workspaces",
    "/clusters?include=partners",
    "/partners?page[size]=100",
    "/tokens",
    "/sign-ins",
    "/grant-rules",
    "/events?page[size]=100",
    "/trash/users",
    "/api/user",
    "/api/admin/users/",
    "/api/id-management/users/",
    "/auth/user",
];

/// Whatever they meet, they say that it is not the client's fault, nor ours.
fn asks_for_everything(name: &str, client: &Client) {
    for path in READS {
        let answer = client.get(path);
        assert!(answer.status != 500, "{name} {path}: {}", answer.text);
    }
    let new = super::new_user("somebody");
    let answer = client.post("/users", &new);
    assert!(answer.status != 500, "{name} POST /users: {}", answer.text);
    let role = crate::support::a_new("roles", serde_json::json!({"name": "something"}));
    let answer = client.post("/roles", &role);
    assert!(answer.status != 500, "{name} POST /roles: {}", answer.text);
    let sign_in = serde_json::json!({"username": "admin", "password": "correct horse"});
    let answer = client.post("/auth", &sign_in);
    assert!(answer.status != 500, "{name} POST /auth: {}", answer.text);
}

#[test]
fn requests_that_meet_damage_are_503_and_never_500() {
    let Some((place, sound)) = filled() else {
        return;
    };
    put(&place, &sound);
    let token = place.does(&["token", "create", "calvin", "--name", "r"]);
    let copy = place.beside("with-token.db");
    place.does(&["backup", copy.to_str().unwrap()]);
    let sound = fs::read(copy).unwrap();
    put(&place, &sound);
    for (number, (name, page)) in pages(&place.file()).into_iter().enumerate() {
        let change = if number % 2 == 0 {
            |bytes: &mut [u8]| bytes.fill(0)
        } else {
            flip
        };
        put(&place, &with_page(&sound, page, change));
        // Some pages a start needs: it says so then.
        let Some(service) = start(&place) else {
            continue;
        };
        asks_for_everything(&name, &service.token(token.trim()));
    }
}

/// The service, if it starts.
fn start(place: &Place) -> Option<Running> {
    use std::io::{BufRead, BufReader};
    let address = crate::program::free_address();
    let mut command = crate::program::rolecall(&place.database, &["serve", "--listen", &address]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    said.read_line(&mut first).unwrap();
    if first.is_empty() {
        let output = child.wait_with_output().unwrap();
        let complaint = super::text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{complaint}");
        assert!(!complaint.contains("panicked"), "{complaint}");
        return None;
    }
    let _ = child.kill();
    let _ = child.wait();
    Some(Running::start(&place.database))
}

#[test]
fn damage_that_a_request_met_shows_in_health_and_once_in_the_log() {
    let Some((place, sound)) = filled() else {
        return;
    };
    put(&place, &sound);
    let log = place.beside("log.txt");
    let token = place.does(&["token", "create", "calvin", "--name", "r"]);
    let sound = {
        let copy = place.beside("with-token.db");
        place.does(&["backup", copy.to_str().unwrap()]);
        fs::read(copy).unwrap()
    };
    put(&place, &sound);
    let pages = pages(&place.file());
    let (_, partners) = pages.iter().find(|(name, _)| name == "partners").unwrap();
    put(&place, &with_page(&sound, *partners, |bytes| bytes.fill(0)));
    let service = Running::with_log(&place.database, &log);
    let admin = service.token(token.trim());
    admin.get("/users").expect(200);
    admin.get("/health").expect(200);
    for _ in 0..30 {
        assert_eq!(admin.get("/partners").status, 503);
    }
    let answer = is_not_ready(&service);
    assert!(answer.text.contains("damaged"), "{}", answer.text);
    // What is well is still served.
    admin.get("/users").expect(200);
    is_not_ready(&service);
    let told = || {
        let lines = lines_of(&log);
        let told = lines.iter().filter(|line| line.contains("rolecall check"));
        told.count()
    };
    eventually("it is logged what to do", || told() > 0);
    assert_eq!(told(), 1);
}

#[test]
fn a_check_says_what_a_file_is_that_holds_no_directory() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    let foreign = |what: &str, said: &str| {
        let before = fs::read(place.file()).unwrap();
        let found = place.fails(&["check"]);
        assert!(found.contains(said), "{what}: {found}");
        assert!(!found.contains("right"), "{what}: {found}");
        let now = fs::read(place.file()).unwrap();
        assert_eq!(now, before, "{what}");
    };
    fs::write(place.file(), "").unwrap();
    foreign("empty", "is empty");
    fs::write(place.file(), "users and roles").unwrap();
    foreign("short text", "does not begin as an SQLite database does");
    fs::write(place.file(), vec![0; 100_000]).unwrap();
    foreign("zeros", "does not begin as an SQLite database does");
    fs::remove_file(place.file()).unwrap();
    let other = rusqlite::Connection::open(place.file()).unwrap();
    other
        .execute_batch("CREATE TABLE cookies (host TEXT)")
        .unwrap();
    drop(other);
    foreign("another program's", "cookies of another program");
}
