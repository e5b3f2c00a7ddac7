//! A server that falls silent beneath work that no request waits for.

use super::{World, hasty, is_503, reason, rename};
use crate::mail;
use crate::scaling::is_skipped;
use crate::support::{Sink, eventually};

#[test]
fn mails_wait_while_the_server_is_silent_and_each_is_sent_once() {
    if is_skipped() {
        return;
    }
    let sink = Sink::start(&[]);
    let world = World::with(|settings| {
        hasty(settings);
        mail::by(sink.port)(settings);
    });
    let admin = world.app.admin();
    mail::make(&admin, "calvin");
    assert_eq!(sink.next().to, ["calvin@example.org"]);
    mail::settled(&world.app, 0, 1, 0);
    for name in ["hobbes", "susie"] {
        world.proxy.swallow_all(true);
        is_503(&rename(&admin, "x"));
        eventually("it is noticed", || reason(&world.app) == "unreachable");
        // As another process would queue one.
        world.server.script_sql(&format!(
            "INSERT INTO outbox (created, kind, event_key, recipient, subject, body, next_attempt) \
             SELECT created, kind, '{name}', '{name}@example.org', subject, body, next_attempt \
             FROM outbox WHERE recipient = 'calvin@example.org'"
        ));
        world.proxy.swallow_all(false);
        assert_eq!(sink.next().to, [format!("{name}@example.org")]);
    }
    mail::settled(&world.app, 0, 3, 0);
    assert_eq!(sink.finish().len(), 0);
}
