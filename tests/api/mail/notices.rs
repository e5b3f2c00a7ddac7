//! Mails about the keys to an account: a password, an e-mail address, a token.

use serde_json::{Value, json};

use super::{about, counts, nothing_but, sending_to};
use crate::support::{ADMIN_PASSWORD, Member, Sink, TestApp, a_new, a_user, changes};

/// Somebody with an address, of whom no mail has told yet.
fn calvin(app: &TestApp) -> Member {
    let calvin = a_user().named("calvin").with_email("calvin@example.org");
    calvin.with_password().create(app)
}

#[track_caller]
fn set(app: &TestApp, user: &Member, attributes: Value) {
    let document = changes("users", user.id, attributes);
    app.admin().patch(&user.path(), &document).expect(200);
}

#[test]
fn a_new_password_is_told_whoever_sets_it() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    let user = calvin(&app);
    set(&app, &user, json!({"password": "an entirely new one"}));
    let own = app.basic("calvin", "an entirely new one");
    let attributes = json!({"password": "a third one", "old_password": "an entirely new one"});
    own.patch("/auth/user", &changes("users", user.id, attributes))
        .expect(200);
    for _ in 0..2 {
        let mail = sink.next();
        assert_eq!(mail.to, ["calvin@example.org"]);
        assert_eq!(mail.header("Subject"), "People: your new password");
        assert!(
            mail.body().contains("a new password was set"),
            "{}",
            mail.body()
        );
        assert!(!mail.data.contains("a third one"));
    }
    nothing_but(&app, &sink);
}

#[test]
fn a_new_address_is_told_to_the_old_one_and_to_the_new_one() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    let user = calvin(&app);
    set(&app, &user, json!({"email": "hobbes@example.org"}));
    let mut told: Vec<(String, bool)> = (0..2)
        .map(|_| {
            let mail = sink.next();
            assert_eq!(mail.header("Subject"), "People: your e-mail address");
            let is_left = mail.body().contains("no longer the e-mail address");
            (mail.to[0].clone(), is_left)
        })
        .collect();
    told.sort();
    let expected = [("calvin@example.org", true), ("hobbes@example.org", false)];
    assert_eq!(told, expected.map(|(to, is_left)| (to.to_owned(), is_left)));
    set(
        &app,
        &user,
        json!({"email": "hobbes@example.org", "name": "N"}),
    );
    set(&app, &user, json!({"email": null}));
    let last = sink.next();
    assert_eq!(last.to, ["hobbes@example.org"]);
    assert!(last.body().contains("no longer"), "{}", last.body());
    set(&app, &user, json!({"email": "calvin@example.org"}));
    assert_eq!(sink.next().to, ["calvin@example.org"]);
    nothing_but(&app, &sink);
}

#[test]
fn a_new_token_is_told_on_both_surfaces() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    let user = calvin(&app);
    let own = app.basic("calvin", ADMIN_PASSWORD);
    own.post("/tokens", &a_new("tokens", json!({"name": "backup"})))
        .expect(201);
    let mail = sink.next();
    assert_eq!(mail.to, ["calvin@example.org"]);
    assert_eq!(mail.header("Subject"), "People: a new API token");
    assert!(mail.body().contains("\"backup\""), "{}", mail.body());
    let body = json!({"username": user.username, "password": ADMIN_PASSWORD}).to_string();
    let json = [("content-type", "application/json")];
    let given = app
        .anonymous()
        .send("POST", "/api/users/token/", &json, Some(body.as_bytes()))
        .expect(200);
    let mail = sink.next();
    assert!(mail.body().contains("/api/users/token/"), "{}", mail.body());
    assert!(!mail.data.contains(given.json()["token"].as_str().unwrap()));
    nothing_but(&app, &sink);
}

#[test]
fn other_changes_and_other_people_are_told_nothing() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    let user = calvin(&app);
    set(&app, &user, json!({"name": "Calvin", "is_staff": true}));
    let gone = a_user().with_email("gone@example.org").create(&app);
    set(&app, &gone, json!({"is_active": false}));
    set(
        &app,
        &gone,
        json!({"password": "an entirely new one", "email": "x@example.org"}),
    );
    a_user().create(&app).client(&app).get("/home").expect(200);
    assert_eq!(counts(&app).waiting, 0);
    nothing_but(&app, &sink);
}

#[test]
fn each_kind_can_be_switched_off() {
    let sink = Sink::start(&[]);
    let app = about(&sink, "created,email");
    let user = calvin(&app);
    set(&app, &user, json!({"password": "an entirely new one"}));
    let own = app.basic("calvin", "an entirely new one");
    own.post("/tokens", &a_new("tokens", json!({"name": "backup"})))
        .expect(201);
    nothing_but(&app, &sink);
    set(&app, &user, json!({"email": null}));
    assert_eq!(sink.next().to, ["calvin@example.org"]);
}
