//! The rooms of `src/` and who may import whom: reads the sources and fails on
//! an arrow that the house does not have.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A room, and the rooms that it may import beside itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("config", &[]),
    ("jsonapi", &[]),
    ("storage", &["config"]),
    ("directory", &["storage"]),
    ("auth", &["directory", "config"]),
    ("mail", &["directory", "config"]),
    ("api", &["directory", "auth", "jsonapi", "config"]),
    ("dialects", &["directory", "auth", "config"]),
    ("console", &[]),
    (
        "server",
        &[
            "api",
            "dialects",
            "console",
            "auth",
            "mail",
            "directory",
            "storage",
            "config",
            "jsonapi",
        ],
    ),
    (
        "cli",
        &[
            "server",
            "auth",
            "mail",
            "directory",
            "storage",
            "config",
            "console",
            "jsonapi",
        ],
    ),
    ("main", &["cli"]),
];

/// Who may name which foreign packages.
const PACKAGES: &[(&str, &[&str])] = &[
    ("actix", &["api", "dialects", "console", "server"]),
    ("diesel", &["directory", "storage"]),
    ("indicatif", &["cli"]),
    ("ldap3", &["auth"]),
    ("lettre", &["mail"]),
    ("libsqlite3", &["storage"]),
    ("r2d2", &["storage"]),
    ("rustls", &["auth", "config", "server"]),
    ("tokio_postgres", &["storage"]),
];

/// Rooms in which no text may be SQL.
const SURFACES: &[&str] = &["api", "dialects", "console", "server"];

/// Each list of words stands for SQL when all of them occur in one text.
const SQL: &[&[&str]] = &[
    &["SELECT", "FROM"],
    &["INSERT", "INTO"],
    &["UPDATE", "SET"],
    &["DELETE", "FROM"],
    &["CREATE", "TABLE"],
    &["ALTER", "TABLE"],
    &["DROP", "TABLE"],
    &["ORDER", "BY"],
    &["WHERE"],
    &["JOIN"],
    &["PRAGMA"],
];

#[test]
fn every_import_follows_an_arrow_of_the_house() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    gather(&root, &mut files);
    assert!(files.len() > 50, "too few files: {}", files.len());
    let wrong: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            check(file.strip_prefix(&root).unwrap(), &text)
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_folder_of_src_is_a_room_of_the_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let room = name.trim_end_matches(".rs");
        let known = ROOMS.iter().any(|(known, _)| *known == room);
        assert!(known || room == "lib", "src/{name} is no room of the table");
    }
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

/// What is wrong in a file, a sentence each. `path` is below `src`.
fn check(path: &Path, text: &str) -> Vec<String> {
    let shown = path.display();
    let home = module_of(path);
    let Some(room) = home.first().cloned() else {
        // lib.rs is the map: it names every room and uses none.
        return Vec::new();
    };
    let Some((_, allowed)) = ROOMS.iter().find(|(known, _)| *known == room) else {
        return vec![format!("{shown}: {room} is no room of the table")];
    };
    let source = tokens(text);
    let mut wrong = BTreeSet::new();
    for target in imports(&source, &home) {
        if target != room && !allowed.contains(&target.as_str()) {
            wrong.insert(format!("{shown}: {room} may not import {target}"));
        }
    }
    for (package, rooms) in PACKAGES {
        let named = source
            .iter()
            .any(|token| matches!(token, Token::Word(word) if word.starts_with(package)));
        if named && !rooms.contains(&room.as_str()) {
            wrong.insert(format!("{shown}: {package} has no place in {room}"));
        }
    }
    if SURFACES.contains(&room.as_str()) {
        for token in &source {
            if let Token::Text(text) = token
                && is_sql(text)
            {
                wrong.insert(format!("{shown}: SQL in a surface: {text:?}"));
            }
        }
    }
    wrong.into_iter().collect()
}

/// `api/handlers/get.rs` is the module `api::handlers::get`.
fn module_of(path: &Path) -> Vec<String> {
    let mut parts: Vec<String> = path
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if parts.len() > 1 && parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    if parts == ["lib"] {
        parts.clear();
    }
    parts
}

fn is_sql(text: &str) -> bool {
    let words: BTreeSet<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    SQL.iter()
        .any(|mark| mark.iter().all(|word| words.contains(word)))
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    /// `::`
    Path,
    Sign(char),
}

