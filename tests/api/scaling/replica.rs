//! `database.replica_url`: reads go to a streaming replica, and nobody misses
//! their own changes.

use std::sync::atomic::{AtomicBool, Ordering};

use rolecall::config::Settings;
use serde_json::json;

use super::{hears, is_skipped};
use crate::support::{Client, Cluster, TestApp, a_new, a_role, a_user, changes, eventually};

const AN_HOUR: u64 = 3_600_000;

struct World {
    app: TestApp,
    // Behind the app: who connects goes first.
    replica: Cluster,
    primary: Cluster,
}

impl World {
    /// With a replica that serves.
    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let primary = Cluster::start();
        let replica = primary.replica();
        let app = TestApp::with(|settings| {
            settings.database.url = primary.url();
            settings.database.replica_url = Some(replica.url());
            // Nobody is too far behind, unless the test is about that.
            settings.database.replica_max_lag_ms = AN_HOUR;
            change(settings);
        });
        let world = Self {
            app,
            replica,
            primary,
        };
        world.until("serving");
        world
    }

    fn start() -> Self {
        Self::with(|_| {})
    }

    fn until(&self, status: &str) {
        until(&self.app, status);
    }

    /// Somebody else who may read everything.
    fn reader(&self) -> Client {
        let reader = a_user().administrator().create(&self.app).client(&self.app);
        reader.get("/home").expect(200);
        reader
    }

    /// From now on the replica stays as it is.
    fn pause(&self) {
        self.replica.execute("SELECT pg_wal_replay_pause()");
    }

    fn resume(&self) {
        self.replica.execute("SELECT pg_wal_replay_resume()");
    }
}

fn until(app: &TestApp, status: &str) {
    eventually(status, || {
        let health = app.anonymous().get("/health").expect(200).json();
        health["meta"]["replica"]["status"] == status
    });
}

fn make(client: &Client, name: &str) -> String {
    let made = client.post("/roles", &a_new("roles", json!({"name": name})));
    made.expect(201).id()
}

fn sees(client: &Client, name: &str) -> bool {
    let found = client.get(&format!("/roles?filter[name]={name}"));
    !found.expect(200).ids().is_empty()
}

#[test]
fn a_list_comes_from_the_replica_but_never_without_the_callers_own_changes() {
    if is_skipped() {
        return;
    }
    let world = World::start();
    let (writer, reader) = (world.app.admin(), world.reader());
    world.pause();
    make(&writer, "HR");
    assert!(sees(&writer, "HR"));
    assert!(!sees(&reader, "HR"), "this was not read from the replica");
    assert!(sees(&writer, "HR"));
    world.resume();
    eventually("the replica has it", || sees(&reader, "HR"));
}

#[test]
fn single_resources_and_linkage_come_from_the_replica_and_changes_do_not() {
    if is_skipped() {
        return;
    }
    let world = World::start();
    let (writer, reader) = (world.app.admin(), world.reader());
    let (user, role) = (a_user().create(&world.app), a_role().create(&world.app));
    let path = format!("{}/relationships/roles", user.path());
    eventually("both are on the replica", || {
        let users = reader.get("/users").expect(200).ids();
        users.contains(&user.id.to_string())
    });
    world.pause();
    let rename = changes("users", user.id, json!({"name": "Jane"}));
    let new = writer.patch(&user.path(), &rename).expect(200);
    let link = json!({"data": [{"type": "roles", "id": role.id.to_string()}]});
    writer.post(&path, &link).expect(200);
    let old = reader.get(&user.path()).expect(200);
    assert_eq!(old.data()["attributes"]["name"], json!(null));
    assert_eq!(reader.get(&path).expect(200).data(), json!([]));
    // What depends on the present state is asked where that is.
    let headers = [
        ("content-type", crate::support::JSON_API),
        ("if-match", new.header("etag").unwrap()),
    ];
    let again = changes("users", user.id, json!({"surname": "Doe"})).to_string();
    reader
        .send("PATCH", &user.path(), &headers, Some(again.as_bytes()))
        .expect(200);
    let own = reader.get(&user.path()).expect(200);
    assert_eq!(own.data()["attributes"]["name"], "Jane");
}

