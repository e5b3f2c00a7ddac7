//! `rolecall move`: a directory from SQLite to PostgreSQL, with everything.

use std::collections::{BTreeMap, BTreeSet};

use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value, json};

use crate::program::{Running, rolecall};
use crate::support::{Client, JSON_API, TestDatabase, a_new, is_postgres};

/// By table, its rows as JSON.
type Content = BTreeMap<String, BTreeSet<String>>;

fn file(database: &TestDatabase) -> String {
    database.address().replace("sqlite://", "")
}

/// As the migrations of Diesel and the index for searching are not: what users have filled.
fn of_sqlite(database: &TestDatabase) -> Content {
    let connection = rusqlite::Connection::open(file(database)).unwrap();
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite|_%' ESCAPE '|'
        AND name NOT LIKE 'users|_search%' ESCAPE '|' AND name <> '__diesel_schema_migrations'";
    let mut statement = connection.prepare(names).unwrap();
    let names = statement.query_map([], |row| row.get::<_, String>(0));
    let names: Vec<String> = names.unwrap().map(Result::unwrap).collect();
    let rows = |name: String| {
        let mut statement = connection
            .prepare(&format!("SELECT * FROM \"{name}\""))
            .unwrap();
        let columns: Vec<String> = statement
            .column_names()
            .into_iter()
            .map(str::to_owned)
            .collect();
        let rows = statement.query_map([], |row| {
            let mut object = Map::new();
            for (number, column) in columns.iter().enumerate() {
                let value = match row.get_ref(number)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(number) => json!(number),
                    ValueRef::Real(number) => json!(number),
                    ValueRef::Text(text) => json!(String::from_utf8(text.to_vec()).unwrap()),
                    ValueRef::Blob(bytes) => {
                        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                        json!(format!("\\x{hex}"))
                    }
                };
                object.insert(column.clone(), value);
            }
            Ok(Value::Object(object).to_string())
        });
        let rows = rows.unwrap().map(Result::unwrap).collect();
        (name, rows)
    };
    names.into_iter().map(rows).collect()
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(database: &TestDatabase, queries: Vec<String>) -> Vec<Vec<String>> {
    let address = database.address();
    // The wrapper brings a runtime, and must not meet another on this thread.
    let reading = std::thread::spawn(move || {
        let mut connection =
            AsyncConnectionWrapper::<AsyncPgConnection>::establish(&address).unwrap();
        let mut run = |query: String| {
            let found = diesel::sql_query(query)
                .load::<Line>(&mut connection)
                .unwrap();
            found.into_iter().map(|row| row.line).collect()
        };
        queries.into_iter().map(&mut run).collect()
    });
    reading.join().unwrap()
}

fn of_postgres(database: &TestDatabase) -> Content {
    let names = "SELECT relname::text AS line FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
          AND NOT relispartition AND relname <> '__diesel_schema_migrations'";
    let names = lines(database, vec![names.to_owned()]).remove(0);
    let query = |name: &String| format!("SELECT to_jsonb(t)::text AS line FROM \"{name}\" AS t");
    let found = lines(database, names.iter().map(query).collect());
    let alike = |row: String| {
        let mut row: Map<String, Value> = serde_json::from_str(&row).unwrap();
        for value in row.values_mut() {
            if let Value::Bool(flag) = value {
                *value = json!(i64::from(*flag));
            }
        }
        Value::Object(row).to_string()
    };
    let found = found
        .into_iter()
        .map(|rows| rows.into_iter().map(alike).collect());
    names.into_iter().zip(found).collect()
}

