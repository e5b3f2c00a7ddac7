//! Every rule has a test: those whose name begins with its number. The table
//! of both is docs/reference/conformance.md; `UPDATE=1` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Rules without a test, each with a reason. The list may only shrink: a rule
/// that has got its test has to leave it.
const OPEN: &[(&str, &str)] = &[];

struct Rule {
    id: &'static str,
    level: &'static str,
    text: &'static str,
}

/// The rules by their sections.
fn sections() -> Vec<(&'static str, Vec<Rule>)> {
    let mut sections: Vec<(&str, Vec<Rule>)> = Vec::new();
    // The comment at the top ends at the first empty line.
    let text = include_str!("rules.txt");
    let (_, text) = text.split_once("\n\n").expect("a comment at the top");
    for line in text.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("# ") {
            Some(title) => sections.push((title, Vec::new())),
            None => sections.last_mut().expect("a title").1.push(rule(line)),
        }
    }
    sections
}

fn rule(line: &'static str) -> Rule {
    let mut parts = line.splitn(3, ' ');
    let mut next = || parts.next().unwrap_or_else(|| panic!("not a rule: {line}"));
    let rule = Rule {
        id: next(),
        level: next(),
        text: next(),
    };
    assert!(["M", "S", "P"].contains(&rule.level), "{line}");
    rule
}

/// The names of the tests of this folder and the file they are in, by the
/// number that they begin with.
fn tests() -> BTreeMap<String, Vec<(String, String)>> {
    let mut tests: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for path in sources(&root().join("tests/api/specification")) {
        let file = path.strip_prefix(root()).unwrap().display().to_string();
        for name in names_of_tests(&std::fs::read_to_string(&path).unwrap()) {
            if let Some(id) = number(&name) {
                tests.entry(id).or_default().push((name, file.clone()));
            }
        }
    }
    for found in tests.values_mut() {
        found.sort();
    }
    tests
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Functions right below `#[test]`; ignored tests have another line between.
fn names_of_tests(source: &str) -> Vec<String> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines
        .windows(2)
        .filter(|pair| pair[0] == "#[test]")
        .filter_map(|pair| pair[1].strip_prefix("fn ")?.split_once('('))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// `Q05` of `q05_cycles_end_without_duplicates`.
fn number(test: &str) -> Option<String> {
    let (id, _) = test.split_once('_')?;
    let digits = id.get(1..)?;
    let fits = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| id.to_ascii_uppercase())
}

fn reason_to_be_open(id: &str) -> Option<&'static str> {
    let found = OPEN.iter().find(|(open, _)| id.starts_with(open));
    found.map(|(_, reason)| *reason)
}

#[test]
fn every_rule_has_a_test_or_is_open_for_a_reason() {
    let tests = tests();
    let sections = sections();
    let wrong: Vec<String> = sections
        .iter()
        .flat_map(|(_, rules)| rules)
        .filter_map(|rule| {
            let id = rule.id;
            match (tests.contains_key(id), reason_to_be_open(id)) {
                (false, None) => Some(format!("{id} has no test: {}", rule.text)),
                (true, Some(_)) => Some(format!("{id} has a test: take it out of OPEN")),
                _ => None,
            }
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_number_in_front_of_a_test_is_a_rule() {
    let sections = sections();
    let known: Vec<&str> = sections
        .iter()
        .flat_map(|(_, rules)| rules.iter().map(|rule| rule.id))
        .collect();
    let unique: BTreeSet<&str> = known.iter().copied().collect();
    assert_eq!(unique.len(), known.len(), "a rule is there twice");
    let strangers: Vec<String> = tests()
        .into_keys()
        .filter(|id| !unique.contains(id.as_str()))
        .collect();
    assert_eq!(strangers, Vec::<String>::new());
    for (open, _) in OPEN {
        assert!(
            known.iter().any(|id| id.starts_with(open)),
            "{open} is open"
        );
    }
}

#[test]
fn the_table_of_conformance_is_up_to_date() {
    let path = root().join("docs/reference/conformance.md");
    let table = table();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &table).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == table,
        "docs/reference/conformance.md is behind: UPDATE=1 cargo test --test api conformance"
    );
}

const HEAD: &str = "\
# Conformance

The rules of [JSON:API 1.1](https://jsonapi.org/format/1.1/), of its Atomic Operations extension and of the cursor
pagination profile, in short, with the tests that prove them on SQLite and PostgreSQL.
In addition, every answer that any test of the suite reads is checked against the rules of documents (D).

Made from `tests/api/specification` by `UPDATE=1 cargo test --test api conformance`; a rule without a test fails there.
M is a MUST of the specification or of HTTP, S a SHOULD, P a decision of this product.
";

fn table() -> String {
    let tests = tests();
    let mut out = HEAD.to_owned();
    let (mut all, mut open) = (0, 0);
    for (title, rules) in sections() {
        out += &format!("\n## {title}\n\n| rule | | text | tests |\n|---|---|---|---|\n");
        for rule in rules {
            let found = tests.get(rule.id);
            all += 1;
            open += usize::from(found.is_none());
            let proof = match found {
                Some(found) => proof(found),
                None => format!("open: {}", reason_to_be_open(rule.id).unwrap_or("no test")),
            };
            out += &format!(
                "| {} | {} | {} | {proof} |\n",
                rule.id, rule.level, rule.text
            );
        }
    }
    out + &format!("\n{all} rules, {open} of them open.\n")
}

fn proof(tests: &[(String, String)]) -> String {
    let links: Vec<String> = tests
        .iter()
        .map(|(name, file)| format!("[`{name}`](../../{file})"))
        .collect();
    links.join("<br>")
}
