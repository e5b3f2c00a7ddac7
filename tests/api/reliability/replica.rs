//! What a replica answers while the primary is gone.

use serde_json::json;

use super::{hasty, is_503, reason, rename};
use crate::scaling::is_skipped;
use crate::support::{ADMIN_PASSWORD, Cluster, TestApp, a_user, eventually};

#[test]
fn callers_are_known_and_read_while_the_primary_is_gone() {
    if is_skipped() {
        return;
    }
    let primary = Cluster::start();
    let replica = primary.replica();
    let app = TestApp::with(|settings| {
        settings.database.url = primary.url();
        settings.database.replica_url = Some(replica.url());
        hasty(settings);
    });
    let reader = a_user().administrator().with_password().create(&app);
    let grant = json!({"username": reader.username, "password": ADMIN_PASSWORD});
    let pair = app.anonymous().post("/auth", &grant).expect(200).json();
    let clients = [
        app.token(&app.token_of(reader.id, None)),
        app.basic(&reader.username, ADMIN_PASSWORD),
        app.token(pair["meta"]["jwt"].as_str().unwrap()),
    ];
    eventually("it serves", || {
        let health = app.anonymous().get("/health").expect(200).json();
        health["meta"]["replica"]["status"] == "serving"
            && replica.has("SELECT 1 FROM tokens WHERE user_id > 1")
            && replica.has("SELECT 1 FROM sign_ins")
    });
    for is_silent in [true, false] {
        let frozen = match is_silent {
            true => Some(primary.frozen()),
            false => {
                primary.halt();
                None
            }
        };
        for client in &clients {
            eventually("reads are answered", || client.get("/users").status == 200);
            for _ in 0..5 {
                client.get("/roles?sort=-name").expect(200);
                client.get("/roles/1").expect(200);
            }
            client.get("/roles/999999").expect(404);
            is_503(&rename(client, "x"));
        }
        assert_eq!(reason(&app), "unreachable");
        is_503(&app.anonymous().post("/auth", &grant));
        app.token("rc_made_up").get("/users").expect(401);
        drop(frozen);
        if !is_silent {
            primary.resume();
        }
        eventually("changes work", || rename(&clients[0], "y").status == 200);
        // Who has just made a change is not answered without it.
        eventually("the replica has it", || {
            replica.has("SELECT 1 FROM users WHERE id = 1 AND name = 'y'")
        });
    }
}

#[test]
fn a_replica_does_not_answer_alone_for_longer_than_it_may() {
    if is_skipped() {
        return;
    }
    let primary = Cluster::start();
    let replica = primary.replica();
    let app = TestApp::with(|settings| {
        settings.database.url = primary.url();
        settings.database.replica_url = Some(replica.url());
        settings.database.replica_max_lag_ms = 500;
        settings.database.replica_alone_seconds = 0;
        hasty(settings);
    });
    let admin = app.admin();
    admin.get("/users").expect(200);
    primary.halt();
    eventually("it is refused", || admin.get("/users").status == 503);
    is_503(&admin.get("/users"));
    primary.resume();
    eventually("reads work", || admin.get("/users").status == 200);
}
