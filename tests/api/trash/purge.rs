//! `DELETE /trash/users/ID`

use serde_json::json;

use super::{clerk, conditional, restoration, told};
use crate::support::{BEGIN, JSON_API, TestApp, a_new, a_role, a_user, changes, is_postgres};

#[test]
fn who_is_purged_is_gone_and_the_names_are_free_again() {
    let app = TestApp::start();
    let user = a_user().named("calvin").deleted(&app);
    let answer = app.admin().delete(&user.trash_path()).expect(204);
    assert_eq!(answer.text, "");
    for path in [user.path(), user.trash_path()] {
        app.admin().get(&path).expect(404);
        app.admin().delete(&path).expect(404);
    }
    app.admin()
        .patch(&user.trash_path(), &restoration(&user))
        .expect(404);
    let attributes = json!({"username": "calvin", "uname": "calvin", "password": "s3cret-word"});
    let again = app.admin().post("/users", &a_new("users", attributes));
    // An id is never given twice.
    let id: i64 = again.expect(201).id().parse().unwrap();
    assert!(id > user.id);
}

#[test]
fn the_living_are_not_purged() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    app.admin().delete(&user.trash_path()).expect(404);
    app.admin().delete("/trash/users/1").expect(404);
    app.admin().get(&user.path()).expect(200);
}

#[test]
fn the_log_keeps_what_the_row_said_but_no_secret() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user()
        .named("calvin")
        .with_surname("Doe")
        .with_password()
        .holding(&role)
        .create(&app);
    app.token_of(user.id, None);
    app.admin().delete(&user.path()).expect(204);
    let answer = app.admin().delete(&user.trash_path()).expect(204);
    let events = told(&app, &answer);
    let what: Vec<_> = events.iter().map(|event| (&event[0], &event[1])).collect();
    let (delete, purge) = (json!("delete"), json!("purge"));
    let kinds = ["tokens", "grants", "users"].map(|kind| json!(kind));
    assert_eq!(
        what,
        [
            (&delete, &kinds[0]),
            (&delete, &kinds[1]),
            (&purge, &kinds[2])
        ]
    );
    let event = events.last().unwrap();
    assert_eq!(event[2], user.id);
    assert_eq!(event[5], json!(null));
    let before = &event[4];
    for (name, value) in [
        ("username", json!("calvin")),
        ("surname", json!("Doe")),
        ("deleted_at", json!(BEGIN)),
        ("deleted_by", json!(1)),
        ("created", json!(BEGIN)),
        ("created_by", json!(null)),
    ] {
        assert_eq!(before.get(name), Some(&value), "{name}");
    }
    let log = app.admin().get("/events?page[size]=100").text;
    assert!(
        !log.contains("argon2") && !log.contains("password_hash"),
        "{log}"
    );
    // The id leads through the whole life.
    let life = format!(
        "/events?filter[subject_type]=users&filter[subject_id]={}",
        user.id
    );
    let verbs: Vec<_> = app
        .admin()
        .get(&life)
        .data()
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["attributes"]["verb"].clone())
        .collect();
    assert_eq!(verbs, ["create", "delete", "purge"]);
}

#[test]
fn grants_tokens_sign_ins_and_kept_answers_go_along() {
    let app = TestApp::start();
    let role = a_role()
        .permitting(&["users:read", "users:write", "roles:write"])
        .create(&app);
    let user = a_user().with_password().holding(&role).create(&app);
    let client = user.client(&app);
    let credentials = json!({
        "username": user.username,
        "password": crate::support::ADMIN_PASSWORD,
    });
    app.anonymous().post("/auth", &credentials).expect(200);
    let headers = [
        ("accept", JSON_API),
        ("content-type", JSON_API),
        ("idempotency-key", "once"),
    ];
    let body = a_new("roles", json!({"name": "kept"})).to_string();
    client
        .send("POST", "/roles", &headers, Some(body.as_bytes()))
        .expect(201);
    app.admin().delete(&user.path()).expect(204);
    app.admin().delete(&user.trash_path()).expect(204);
    client.get("/home").expect(401);
    // Fails where a row of the user is left.
    for (table, column) in [
        ("grants", "user_id"),
        ("tokens", "user_id"),
        ("sign_ins", "user_id"),
        ("idempotency", "caller_id"),
    ] {
        app.database.execute(&format!(
            "INSERT INTO roles (name, created, modified)
             SELECT 'left in {table}', '', '' FROM {table} WHERE {column} = {}",
            user.id
        ));
    }
    let left = app
        .admin()
        .get("/roles?filter[name][prefix]=left")
        .expect(200);
    assert_eq!(left.data(), json!([]));
    let members = format!("{}/users", role.path());
    assert_eq!(app.admin().get(&members).ids(), Vec::<String>::new());
}

