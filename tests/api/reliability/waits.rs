//! Waits of one request do not add up, and those for one table keep nobody from
//! another.

use super::silence::Holder;
use super::{World, is_503, rename};
use crate::scaling::{hears, is_skipped};
use crate::support::{Beside, TestApp, a_role, eventually};

#[test]
fn waiters_for_one_table_leave_connections_to_others() {
    if is_skipped() {
        return;
    }
    // Nobody gives up by a limit.
    let world = World::with(|settings| {
        settings.database.connections = 4;
        settings.database.busy_timeout_ms = 600_000;
        settings.database.acquire_timeout_ms = 600_000;
        settings.database.statement_timeout_ms = 0;
        settings.auth.token_cache_seconds = 3600;
        settings.auth.credential_cache_seconds = 3600;
    });
    let role = a_role().create(&world.app);
    let admin = world.app.admin();
    // What a process hears of makes it read again who its callers are.
    has_heard_all(&world);
    admin.get(&role.path()).expect(200);
    let holder = Holder::lock(&world.server, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..24)
            .map(|_| scope.spawn(|| admin.get("/users")))
            .collect();
        let waits = "state = 'active' AND wait_event_type = 'Lock'";
        eventually("some wait", || holder.count(waits) > 0);
        for _ in 0..20 {
            admin.get(&role.path()).expect(200);
        }
        eventually("most are refused", || holder.count(waits) <= 4);
        holder.release();
        let answers: Vec<_> = waiting.into_iter().map(|one| one.join().unwrap()).collect();
        let served = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(served >= 2, "{served}");
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            is_503(answer);
            assert_eq!(answer.errors()[0]["code"], "busy");
        }
    });
    admin.get("/users").expect(200);
}

/// Waits until the service knows of every change so far.
fn has_heard_all(world: &World) {
    hears(&world.app);
    let directory = &world.app.directory;
    let before = directory.key_version();
    world.server.script_sql("NOTIFY rolecall, 'keys'");
    eventually("it is heard", || directory.key_version() > before);
}

#[test]
fn a_change_waits_for_a_lock_as_long_as_it_may_wherever_it_stands_in_the_line() {
    let app = TestApp::with(|settings| {
        settings.database.busy_timeout_ms = 300;
        settings.database.acquire_timeout_ms = 600_000;
        settings.database.connections = 2;
    });
    let admin = app.admin();
    admin.get("/users").expect(200);
    let lock = Beside::lock(&app.database);
    // Each begins while others wait already; all end while the lock is held.
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| is_503(&rename(&admin, "x")));
        }
    });
    lock.roll_back();
    rename(&admin, "y").expect(200);
}
