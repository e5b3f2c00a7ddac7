//! The schema's history: both sides hold the same names and tables, and every
//! step can be undone.

use std::collections::BTreeSet;
use std::path::Path;

use diesel::sql_types::{Bool, Text};
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use rolecall::config::{Database, DatabaseUrl};
use rolecall::storage::{Empty, StorageError, migrations};

use crate::support::{Beside, TestDatabase};

/// `users.name: Text`, with a question mark when it can be null.
type Columns = BTreeSet<String>;

const DIESEL: &str = "__diesel_schema_migrations";

fn folder(kind: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(kind)
}

fn names(kind: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder(kind))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn both_databases_have_migrations_of_the_same_names() {
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, postgres);
    for kind in ["sqlite", "postgres"] {
        for name in &sqlite {
            for file in ["up.sql", "down.sql"] {
                let path = folder(kind).join(name).join(file);
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                assert!(!text.trim().is_empty(), "{} is empty", path.display());
            }
        }
    }
}

fn bring_up(url: &DatabaseUrl) -> Result<Vec<String>, StorageError> {
    let settings = Database {
        url: url.clone(),
        ..Database::default()
    };
    migrations::migrate(&settings, Empty::Fill)
}

#[test]
fn a_migrated_database_has_the_tables_and_columns_of_the_schema() {
    let database = TestDatabase::create();
    bring_up(&database.url()).unwrap();
    fits_the_schema(&database);
}

#[test]
fn a_second_run_applies_nothing() {
    let database = TestDatabase::create();
    let first = bring_up(&database.url()).unwrap();
    assert_eq!(first.len(), names("sqlite").len(), "{first:?}");
    let before = columns(&database);
    assert_eq!(bring_up(&database.url()).unwrap(), [""; 0]);
    assert_eq!(columns(&database), before);
}

#[test]
fn starts_at_the_same_time_migrate_once() {
    let database = TestDatabase::create();
    let url = database.url();
    let applied: Vec<usize> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| bring_up(&url).unwrap().len()))
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    assert_eq!(
        applied.iter().sum::<usize>(),
        names("sqlite").len(),
        "{applied:?}"
    );
    fits_the_schema(&database);
}

#[test]
fn every_step_can_be_undone_and_done_again() {
    let database = TestDatabase::create();
    let url = database.url();
    let first = bring_up(&url).unwrap();
    let undone = revert(&database);
    assert_eq!(undone, first.len());
    assert_eq!(columns(&database), Columns::new());
    assert_eq!(leftovers(&database), [""; 0]);
    assert_eq!(bring_up(&url).unwrap(), first);
    fits_the_schema(&database);
}

/// Pairs of names from before, in the trash and out of it, and their neighbours.
const BEFORE: &str = "
    INSERT INTO users (username, uname, username_folded, username_skeleton, uname_skeleton,
        external_id, created, modified, deleted_at) VALUES
      ('calvin', 'calvin', 'calvin', 'calvin', 'calvin', 'one', '2026', '2026', NULL),
      ('Calvin', 'calvin-2', NULL, 'calvin', 'calvin-2', NULL, '2026', '2026', NULL),
      ('CALVIN', 'calvin-3', 'calvin', 'calvin', 'calvin-3', 'two', '2026', '2026', '2026'),
      ('hobbes', 'hobbes', 'hobbes', 'hobbes', 'hobbes', NULL, '2026', '2026', '2026');
    INSERT INTO roles (name, name_skeleton, created, modified) VALUES
      ('tiger', 'tiger', '2026', '2026'), ('Tiger', 'tiger', '2026', '2026');
    INSERT INTO grants (user_id, role_id, created, modified)
      SELECT users.id, roles.id, '2026', '2026' FROM users, roles WHERE roles.name = 'tiger';";

/// Somebody new of a name in the trash.
const ANEW: &str = "
    INSERT INTO users (username, uname, external_id, created, modified)
      VALUES ('hobbes', 'hobbes', 'two', '2026', '2026')";

