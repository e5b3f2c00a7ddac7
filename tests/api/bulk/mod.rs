//! The directory in bulk, by the program itself: in, out, made up and checked.

mod check;
mod hashes;
mod identity;
mod interrupted;
mod refused;
mod round_trip;
mod tables;
mod upsert;
mod words;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::program::rolecall;
use crate::support::{Beside, TestDatabase};

/// What a command said, and how it ended.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// That it went well.
    pub fn well(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self
    }

    /// That it failed, as far as the rows go.
    pub fn badly(self) -> Self {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        self
    }

    /// The lines of JSON that it wrote.
    pub fn rows(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

pub fn run(database: &TestDatabase, arguments: &[&str]) -> Said {
    Said::of(rolecall(database, arguments).output().unwrap())
}

/// Imports this text from standard input.
pub fn import(database: &TestDatabase, text: impl AsRef<[u8]>, flags: &[&str]) -> Said {
    let arguments = [&["import", "-"], flags].concat();
    let mut child = rolecall(database, &arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = text.as_ref().to_vec();
    // It may refuse before it has read everything.
    let fed = std::thread::spawn(move || drop(input.write_all(&text)));
    let said = Said::of(child.wait_with_output().unwrap());
    fed.join().unwrap();
    said
}

pub fn export(database: &TestDatabase, flags: &[&str]) -> Said {
    run(database, &[&["export"], flags].concat()).well()
}

/// Rows as a file has them.
pub fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

pub fn users(database: &TestDatabase) -> i64 {
    Beside::count(database, "users", "1 = 1")
}

/// A file that is gone with the test.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn file(text: &str) -> Self {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).unwrap();
        let name = format!("rolecall-bulk-{:x}.ndjson", u64::from_le_bytes(random));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