#[test]
fn what_the_replica_does_not_have_yet_is_found_all_the_same() {
    if is_skipped() {
        return;
    }
    let world = World::start();
    let (writer, reader) = (world.app.admin(), world.reader());
    world.pause();
    let id = make(&writer, "HR");
    assert!(!sees(&reader, "HR"));
    reader.get(&format!("/roles/{id}")).expect(200);
    reader.get("/roles/999999").expect(404);
}

#[test]
fn when_the_replica_dies_reads_go_on_and_when_it_is_back_it_is_used_again() {
    if is_skipped() {
        return;
    }
    let world = World::start();
    let (writer, reader) = (world.app.admin(), world.reader());
    let over = AtomicBool::new(false);
    let answers = std::thread::scope(|scope| {
        let reading: Vec<_> = (0..4)
            .map(|_| {
                let (reader, over) = (&reader, &over);
                scope.spawn(move || {
                    let mut answers = 0;
                    while !over.load(Ordering::SeqCst) {
                        reader.get("/users").expect(200);
                        reader.get("/roles?sort=-name").expect(200);
                        answers += 1;
                    }
                    answers
                })
            })
            .collect();
        for _ in 0..2 {
            world.replica.halt();
            world.until("unreachable");
            world.replica.resume();
            world.until("serving");
        }
        over.store(true, Ordering::SeqCst);
        reading
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum::<usize>()
    });
    assert!(answers > 0);
    world.pause();
    make(&writer, "HR");
    assert!(!sees(&reader, "HR"), "this was not read from the replica");
}

#[test]
fn nobody_waits_for_a_replica_that_is_silent() {
    if is_skipped() {
        return;
    }
    let world = World::start();
    let reader = world.reader();
    for _ in 0..2 {
        reader.get("/users").expect(200);
        world.replica.freeze();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| reader.get("/users").expect(200));
            }
        });
        world.until("unreachable");
        world.replica.thaw();
        world.until("serving");
    }
}

#[test]
fn a_replica_that_is_too_far_behind_is_not_read() {
    if is_skipped() {
        return;
    }
    let world = World::with(|settings| settings.database.replica_max_lag_ms = 500);
    let (writer, reader) = (world.app.admin(), world.reader());
    world.pause();
    make(&writer, "HR");
    world.until("behind");
    assert!(sees(&reader, "HR"));
    world.resume();
    world.until("serving");
    assert!(sees(&reader, "HR"));
}

#[test]
fn a_server_that_follows_nobody_is_no_replica() {
    if is_skipped() {
        return;
    }
    let (primary, stranger) = (Cluster::start(), Cluster::start());
    let follower = stranger.replica();
    for wrong in [&primary, &stranger, &follower] {
        let app = TestApp::with(|settings| {
            settings.database.url = primary.url();
            settings.database.replica_url = Some(wrong.url());
        });
        until(&app, "unreachable");
        make(&app.admin(), "HR");
        assert!(sees(&app.admin(), "HR"));
        primary.execute("DROP SCHEMA public CASCADE");
        primary.execute("CREATE SCHEMA public");
    }
}

#[test]
fn who_writes_through_one_process_sees_it_through_another() {
    if is_skipped() {
        return;
    }
    let world = World::start();
    let other = world.app.another();
    until(&other, "serving");
    hears(&other);
    world.pause();
    make(&world.app.admin(), "HR");
    eventually("the other process has heard who wrote", || {
        sees(&other.admin(), "HR")
    });
    assert!(!sees(&world.reader(), "HR"));
}

#[test]
fn a_service_starts_without_its_replica() {
    if is_skipped() {
        return;
    }
    let world = World::start();
    world.replica.halt();
    let other = world.app.another();
    until(&other, "unreachable");
    make(&other.admin(), "HR");
    assert!(sees(&other.admin(), "HR"));
    assert!(world.primary.address != world.replica.address);
    world.replica.resume();
    until(&other, "serving");
}