#[test]
fn names_from_before_survive_there_and_back() {
    let database = TestDatabase::create();
    let url = database.url();
    bring_up(&url).unwrap();
    revert_to(&database, "2026-11-30-000100");
    let mut beside = Beside::begin(&database);
    beside.run(BEFORE);
    beside.commit();
    assert!(!Beside::refusal(&database, ANEW).is_empty());
    let facts = |database: &TestDatabase| {
        let count = |table: &str, condition: &str| Beside::count(database, table, condition);
        [
            count("users", "1 = 1"),
            count(
                "users",
                "username IN ('calvin', 'Calvin', 'CALVIN', 'hobbes')",
            ),
            count("grants", "1 = 1"),
            count("roles", "name IN ('tiger', 'Tiger')"),
            Beside::number(
                database,
                "CAST(sum(living) AS BIGINT)",
                "user_blocks",
                "1 = 1",
            ),
        ]
    };
    let before = facts(&database);
    assert_eq!(before, [4, 4, 4, 2, 2]);
    bring_up(&url).unwrap();
    assert_eq!(facts(&database), before);
    is_whole(&database);
    database.execute(ANEW);
    let again = Beside::refusal(&database, ANEW);
    assert!(again.to_lowercase().contains("unique"), "{again}");
    // On the way back the one in the trash gives its names up.
    revert_to(&database, "2026-11-30-000100");
    is_whole(&database);
    assert_eq!(Beside::count(&database, "users", "1 = 1"), 5);
    let gone = "deleted_at IS NOT NULL AND username LIKE 'hobbes+%' AND uname LIKE 'hobbes-%'";
    assert_eq!(Beside::count(&database, "users", gone), 1);
    assert_eq!(Beside::count(&database, "users", "external_id = 'two'"), 1);
    bring_up(&url).unwrap();
    fits_the_schema(&database);
    is_whole(&database);
}

/// Events of two years, and one of a clock that was wrong.
const LOGGED: &str = "
    INSERT INTO events (at, verb, subject_type, subject_id, request_id) VALUES
      ('2024-12-31T23:59:59+00:00', 'create', 'users', 1, 'a'),
      ('2025-06-15T12:00:00+00:00', 'create', 'users', 2, 'b'),
      ('2026-11-30T23:59:59+00:00', 'create', 'users', 3, 'c'),
      ('2031-05-05T00:00:00+00:00', 'create', 'users', 4, 'd'),
      ('2026-11-30T23:59:59+00:00', 'create', 'users', 5, 'e');";

#[test]
fn the_log_from_before_it_was_kept_by_months_survives_there_and_back() {
    let database = TestDatabase::create();
    bring_up(&database.url()).unwrap();
    for logged in [LOGGED, "SELECT 1"] {
        revert_to(&database, "2026-12-01-000041");
        let mut beside = Beside::begin(&database);
        beside.run(logged);
        beside.commit();
        assert_eq!(logged_ids(&database), "12345");
        bring_up(&database.url()).unwrap();
        assert_eq!(logged_ids(&database), "12345");
        fits_the_schema(&database);
    }
    // The next id is one that nobody ever had.
    database.execute(&LOGGED[..LOGGED.find("),").unwrap() + 1]);
    assert_eq!(logged_ids(&database), "123456");
    for statement in ["DELETE FROM events", "UPDATE events SET actor = 'nobody'"] {
        assert!(Beside::refusal(&database, statement).contains("append-only"));
    }
}

/// By their ids, whom they are about.
fn logged_ids(database: &TestDatabase) -> String {
    let query =
        |id: &str| format!("SELECT {id} AS name FROM (SELECT id FROM events ORDER BY id) AS e");
    let sqlite = query("group_concat(id, '')");
    let postgres = query("string_agg(id::text, '' ORDER BY id)");
    on(database, &sqlite, &postgres, names_of).remove(0).name
}

