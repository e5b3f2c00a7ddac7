use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use super::{Pair, part, sign_in, try_password};
use crate::support::{ADMIN_PASSWORD, TestApp, a_role, a_user, linkage};

fn json_of(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signed(header: &Value, claims: &Value, key: &SigningKey) -> String {
    let signed = format!("{}.{}", json_of(header), json_of(claims));
    let signature = key.sign(signed.as_bytes()).to_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn an_access_token_tells_who_what_and_until_when() {
    let app = TestApp::with(|settings| {
        settings.auth.sign_in.issuer = Some("https://people.example.org".to_owned());
        settings.auth.sign_in.audience = "our services".to_owned();
    });
    let one = a_role()
        .named("B")
        .permitting(&["users:read", "invoices:approve"]);
    let other = a_role().named("A").permitting(&["users:read"]);
    let (one, other) = (one.create(&app), other.create(&app));
    let user = a_user().with_password().holding(&one).holding(&other);
    let user = user.create(&app);
    let pair = sign_in(&app, &user);
    let header = part(&pair.jwt, 0);
    assert_eq!(
        (&header["typ"], &header["alg"]),
        (&json!("JWT"), &json!("EdDSA"))
    );
    let mut claims = pair.claims();
    let jti = claims["jti"].take();
    assert_eq!(jti.as_str().map(str::len), Some(32));
    let iat = 1_767_323_045;
    let sid = claims["sid"].take();
    assert!(sid.is_string());
    assert_eq!(
        claims,
        json!({
            "iss": "https://people.example.org", "aud": "our services", "sub": user.id.to_string(),
            "iat": iat, "exp": iat + 900, "jti": null, "sid": null, "username": user.username,
            "roles": ["A", "B"], "permissions": ["invoices:approve", "users:read"],
        })
    );
    pair.client(&app).get("/users/1").expect(200);
}

#[test]
fn an_administrator_may_everything_and_the_token_says_so() {
    let app = TestApp::start();
    let claims = Pair::of(try_password(&app, "admin", ADMIN_PASSWORD)).claims();
    assert_eq!(claims["roles"], json!(["admin"]));
    let permissions = claims["permissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("audit:read")), "{claims}");
    assert_eq!(claims["iss"], "rolecall");
}

#[test]
fn the_issuer_is_the_public_address_unless_it_is_configured() {
    let app = TestApp::with(|settings| {
        settings.server.base_url = Some("https://people.example.org".to_owned());
    });
    let claims = Pair::of(try_password(&app, "admin", ADMIN_PASSWORD)).claims();
    assert_eq!(claims["iss"], "https://people.example.org");
}

#[test]
fn the_keys_are_public_and_may_be_kept_for_a_while() {
    let app = TestApp::start();
    let set = app.anonymous().get("/.well-known/jwks.json").expect(200);
    assert_eq!(set.header("content-type"), Some("application/jwk-set+json"));
    assert_eq!(set.header("cache-control"), Some("public, max-age=300"));
    let keys = set.json()["keys"].clone();
    assert_eq!(keys.as_array().unwrap().len(), 1);
    let members: Vec<_> = keys[0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
    let pair = Pair::of(try_password(&app, "admin", ADMIN_PASSWORD));
    assert_eq!(part(&pair.jwt, 0)["kid"], keys[0]["kid"]);
    // Asked again, the same: there is one key however many ask.
    let again = app.anonymous().get("/.well-known/jwks.json");
    assert_eq!(again.json()["keys"], keys);
}

#[test]
fn an_access_token_expires() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let client = sign_in(&app, &user).client(&app);
    client.get("/home").expect(200);
    app.advance(899);
    client.get("/home").expect(200);
    app.advance(1);
    client.get("/home").expect(401);
}

#[test]
fn forged_tokens_are_refused() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in(&app, &user);
    let (header, claims) = (part(&pair.jwt, 0), pair.claims());
    let [h, c, s] = pair.jwt.split('.').collect::<Vec<_>>()[..] else {
        panic!("{}", pair.jwt)
    };
    let mut admin = claims.clone();
    admin["sub"] = json!("1");
    let mut later = claims.clone();
    later["exp"] = json!(9_999_999_999_i64);
    let none = json_of(&json!({"alg": "none", "kid": header["kid"]}));
    let hmac = json_of(&json!({"alg": "HS256", "kid": header["kid"]}));
    let unknown = json!({"alg": "EdDSA", "kid": "unknown"});
    let key = SigningKey::from_bytes(&[7; 32]);
    let mut embedded = header.clone();
    embedded["jwk"] = json!({
        "kty": "OKP", "crv": "Ed25519",
        "x": URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes())
    });
    for forged in [
        format!("{h}.{}.{s}", json_of(&admin)),
        format!("{h}.{}.{s}", json_of(&later)),
        format!("{none}.{c}."),
        format!("{none}.{c}.{s}"),
        format!("{hmac}.{c}.{s}"),
        format!("{h}.{c}."),
        format!("{h}.{c}"),
        format!("{h}.{c}.{s}.{s}"),
        format!("{h}.{c}.{}", "A".repeat(86)),
        format!(".{c}.{s}"),
        "..".to_owned(),
        signed(&header, &claims, &key),
        signed(&unknown, &claims, &key),
        signed(&embedded, &claims, &key),
    ] {
        app.token(&forged).get("/home").expect(401);
    }
    pair.client(&app).get("/home").expect(200);
}

/// Our own key, as nobody but the database knows it.
fn key_of(app: &TestApp) -> (String, SigningKey) {
    let seed = [9; 32];
    let key = SigningKey::from_bytes(&seed);
    app.database.execute(&format!(
        "INSERT INTO signing_keys (kid, algorithm, private_key, public_key, not_before, created)
         VALUES ('second', 'EdDSA', '{}', '{}', '2026-01-02T03:00:00+00:00', '2026-01-02T03:00:00+00:00')",
        URL_SAFE_NO_PAD.encode(seed),
        URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes())
    ));
    ("second".to_owned(), key)
}

