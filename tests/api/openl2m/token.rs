//! `POST /api/users/token/`

use std::sync::Barrier;

use serde_json::json;

use crate::openl2m::{FORMS, TOKEN, USERS, get, post, refused};
use crate::support::{ADMIN_PASSWORD, TestApp, a_user};

const WRONG: &str = "Unable to log in with provided credentials.";

#[test]
fn a_password_gives_a_token_in_each_form() {
    let app = TestApp::start();
    let member = a_user()
        .with_password()
        .with_email("jane@x.org")
        .administrator()
        .create(&app);
    for form in FORMS {
        let fields = [
            ("username", member.username.as_str()),
            ("password", ADMIN_PASSWORD),
        ];
        let given = form
            .send(&app.anonymous(), "POST", TOKEN, &fields)
            .expect(200);
        assert_eq!(given.header("cache-control"), Some("no-store"));
        let given = given.json();
        assert_eq!(given["user_id"], member.id, "{form:?}");
        assert_eq!(given["email"], "jane@x.org");
        assert_eq!(given.as_object().unwrap().len(), 3);
        get(&app.token(given["token"].as_str().unwrap()), USERS).expect(200);
    }
}

#[test]
fn who_may_nothing_gets_a_token_too() {
    let app = TestApp::start();
    let member = a_user().with_password().create(&app);
    let body = json!({"username": member.username, "password": ADMIN_PASSWORD});
    let given = post(&app.anonymous(), TOKEN, &body).expect(200).json();
    assert_eq!(given["email"], "");
    let client = app.token(given["token"].as_str().unwrap());
    get(&client, USERS).expect(403);
    client.get(&member.path()).expect(200);
}

#[test]
fn credentials_in_the_header_are_not_looked_at() {
    let app = TestApp::start();
    let body = json!({"username": "admin", "password": ADMIN_PASSWORD});
    post(&app.token("nonsense"), TOKEN, &body).expect(200);
}

#[test]
fn what_is_wrong_is_told_without_telling_who_is_known() {
    let app = TestApp::start();
    let inactive = a_user().with_password().inactive().create(&app);
    let deleted = a_user().with_password().deleted(&app);
    for (username, password) in [
        ("admin", "wrong"),
        ("nobody", ADMIN_PASSWORD),
        (&inactive.username, ADMIN_PASSWORD),
        (&deleted.username, ADMIN_PASSWORD),
        ("admin", " correct horse"),
        ("a\u{0}b", "x"),
    ] {
        let body = json!({"username": username, "password": password});
        let told = refused(&app, 400, || post(&app.anonymous(), TOKEN, &body));
        let expected = if username.contains('\0') {
            json!({"username": ["Null characters are not allowed."]})
        } else {
            json!({"non_field_errors": [WRONG]})
        };
        assert_eq!(told, expected, "{username} {password}");
    }
    for (body, expected) in [
        (
            json!({}),
            json!({"username": ["This field is required."], "password": ["This field is required."]}),
        ),
        (
            json!({"username": "", "password": null}),
            json!({"username": ["This field may not be blank."], "password": ["This field may not be null."]}),
        ),
        (
            json!([]),
            json!({"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        ),
    ] {
        assert_eq!(
            post(&app.anonymous(), TOKEN, &body).expect(400).json(),
            expected
        );
    }
}

#[test]
fn a_user_name_is_trimmed_and_a_password_is_not() {
    let app = TestApp::start();
    let body = json!({"username": " admin ", "password": ADMIN_PASSWORD});
    post(&app.anonymous(), TOKEN, &body).expect(200);
}

#[test]
fn there_are_so_many_tokens_at_most_and_the_oldest_goes_first() {
    let app = TestApp::with(|settings| settings.auth.password_tokens = 2);
    let member = a_user().with_password().create(&app);
    let other = app.token_of(member.id, None);
    let body = json!({"username": member.username, "password": ADMIN_PASSWORD});
    let tokens: Vec<String> = (0..3)
        .map(|_| {
            let given = post(&app.anonymous(), TOKEN, &body).expect(200).json();
            let token = given["token"].as_str().unwrap().to_owned();
            app.token(&token).get("/home").expect(200);
            token
        })
        .collect();
    app.token(&tokens[0]).get("/home").expect(401);
    for token in [&tokens[1], &tokens[2], &other] {
        app.token(token).get("/home").expect(200);
    }
    let log = app
        .admin()
        .get("/events?filter[subject_type]=tokens&filter[verb]=delete")
        .expect(200);
    assert_eq!(log.json()["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        log.json()["data"][0]["attributes"]["actor"],
        member.username
    );
}

#[test]
fn tokens_that_are_asked_for_at_the_same_time_keep_the_number() {
    let app = TestApp::with(|settings| settings.auth.password_tokens = 2);
    let member = a_user().with_password().create(&app);
    let body = json!({"username": member.username, "password": ADMIN_PASSWORD});
    let begin = Barrier::new(6);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                begin.wait();
                post(&app.anonymous(), TOKEN, &body).expect(200);
            });
        }
    });
    let tokens = app.admin().get(&format!("/users/{}/tokens", member.id));
    assert_eq!(tokens.expect(200).ids().len(), 2);
}

#[test]
fn whoever_has_as_many_tokens_as_a_user_can_have_is_refused() {
    let app = TestApp::with(|settings| {
        settings.auth.tokens_per_user = 2;
        settings.auth.password_tokens = 1;
    });
    let member = a_user().with_password().create(&app);
    let body = json!({"username": member.username, "password": ADMIN_PASSWORD});
    app.token_of(member.id, None);
    post(&app.anonymous(), TOKEN, &body).expect(200);
    // It takes the place of the one before, so there is room.
    post(&app.anonymous(), TOKEN, &body).expect(200);
    let full = a_user().with_password().create(&app);
    app.token_of(full.id, None);
    app.token_of(full.id, None);
    let body = json!({"username": full.username, "password": ADMIN_PASSWORD});
    let told = refused(&app, 403, || post(&app.anonymous(), TOKEN, &body));
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.contains("API tokens"), "{detail}");
}

#[test]
fn other_methods_hear_which_there_is() {
    let app = TestApp::start();
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let answer = app.anonymous().send(method, TOKEN, &[], None).expect(405);
        assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
    }
    let described = app.anonymous().send("OPTIONS", TOKEN, &[], None);
    assert_eq!(
        described.expect(200).json()["renders"],
        json!(["application/json"])
    );
}