/// Whatever a caller, a role or pg_restore looks for tables in.
#[test]
fn functions_mean_the_same_under_every_search_path() {
    let database = TestDatabase::create();
    bring_up(&database.url()).unwrap();
    let without = "SELECT proname::text AS name FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
          AND NOT 'search_path=public, pg_temp' = ANY (coalesce(proconfig, '{}'))
          AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')";
    let none = "SELECT '' AS name WHERE false";
    assert_eq!(
        on(&database, none, without, names_of)
            .iter()
            .map(|row| row.name.clone())
            .collect::<Vec<_>>(),
        [""; 0]
    );
    if matches!(database, TestDatabase::Sqlite { .. }) {
        return;
    }
    let mut beside = Beside::begin(&database);
    // Somebody else's tables of the same names, which would be found first.
    beside.run(
        "CREATE SCHEMA elsewhere;
         CREATE TABLE elsewhere.user_blocks AS TABLE public.user_blocks;
         CREATE TABLE elsewhere.event_pruning AS SELECT 1 AS id, TRUE AS is_allowed;
         CREATE TEMPORARY TABLE user_spans (span BIGINT PRIMARY KEY, living BIGINT);
         SET LOCAL search_path = elsewhere;
         INSERT INTO public.users (username, uname, created, modified)
           VALUES ('hobbes', 'hobbes', '2026', '2026');
         SET LOCAL search_path = '';
         INSERT INTO public.users (username, uname, created, modified)
           VALUES ('calvin', 'calvin', '2026', '2026');",
    );
    beside.commit();
    let living =
        |table: &str| Beside::number(&database, "CAST(sum(living) AS BIGINT)", table, "1 = 1");
    assert_eq!((living("user_blocks"), living("user_spans")), (2, 2));
    let refusal = Beside::refusal(
        &database,
        "SET search_path = elsewhere; DELETE FROM public.events;",
    );
    assert!(refusal.contains("append-only"), "{refusal}");
}

/// What SQLite says of the file and of the index of the search.
fn is_whole(database: &TestDatabase) {
    if matches!(database, TestDatabase::Sqlite { .. }) {
        let said = on(
            database,
            "SELECT integrity_check AS name FROM pragma_integrity_check",
            "",
            names_of,
        );
        let said: Vec<_> = said.into_iter().map(|row| row.name).collect();
        assert_eq!(said, ["ok"]);
        database
            .execute("INSERT INTO users_search (users_search, rank) VALUES ('integrity-check', 1)");
    }
}

#[track_caller]
fn fits_the_schema(database: &TestDatabase) {
    let (found, wanted) = (columns(database), of_schema());
    let missing: Vec<_> = wanted.difference(&found).collect();
    let strange: Vec<_> = found.difference(&wanted).collect();
    assert!(
        missing.is_empty() && strange.is_empty(),
        "only in schema.rs: {missing:?}; only in the database: {strange:?}"
    );
}

/// `src/storage/schema.rs`, read as text: what the queries believe.
fn of_schema() -> Columns {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage/schema.rs");
    let text = std::fs::read_to_string(path).unwrap();
    let mut found = Columns::new();
    let mut table = "";
    for line in text.lines().map(str::trim) {
        if let Some((name, _)) = line.strip_suffix(") {").and_then(|l| l.split_once(" (")) {
            table = name;
        } else if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ")
            && !line.starts_with("diesel::")
        {
            let nullable = kind.strip_prefix("Nullable<");
            let kind = nullable.map_or(kind, |kind| kind.trim_end_matches('>'));
            found.insert(shown(table, column, kind, nullable.is_some()));
        }
    }
    assert!(found.len() > 100, "{found:?}");
    found
}

fn shown(table: &str, column: &str, kind: &str, nullable: bool) -> String {
    let mark = if nullable { "?" } else { "" };
    format!("{table}.{column}: {kind}{mark}")
}

