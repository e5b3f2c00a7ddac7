//! The walks of the architecture pages name the files that a request passes.

use std::collections::BTreeSet;

use regex::Regex;

use super::{read, root};

const WALKS: &[&str] = &["list", "update", "linkage", "dialect"];

fn page(walk: &str) -> String {
    read(format!("docs/architecture/{walk}.md"))
}

/// `book::links` checks that links lead somewhere; this one that the walks are made of them.
#[test]
fn every_step_of_a_walk_names_a_file_that_exists_or_another_walk() {
    let link = Regex::new(r"\[([^\]]+)\]\(([^)]+)\)").unwrap();
    for walk in WALKS {
        let page = page(walk);
        let is_step = |line: &&str| line.starts_with(|first: char| first.is_ascii_digit());
        let steps: Vec<&str> = page.lines().filter(is_step).collect();
        let mut files = BTreeSet::new();
        for (number, step) in steps.iter().enumerate() {
            assert!(
                step.starts_with(&format!("{}. ", number + 1)),
                "{walk}: {step}"
            );
            let mut links = 0;
            for found in link.captures_iter(step) {
                links += 1;
                let (label, target) = (&found[1], &found[2]);
                if label.starts_with("src/") {
                    assert_eq!(target, format!("../../{label}"), "{walk}");
                    assert!(root().join(label).is_file(), "{walk}: {label}");
                    files.insert(label.to_owned());
                }
            }
            assert!(links > 0, "{walk}: {step}");
        }
        assert!(steps.len() >= 8, "{walk} has {} steps", steps.len());
        assert!(files.len() >= 10, "{walk} names {files:?}");
    }
}

/// A name in a step is declared or used in a file of that step.
#[test]
fn every_name_in_a_walk_occurs_in_a_file_of_its_step() {
    let file = Regex::new(r"\[(src/[^\]]+)\]").unwrap();
    let name = Regex::new("`([A-Za-z_]+)`").unwrap();
    let mut wrong = Vec::new();
    for walk in WALKS {
        for step in page(walk)
            .lines()
            .filter(|line| line.contains("](../../src/"))
        {
            let sources: String = file.captures_iter(step).map(|one| read(&one[1])).collect();
            for found in name.captures_iter(step) {
                if !sources.contains(&found[1]) {
                    wrong.push(format!("{walk}: {}", &found[1]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "names that are not there: {wrong:?}");
}

/// The rooms of the overview are the folders of `src`.
#[test]
fn the_overview_has_a_row_for_each_room() {
    let page = read("docs/architecture/README.md");
    let mut rows: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    rows.sort_unstable();
    let mut rooms = Vec::new();
    for entry in std::fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            rooms.push(entry.file_name().into_string().unwrap());
        }
    }
    rooms.sort_unstable();
    assert_eq!(rows, rooms);
}
