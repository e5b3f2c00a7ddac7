//! API tokens that a sign-in makes: they end with it, unless the password says otherwise.

use serde_json::{Value, json};

use super::{Pair, sign_in, try_renew};
use crate::support::{ADMIN_PASSWORD, Answer, Client, Member, TestApp, a_new, a_user, changes};

fn make(client: &Client, attributes: Value) -> Answer {
    client.post("/tokens", &a_new("tokens", attributes))
}

/// The secret, and whether the token ends with a sign-in.
#[track_caller]
fn made(answer: Answer) -> (String, bool) {
    let attributes = answer.expect(201).data()["attributes"].clone();
    (
        attributes["token"].as_str().unwrap().to_owned(),
        attributes["ends_with_sign_in"].as_bool().unwrap(),
    )
}

fn bound(app: &TestApp, user: &Member) -> (Pair, Client) {
    let pair = sign_in(app, user);
    let (secret, ends) = made(make(&pair.client(app), json!({"name": "bound"})));
    assert!(ends);
    let client = app.token(&secret);
    client.get("/home").expect(200);
    (pair, client)
}

fn end(app: &TestApp, pair: &Pair, way: &str) {
    match way {
        "sign-out" => {
            app.token(&pair.renew).delete("/auth").expect(204);
        }
        "the list" => {
            let id = pair.claims()["sid"].as_str().unwrap().to_owned();
            app.admin().delete(&format!("/sign-ins/{id}")).expect(204);
        }
        "a refresh token that comes twice" => {
            try_renew(app, &pair.renew).expect(200);
            try_renew(app, &pair.renew).expect(401);
        }
        _ => app.advance(15 * 24 * 3600),
    }
}

#[test]
fn a_token_ends_with_the_sign_in_that_made_it_however_that_ends() {
    let app = TestApp::start();
    for way in [
        "sign-out",
        "the list",
        "a refresh token that comes twice",
        "time",
    ] {
        let user = a_user().with_password().create(&app);
        let (pair, token) = bound(&app, &user);
        end(&app, &pair, way);
        token.get("/home").expect(401);
        if way != "time" {
            let gone = app.admin().get(&format!("{}/tokens", user.path())).ids();
            assert_eq!(gone, Vec::<String>::new(), "{way}");
        }
    }
}

#[test]
fn the_audit_log_tells_of_tokens_that_ended_with_their_sign_in() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let (pair, _) = bound(&app, &user);
    app.token(&pair.jwt).delete("/auth").expect(204);
    let events = app
        .admin()
        .get("/events?filter[subject_type]=tokens&filter[verb]=delete")
        .expect(200);
    let event = events.data()[0]["attributes"].clone();
    assert_eq!(event["actor"], user.username);
    assert_eq!(event["before"]["name"], "bound");
}

#[test]
fn a_token_lives_on_while_its_sign_in_is_refreshed() {
    let app = TestApp::with(|settings| {
        settings.auth.access_token_seconds = 60;
        settings.auth.refresh_token_seconds = 100;
    });
    let user = a_user().with_password().create(&app);
    let (mut pair, token) = bound(&app, &user);
    for _ in 0..3 {
        app.advance(90);
        pair = Pair::of(try_renew(&app, &pair.renew));
        token.get("/home").expect(200);
    }
    app.advance(100);
    token.get("/home").expect(401);
}

#[test]
fn with_the_password_a_token_stands_by_itself() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in(&app, &user);
    let client = pair.client(&app);
    let wrong = make(&client, json!({"name": "x", "password": "wrong"})).expect(403);
    assert_eq!(wrong.pointers(), ["/data/attributes/password"]);
    assert_eq!(wrong.errors()[0]["code"], "wrong_password");
    make(&client, json!({"name": "x", "password": 7})).expect(400);
    let (secret, ends) = made(make(
        &client,
        json!({"name": "x", "password": ADMIN_PASSWORD}),
    ));
    assert!(!ends);
    client.delete("/auth").expect(204);
    app.token(&secret).get("/home").expect(200);
    let by_password = app.basic(&user.username, ADMIN_PASSWORD);
    assert!(!made(make(&by_password, json!({"name": "y"}))).1);
    assert!(!made(make(&user.client(&app), json!({"name": "z"}))).1);
}

#[test]
fn what_a_bound_token_makes_ends_with_the_same_sign_in() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let (pair, token) = bound(&app, &user);
    let (child, ends) = made(make(&token, json!({"name": "child"})));
    assert!(ends);
    let add = json!({"op": "add", "data": a_new("tokens", json!({"name": "in a batch"}))["data"]});
    let batch = token
        .operations(&json!({"atomic:operations": [add]}))
        .expect(200);
    let attributes = batch.json()["atomic:results"][0]["data"]["attributes"].clone();
    assert_eq!(attributes["ends_with_sign_in"], true);
    pair.client(&app).delete("/auth").expect(204);
    for secret in [&child, attributes["token"].as_str().unwrap()] {
        app.token(secret).get("/home").expect(401);
    }
}

#[test]
fn a_token_for_somebody_else_ends_with_the_sign_in_of_its_maker() {
    let app = TestApp::start();
    let admin = a_user().with_password().administrator().create(&app);
    let robot = a_user().create(&app);
    let pair = sign_in(&app, &admin);
    let mut document = a_new("tokens", json!({"name": "robot"}));
    document["data"]["relationships"] =
        json!({"user": {"data": {"type": "users", "id": robot.id.to_string()}}});
    let (secret, ends) = made(pair.client(&app).post("/tokens", &document));
    assert!(ends);
    app.token(&secret).get("/home").expect(200);
    pair.client(&app).delete("/auth").expect(204);
    app.token(&secret).get("/home").expect(401);
}

#[test]
fn guesses_at_the_password_count_like_those_of_a_sign_in() {
    let app = TestApp::with(|settings| settings.auth.sign_in_attempts = 2);
    let user = a_user().with_password().create(&app);
    let client = user.client(&app);
    let guess = |password: &str| make(&client, json!({"name": "x", "password": password}));
    guess("wrong").expect(403);
    guess("wronger").expect(403);
    guess(ADMIN_PASSWORD).expect(429);
}

#[test]
fn how_a_token_ends_cannot_be_changed() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let (pair, token) = bound(&app, &user);
    let id = pair.client(&app).get("/tokens").ids()[0].clone();
    let change = changes(
        "tokens",
        &id,
        json!({"ends_with_sign_in": false, "password": ADMIN_PASSWORD}),
    );
    let after = pair
        .client(&app)
        .patch(&format!("/tokens/{id}"), &change)
        .expect(200);
    assert_eq!(after.data()["attributes"]["ends_with_sign_in"], true);
    pair.client(&app).delete("/auth").expect(204);
    token.get("/home").expect(401);
}
