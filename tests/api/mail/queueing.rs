//! When there is a mail, and to whom.

use rolecall::directory::mail::MailCounts;
use serde_json::json;

use super::{about, by, counts, make, new_user, nothing_but, sending_to, settled};
use crate::support::{JSON_API, Sink, TestApp, a_new, a_role, a_user, changes, linkage};

#[test]
fn a_new_user_gets_one_mail() {
    let sink = Sink::start(&[]);
    let app = TestApp::with(|settings| {
        by(sink.port)(settings);
        settings.mail.link = Some("https://people.example.org/app".into());
    });
    make(&app.admin(), "calvin");
    let mail = sink.next();
    assert_eq!(mail.to, ["calvin@example.org"]);
    assert_eq!(mail.said["from"], "people@example.org");
    assert_eq!(mail.header("From"), "People <people@example.org>");
    assert_eq!(mail.header("To"), "calvin@example.org");
    assert_eq!(mail.header("Subject"), "People: your account");
    assert_eq!(mail.header("Date"), "Fri, 02 Jan 2026 03:04:05 +0000");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.header("Content-Type"), "text/plain; charset=utf-8");
    assert!(mail.header("Message-ID").ends_with("@example.org>"));
    for line in [
        "Hello calvin,",
        "an account was made for you in People. Your username is calvin.",
        "You can sign in at https://people.example.org/app",
    ] {
        assert!(mail.body().contains(line), "{}", mail.body());
    }
    assert!(!mail.data.contains("a long password"));
    settled(&app, 0, 1, 0);
    assert_eq!(sink.finish().len(), 0);
}

#[test]
fn without_a_server_nothing_is_queued() {
    let app = TestApp::start();
    let id = make(&app.admin(), "calvin");
    let role = a_role().create(&app);
    let path = format!("/users/{id}/relationships/roles");
    app.admin()
        .post(&path, &linkage("roles", &[role.id]))
        .expect(200);
    app.admin()
        .delete_with(&path, &linkage("roles", &[role.id]))
        .expect(200);
    assert_eq!(counts(&app), MailCounts::default());
}

#[test]
fn what_the_program_itself_does_queues_nothing() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    let role = a_role().create(&app);
    a_user()
        .with_email("quiet@example.org")
        .holding(&role)
        .create(&app);
    nothing_but(&app, &sink);
}

#[test]
fn a_change_that_is_undone_queues_nothing() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    let add = |document: serde_json::Value| json!({"op": "add", "data": document["data"]});
    let twice = [add(new_user("calvin")), add(new_user("calvin"))];
    let refused = app.admin().operations(&json!({"atomic:operations": twice}));
    assert!(refused.status >= 400, "{}", refused.text);
    let refused = app.admin().post(
        "/users",
        &json!({"data": {"type": "users", "attributes": new_user("hobbes")["data"]["attributes"],
            "relationships": {"roles": {"data": [{"type": "roles", "id": "99"}]}}}}),
    );
    assert!(refused.status >= 400, "{}", refused.text);
    assert_eq!(counts(&app), MailCounts::default());
    nothing_but(&app, &sink);
}

#[test]
fn who_has_no_address_or_is_inactive_gets_none() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    let role = a_role().create(&app);
    let absent = a_user().create(&app);
    let inactive = a_user()
        .with_email("inactive@example.org")
        .inactive()
        .create(&app);
    let trashed = a_user().with_email("trashed@example.org").create(&app);
    trashed.grant(&app, &role);
    let admin = app.admin();
    admin.delete(&trashed.path()).expect(204);
    for user in [&absent, &inactive] {
        let path = format!("{}/relationships/roles", user.path());
        admin.post(&path, &linkage("roles", &[role.id])).expect(200);
    }
    let silent = json!({"username": "silent", "password": "a long password"});
    admin.post("/users", &a_new("users", silent)).expect(201);
    let asleep = json!({"username": "asleep", "password": "a long password",
        "email": "asleep@example.org", "is_active": false});
    admin.post("/users", &a_new("users", asleep)).expect(201);
    admin.delete(&role.path()).expect(204);
    assert_eq!(counts(&app), MailCounts::default());
    nothing_but(&app, &sink);
}

#[test]
fn a_username_that_is_an_address_is_written_to() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    let hobbes = json!({"username": "hobbes@example.org", "password": "a long password"});
    app.admin()
        .post("/users", &a_new("users", hobbes))
        .expect(201);
    assert_eq!(sink.next().to, ["hobbes@example.org"]);
}

