use super::try_password;
use crate::support::{ADMIN_PASSWORD, JSON_API, TestApp, a_user};

#[test]
fn too_many_wrong_passwords_wait_and_not_for_long() {
    let app = TestApp::with(|settings| settings.auth.sign_in_attempts = 3);
    for _ in 0..3 {
        try_password(&app, "admin", "wrong").expect(401);
    }
    let answer = try_password(&app, "admin", ADMIN_PASSWORD).expect(429);
    assert_eq!(answer.errors()[0]["code"], "too_many_attempts");
    assert_eq!(answer.header("retry-after"), Some("6"));
    // HTTP Basic is no way around it, and other names are not concerned.
    app.basic("admin", "wrong").get("/home").expect(429);
    let other = a_user().with_password().create(&app);
    try_password(&app, &other.username, ADMIN_PASSWORD).expect(200);
    app.admin().get("/home").expect(200);
    app.advance(6);
    try_password(&app, "admin", ADMIN_PASSWORD).expect(200);
    try_password(&app, "admin", "wrong").expect(401);
}

#[test]
fn unknown_names_are_throttled_like_known_ones() {
    let app = TestApp::with(|settings| settings.auth.sign_in_attempts = 1);
    let known = [
        try_password(&app, "admin", "wrong").expect(401),
        try_password(&app, "admin", "wrong").expect(429),
    ];
    let unknown = [
        try_password(&app, "nobody", "wrong").expect(401),
        try_password(&app, "nobody", "wrong").expect(429),
    ];
    for (known, unknown) in known.iter().zip(&unknown) {
        assert_eq!(known.text, unknown.text);
    }
}

#[test]
fn a_guesser_at_another_address_locks_nobody_out() {
    let app = TestApp::with(|settings| {
        settings.auth.sign_in_attempts = 1;
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let client = app.anonymous();
    let from = |address: &str, password: &str| {
        let headers = [
            ("accept", JSON_API),
            ("content-type", "application/json"),
            ("x-forwarded-for", address),
        ];
        let body = format!(r#"{{"username":"admin","password":"{password}"}}"#);
        client
            .send("POST", "/auth", &headers, Some(body.as_bytes()))
            .status
    };
    assert_eq!(from("192.0.2.1", "wrong"), 401);
    assert_eq!(from("192.0.2.1", ADMIN_PASSWORD), 429);
    // What the client itself puts in front of the chain does not count.
    assert_eq!(from("198.51.100.9, 192.0.2.1", ADMIN_PASSWORD), 429);
    assert_eq!(from("192.0.2.2", ADMIN_PASSWORD), 200);
}
