//! `database.pooler`: through a real PgBouncer with `pool_mode = transaction`,
//! where each transaction may meet another session of the server.

use std::sync::Mutex;

use rolecall::config::{Pooler, Settings};
use serde_json::json;
use tokio_postgres::{NoTls, SimpleQueryMessage};

use super::{hears, is_skipped};
use crate::support::{
    ADMIN_PASSWORD, Answer, Client, Cluster, JSON_API, PgBouncer, TestApp, a_new, a_user, changes,
    eventually,
};

const SESSIONS: usize = 3;

struct World {
    app: TestApp,
    // Behind the app: who connects goes first.
    bouncer: PgBouncer,
    server: Cluster,
}

impl World {
    fn with(change: impl FnOnce(&mut Settings, &Cluster)) -> Self {
        let server = Cluster::start();
        let bouncer = PgBouncer::before(&server, SESSIONS);
        let app = TestApp::with(|settings| {
            settings.database.url = bouncer.url();
            settings.database.pooler = Pooler::Transaction;
            // Far more than there are sessions.
            settings.database.connections = 8;
            settings.database.acquire_timeout_ms = 60_000;
            change(settings, &server);
        });
        Self {
            app,
            bouncer,
            server,
        }
    }
}

/// What a caller does in the course of a day, with names that end so.
/// Every answer is told, with what it should have been.
fn walk(client: &Client, nobody: &Client, end: &str, mut tell: impl FnMut(Answer, u16)) {
    let mut done = |answer: Answer, status: u16| {
        let id = (answer.status == 201).then(|| answer.id());
        tell(answer, status);
        id.unwrap_or_default()
    };
    let username = format!("walker-{end}");
    let user = a_new(
        "users",
        json!({"username": username, "password": "long enough", "surname": "Walker"}),
    );
    let keyed = [
        ("accept", JSON_API),
        ("content-type", JSON_API),
        ("idempotency-key", end),
    ];
    let body = user.to_string();
    let create = || client.send("POST", "/users", &keyed, Some(body.as_bytes()));
    let user = done(create(), 201);
    assert_eq!(done(create(), 201), user);
    let role = a_new("roles", json!({"name": format!("role {end}")}));
    let role = done(client.post("/roles", &role), 201);
    let path = format!("/users/{user}");
    let rename = changes("users", &user, json!({"name": "Will"}));
    done(client.patch(&path, &rename), 200);
    let link = json!({"data": [{"type": "roles", "id": role}]});
    let roles = format!("{path}/relationships/roles");
    done(client.post(&roles, &link), 200);
    done(client.get(&roles), 200);
    done(client.get(&format!("{path}?include=roles")), 200);
    done(
        client.get("/users?filter[surname]=Walker&sort=-created&page[size]=3"),
        200,
    );
    done(
        client.get(&format!("/users?filter[query]=walker-{end}")),
        200,
    );
    done(client.get("/users?page[number]=1&page[size]=2"), 200);
    done(
        client.get(&format!("/events?filter[subject_id]={user}")),
        200,
    );
    let operations = json!({"atomic:operations": [
        {"op": "add", "data": {"type": "roles", "lid": "r", "attributes": {"name": format!("more {end}")}}},
        {"op": "update", "data": {"type": "users", "id": user, "attributes": {"email": format!("{end}@example.org")}}}
    ]});
    done(client.operations(&operations), 200);
    // The same name again: an error inside a transaction.
    done(
        client.post(
            "/roles",
            &a_new("roles", json!({"name": format!("role {end}")})),
        ),
        400,
    );
    let grant = json!({"username": "admin", "password": ADMIN_PASSWORD});
    done(nobody.post("/auth", &grant), 200);
    done(client.delete_with(&roles, &link), 200);
    done(client.delete(&format!("/roles/{role}")), 204);
    done(client.delete(&path), 204);
}

#[track_caller]
fn is_as_expected(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
}

#[test]
fn everything_works_through_a_pooler_also_the_first_start() {
    if is_skipped() {
        return;
    }
    let world = World::with(|_, _| {});
    let (admin, nobody) = (world.app.admin(), world.app.anonymous());
    walk(&admin, &nobody, "alone", |answer, status| {
        is_as_expected(&answer, status);
    });
    drop(world.app);
    leaves_nothing(&world.bouncer);
}

