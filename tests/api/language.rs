//! The source uses the words of the field. A word that was private to this project
//! and has been replaced must not come back: neither in an identifier or a comment
//! nor in the name of a file. `docs/glossary.md` explains the words that are used.

use std::path::{Path, PathBuf};

use regex::Regex;

struct Retired {
    /// A regular expression; it is tested between word boundaries.
    word: &'static str,
    /// What to write instead.
    instead: &'static str,
    /// The folders that must not have it.
    folders: &'static [&'static str],
}

const fn everywhere(word: &'static str, instead: &'static str) -> Retired {
    within(&["src"], word, instead)
}

const fn within(
    folders: &'static [&'static str],
    word: &'static str,
    instead: &'static str,
) -> Retired {
    Retired {
        word,
        instead,
        folders,
    }
}

/// The surface and the protocol that it speaks.
const API: &[&str] = &["src/api", "src/jsonapi"];

/// In the order of the alphabet; a line each, so that changes seldom conflict.
#[rustfmt::skip]
const RETIRED: &[Retired] = &[
    within(API, "Form", "Constraints"),
    within(API, "Frame", "OperationContext, DescriptionContext"),
    within(API, "Loaded", "Included"),
    everywhere("Manner|manner", "PagingDefaults, paging"),
    within(API, "Rows", "IncludedRows"),
    everywhere("[Ss]hel(f|ves)", "Included"),
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// File names are words separated by slashes and underscores.
fn words_of(path: &Path) -> String {
    path.with_extension("")
        .to_str()
        .unwrap()
        .replace(['/', '_'], " ")
}

#[test]
fn retired_words_do_not_come_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let sources: Vec<_> = files(&root.join("src"))
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root).unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    for retired in RETIRED {
        let word = Regex::new(&format!(r"\b(?:{})\b", retired.word)).unwrap();
        let is_within = |name: &Path| {
            retired
                .folders
                .iter()
                .any(|folder| name.starts_with(folder))
        };
        for (name, text) in sources.iter().filter(|(name, _)| is_within(name)) {
            let in_name = word
                .find(&words_of(name))
                .map(|found| (0, found.as_str().to_owned()));
            let in_text = (1..)
                .zip(text.lines())
                .filter_map(|(number, line)| Some((number, word.find(line)?.as_str().to_owned())));
            for (line, word) in in_name.into_iter().chain(in_text) {
                let place = format!("{}:{line}", name.display());
                found.push(format!("{place}: {word} (write {})", retired.instead));
            }
        }
    }
    assert!(found.is_empty(), "retired words:\n{}", found.join("\n"));
}

#[test]
fn every_retired_word_guards_a_folder_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for retired in RETIRED {
        for folder in retired.folders {
            assert!(root.join(folder).is_dir(), "{folder} of {}", retired.word);
        }
    }
}
