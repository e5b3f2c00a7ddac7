//! The way back: each `down.sql` leads to the schema before, with people in it.

use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;

use super::{complaint, does, names};
use crate::program::rolecall;
use crate::support::{Beside, TestDatabase};

/// The last migration of the version before this one.
const LAST_RELEASE: &str = "2026-11-30-000130_entry_ids";

/// The first after which nothing is missing to fill a directory.
const OLDEST: &str = "2026-11-24-000020_search";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

const SQLITE: &str = "SELECT type || ' ' || name || ': ' || coalesce(sql, '') AS line
    FROM sqlite_schema ORDER BY line";

const POSTGRES: &str = "
    SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' ||
        coalesce(column_default, generation_expression, '') AS line
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT proname || ' ' || prosrc FROM pg_proc
      WHERE pronamespace = 'public'::regnamespace AND prolang <> 13
    ORDER BY line";

fn schema(database: &TestDatabase) -> Vec<String> {
    let address = database.address();
    let is_sqlite = matches!(database, TestDatabase::Sqlite { .. });
    let lines: Vec<Line> = if is_sqlite {
        let path = address.replace("sqlite://", "");
        let mut connection = SqliteConnection::establish(&path).unwrap();
        sql_query(SQLITE).load(&mut connection).unwrap()
    } else {
        let mut connection =
            AsyncConnectionWrapper::<AsyncPgConnection>::establish(&address).unwrap();
        sql_query(POSTGRES).load(&mut connection).unwrap()
    };
    lines
        .into_iter()
        .map(|line| line.line)
        .filter(|line| !is_of_a_month(line))
        .collect()
}

/// Which months the audit log has follows from what is in it: what was written
/// before the log had months stays together, however late the migration comes.
fn is_of_a_month(line: &str) -> bool {
    line.contains("events_before") || line.contains("events_20")
}

fn filled() -> TestDatabase {
    let database = TestDatabase::create();
    does(&database, &["generate", "--users", "120", "--seed", "7"]);
    does(&database, &["user", "add", "calvin", "--role", "admin"]);
    does(&database, &["token", "create", "calvin", "--name", "t"]);
    does(&database, &["user", "add", "hobbes"]);
    does(&database, &["user", "delete", "hobbes"]);
    database
}

/// There and back, with the same schema and the same people, and nothing to repair.
#[track_caller]
fn there_and_back(to: &str) {
    let database = filled();
    let before = schema(&database);
    assert!(before.len() > 50, "{before:?}");
    let people = || Beside::count(&database, "users", "deleted_at IS NULL");
    let (many, grants) = (people(), Beside::count(&database, "grants", "TRUE"));
    let events = Beside::count(&database, "events", "TRUE");
    let undone = does(&database, &["migrate", "--back-to", to]);
    let newer = names("sqlite")
        .iter()
        .filter(|name| name.as_str() > to)
        .count();
    assert_eq!(undone.matches("undid ").count(), newer, "{undone}");
    assert_ne!(schema(&database), before);
    assert_eq!(people(), many);
    assert_eq!(Beside::count(&database, "grants", "TRUE"), grants);
    does(&database, &["migrate"]);
    assert_eq!(schema(&database), before);
    assert_eq!(people(), many);
    assert_eq!(Beside::count(&database, "events", "TRUE"), events);
    does(&database, &["check"]);
    let list = does(&database, &["user", "list"]);
    assert!(list.contains("calvin"), "{list}");
}

#[test]
fn the_last_release_is_reached_and_left_again() {
    there_and_back(LAST_RELEASE);
}

#[test]
fn so_is_every_schema_since_the_first() {
    there_and_back(OLDEST);
}

#[test]
fn the_way_back_ends_at_a_migration_that_was_applied() {
    let database = TestDatabase::create();
    does(&database, &["migrate"]);
    let before = schema(&database);
    for (to, why) in [
        ("2026-11-30-000131_nothing", "no migration"),
        ("yesterday", "no migration"),
        ("", "no migration"),
    ] {
        let output = rolecall(&database, &["migrate", "--back-to", to])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{to}");
        let said = complaint(&output);
        assert!(
            said.contains(why) && said.lines().count() == 1,
            "{to}: {said}"
        );
    }
    // The digits alone will do, and the newest is where it is already.
    let newest = names("sqlite").pop().unwrap();
    let digits = newest.split('_').next().unwrap().replace('-', "");
    does(&database, &["migrate", "--back-to", &digits]);
    assert_eq!(schema(&database), before);
}

#[test]
fn there_is_no_way_back_in_an_empty_database() {
    let database = TestDatabase::create();
    let output = rolecall(&database, &["migrate", "--back-to", LAST_RELEASE])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("no such database"));
}
