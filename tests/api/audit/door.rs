use serde_json::{Value, json};

use super::{behind_a_proxy, events, send, so_many, try_password};
use crate::support::{ADMIN_PASSWORD, JSON_API, TestApp, a_user};

#[test]
fn a_sign_in_is_told_in_the_transaction_that_begins_it() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let answer = try_password(&app, &user.username, ADMIN_PASSWORD).expect(200);
    let told = events(&app, "filter[verb]=sign_in");
    assert_eq!(told.len(), 1, "{told:?}");
    let event = &told[0];
    assert_eq!(event["actor_id"], user.id);
    assert_eq!(event["actor"], user.username);
    assert_eq!(event["subject_type"], "users");
    assert_eq!(event["subject_id"], user.id);
    assert_eq!(event["source_address"], "127.0.0.1");
    assert_eq!(event["credential"], "password");
    assert_eq!(event["count"], 1);
    assert_eq!(event["request_id"], answer.header("x-request-id").unwrap());
}

#[test]
fn a_busy_client_of_basic_is_one_event_and_not_one_a_request() {
    let app = TestApp::start();
    let client = app.basic("admin", ADMIN_PASSWORD);
    for _ in 0..20 {
        client.get("/home").expect(200);
    }
    let told = so_many(&app, "sign_in", 1);
    assert_eq!(told[0]["actor"], "admin");
    assert_eq!(told[0]["credential"], "password");
    assert_eq!(told[0]["count"], 1);
}

#[test]
fn a_token_for_a_password_is_a_sign_in_too() {
    let app = TestApp::start();
    let body = json!({"username": "admin", "password": ADMIN_PASSWORD});
    send(&app.anonymous(), "POST", "/api/users/token/", &body).expect(200);
    let told = so_many(&app, "sign_in", 1);
    assert_eq!(
        (&told[0]["actor_id"], &told[0]["subject_id"]),
        (&json!(1), &json!(1))
    );
    let made = events(&app, "filter[subject_type]=tokens&filter[verb]=create");
    assert_eq!(made.last().unwrap()["credential"], "password");
}

#[test]
fn a_wrong_password_is_told_on_every_surface() {
    let app = TestApp::start();
    let paths = [
        "/home",
        "/api/user",
        "/api/admin/users/",
        "/api/id-management/users/",
    ];
    for (place, path) in paths.iter().enumerate() {
        let user = a_user().with_password().create(&app);
        app.basic(&user.username, "wrong")
            .send("GET", path, &[], None);
        let told = so_many(&app, "sign_in_failed", place + 1);
        let event = told.last().unwrap();
        assert_eq!(event["subject_type"], "users", "{path}");
        assert_eq!(event["subject_id"], user.id, "{path}");
        assert_eq!(event["actor"], Value::Null, "nobody proved to be anybody");
        assert_eq!(event["after"], json!({"username": user.username}));
        assert_eq!(event["source_address"], "127.0.0.1");
        assert_eq!(event["credential"], "password");
    }
    for (path, before) in [("/auth", 4), ("/api/users/token/", 5)] {
        let body = json!({"username": format!("nobody at {path}"), "password": "wrong"});
        let answer = send(&app.anonymous(), "POST", path, &body);
        assert!(matches!(answer.status, 400 | 401), "{}", answer.text);
        let told = so_many(&app, "sign_in_failed", before + 1);
        let event = told.last().unwrap();
        assert_eq!(event["subject_id"], 0, "whom nobody knows");
        assert_eq!(
            event["after"],
            json!({"username": format!("nobody at {path}")})
        );
    }
}

#[test]
fn credentials_that_are_no_passwords_are_told_without_what_was_sent() {
    let app = TestApp::start();
    let wrong = [
        ("rc_0123456789", "api_token"),
        ("eyJhbGciOiJFZERTQSJ9.e30.c2ln", "access_token"),
    ];
    for (place, (secret, kind)) in wrong.iter().enumerate() {
        app.token(secret).get("/home").expect(401);
        let told = so_many(&app, "sign_in_failed", place + 1);
        assert_eq!(told[place]["credential"], *kind);
        assert_eq!(told[place]["after"], Value::Null);
    }
    let grant = json!({"grant_type": "refresh_token", "refresh_token": "rcr_0123456789"});
    send(&app.anonymous(), "POST", "/auth", &grant).expect(401);
    let told = so_many(&app, "sign_in_failed", 3);
    assert_eq!(told[2]["credential"], "refresh_token");
    // As some clients send tokens: in the place of the username.
    app.basic("rc_0123456789", "x").get("/home").expect(401);
    so_many(&app, "sign_in_failed", 4);
    let all = app.admin().get("/events?page[size]=100").text;
    for secret in ["rc_0", "rcr_0", "eyJ", "\"x\""] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    // No credentials are no attempt.
    app.anonymous().get("/home").expect(401);
    so_many(&app, "sign_in_failed", 4);
}

#[test]
fn a_throttled_attempt_is_told() {
    let app = TestApp::with(|settings| settings.auth.sign_in_attempts = 1);
    let user = a_user().with_password().create(&app);
    try_password(&app, &user.username, "wrong").expect(401);
    try_password(&app, &user.username, ADMIN_PASSWORD).expect(429);
    let told = so_many(&app, "throttled", 1);
    assert_eq!(told[0]["subject_id"], user.id);
    assert_eq!(told[0]["after"], json!({"username": user.username}));
    assert_eq!(told[0]["source_address"], "127.0.0.1");
    so_many(&app, "sign_in_failed", 1);
    so_many(&app, "sign_in", 0);
}