#[test]
fn many_at_once_share_few_sessions_and_none_of_them_fails() {
    if is_skipped() {
        return;
    }
    let world = World::with(|_, _| {});
    // Another process, whose statements have the same names.
    let other = world.app.another();
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for number in 0..12 {
            let app = if number % 2 == 0 { &world.app } else { &other };
            let wrong = &wrong;
            scope.spawn(move || {
                let (admin, nobody) = (app.admin(), app.anonymous());
                for round in 0..3 {
                    let end = format!("{number}-{round}");
                    walk(&admin, &nobody, &end, |answer, status| {
                        if answer.status != status {
                            let said = format!("{status}: {} {}", answer.status, answer.text);
                            wrong.lock().unwrap().push(said);
                        }
                    });
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
    drop((world.app, other));
    leaves_nothing(&world.bouncer);
}

#[test]
fn a_lock_is_waited_for_as_long_as_it_is_set_and_no_longer() {
    if is_skipped() {
        return;
    }
    let world = World::with(|settings, _| {
        settings.database.busy_timeout_ms = 50;
    });
    let holder = Session::open(&world.server.address);
    holder.ask("BEGIN; LOCK TABLE roles IN EXCLUSIVE MODE");
    let role = a_new("roles", json!({"name": "HR"}));
    let refused = world.app.admin().post("/roles", &role).expect(503);
    assert!(refused.header("retry-after").is_some());
    holder.ask("ROLLBACK");
    world.app.admin().post("/roles", &role).expect(201);
}

#[test]
fn a_statement_takes_as_long_as_is_set_and_no_longer() {
    if is_skipped() {
        return;
    }
    let world = World::with(|settings, _| {
        settings.database.statement_timeout_ms = 400;
    });
    let admin = world.app.admin();
    admin.get("/home").expect(200);
    let holder = Session::open(&world.server.address);
    holder.ask("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
    let refused = admin.get("/users").expect(503);
    assert_eq!(refused.errors()[0]["code"], "timed_out");
    holder.ask("ROLLBACK");
    admin.get("/users").expect(200);
}

#[test]
fn other_processes_are_heard_past_the_pooler() {
    if is_skipped() {
        return;
    }
    let world = World::with(|settings, server| {
        settings.database.direct_url = Some(server.url());
    });
    let other = world.app.another();
    hears(&world.app);
    hears(&other);
    let user = a_user().create(&world.app);
    let client = other.token(&world.app.token_of(user.id, None));
    client.get("/home").expect(200);
    let inactive = changes("users", user.id, json!({"is_active": false}));
    world.app.admin().patch(&user.path(), &inactive).expect(200);
    eventually("refused", || client.get("/home").status == 401);
}

#[test]
fn without_a_way_past_the_pooler_callers_are_believed_for_a_while_only() {
    if is_skipped() {
        return;
    }
    let world = World::with(|_, _| {});
    let other = world.app.another();
    let user = a_user().create(&world.app);
    let client = other.token(&world.app.token_of(user.id, None));
    client.get("/home").expect(200);
    assert!(!other.directory.sees_every_change());
    let inactive = changes("users", user.id, json!({"is_active": false}));
    world.app.admin().patch(&user.path(), &inactive).expect(200);
    other.advance(5);
    client.get("/home").expect(401);
}

/// No session of the pool keeps a setting or a statement of ours.
fn leaves_nothing(bouncer: &PgBouncer) {
    let sessions: Vec<Session> = (0..SESSIONS)
        .map(|_| Session::open(&bouncer.address()))
        .collect();
    // All in a transaction: each has a session of the server for itself.
    for session in &sessions {
        session.ask("BEGIN");
    }
    for session in &sessions {
        let kept = session.ask(
            "SELECT (SELECT count(*) FROM pg_prepared_statements), \
             current_setting('lock_timeout'), current_setting('statement_timeout')",
        );
        assert_eq!(kept, ["0", "0", "0"]);
        session.ask("COMMIT");
    }
}

/// A connection of somebody else's.
struct Session {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

impl Session {
    fn open(address: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let connected = runtime.block_on(tokio_postgres::connect(address, NoTls));
        let (client, connection) = connected.unwrap();
        runtime.spawn(connection);
        Self { runtime, client }
    }

    /// The columns of the first row.
    fn ask(&self, statements: &str) -> Vec<String> {
        let answer = self.runtime.block_on(self.client.simple_query(statements));
        let answer = answer.unwrap();
        let row = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        row.map_or_else(Vec::new, |row| {
            (0..row.len())
                .map(|column| row.get(column).unwrap_or_default().to_owned())
                .collect()
        })
    }
}