#[track_caller]
fn does(database: &TestDatabase, arguments: &[&str]) {
    let output = rolecall(database, arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
}

fn nobody(service: &Running) -> Client {
    Client::new(&format!("http://{}", service.address), None)
}

/// Something in as many tables as there are.
fn a_full_directory() -> (TestDatabase, String, String) {
    let database = TestDatabase::on_sqlite();
    does(&database, &["generate", "--users", "700"]);
    let service = Running::start(&database);
    let admin = service.admin();
    let token = admin
        .post("/tokens", &a_new("tokens", json!({"name": "moves"})))
        .expect(201);
    let secret = token.data()["attributes"]["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let body = a_new(
        "users",
        json!({"username": "hobbes", "password": "tulip-1637"}),
    );
    let kept = [("idempotency-key", "\"moved\""), ("content-type", JSON_API)];
    let text = body.to_string();
    let made = admin
        .send("POST", "/users", &kept, Some(text.as_bytes()))
        .expect(201);
    let gone = a_new(
        "users",
        json!({"username": "trashed", "password": "tulip-1637"}),
    );
    let gone = admin.post("/users", &gone).expect(201).id();
    admin.delete(&format!("/users/{gone}")).expect(204);
    let sign_in = json!({"username": "hobbes", "password": "tulip-1637"});
    let signed = nobody(&service).post("/auth", &sign_in).expect(200);
    let refresh = signed.json()["meta"]["renew"].as_str().unwrap().to_owned();
    drop(service);
    database.execute(&format!(
        "INSERT INTO outbox (created, kind, event_key, recipient, subject, body, next_attempt)
         VALUES ('2026-01-01T00:00:00+00:00', 'created', 'users/{}', 'a@example.org', 'It''s', 'é\n', '2026-01-01T00:00:00+00:00')",
        made.id()
    ));
    // An event of a month that the other side has no part for.
    database.execute(
        "INSERT INTO events (at, verb, subject_type, subject_id, request_id)
         VALUES ('2019-05-05T00:00:00+00:00', 'create', 'users', 1, '7')",
    );
    (database, secret, refresh)
}

#[test]
fn everything_moves_and_users_go_on() {
    if !is_postgres() {
        return;
    }
    let (from, secret, refresh) = a_full_directory();
    let to = TestDatabase::create();
    does(&from, &["move", "--to", &to.address()]);
    let (here, there) = (of_sqlite(&from), of_postgres(&to));
    let names = |content: &Content| content.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&here), names(&there));
    for (name, rows) in &here {
        assert!(
            *rows == there[name],
            "{name}: {:?}",
            rows.symmetric_difference(&there[name])
                .take(4)
                .collect::<Vec<_>>()
        );
    }
    for full in [
        "tokens",
        "events",
        "idempotency",
        "signing_keys",
        "sign_ins",
        "refresh_tokens",
        "outbox",
        "grant_rules",
    ] {
        assert!(!here[full].is_empty(), "{full} is empty");
    }
    does(&to, &["check"]);
    let last: u64 = Running::start(&from)
        .admin()
        .get("/users?sort=-id&page[size]=1")
        .expect(200)
        .ids()[0]
        .parse()
        .unwrap();
    let service = Running::start(&to);
    service
        .client("hobbes", "tulip-1637")
        .get("/home")
        .expect(200);
    let by_token = service.token(&secret);
    by_token.get("/users/1").expect(200);
    let grant = json!({"grant_type": "refresh_token", "refresh_token": refresh});
    nobody(&service).post("/auth", &grant).expect(200);
    assert_eq!(by_token.get("/trash/users").expect(200).ids().len(), 1);
    let next = by_token
        .post(
            "/users",
            &a_new(
                "users",
                json!({"username": "next", "password": "tulip-1637"}),
            ),
        )
        .expect(201)
        .id();
    assert!(next.parse::<u64>().unwrap() > last, "{next} after {last}");
    by_token.get("/events?sort=-id").expect(200);
}

#[test]
fn a_target_with_somebody_in_it_and_a_source_in_use_are_refused() {
    if !is_postgres() {
        return;
    }
    let (from, to) = (TestDatabase::on_sqlite(), TestDatabase::create());
    let service = Running::start(&from);
    let refused = |from: &TestDatabase| {
        let output = rolecall(from, &["move", "--to", &to.address()])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let complaint = refused(&from);
    assert!(
        complaint.contains("is in use: stop the service first"),
        "{complaint}"
    );
    drop(service);
    drop(Running::start(&to));
    let before = of_postgres(&to);
    let complaint = refused(&from);
    assert!(complaint.contains("the target is not empty"), "{complaint}");
    assert!(before == of_postgres(&to), "the target was changed");
}

#[test]
fn only_sqlite_moves_and_only_to_postgresql() {
    let database = TestDatabase::create();
    let output = rolecall(&database, &["move", "--to", "sqlite://other.db"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!std::path::Path::new("other.db").exists());
}
