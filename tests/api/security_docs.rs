//! The tests, settings and sources that `SECURITY.md` and `docs/security` name exist.
//! `book::links` checks their links.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Path and text of each document.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths = vec![root().join("SECURITY.md")];
    for entry in std::fs::read_dir(root().join("docs/security")).unwrap() {
        paths.push(entry.unwrap().path());
    }
    assert!(paths.len() > 3, "too few documents: {paths:?}");
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

/// What stands between backticks in all documents.
fn quoted() -> Vec<String> {
    let of = |text: &str| {
        let lines = text
            .lines()
            .flat_map(|line| line.split('`').skip(1).step_by(2));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    documents().iter().flat_map(|(_, text)| of(text)).collect()
}

fn is_path(text: &str) -> bool {
    text.starts_with("src/") || text.starts_with(".ci/")
}

#[test]
fn every_test_that_is_named_exists() {
    let mut sources: BTreeMap<String, String> = BTreeMap::new();
    let mut missing = Vec::new();
    let mut found = 0;
    for name in quoted() {
        let Some((file, test)) = name.split_once(".rs::") else {
            continue;
        };
        let file = format!("{file}.rs");
        let source = sources.entry(file.clone()).or_insert_with(|| {
            let folder = if is_path(&file) { "" } else { "tests/api" };
            std::fs::read_to_string(root().join(folder).join(&file)).unwrap_or_default()
        });
        // A macro makes the tests of some modules.
        let forms = [format!("fn {test}("), format!("mod {test} {{")];
        if forms.iter().any(|form| source.contains(form)) {
            found += 1;
        } else {
            missing.push(name);
        }
    }
    assert!(missing.is_empty(), "no such test:\n{}", missing.join("\n"));
    assert!(found > 100, "only {found} tests are named");
}

#[test]
fn every_setting_and_source_that_is_named_exists() {
    let settings = rolecall::config::markdown_table();
    let sections: Vec<&str> = settings
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|name| name.split_once('.'))
        .map(|(section, _)| section)
        .collect();
    let is_setting = |name: &str| {
        let is_key = |key: &str| key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let parts = name.split_once('.');
        parts.is_some_and(|(section, key)| sections.contains(&section) && is_key(key))
    };
    let is_missing = |name: &String| {
        if is_path(name) && !name.contains("::") {
            return !root().join(name).exists();
        }
        // Names of tables and columns look alike: those have no section.
        is_setting(name) && !settings.contains(&format!("`{name}`"))
    };
    let missing: Vec<String> = quoted().into_iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The numbers of a row: `6.2.6, 6.2.7` and `5.4.1–5.4.3` are several.
fn requirements(text: &str) -> Vec<String> {
    let of_part = |part: &str| {
        let (first, last) = part.split_once('–').unwrap_or((part, part));
        let (section, first) = first.rsplit_once('.').unwrap();
        let (_, last) = last.rsplit_once('.').unwrap();
        let numbers = first.parse::<u8>().unwrap()..=last.parse().unwrap();
        let named = numbers.map(|number| format!("{section}.{number}"));
        named.collect::<Vec<_>>()
    };
    text.split(", ").flat_map(of_part).collect()
}

#[test]
fn every_requirement_has_one_row_and_the_summary_counts_them() {
    let text = std::fs::read_to_string(root().join("docs/security/asvs.md")).unwrap();
    let mut states: BTreeMap<String, String> = BTreeMap::new();
    for line in text.lines() {
        let mut cells = line.trim_start_matches("| ").split(" | ");
        let ids = cells.next().unwrap_or_default();
        if !ids.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let state = cells.nth(2).unwrap();
        for id in requirements(ids) {
            let before = states.insert(id.clone(), state.to_owned());
            assert_eq!(before, None, "{id} has two rows");
        }
    }
    let count = |state: &str| states.values().filter(|one| *one == state).count();
    let counted = ["met", "partly", "not met", "n/a"].map(count);
    assert_eq!(counted.iter().sum::<usize>(), states.len());
    let [met, partly, not_met, none] = counted;
    let all = states.len();
    let row = format!("| **all {all}** | **{met}** | **{partly}** | **{not_met}** | **{none}** |");
    assert!(text.contains(&row), "{row}");
}