#[test]
fn roles_that_are_granted_and_removed_are_told() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    let (calvin, hobbes) = (
        a_user().with_email("calvin@example.org").create(&app),
        a_user().with_email("hobbes@example.org").create(&app),
    );
    let (tigers, other) = (a_role().named("Tigers").create(&app), a_role().create(&app));
    let admin = app.admin();
    let path = format!("{}/relationships/roles", calvin.path());
    admin
        .post(&path, &linkage("roles", &[tigers.id]))
        .expect(200);
    let mail = sink.next();
    assert_eq!(mail.to, ["calvin@example.org"]);
    assert_eq!(
        mail.header("Subject"),
        "People: you now hold the role Tigers"
    );
    assert!(
        mail.body().contains("you now hold the role \"Tigers\"."),
        "{}",
        mail.body()
    );
    // Held already: no news.
    admin
        .post(&path, &linkage("roles", &[tigers.id]))
        .expect(200);
    admin
        .delete_with(&path, &linkage("roles", &[tigers.id, other.id]))
        .expect(200);
    let mail = sink.next();
    assert_eq!(
        mail.header("Subject"),
        "People: you no longer hold the role Tigers"
    );
    // From the other side, many at once, and with the end of the role.
    let users = format!("{}/relationships/users", tigers.path());
    admin
        .patch(&users, &linkage("users", &[calvin.id, hobbes.id]))
        .expect(200);
    let mut to = [sink.next().to, sink.next().to].concat();
    to.sort();
    assert_eq!(to, ["calvin@example.org", "hobbes@example.org"]);
    let label = changes("roles", tigers.id, json!({"label": "The tigers"}));
    admin.patch(&tigers.path(), &label).expect(200);
    admin.delete(&tigers.path()).expect(204);
    for _ in 0..2 {
        let subject = sink.next().header("Subject");
        assert_eq!(subject, "People: you no longer hold the role The tigers");
    }
    nothing_but(&app, &sink);
}

#[test]
fn only_what_was_asked_for_is_told() {
    let sink = Sink::start(&[]);
    let app = about(&sink, "created,removed");
    let calvin = a_user().with_email("calvin@example.org").create(&app);
    let role = a_role().create(&app);
    let path = format!("{}/relationships/roles", calvin.path());
    app.admin()
        .post(&path, &linkage("roles", &[role.id]))
        .expect(200);
    nothing_but(&app, &sink);
    app.admin()
        .delete_with(&path, &linkage("roles", &[role.id]))
        .expect(200);
    assert!(sink.next().header("Subject").contains("no longer"));
}

#[test]
fn a_role_that_had_ended_is_news_when_it_is_granted_again() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    let calvin = a_user().with_email("calvin@example.org").create(&app);
    let (ended, ending) = (
        a_role().named("ended").create(&app),
        a_role().named("ending").create(&app),
    );
    app.give_until(calvin.id, ended.id, "2025-01-01T00:00:00+00:00");
    app.give_until(calvin.id, ending.id, "2027-01-01T00:00:00+00:00");
    let path = format!("{}/relationships/roles", calvin.path());
    app.admin()
        .patch(&path, &linkage("roles", &[ended.id, ending.id]))
        .expect(200);
    assert_eq!(
        sink.next().header("Subject"),
        "People: you now hold the role ended"
    );
    nothing_but(&app, &sink);
}

#[test]
fn an_answer_that_is_repeated_sends_no_other_mail() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    let headers = [
        ("accept", JSON_API),
        ("content-type", JSON_API),
        ("idempotency-key", "k1"),
    ];
    let body = new_user("calvin").to_string();
    for _ in 0..3 {
        let answer = app
            .admin()
            .send("POST", "/users", &headers, Some(body.as_bytes()));
        answer.expect(201);
    }
    assert_eq!(sink.next().to, ["calvin@example.org"]);
    nothing_but(&app, &sink);
}

#[test]
fn a_name_can_neither_add_a_header_nor_a_recipient() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    let evil = "x\r\nBcc: spy@example.org\r\n\r\nClick here\u{2028}grüße";
    let calvin = a_user()
        .with_email("calvin@example.org")
        .with_surname(evil)
        .create(&app);
    let role = a_role().named("grüße").create(&app);
    let path = format!("{}/relationships/roles", calvin.path());
    app.admin()
        .post(&path, &linkage("roles", &[role.id]))
        .expect(200);
    let mail = sink.next();
    assert_eq!(mail.to, ["calvin@example.org"]);
    let begins = |line: &str| line.starts_with("Bcc") || line.starts_with("Click");
    assert!(!mail.data.lines().any(begins), "{}", mail.data);
    assert!(mail.header("Subject").contains("=?utf-8?"), "{}", mail.data);
}
