//! Schemas: from one version to the next and back, beside others who do the same.

mod back;
mod gentle;
mod pairs;
mod planned;
mod refused;

use std::process::Output;

use crate::program::rolecall;
use crate::support::TestDatabase;

/// The migrations, the oldest first.
fn names(database: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder(database))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn folder(database: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(database)
}

#[track_caller]
fn does(database: &TestDatabase, arguments: &[&str]) -> String {
    let output = rolecall(database, arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        complaint(&output)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
