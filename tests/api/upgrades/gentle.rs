//! A migration of PostgreSQL keeps nobody from changing a large table for long.

use super::{folder, names};

/// Tables that grow with the people, the events and the requests.
const LARGE: [&str; 8] = [
    "users",
    "grants",
    "events",
    "tokens",
    "sign_ins",
    "refresh_tokens",
    "idempotency",
    "outbox",
];

/// The migrations of the first day make these tables.
const FIRST_DAY: &str = "2026-11-24";

/// Built in a block that does without it where the extension is missing, over a
/// column that is empty then.
const EXCEPTIONS: [&str; 1] = ["users_search_text"];

/// An index: its name, its table, and the whole statement in one line.
#[derive(Debug, PartialEq, Eq)]
struct Index {
    name: String,
    table: String,
    rest: String,
    is_concurrent: bool,
    may_be_there: bool,
}

fn indexes(text: &str) -> Vec<Index> {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"));
    let text = lines.collect::<Vec<_>>().join(" ");
    let statements = text.split(';').filter_map(|statement| {
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        let at = statement
            .find("CREATE INDEX")
            .or_else(|| statement.find("CREATE UNIQUE INDEX"))?;
        let statement = &statement[at..];
        let is_concurrent = statement.contains(" CONCURRENTLY ");
        let may_be_there = statement.contains(" IF NOT EXISTS ");
        let plain = statement
            .replace(" CONCURRENTLY", "")
            .replace(" IF NOT EXISTS", "");
        let (head, rest) = plain.split_once(" ON ")?;
        let table = rest.split([' ', '(']).next()?.to_owned();
        Some(Index {
            name: head.rsplit(' ').next()?.to_owned(),
            table,
            rest: plain.clone(),
            is_concurrent,
            may_be_there,
        })
    });
    statements.collect()
}

/// What is wrong with a migration.
fn faults(up: &str, before: &str) -> Vec<String> {
    let built = indexes(before);
    let of_large = indexes(up).into_iter().filter(|index| {
        LARGE.contains(&index.table.as_str())
            && !EXCEPTIONS.contains(&index.name.as_str())
            && !up.contains(&format!("CREATE TABLE {} ", index.table))
    });
    let plain = of_large.filter(|index| {
        let is_built = |other: &&Index| other.rest == index.rest && other.is_concurrent;
        !index.may_be_there
            || built
                .iter()
                .find(is_built)
                .is_none_or(|other| !other.may_be_there)
    });
    plain
        .map(|index| format!("{} keeps {} from being changed", index.name, index.table))
        .collect()
}

#[test]
fn indexes_of_large_tables_are_built_beside_the_service() {
    let known = include_str!("../../../src/storage/migrations/concurrent_indexes.rs");
    let later = names("postgres")
        .into_iter()
        .filter(|name| !name.starts_with(FIRST_DAY));
    let mut wrong = Vec::new();
    for name in later {
        let read = |file| std::fs::read_to_string(folder("postgres").join(&name).join(file));
        let before = read("before.sql").unwrap_or_default();
        let faults = faults(&read("up.sql").unwrap(), &before);
        wrong.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
        if !before.is_empty() && !known.contains(&format!("{name}/before.sql")) {
            wrong.push(format!("{name}: the program does not run its before.sql"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_plain_index_on_a_large_table_is_refused() {
    let wrong = "-- x\nCREATE INDEX users_x\n  ON users (x);";
    assert_eq!(faults(wrong, "").len(), 1);
    let half = "CREATE UNIQUE INDEX IF NOT EXISTS users_x ON users (x) WHERE x IS NOT NULL;";
    assert_eq!(faults(half, "").len(), 1);
    let other = "CREATE INDEX CONCURRENTLY IF NOT EXISTS users_x ON users (y);";
    assert_eq!(faults(half, other).len(), 1);
    let built = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_x ON users (x)\n WHERE x IS NOT NULL;";
    assert_eq!(faults(half, built), [""; 0]);
    assert_eq!(faults("CREATE INDEX roles_x ON roles (x);", ""), [""; 0]);
}
