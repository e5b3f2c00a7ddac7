//! A PostgreSQL that says nothing more.

use std::process::{Command, Stdio};

use serde_json::json;

use super::{AN_HOUR, World, hasty, is_503, reason, recovers, rename};
use crate::program::{Running, rolecall};
use crate::scaling::{hears, is_skipped};
use crate::support::{
    Cluster, Proxy, TestApp, TestDatabase, a_new, a_user, eventually, make_slow, restore,
};

#[test]
fn while_a_server_is_stopped_everything_is_503_and_then_goes_on() {
    if is_skipped() {
        return;
    }
    let server = Cluster::start();
    let app = TestApp::with(|settings| {
        settings.database.url = server.url();
        hasty(settings);
    });
    let admin = app.admin();
    for _ in 0..2 {
        admin.get("/users").expect(200);
        let frozen = server.frozen();
        std::thread::scope(|scope| {
            for number in 0..12 {
                let (admin, app) = (&admin, &app);
                scope.spawn(move || match number % 4 {
                    0 => is_503(&rename(admin, "x")),
                    1 => is_503(&app.basic("admin", "correct horse").get("/roles")),
                    2 => eventually("it is noticed", || reason(app) == "unreachable"),
                    _ => is_503(&admin.get("/users")),
                });
            }
        });
        // In the form of each surface, keys that sign included.
        app.advance(61);
        for path in [
            "/api/user",
            "/api/admin/users/",
            "/api/id-management/users/",
            "/.well-known/jwks.json",
        ] {
            is_503(&admin.get_with(path, &[]));
        }
        let grant = json!({"username": "admin", "password": "correct horse"});
        is_503(&app.anonymous().post("/auth", &grant));
        drop(frozen);
        eventually("reads work", || admin.get("/users").status == 200);
        eventually("changes work", || rename(&admin, "Back").status == 200);
        eventually("it is ready", || reason(&app).is_null());
    }
    hears(&app);
}

#[test]
fn connections_that_carry_nothing_more_are_replaced_and_reads_notice_nothing() {
    if is_skipped() {
        return;
    }
    // No limit ends a wait here: it is seen that the server does nothing for us.
    let world = World::with(|settings| {
        settings.database.answer_timeout_ms = 600_000;
        settings.database.connect_timeout_ms = 600_000;
        settings.database.acquire_timeout_ms = 600_000;
    });
    let admin = world.app.admin();
    for round in 0..2 {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| admin.get("/users").expect(200));
            }
        });
        world.proxy.swallow();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| admin.get("/users").expect(200));
            }
        });
        world.proxy.swallow();
        let change = rename(&admin, &format!("round {round}"));
        assert!([200, 503].contains(&change.status), "{change:?}");
        rename(&admin, "again").expect(200);
        assert!(reason(&world.app).is_null());
        hears(&world.app);
    }
    recovers(&world.app);
}

#[test]
fn a_change_that_is_lost_on_its_way_holds_no_lock_for_long() {
    if is_skipped() {
        return;
    }
    let world = World::with(|settings| {
        settings.database.answer_timeout_ms = 600_000;
        settings.database.busy_timeout_ms = AN_HOUR / 10;
    });
    let admin = world.app.admin();
    let user = a_user().create(&world.app);
    // It waits for this lock, then gets it, and then nobody hears of it.
    let waits = "state = 'active' AND wait_event_type = 'Lock'";
    let holder = Holder::lock(
        &world.server,
        &format!("SELECT 1 FROM users WHERE id = {} FOR UPDATE", user.id),
    );
    std::thread::scope(|scope| {
        let lost = scope.spawn(|| {
            let path = user.path();
            let name = crate::support::changes("users", user.id, json!({"name": "lost"}));
            admin.patch(&path, &name)
        });
        eventually("it waits", || holder.count(waits) == 1);
        world.proxy.swallow();
        holder.release();
        assert!([200, 503].contains(&lost.join().unwrap().status));
    });
    let name = crate::support::changes("users", user.id, json!({"name": "next"}));
    eventually("the next change is made", || {
        admin.patch(&user.path(), &name).status == 200
    });
}

/// Somebody else's transaction, on the server itself.
pub struct Holder {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

impl Holder {
    pub fn lock(server: &Cluster, statement: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let connecting = tokio_postgres::connect(&server.address, tokio_postgres::NoTls);
        let (client, connection) = runtime.block_on(connecting).unwrap();
        runtime.spawn(connection);
        let holder = Self { runtime, client };
        holder.run(&format!("BEGIN; {statement}"));
        holder
    }

    fn run(&self, statement: &str) {
        let running = self.client.batch_execute(statement);
        self.runtime.block_on(running).unwrap();
    }

    pub fn release(&self) {
        self.run("ROLLBACK");
    }

