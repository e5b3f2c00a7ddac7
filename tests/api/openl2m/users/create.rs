//! `POST /api/admin/users/`

use serde_json::{Value, json};

use crate::openl2m::{FORMS, USERS, get, post, raw, user};
use crate::support::{BEGIN, TestApp, a_role, a_user};

/// As it is shown, but for the `Z`.
fn begin() -> String {
    BEGIN.replace("+00:00", "Z")
}

#[test]
fn a_user_is_made_in_each_form_and_shown_with_thirteen_members() {
    let app = TestApp::start();
    for (number, form) in FORMS.iter().enumerate() {
        let username = format!("jane{number}");
        let fields = [
            ("first_name", "Jane"),
            ("last_name", "Doe"),
            ("email", "jane.doe@test.com"),
            ("username", username.as_str()),
            ("password", "my_new_password"),
        ];
        let made = form.send(&app.admin(), "POST", USERS, &fields).expect(201);
        let id = made.json()["id"].as_i64().unwrap();
        let expected = json!({
            "id": id, "username": username, "password": "", "first_name": "Jane",
            "last_name": "Doe", "email": "jane.doe@test.com", "is_active": true,
            "is_staff": false, "is_superuser": false, "date_joined": begin(),
            "last_login": null, "groups": [], "user_permissions": [],
        });
        assert_eq!(made.json(), expected, "{form:?}");
        assert_eq!(get(&app.admin(), &user(id)).expect(200).json(), expected);
        app.basic(&username, "my_new_password")
            .get("/home")
            .expect(200);
    }
}

#[test]
fn a_name_in_the_trash_is_free_here_and_one_of_the_living_in_no_case() {
    let app = TestApp::start();
    let gone = a_user().named("jane").administrator().deleted(&app);
    let body = |username: &str| json!({"username": username, "password": "my_new_password"});
    let made = post(&app.admin(), USERS, &body("jane")).expect(201).json();
    assert_ne!(made["id"], gone.id);
    assert_eq!(made["is_superuser"], false);
    for taken in ["jane", "Jane", "JANE"] {
        let refused = post(&app.admin(), USERS, &body(taken)).expect(400).json();
        assert!(refused["username"].is_array(), "{refused}");
    }
}

#[test]
fn members_come_in_the_order_of_the_original() {
    let app = TestApp::start();
    let body = json!({"username": "jane", "password": "secret words"});
    let text = post(&app.admin(), USERS, &body).expect(201).text;
    let names = [
        "id",
        "username",
        "password",
        "first_name",
        "last_name",
        "email",
        "is_active",
        "is_staff",
        "is_superuser",
        "date_joined",
        "last_login",
        "groups",
        "user_permissions",
    ];
    let places: Vec<usize> = names
        .iter()
        .map(|name| text.find(&format!("\"{name}\":")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn flags_groups_and_times_are_honoured_in_each_form() {
    let app = TestApp::start();
    let (one, two) = (a_role().create(&app), a_role().create(&app));
    let (first, second) = (one.id.to_string(), two.id.to_string());
    for (number, form) in FORMS.iter().enumerate() {
        let username = format!("jane{number}");
        let fields = [
            ("username", username.as_str()),
            ("password", "my_new_password"),
            ("is_active", "off"),
            ("is_staff", "yes"),
            ("is_superuser", "True"),
            ("date_joined", "2024-06-04T22:25:58.747427Z"),
            ("last_login", "2024-06-04T23:26:38+01:00"),
            ("groups", &second),
            ("groups", &first),
        ];
        let made = form.send(&app.admin(), "POST", USERS, &fields).expect(201);
        let made = made.json();
        assert_eq!(made["is_active"], false, "{form:?}");
        assert_eq!(made["is_staff"], true);
        assert_eq!(made["is_superuser"], true);
        assert_eq!(made["date_joined"], "2024-06-04T22:25:58.747427Z");
        assert_eq!(made["last_login"], "2024-06-04T22:26:38Z");
        assert_eq!(made["groups"], json!([one.id, two.id]));
    }
    // The native surface has the same, and its order stays that of time.
    let native = app.admin().get("/users?filter[username]=jane0").expect(200);
    let native = native.json()["data"][0]["attributes"].clone();
    assert_eq!(native["created"], "2024-06-04T22:25:58.747427+00:00");
    let oldest = app
        .admin()
        .get("/users?sort=created&page[size]=1")
        .expect(200);
    assert_eq!(oldest.json()["data"][0]["attributes"]["username"], "jane0");
}

#[test]
fn id_permissions_and_what_is_unknown_are_passed_over() {
    let app = TestApp::start();
    let body = json!({
        "id": 4711, "username": "jane", "password": "secret words",
        "user_permissions": [1, 2], "switchgroups": "x", "profile": {"a": 1},
    });
    let made = post(&app.admin(), USERS, &body).expect(201).json();
    assert_ne!(made["id"], 4711);
    assert_eq!(made["user_permissions"], json!([]));
}

#[test]
fn numbers_serve_as_texts_and_texts_are_trimmed() {
    let app = TestApp::start();
    let body = json!({"username": 4711, "password": " secret words ", "first_name": "\u{a0} Jo ", "last_name": 1.5});
    let made = post(&app.admin(), USERS, &body).expect(201).json();
    assert_eq!(made["username"], "4711");
    assert_eq!(made["first_name"], "Jo");
    assert_eq!(made["last_name"], "1.5");
    app.basic("4711", "secret words").get("/home").expect(200);
}

#[test]
fn user_names_that_differ_by_case_alone_are_one_name() {
    let app = TestApp::start();
    for (username, status) in [("jane", 201), ("Jane", 400), ("JANE", 400)] {
        let body = json!({"username": username, "password": "secret words"});
        post(&app.admin(), USERS, &body).expect(status);
    }
}

#[test]
fn the_last_of_several_values_counts_and_empty_ones_are_told_apart() {
    let app = TestApp::start();
    let body = b"username=a&username=jane&password=secret%20words&is_staff=on&is_staff=&last_login=&date_joined=&email=&x";
    let kind = "application/x-www-form-urlencoded";
    let made = raw(&app.admin(), "POST", USERS, kind, body)
        .expect(201)
        .json();
    assert_eq!(made["username"], "jane");
    assert_eq!(made["is_staff"], false);
    assert_eq!(made["last_login"], Value::Null);
    assert_eq!(made["date_joined"], begin());
    assert_eq!(made["email"], "");
}

#[test]
fn what_was_made_is_in_the_audit_log_without_the_password() {
    let app = TestApp::start();
    let body = json!({"username": "jane", "password": "secret words", "date_joined": "2020-01-01"});
    post(&app.admin(), USERS, &body).expect(201);
    let log = app
        .admin()
        .get("/events?filter[subject_type]=users&sort=-id&page[size]=1")
        .expect(200);
    let after = &log.json()["data"][0]["attributes"]["after"];
    assert_eq!(after["username"], "jane");
    assert_eq!(after["created"], "2020-01-01T00:00:00+00:00");
    assert!(!log.text.contains("secret"), "{}", log.text);
}