#[test]
fn what_is_signed_but_meant_for_others_is_refused() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let (kid, key) = key_of(&app);
    let pair = sign_in(&app, &user);
    let header = json!({"alg": "EdDSA", "kid": kid});
    let with = |name: &str, value: Value| {
        let mut claims = pair.claims();
        claims[name] = value;
        app.token(&signed(&header, &claims, &key)).get("/home")
    };
    with("x", json!(1)).expect(200);
    with("iss", json!("somebody")).expect(401);
    with("aud", json!("another service")).expect(401);
    with("aud", json!(["rolecall"])).expect(401);
    with("exp", json!(1)).expect(401);
    with("exp", json!("9999999999")).expect(401);
    with("exp", json!(null)).expect(401);
    with("sub", json!("1")).expect(401);
    with("sid", json!("999")).expect(401);
    with("sid", json!(null)).expect(401);
}

#[test]
fn a_key_that_another_process_made_is_found_and_a_retired_one_forgotten() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in(&app, &user);
    let (kid, key) = key_of(&app);
    let header = json!({"alg": "EdDSA", "kid": kid});
    let other = signed(&header, &pair.claims(), &key);
    app.advance(5);
    app.token(&other).get("/home").expect(200);
    app.database.execute(
        "UPDATE signing_keys SET retired_at = '2026-01-02T03:04:06+00:00' WHERE kid = 'second'",
    );
    app.advance(60);
    let set = app.anonymous().get("/.well-known/jwks.json").json();
    assert_eq!(set["keys"].as_array().unwrap().len(), 1);
    app.token(&other).get("/home").expect(401);
    pair.client(&app).get("/home").expect(200);
}

#[test]
fn a_change_of_roles_counts_here_at_once() {
    let app = TestApp::start();
    let role = a_role().permitting(&["users:read"]).create(&app);
    let user = a_user().with_password().holding(&role).create(&app);
    let client = sign_in(&app, &user).client(&app);
    client.get("/users/1").expect(200);
    let roles = format!("{}/relationships/roles", user.path());
    let members = linkage("roles", &[role.id]);
    app.admin().delete_with(&roles, &members).expect(200);
    client.get("/users/1").expect(404);
    app.admin().post(&roles, &members).expect(200);
    client.get("/users/1").expect(200);
}

#[test]
fn a_role_that_ends_ends_in_the_use_of_the_token_and_the_token_with_it() {
    let app = TestApp::start();
    let role = a_role().permitting(&["users:read"]).create(&app);
    let user = a_user().with_password().create(&app);
    app.give_until(user.id, role.id, "2026-01-02T03:05:05+00:00");
    let pair = sign_in(&app, &user);
    assert_eq!(pair.claims()["roles"], json!([role.name]));
    let life = pair.claims()["exp"].as_i64().unwrap() - pair.claims()["iat"].as_i64().unwrap();
    assert_eq!(life, 60);
    pair.client(&app).get("/users/1").expect(200);
    app.advance(60);
    pair.client(&app).get("/users/1").expect(401);
    let pair = Pair::of(super::try_renew(&app, &pair.renew));
    assert_eq!(pair.claims()["roles"], json!([]));
    pair.client(&app).get("/users/1").expect(404);
}

#[test]
fn lists_that_would_not_fit_into_a_header_are_left_out_and_named() {
    let app = TestApp::start();
    let names: Vec<String> = (0..200)
        .map(|n| format!("subject{n}:read-and-write"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let role = a_role().permitting(&names).create(&app);
    let user = a_user().with_password().holding(&role).create(&app);
    let pair = sign_in(&app, &user);
    let claims = pair.claims();
    assert_eq!(claims["roles"], json!([role.name]));
    assert_eq!(claims.get("permissions"), None);
    assert_eq!(claims["incomplete"], json!(["permissions"]));
    pair.client(&app).get("/home").expect(200);
}

#[test]
fn an_access_token_does_what_its_user_may_and_says_so_in_the_log() {
    let app = TestApp::start();
    let pair = Pair::of(try_password(&app, "admin", ADMIN_PASSWORD));
    let client = pair.client(&app);
    let role = json!({"data": {"type": "roles", "attributes": {"name": "HR"}}});
    client.post("/roles", &role).expect(201);
    let events = client
        .get("/events?filter[subject_type]=roles&sort=-id")
        .data();
    assert_eq!(events[0]["attributes"]["actor"], "admin");
    assert_eq!(events[0]["attributes"]["token_id"], json!(null));
}
