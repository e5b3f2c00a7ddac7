//! A server that has no room for all the connections that a service may open.

use super::World;
use crate::scaling::is_skipped;

#[test]
fn requests_share_the_connections_that_there_are() {
    if is_skipped() {
        return;
    }
    let world = World::with(|settings| {
        settings.database.connections = 4;
        settings.database.acquire_timeout_ms = 60_000;
    });
    let admin = world.app.admin();
    // The service has 8 for its requests, and some for itself.
    world
        .server
        .script_sql("ALTER SYSTEM SET max_connections = 7");
    world
        .server
        .script_sql("ALTER SYSTEM SET max_wal_senders = 0");
    world.server.script_sql("CHECKPOINT");
    world.server.halt();
    world.server.resume();
    crate::support::eventually("it is back", || admin.get("/users").status == 200);
    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                for _ in 0..20 {
                    admin.get("/users").expect(200);
                }
            });
        }
    });
}
