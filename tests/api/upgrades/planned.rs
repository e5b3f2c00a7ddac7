//! `rolecall migrate --plan`: what would be applied, without doing it.

use super::{does, names};
use crate::support::{TestDatabase, is_postgres, tables};

/// The names that a plan has.
fn planned(database: &TestDatabase) -> Vec<String> {
    let plan = does(database, &["migrate", "--plan"]);
    let name = |line: &str| {
        let rest = line.strip_prefix("would apply ")?;
        Some(rest.split(',').next().unwrap_or(rest).to_owned())
    };
    plan.lines().filter_map(name).collect()
}

fn kind() -> &'static str {
    match is_postgres() {
        true => "postgres",
        false => "sqlite",
    }
}

#[test]
fn a_new_database_would_get_all_migrations_and_gets_none() {
    let database = TestDatabase::create();
    for _ in 0..2 {
        assert_eq!(planned(&database), names(kind()));
    }
    if let Some(path) = database.address().strip_prefix("sqlite://") {
        assert!(!std::path::Path::new(path).exists());
    }
}

#[test]
fn an_older_database_would_get_what_it_lacks() {
    let database = TestDatabase::create();
    does(&database, &["migrate"]);
    let plan = does(&database, &["migrate", "--plan"]);
    assert!(plan.ends_with("is up to date\n"), "{plan}");
    let names = names(kind());
    let (kept, lacking) = names.split_at(
        names
            .iter()
            .position(|name| name.ends_with("000130_entry_ids"))
            .unwrap()
            + 1,
    );
    does(&database, &["migrate", "--back-to", kept.last().unwrap()]);
    let before = tables(&database);
    assert_eq!(planned(&database), lacking);
    assert_eq!(tables(&database).differences(&before), [""; 0]);
    let plan = does(&database, &["migrate", "--plan"]);
    assert_eq!(
        plan.contains("after building its indexes beside the service"),
        is_postgres(),
        "{plan}"
    );
    let applied = does(&database, &["migrate"]);
    assert_eq!(applied.lines().count(), lacking.len(), "{applied}");
}