/// Rust, as far as it matters here: comments are dropped, texts kept apart.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let at = |place: usize| chars.get(place).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut place = 0;
    while place < chars.len() {
        let c = chars[place];
        if c == '/' && at(place + 1) == '/' {
            while place < chars.len() && chars[place] != '\n' {
                place += 1;
            }
        } else if c == '/' && at(place + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(place), at(place + 1)) {
                    ('/', '*') => (depth, place) = (depth + 1, place + 2),
                    ('*', '/') => (depth, place) = (depth - 1, place + 2),
                    _ => place += 1,
                }
                if depth == 0 || place >= chars.len() {
                    break;
                }
            }
        } else if c == '"' {
            place = quoted(&chars, place + 1, &mut found);
        } else if c == '\'' {
            // A character, or a lifetime.
            if at(place + 1) == '\\' {
                place += 3;
                while place < chars.len() && chars[place] != '\'' {
                    place += 1;
                }
                place += 1;
            } else if at(place + 2) == '\'' {
                place += 3;
            } else {
                place += 1;
            }
        } else if is_word(c) {
            let begin = place;
            while is_word(at(place)) {
                place += 1;
            }
            let word: String = chars[begin..place].iter().collect();
            let is_raw = matches!(word.as_str(), "r" | "br" | "cr");
            if is_raw && matches!(at(place), '"' | '#') {
                let hashes = (place..).take_while(|i| at(*i) == '#').count();
                if at(place + hashes) == '"' {
                    place = raw(&chars, place + hashes + 1, hashes, &mut found);
                    continue;
                }
                // A raw identifier: r#type.
                place += hashes;
                continue;
            }
            found.push(Token::Word(word));
        } else if c == ':' && at(place + 1) == ':' {
            found.push(Token::Path);
            place += 2;
        } else {
            if !c.is_whitespace() {
                found.push(Token::Sign(c));
            }
            place += 1;
        }
    }
    found
}

fn quoted(chars: &[char], begin: usize, found: &mut Vec<Token>) -> usize {
    let mut text = String::new();
    let mut place = begin;
    while place < chars.len() && chars[place] != '"' {
        if chars[place] == '\\' {
            place += 1;
        }
        text.extend(chars.get(place));
        place += 1;
    }
    found.push(Token::Text(text));
    place + 1
}

fn raw(chars: &[char], begin: usize, hashes: usize, found: &mut Vec<Token>) -> usize {
    let end: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    let mut place = begin;
    while place < chars.len() && !chars[place..].starts_with(&end) {
        place += 1;
    }
    found.push(Token::Text(
        chars[begin..place.min(chars.len())].iter().collect(),
    ));
    place + end.len()
}

/// The rooms that are named by `crate::` paths and `super::` chains, in `use`
/// trees and anywhere else. The root itself, as a glob or an alias of it, is
/// `*`: nobody could tell what it imports.
fn imports(source: &[Token], home: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut here: Vec<String> = home.to_vec();
    // How deep in braces each module within this file began.
    let mut opened: Vec<usize> = Vec::new();
    let mut depth = 0;
    let mut place = 0;
    while place < source.len() {
        match &source[place] {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => {
                depth -= 1;
                if opened.last() == Some(&depth) {
                    opened.pop();
                    here.pop();
                }
            }
            Token::Word(word) if word == "mod" => {
                if let (Some(Token::Word(name)), Some(Token::Sign('{'))) =
                    (source.get(place + 1), source.get(place + 2))
                {
                    here.push(name.clone());
                    opened.push(depth);
                    depth += 1;
                    place += 3;
                    continue;
                }
            }
            Token::Word(word) if is_root(word, home) || word == "super" || word == "self" => {
                let continues = source.get(place + 1) == Some(&Token::Path);
                let begins = place == 0 || source[place - 1] != Token::Path;
                if begins && (continues || is_alias(source, place)) {
                    place = walk(source, place, &here, home, &mut found);
                    continue;
                }
            }
            _ => {}
        }
        place += 1;
    }
    found
}

/// In main.rs the library is a package like another.
fn is_root(word: &str, home: &[String]) -> bool {
    word == "crate" || (word == "rolecall" && home == ["main"])
}

/// `use crate as root;`
fn is_alias(source: &[Token], place: usize) -> bool {
    matches!(source.get(place + 1), Some(Token::Word(word)) if word == "as")
}

/// Follows one path or tree from `place` on, at the module `from`; gives the
/// place behind it.
fn walk(
    source: &[Token],
    mut place: usize,
    from: &[String],
    home: &[String],
    found: &mut BTreeSet<String>,
) -> usize {
    let mut module = from.to_vec();
    loop {
        match source.get(place) {
            Some(Token::Word(word)) if is_root(word, home) => module.clear(),
            Some(Token::Word(word)) if word == "self" => {}
            Some(Token::Word(word)) if word == "super" => drop(module.pop()),
            Some(Token::Word(word)) => module.push(word.clone()),
            Some(Token::Sign('{')) => {
                place += 1;
                while place < source.len() && source[place] != Token::Sign('}') {
                    if matches!(source[place], Token::Word(_) | Token::Sign('{')) {
                        place = walk(source, place, &module, home, found);
                    } else {
                        if source[place] == Token::Sign('*') {
                            note(&module, found);
                        }
                        place += 1;
                    }
                }
                return place + 1;
            }
            _ => {
                note(&module, found);
                return place;
            }
        }
        place += 1;
        if source.get(place) != Some(&Token::Path) {
            note(&module, found);
            // `as` and the name behind it are no path.
            let skipped = if is_alias(source, place - 1) { 2 } else { 0 };
            return place + skipped;
        }
        place += 1;
    }
}

