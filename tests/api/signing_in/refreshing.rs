use serde_json::json;

use super::{Pair, sign_in, try_renew};
use crate::support::{JSON_API, TestApp, a_user, changes};

#[test]
fn a_refresh_token_gives_another_pair() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let first = sign_in(&app, &user);
    app.advance(900);
    first.client(&app).get("/home").expect(401);
    let second = Pair::of(try_renew(&app, &first.renew));
    assert_ne!(second.renew, first.renew);
    assert_ne!(second.jwt, first.jwt);
    assert_eq!(second.claims()["sid"], first.claims()["sid"]);
    assert_ne!(second.claims()["jti"], first.claims()["jti"]);
    let own = second.client(&app).get("/auth/user").expect(200);
    assert_eq!(own.id(), user.id.to_string());
}

#[test]
fn the_refresh_token_may_come_as_bearer_and_in_a_form() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let first = sign_in(&app, &user);
    let grant = json!({"grant_type": "refresh_token"});
    let second = Pair::of(app.token(&first.renew).post("/auth", &grant));
    let form = format!("grant_type=refresh_token&refresh_token={}", second.renew);
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", JSON_API),
    ];
    let client = app.anonymous();
    Pair::of(client.send("POST", "/auth", &headers, Some(form.as_bytes())));
}

#[test]
fn a_used_refresh_token_ends_the_whole_sign_in() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let other = sign_in(&app, &user);
    let first = sign_in(&app, &user);
    let second = Pair::of(try_renew(&app, &first.renew));
    let third = Pair::of(try_renew(&app, &second.renew));
    try_renew(&app, &first.renew).expect(401);
    for pair in [&first, &second, &third] {
        try_renew(&app, &pair.renew).expect(401);
        pair.client(&app).get("/home").expect(401);
    }
    other.client(&app).get("/home").expect(200);
    Pair::of(try_renew(&app, &other.renew));
    let events = app
        .admin()
        .get("/events?filter[subject_type]=sign_ins")
        .data();
    assert_eq!(events.as_array().unwrap().len(), 1);
    let event = &events[0]["attributes"];
    assert_eq!(event["verb"], "delete");
    assert_eq!(event["actor_id"], json!(null));
    assert_eq!(
        event["subject_id"].to_string(),
        first.claims()["sid"].as_str().unwrap()
    );
    assert_eq!(event["before"], json!({"user": user.id}));
    assert_eq!(
        event["after"],
        json!({"ended": "a refresh token came a second time"})
    );
}

#[test]
fn of_two_at_the_same_time_one_is_the_second() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in(&app, &user);
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| try_renew(&app, &pair.renew).status))
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401]);
    try_renew(&app, &pair.renew).expect(401);
}

#[test]
fn refresh_tokens_expire_and_so_does_the_sign_in() {
    let app = TestApp::with(|settings| {
        settings.auth.sign_in.access_token_seconds = 10;
        settings.auth.sign_in.refresh_token_seconds = 100;
        settings.auth.sign_in.sign_in_seconds = 250;
    });
    let user = a_user().with_password().create(&app);
    let late = sign_in(&app, &user);
    let mut pair = sign_in(&app, &user);
    for _ in 0..2 {
        app.advance(99);
        pair = Pair::of(try_renew(&app, &pair.renew));
    }
    try_renew(&app, &late.renew).expect(401);
    // 198 seconds have passed: the next token would live to 298, but the sign-in ends.
    app.advance(51);
    let last = Pair::of(try_renew(&app, &pair.renew));
    assert_eq!(
        last.claims()["exp"].as_i64().unwrap() - last.claims()["iat"].as_i64().unwrap(),
        1
    );
    app.advance(1);
    try_renew(&app, &last.renew).expect(401);
    last.client(&app).get("/home").expect(401);
}

#[test]
fn what_is_no_refresh_token_refreshes_nothing() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in(&app, &user);
    for wrong in ["", "rcr_0000", "x\0y", app.admin_token(), &*pair.jwt] {
        try_renew(&app, wrong).expect(401);
    }
    Pair::of(try_renew(&app, &pair.renew));
}

#[test]
fn a_refresh_token_is_no_access_token() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in(&app, &user);
    app.token(&pair.renew).get("/home").expect(401);
}

#[test]
fn a_new_password_deactivation_and_deletion_end_every_sign_in() {
    let app = TestApp::start();
    for end in ["password", "inactive", "deleted"] {
        let user = a_user().with_password().create(&app);
        let pairs = [sign_in(&app, &user), sign_in(&app, &user)];
        let admin = app.admin();
        let patch = |attributes| {
            let patch = changes("users", user.id, attributes);
            admin.patch(&user.path(), &patch).expect(200)
        };
        match end {
            "password" => patch(json!({"password": "another one"})),
            "inactive" => {
                patch(json!({"is_active": false}));
                for pair in &pairs {
                    pair.client(&app).get("/home").expect(401);
                }
                patch(json!({"is_active": true}))
            }
            _ => admin.delete(&user.path()).expect(204),
        };
        for pair in &pairs {
            pair.client(&app).get("/home").expect(401);
            try_renew(&app, &pair.renew).expect(401);
        }
    }
}

#[test]
fn other_changes_of_a_user_end_no_sign_in() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in(&app, &user);
    let patch = changes(
        "users",
        user.id,
        json!({"name": "John", "username": "renamed"}),
    );
    app.admin().patch(&user.path(), &patch).expect(200);
    pair.client(&app).get("/auth/user").expect(200);
    let renewed = Pair::of(try_renew(&app, &pair.renew));
    assert_eq!(renewed.claims()["username"], "renamed");
}

#[test]
fn what_another_process_did_to_the_user_counts_too() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in(&app, &user);
    pair.client(&app).get("/home").expect(200);
    let id = user.id;
    let inactive = format!("UPDATE users SET is_active = FALSE WHERE id = {id}");
    app.database.execute(&inactive);
    super::after_foreign_change(&app);
    pair.client(&app).get("/home").expect(401);
    try_renew(&app, &pair.renew).expect(401);
}