#[test]
fn what_policy_refuses_is_told_on_every_surface() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let client = user.client(&app);
    let own = user.path();
    let requests = [
        ("GET", "/events", "/events"),
        ("DELETE", &*own, "/users/{id}"),
        ("PUT", "/api/role/new", "/api/role/{id}"),
        ("GET", "/api/admin/users/", "/api/admin/users/"),
        (
            "GET",
            "/api/id-management/partners/",
            "/api/id-management/partners",
        ),
    ];
    for (place, (method, path, route)) in requests.into_iter().enumerate() {
        let body = (method == "PUT").then_some(&b"{}"[..]);
        let answer = client.send(method, path, &[("accept", "*/*")], body);
        answer.expect(403);
        let told = so_many(&app, "refused", place + 1);
        let event = told.last().unwrap();
        assert_eq!(event["actor_id"], user.id, "{path}");
        assert_eq!(event["subject_id"], user.id, "{path}");
        assert_eq!(event["credential"], "api_token", "{path}");
        assert_eq!(event["source_address"], "127.0.0.1", "{path}");
        assert_eq!(event["after"]["method"], method, "{path}");
        assert_eq!(event["after"]["route"], route, "{path}");
    }
    // Whoever is refused once more is counted.
    client.get("/events").expect(403);
    so_many(&app, "refused", 5);
    app.advance(60);
    assert_eq!(so_many(&app, "refused", 6)[5]["count"], 1);
}

#[test]
fn a_page_of_another_origin_is_an_event_on_every_surface() {
    let app = TestApp::start();
    let requests = [
        ("DELETE", "/users/1", "/users/{id}"),
        ("PUT", "/api/role/new", "/api/role/{id}"),
        ("POST", "/api/admin/users/", "/api/admin/users/"),
        (
            "POST",
            "/api/id-management/partners/",
            "/api/id-management/partners",
        ),
        ("POST", "/nowhere", ""),
    ];
    for (place, (method, path, route)) in requests.into_iter().enumerate() {
        let foreign = [("origin", "https://evil.example")];
        let answer = app.admin().send(method, path, &foreign, None).expect(403);
        let events = so_many(&app, "refused", place + 1);
        let event = events.last().unwrap();
        // The page's request is refused before its credentials are looked at.
        assert_eq!(event["actor_id"], Value::Null, "{path}");
        assert_eq!(event["source_address"], "127.0.0.1", "{path}");
        assert_eq!(event["after"]["method"], method, "{path}");
        assert_eq!(event["after"]["route"], route, "{path}");
        assert_eq!(event["request_id"], answer.header("x-request-id").unwrap());
    }
}

#[test]
fn a_token_is_told_when_it_is_used_from_a_new_address() {
    let app = behind_a_proxy();
    let user = a_user().create(&app);
    let client = user.client(&app);
    let use_from = |address: &str| {
        let headers = [("accept", JSON_API), ("x-forwarded-for", address)];
        client.get_with("/home", &headers).expect(200);
    };
    // Each user's own token was used on this machine already, as the
    // administrator's was.
    let before = events(&app, "filter[verb]=token_used").len();
    for (address, new) in [
        ("192.0.2.1", 1),
        ("192.0.2.1", 1),
        ("2001:db8::1", 2),
        ("2001:db8::2", 2),
        ("192.0.2.1", 2),
    ] {
        use_from(address);
        so_many(&app, "token_used", before + new);
    }
    let told = so_many(&app, "token_used", before + 2);
    let [.., one, two] = &told[..] else {
        panic!("two events")
    };
    assert_eq!(one["subject_type"], "tokens");
    assert_eq!(one["subject_id"], one["token_id"]);
    assert_eq!(one["actor"], user.username);
    assert_eq!(one["source_address"], "192.0.2.1");
    assert_eq!(one["credential"], "api_token");
    assert_eq!(two["after"], json!({"address": "2001:db8::/64"}));
    // Another process knows what this one has seen.
    let other = app.another();
    let secret = app.token_of(user.id, None);
    other.token(&secret).get("/home").expect(200);
    so_many(&app, "token_used", before + 3);
}

#[test]
fn of_each_token_so_many_addresses_are_remembered() {
    let app = TestApp::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        settings.audit.token_addresses = 2;
    });
    let before = events(&app, "filter[verb]=token_used").len();
    for host in 1..=5 {
        let address = format!("192.0.2.{host}");
        let headers = [("accept", JSON_API), ("x-forwarded-for", address.as_str())];
        app.admin().get_with("/home", &headers).expect(200);
        so_many(&app, "token_used", before + host);
    }
    let kept = crate::support::Beside::count(&app.database, "token_addresses", "token_id = 1");
    assert_eq!(kept, 2);
}

#[test]
fn signing_out_is_told_of_the_user() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let meta = try_password(&app, &user.username, ADMIN_PASSWORD).json()["meta"].clone();
    app.token(meta["jwt"].as_str().unwrap())
        .delete("/auth")
        .expect(204);
    let told = events(&app, "filter[verb]=sign_out");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["actor"], user.username);
    assert_eq!(told[0]["subject_id"], user.id);
    assert_eq!(told[0]["credential"], "access_token");
}