#[test]
fn totals_deep_pages_and_the_search_stay_right() {
    let app = TestApp::start();
    let stays = a_user().named("calvin1").create(&app);
    let purged = a_user().named("calvin2").deleted(&app);
    let restored = a_user().named("calvin3").deleted(&app);
    let trashed = a_user().named("calvin4").deleted(&app);
    app.admin().delete(&purged.trash_path()).expect(204);
    app.admin()
        .patch(&restored.trash_path(), &restoration(&restored))
        .expect(200);
    let living = [
        "1".to_owned(),
        stays.id.to_string(),
        restored.id.to_string(),
    ];
    let list = app.admin().get("/users").expect(200);
    assert_eq!(list.ids(), living);
    assert_eq!(list.json()["meta"]["pagination"]["count"], 3);
    let deep = app.admin().get("/users?page[size]=1&page[number]=3");
    assert_eq!(deep.expect(200).ids(), living[2..]);
    app.admin()
        .get("/users?page[size]=1&page[number]=4")
        .expect(404);
    assert_eq!(app.admin().get("/users?q=calvin").ids(), living[1..]);
    assert_eq!(
        app.admin().get("/trash/users?q=calvin").ids(),
        [trashed.id.to_string()]
    );
    // A new one takes over the name, not what was found by it.
    let again = a_user().named("calvin2").create(&app);
    let edit = changes("users", again.id, json!({"username": "hobbes"}));
    app.admin().patch(&again.path(), &edit).expect(200);
    assert_eq!(
        app.admin().get("/users?q=calvin2").ids(),
        Vec::<String>::new()
    );
    if !is_postgres() {
        app.database
            .execute("INSERT INTO users_search (users_search, rank) VALUES ('integrity-check', 1)");
    }
}

#[test]
fn purging_takes_both_permissions_and_reach() {
    let app = TestApp::start();
    let admin = a_user().administrator().deleted(&app);
    let plain = a_user().deleted(&app);
    for permissions in [&["users:read"][..], &["users:write"]] {
        let client = clerk(&app, permissions);
        client.delete(&plain.trash_path()).expect(403);
        client.delete("/trash/users/4711").expect(403);
    }
    let clerk = clerk(&app, &["users:read", "users:write"]);
    let refused = clerk.delete(&admin.trash_path()).expect(403);
    assert_eq!(refused.errors()[0]["code"], "protected");
    clerk.delete("/trash/users/4711").expect(404);
    clerk.delete(&plain.trash_path()).expect(204);
    assert_eq!(
        app.admin().get("/trash/users").ids(),
        [admin.id.to_string()]
    );
}

#[test]
fn if_match_is_honoured_and_may_be_demanded() {
    let app = TestApp::with(|settings| settings.server.require_if_match = true);
    let user = a_user().create(&app);
    let admin = app.admin();
    let living = admin.get(&user.path()).expect(200);
    let stale = living.header("etag").unwrap();
    conditional(&admin, "DELETE", &user.path(), stale, None).expect(204);
    let path = user.trash_path();
    admin.delete(&path).expect(428);
    conditional(&admin, "DELETE", &path, stale, None).expect(412);
    let read = admin.get(&path).expect(200);
    let tag = read.header("etag").unwrap();
    conditional(&admin, "DELETE", &path, tag, None).expect(204);
}
