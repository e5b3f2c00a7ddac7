//! Every link of the manual leads to a file and a heading, and every page can be found.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use regex::Regex;

use super::{files, read, root};

/// All documents outside of `tests`, as paths from the root.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
    ] {
        found.push(PathBuf::from(name));
    }
    for folder in ["docs", "examples", "benches", "migrations"] {
        found.extend(files(folder, ".md"));
    }
    found
}

/// The text without fenced blocks and code spans, which hold no links.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let mut kept = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            kept.push(line);
        }
    }
    kept.join("\n")
}

/// The targets of the relative links of a document, without those that stand in code spans.
fn links(text: &str) -> Vec<String> {
    let code = Regex::new("`[^`\n]*`").unwrap();
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let text = prose(text);
    // A code span can be the label of a link, so it leaves its brackets behind.
    let text = code.replace_all(&text, "code");
    let targets = link.captures_iter(&text).map(|found| found[1].to_owned());
    targets.filter(|target| !target.contains("://")).collect()
}

/// The anchors of the headings, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let headings = prose(text);
    for line in headings.lines().filter(|line| line.starts_with('#')) {
        let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let anchor: String = heading.chars().filter(is_kept).collect();
        let anchor = anchor.replace(' ', "-");
        let mut unique = anchor.clone();
        let mut count = 0;
        while !found.insert(unique.clone()) {
            count += 1;
            unique = format!("{anchor}-{count}");
        }
    }
    found
}

/// The path without `.` and `..`.
fn normalized(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(parts.pop(), "{} leaves the tree", path.display()),
            Component::CurDir => {}
            part => parts.push(part),
        }
    }
    parts
}

/// The file that a link leads to, from the root, and its anchor.
fn target(document: &Path, link: &str) -> (PathBuf, String) {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = match file {
        "" => document.to_owned(),
        file => normalized(&document.parent().unwrap().join(file)),
    };
    (path, anchor.to_owned())
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    let mut count = 0;
    for document in documents() {
        for link in links(&read(&document)) {
            count += 1;
            let (path, anchor) = target(&document, &link);
            let exists = root().join(&path).exists();
            let has_anchor = || anchor.is_empty() || anchors(&read(&path)).contains(&anchor);
            if !exists || !has_anchor() {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
    assert!(count > 200, "only {count} links were found");
}

#[test]
fn the_summary_lists_every_page_once() {
    let summary = Path::new("docs/SUMMARY.md");
    let mut listed: Vec<PathBuf> = Vec::new();
    for link in links(&read(summary)) {
        listed.push(target(summary, &link).0);
    }
    listed.sort();
    let mut pages = files("docs", ".md");
    pages.retain(|page| page != summary);
    assert_eq!(listed, pages);
}

/// Comments and messages name pages by their path from the root.
#[test]
fn every_page_that_is_named_elsewhere_exists() {
    let page = Regex::new(r"(?:^|[^\w./-])((?:docs|migrations|examples)/[\w/-]*\.md)\b").unwrap();
    let mut named = documents();
    for (folder, ending) in [
        ("src", ".rs"),
        ("tests/api", ".rs"),
        ("tests/clients", ".mjs"),
        ("migrations", ".sql"),
        ("examples", ".rs"),
        (".ci", ""),
    ] {
        named.extend(files(folder, ending));
    }
    let mut missing = Vec::new();
    for file in named {
        for found in page.captures_iter(&read(&file)) {
            if !root().join(&found[1]).exists() {
                missing.push(format!("{}: {}", file.display(), &found[1]));
            }
        }
    }
    assert!(missing.is_empty(), "no such page:\n{}", missing.join("\n"));
}

#[test]
fn the_readme_is_short() {
    let length = read("README.md").len();
    assert!((6_000..=8_000).contains(&length), "{length} bytes");
}

#[test]
fn anchors_are_those_of_the_forges() {
    let text = "# A `b.c` title\n## Same\n## Same\n```\n# not one\n```\n### It's 2, isn't it?\n";
    let found: Vec<String> = anchors(text).into_iter().collect();
    let wanted = ["a-bc-title", "its-2-isnt-it", "same", "same-1"];
    assert_eq!(found, wanted);
}