    /// Sessions of which this is so.
    pub fn count(&self, condition: &str) -> i64 {
        // Looks anew, also within this transaction.
        self.run("SELECT pg_stat_clear_snapshot()");
        let query = format!("SELECT count(*) FROM pg_stat_activity WHERE {condition}");
        let row = self.runtime.block_on(self.client.query_one(&query, &[]));
        row.unwrap().get(0)
    }
}

#[test]
fn a_server_that_works_may_take_longer_than_one_that_is_silent() {
    if is_skipped() {
        return;
    }
    let app = TestApp::with(|settings| {
        settings.database.answer_timeout_ms = 200;
        settings.database.connections = 1;
    });
    for _ in 0..8 {
        a_user().create(&app);
    }
    let admin = app.admin();
    admin.get("/users").expect(200);
    make_slow(&app.database, "users");
    assert_eq!(admin.get("/users").expect(200).ids().len(), 9);
    restore(&app.database, "users");
}

#[test]
fn health_needs_no_free_connection_and_no_lock() {
    if is_skipped() {
        return;
    }
    let world = World::with(|settings| {
        settings.database.connections = 1;
        settings.database.busy_timeout_ms = 600_000;
        settings.database.acquire_timeout_ms = 600_000;
    });
    let admin = world.app.admin();
    admin.get("/users").expect(200);
    let holder = Holder::lock(
        &world.server,
        "LOCK TABLE users, roles IN ACCESS EXCLUSIVE MODE",
    );
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| admin.get("/users").expect(200));
        }
        let waiting = "state = 'active' AND wait_event_type = 'Lock'";
        eventually("all connections wait", || holder.count(waiting) == 2);
        for _ in 0..20 {
            assert!(reason(&world.app).is_null());
        }
        holder.release();
    });
}

/// A command of the program itself at that server.
fn command(address: &str, arguments: &[&str]) -> Command {
    let mut command = rolecall(&TestDatabase::create(), arguments);
    command.env("DATABASE_URL", address);
    command
}

fn service(address: &str, environment: &[(&str, &str)]) -> Running {
    let all = [&[("DATABASE_URL", address)], environment].concat();
    Running::with(&TestDatabase::create(), &all)
}

#[test]
fn commands_and_starts_say_in_one_sentence_that_the_server_is_silent() {
    if is_skipped() {
        return;
    }
    let server = Cluster::start();
    let proxy = Proxy::to(server.port());
    drop(service(&proxy.address(), &[]));
    proxy.swallow_all(true);
    for arguments in [
        &["user", "list"][..],
        &["serve", "--listen", "127.0.0.1:0"],
        &["migrate"],
        &["check"],
    ] {
        let said = command(&proxy.address(), arguments)
            .env("ROLECALL_DATABASE_CONNECT_TIMEOUT_MS", "1000")
            .env("ROLECALL_DATABASE_START_WAIT_SECONDS", "0")
            .output()
            .unwrap();
        let complaint = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.status.code(), Some(1), "{complaint}");
        assert!(complaint.contains("does not answer"), "{complaint}");
    }
    proxy.swallow_all(false);
    let said = command(&proxy.address(), &["user", "list"])
        .output()
        .unwrap();
    assert!(said.status.success());
}

#[test]
fn a_command_whose_connection_is_lost_ends() {
    if is_skipped() {
        return;
    }
    let server = Cluster::start();
    let proxy = Proxy::to(server.port());
    drop(service(&proxy.address(), &[]));
    let holder = Holder::lock(&server, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
    let child = command(&proxy.address(), &["user", "list"])
        .env("ROLECALL_DATABASE_BUSY_TIMEOUT_MS", "600000")
        .env("ROLECALL_DATABASE_ANSWER_TIMEOUT_MS", "1000")
        .env("ROLECALL_DATABASE_CONNECT_TIMEOUT_MS", "1000")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let waits = "state = 'active' AND wait_event_type = 'Lock'";
    eventually("it waits", || holder.count(waits) == 1);
    proxy.swallow_all(true);
    let said = child.wait_with_output().unwrap();
    let complaint = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(1), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    holder.release();
}

#[test]
fn a_service_ends_while_its_server_is_silent() {
    if is_skipped() {
        return;
    }
    let server = Cluster::start();
    let proxy = Proxy::to(server.port());
    let environment = [
        ("ROLECALL_SHUTDOWN_SECONDS", "600"),
        ("ROLECALL_DATABASE_ANSWER_TIMEOUT_MS", "1000"),
        ("ROLECALL_DATABASE_CONNECT_TIMEOUT_MS", "1000"),
    ];
    let mut service = service(&proxy.address(), &environment);
    let admin = service.admin();
    admin.get("/users").expect(200);
    let role = a_new("roles", json!({"name": "HR"}));
    admin.post("/roles", &role).expect(201);
    proxy.swallow_all(true);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                // Whichever it is: an answer, or an end.
                let _ = admin.try_send("GET", "/users", &[], None);
            });
        }
        service.signal("-TERM");
        let ended = service.child.wait().unwrap();
        assert!(ended.success(), "{ended}");
    });
}
