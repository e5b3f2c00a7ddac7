//! The same behind PgBouncer.

use rolecall::config::{Pooler, Settings};

use super::{hasty, is_503, reason, recovers, rename};
use crate::scaling::is_skipped;
use crate::support::{Cluster, PgBouncer, Proxy, TestApp, eventually};

struct World {
    app: TestApp,
    // Behind the app: who connects goes first.
    proxy: Proxy,
    bouncer: PgBouncer,
    server: Cluster,
}

impl World {
    /// `direct`: with a way past the pooler.
    fn start(direct: bool) -> Self {
        let server = Cluster::start();
        let bouncer = PgBouncer::before(&server, 4);
        let proxy = Proxy::to(bouncer.port());
        let app = TestApp::with(|settings: &mut Settings| {
            settings.database.url = proxy.url();
            settings.database.pooler = Pooler::Transaction;
            settings.database.direct_url = direct.then(|| server.url());
            hasty(settings);
        });
        app.admin().get("/users").expect(200);
        Self {
            app,
            proxy,
            bouncer,
            server,
        }
    }

    fn is_silent(&self) {
        let admin = self.app.admin();
        is_503(&admin.get("/users"));
        is_503(&rename(&admin, "x"));
        eventually("it is noticed", || reason(&self.app) == "unreachable");
    }
}

#[test]
fn a_pooler_that_stops_is_503_and_is_used_again_when_it_goes_on() {
    if is_skipped() {
        return;
    }
    let world = World::start(false);
    world.bouncer.signal("-STOP");
    world.is_silent();
    world.bouncer.signal("-CONT");
    recovers(&world.app);
}

#[test]
fn a_server_that_stops_behind_the_pooler_is_503_and_is_used_again() {
    if is_skipped() {
        return;
    }
    for direct in [true, false] {
        let world = World::start(direct);
        let frozen = world.server.frozen();
        world.is_silent();
        drop(frozen);
        recovers(&world.app);
    }
}

#[test]
fn connections_to_the_pooler_that_carry_nothing_more_are_replaced() {
    if is_skipped() {
        return;
    }
    let world = World::start(true);
    world.proxy.swallow();
    recovers(&world.app);
}