/// The kinds of schema.rs behind the two databases' names of them.
fn kind(name: &str) -> &str {
    match name.to_ascii_lowercase().as_str() {
        "bigint" | "integer primary key" => "BigInt",
        "integer" => "Integer",
        "text" => "Text",
        "boolean" => "Bool",
        "blob" | "bytea" => "Binary",
        other => panic!("what is a {other}?"),
    }
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The index of the search is a table with tables of its own, which no query
/// names as such. SQLite calls its only kind of key INTEGER, and it holds 64 bits.
const SQLITE_COLUMNS: &str = "
    SELECT m.name AS table_name, c.name AS column_name,
      CASE WHEN c.pk = 1 AND c.type = 'INTEGER' THEN 'INTEGER PRIMARY KEY' ELSE c.type END AS kind,
      c.\"notnull\" = 0 AS nullable
    FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'users_search%'";

const POSTGRES_COLUMNS: &str = "
    SELECT table_name::text, column_name::text, data_type::text AS kind,
      is_nullable = 'YES' AS nullable
    FROM information_schema.columns WHERE table_schema = 'public'
      AND NOT (SELECT relispartition FROM pg_class WHERE oid = table_name::regclass)";

fn columns(database: &TestDatabase) -> Columns {
    on(database, SQLITE_COLUMNS, POSTGRES_COLUMNS, columns_of)
        .iter()
        .filter(|column| column.table_name != DIESEL)
        .map(|column| {
            shown(
                &column.table_name,
                &column.column_name,
                kind(&column.kind),
                column.nullable,
            )
        })
        .collect()
}

/// What else a migration can leave behind: indexes, triggers, functions, types,
/// but not extensions, which it does not take away.
fn leftovers(database: &TestDatabase) -> Vec<String> {
    let sqlite = "SELECT name FROM sqlite_master
        WHERE name NOT LIKE 'sqlite%' AND tbl_name <> '__diesel_schema_migrations'";
    let postgres = "
        SELECT proname::text AS name FROM pg_proc
          WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
            SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
        UNION ALL
        SELECT relname::text FROM pg_class
          WHERE relnamespace = 'public'::regnamespace
            AND relname NOT LIKE '\\_\\_diesel%'";
    let rows = on(database, sqlite, postgres, names_of);
    rows.into_iter().map(|row| row.name).collect()
}

enum Connected {
    Sqlite(SqliteConnection),
    Postgres(Box<AsyncConnectionWrapper<AsyncPgConnection>>),
}

fn columns_of(connected: &mut Connected, query: &str) -> Vec<Column> {
    match connected {
        Connected::Sqlite(connection) => sql_query(query).load(connection).unwrap(),
        Connected::Postgres(connection) => sql_query(query).load(&mut **connection).unwrap(),
    }
}

fn names_of(connected: &mut Connected, query: &str) -> Vec<Name> {
    match connected {
        Connected::Sqlite(connection) => sql_query(query).load(connection).unwrap(),
        Connected::Postgres(connection) => sql_query(query).load(&mut **connection).unwrap(),
    }
}

/// Asks the database at hand, each in its own words.
fn on<T>(
    database: &TestDatabase,
    sqlite: &str,
    postgres: &str,
    ask: fn(&mut Connected, &str) -> Vec<T>,
) -> Vec<T> {
    match database {
        TestDatabase::Sqlite { .. } => {
            let path = database.address().replace("sqlite://", "");
            let connection = SqliteConnection::establish(&path).unwrap();
            ask(&mut Connected::Sqlite(connection), sqlite)
        }
        TestDatabase::Postgres { .. } => {
            let connection = AsyncConnectionWrapper::establish(&database.address()).unwrap();
            ask(&mut Connected::Postgres(Box::new(connection)), postgres)
        }
    }
}

/// Runs every `down.sql`, the newest first, and tells how many there were.
fn revert(database: &TestDatabase) -> usize {
    match database {
        TestDatabase::Sqlite { .. } => {
            let source = FileBasedMigrations::from_path(folder("sqlite")).unwrap();
            let path = database.address().replace("sqlite://", "");
            let mut connection = SqliteConnection::establish(&path).unwrap();
            connection.revert_all_migrations(source).unwrap().len()
        }
        TestDatabase::Postgres { .. } => {
            let source = FileBasedMigrations::from_path(folder("postgres")).unwrap();
            let mut connection =
                AsyncConnectionWrapper::<AsyncPgConnection>::establish(&database.address())
                    .unwrap();
            connection.revert_all_migrations(source).unwrap().len()
        }
    }
}

/// Undoes the migrations from this one on.
fn revert_to(database: &TestDatabase, first: &str) {
    let names = names("sqlite");
    let steps = names.iter().filter(|name| name.as_str() >= first).count();
    match database {
        TestDatabase::Sqlite { .. } => {
            let path = database.address().replace("sqlite://", "");
            let mut connection = SqliteConnection::establish(&path).unwrap();
            for _ in 0..steps {
                let source = FileBasedMigrations::from_path(folder("sqlite")).unwrap();
                connection.revert_last_migration(source).unwrap();
            }
        }
        TestDatabase::Postgres { .. } => {
            let mut connection =
                AsyncConnectionWrapper::<AsyncPgConnection>::establish(&database.address())
                    .unwrap();
            for _ in 0..steps {
                let source = FileBasedMigrations::from_path(folder("postgres")).unwrap();
                connection.revert_last_migration(source).unwrap();
            }
        }
    }
}
