//! SQLite's file and what can become of it: taken away under the service,
//! damaged, full, read-only, busy.

mod beside;
mod damaged;
mod log;
mod marker;
mod medium;
mod replaced;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::program::{Running, rolecall};
use crate::support::{Answer, Client, TestDatabase, a_new, is_postgres};

/// A database in a folder of its own.
pub struct Place {
    pub database: TestDatabase,
}

impl Place {
    /// `None` in the run on PostgreSQL, which has no file of ours.
    pub fn on_sqlite() -> Option<Self> {
        (!is_postgres()).then(|| Self {
            database: TestDatabase::create(),
        })
    }

    pub fn file(&self) -> PathBuf {
        PathBuf::from(self.database.address().replace("sqlite://", ""))
    }

    pub fn beside(&self, name: &str) -> PathBuf {
        self.file().with_file_name(name)
    }

    /// What belongs to the file by its name.
    pub fn part(&self, suffix: &str) -> PathBuf {
        PathBuf::from(format!("{}{suffix}", self.file().display()))
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        rolecall(&self.database, arguments).output().unwrap()
    }

    #[track_caller]
    pub fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", both(&output));
        text(&output.stdout)
    }

    /// Everything that it said, in one line or more.
    #[track_caller]
    pub fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = both(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        said
    }

    pub fn usernames(&self) -> Vec<String> {
        let listed = self.does(&["user", "list"]);
        let names = listed.lines().map(|line| line.split('\t').nth(1).unwrap());
        names.map(str::to_owned).collect()
    }

    /// The file of another directory, by itself, and the users in it.
    pub fn another_directory(&self) -> (PathBuf, Vec<String>) {
        let other = Self {
            database: TestDatabase::create(),
        };
        other.does(&["generate", "--users", "300", "--seed", "5"]);
        let copy = self.beside("backup.db");
        other.does(&["backup", copy.to_str().unwrap()]);
        (copy, other.usernames())
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub fn both(output: &Output) -> String {
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

pub fn new_user(name: &str) -> Value {
    a_new("users", json!({"username": name, "password": "tulip-1637"}))
}

/// Users that were made, by their names.
pub fn make_users(admin: &Client, names: &[&str]) {
    for name in names {
        admin.post("/users", &new_user(name)).expect(201);
    }
}

/// Why the service is not ready, in its own words.
#[track_caller]
pub fn is_not_ready(service: &Running) -> Answer {
    let answer = service.admin().get("/health");
    assert_eq!(answer.status, 503, "{}", answer.text);
    answer
}

pub fn lines_of(log: &Path) -> Vec<String> {
    let text = fs::read_to_string(log).unwrap();
    text.lines().map(str::to_owned).collect()
}