fn note(module: &[String], found: &mut BTreeSet<String>) {
    found.insert(module.first().map_or("*".into(), Clone::clone));
}

/// What the checker says of made-up source text.
fn said(path: &str, text: &str) -> Vec<String> {
    check(Path::new(path), text)
        .into_iter()
        .map(|sentence| sentence.split_once(": ").unwrap().1.to_owned())
        .collect()
}

#[test]
fn a_forbidden_arrow_is_found_however_it_is_written() {
    for text in [
        "use crate::api::Api;",
        "use crate::{directory, api::{Api, call}};",
        "use crate::{\n    storage::{self, Store},\n    api,\n};",
        "pub(super) use super::super::api::error as e;",
        "use super::super::{api::Api};",
        "fn f() -> crate::api::Answer { g() }",
        "fn f() { super::super::api::g::<u8>(1) }",
        "mod tests { use super::super::super::api::Api; }",
        "mod tests { mod inner { fn f() {} } use super::super::super::api; }",
        "macro_rules! m { () => { $crate::api::x() } }",
        "use self::super::super::api;",
        "type T = Vec<crate::api::Api>;",
        "use crate /* hidden */ :: // here\n api;",
        "const C: char = '\\''; use crate::api;",
        "const C: char = '\"'; use crate::api; const D: char = '\"';",
        "fn f<'a>(x: &'a str) {} use crate::api;",
        "const S: &str = r#\"a \" b\"#; use crate::api;",
    ] {
        let found = said("directory/users.rs", text);
        assert_eq!(found, ["directory may not import api"], "{text}");
    }
}

#[test]
fn the_root_of_the_crate_is_no_import_of_anybody() {
    for text in [
        "use crate::*;",
        "use super::super::*;",
        "use crate as root;",
        "use crate::{self as root};",
    ] {
        let found = said("directory/users.rs", text);
        assert_eq!(found, ["directory may not import *"], "{text}");
    }
}

#[test]
fn an_allowed_arrow_is_no_finding() {
    for text in [
        "use crate::storage::schema::users; use super::api; use super::*;",
        "mod tests { use super::super::context; use super::*; }",
        "// use crate::api;\n/* crate::api /* crate::api */ */",
        "const S: &str = \"crate::api\"; const R: &str = r#\"crate::api \"q\" \"#;",
        "mod api { pub fn f() {} } fn g() { self::api::f(); api::f() }",
        "let api = super::list::api::x; self.api.y(); <Self as crate::directory::X>::api()",
    ] {
        assert_eq!(said("directory/users.rs", text), [""; 0], "{text}");
    }
}

#[test]
fn the_place_of_a_module_follows_from_its_file() {
    assert!(said("api/handlers/mod.rs", "use super::super::auth::Auth;").is_empty());
    let found = said("auth/mod.rs", "use super::api::Api;");
    assert_eq!(found, ["auth may not import api"]);
    let found = said("config.rs", "use super::storage::Store;");
    assert_eq!(found, ["config may not import storage"]);
    let found = said("main.rs", "fn main() { rolecall::server::run() }");
    assert_eq!(found, ["main may not import server"]);
    assert!(said("main.rs", "fn main() { rolecall::cli::main() }").is_empty());
    assert!(said("lib.rs", "pub mod api;").is_empty());
    let found = said("garage/mod.rs", "");
    assert_eq!(found, ["garage is no room of the table"]);
}

#[test]
fn packages_and_sql_stay_in_their_rooms() {
    let found = said("directory/users.rs", "use actix_web::web;");
    assert_eq!(found, ["actix has no place in directory"]);
    let found = said(
        "auth/mod.rs",
        "use actix_rt::spawn; use diesel::prelude::*;",
    );
    assert_eq!(
        found,
        ["actix has no place in auth", "diesel has no place in auth"]
    );
    let found = said("api/mod.rs", "fn f() { diesel_async::run(\"x\") }");
    assert_eq!(found, ["diesel has no place in api"]);
    let found = said("server/mod.rs", "const Q: &str = \"SELECT 1 FROM users\";");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("SQL in a surface"), "{found:?}");
    let methods = "const M: &[&str] = &[\"DELETE\", \"no update of a set, from where you like\"];";
    assert!(said("api/mod.rs", methods).is_empty());
    assert!(
        said(
            "directory/users.rs",
            "const Q: &str = \"SELECT 1 FROM users\";"
        )
        .is_empty()
    );
}
