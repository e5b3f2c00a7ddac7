//! Several processes at one database: what one changes, the others do not
//! believe any longer.

use serde_json::json;

use super::{hears, is_skipped};
use crate::support::{ADMIN_PASSWORD, Client, TestApp, a_role, a_user, changes, eventually};

/// Two processes that remember for an hour, by a clock that stands still.
fn two() -> (TestApp, TestApp) {
    let one = TestApp::with(|settings| {
        settings.auth.token_cache_seconds = 3600;
        settings.auth.credential_cache_seconds = 3600;
    });
    let other = one.another();
    hears(&one);
    hears(&other);
    (one, other)
}

#[track_caller]
fn is_refused(client: &Client) {
    eventually("refused", || client.get("/home").status == 401);
}

#[test]
fn a_token_that_one_revokes_is_refused_by_the_other() {
    if is_skipped() {
        return;
    }
    let (one, other) = two();
    let user = a_user().create(&one);
    let token = one.token_of(user.id, None);
    let client = other.token(&token);
    client.get("/home").expect(200);
    let tokens = one
        .admin()
        .get(&format!("/users/{}/tokens", user.id))
        .expect(200);
    let path = format!("/tokens/{}", tokens.ids()[0]);
    one.admin().delete(&path).expect(204);
    is_refused(&client);
}

#[test]
fn a_user_whom_one_deactivates_is_refused_by_the_other() {
    if is_skipped() {
        return;
    }
    let (one, other) = two();
    let user = a_user().with_password().create(&one);
    let by_token = other.token(&one.token_of(user.id, None));
    let by_password = other.basic(&user.username, ADMIN_PASSWORD);
    by_token.get("/home").expect(200);
    by_password.get("/home").expect(200);
    let inactive = changes("users", user.id, json!({"is_active": false}));
    one.admin().patch(&user.path(), &inactive).expect(200);
    is_refused(&by_token);
    is_refused(&by_password);
}

#[test]
fn a_password_that_one_changes_is_refused_by_the_other() {
    if is_skipped() {
        return;
    }
    let (one, other) = two();
    let user = a_user().with_password().create(&one);
    let old = other.basic(&user.username, ADMIN_PASSWORD);
    old.get("/home").expect(200);
    let change = changes("users", user.id, json!({"password": "another long one"}));
    one.admin().patch(&user.path(), &change).expect(200);
    is_refused(&old);
    let new = other.basic(&user.username, "another long one");
    new.get("/home").expect(200);
}

#[test]
fn a_sign_in_that_one_ends_is_over_at_the_other() {
    if is_skipped() {
        return;
    }
    let (one, other) = two();
    let user = a_user().with_password().create(&one);
    let grant = json!({"username": user.username, "password": ADMIN_PASSWORD});
    let pair = one.anonymous().post("/auth", &grant).expect(200).json();
    let jwt = pair["meta"]["jwt"].as_str().unwrap();
    let client = other.token(jwt);
    client.get("/home").expect(200);
    one.token(jwt).delete("/auth").expect(204);
    is_refused(&client);
}

#[test]
fn rights_that_one_gives_or_takes_hold_at_the_other() {
    if is_skipped() {
        return;
    }
    let (one, other) = two();
    let user = a_user().create(&one);
    let client = other.token(&one.token_of(user.id, None));
    client.get("/events").expect(403);
    let admin = json!({"data": [{"type": "roles", "id": "1"}]});
    let path = format!("{}/relationships/roles", user.path());
    one.admin().post(&path, &admin).expect(200);
    eventually("an administrator", || client.get("/events").status == 200);
    one.admin().delete_with(&path, &admin).expect(200);
    eventually("none any more", || client.get("/events").status == 403);
}

#[test]
fn a_role_that_permits_nothing_here_is_given_without_a_word() {
    if is_skipped() {
        return;
    }
    let (one, other) = two();
    let role = a_role().create(&one);
    let user = a_user().create(&one);
    let version = |app: &TestApp| app.directory.credential_version().unwrap();
    // A word that is certain to be heard is the last: so far all were heard.
    let settled = |app: &TestApp| {
        let before = version(app);
        one.database
            .execute("SELECT pg_notify('rolecall', 'credentials')");
        eventually("a word is heard", || version(app) > before);
        version(app)
    };
    let before = settled(&other);
    user.grant(&one, &role);
    assert_eq!(settled(&other), before + 1);
}

#[test]
fn the_loss_of_the_connection_that_hears_is_safe() {
    if is_skipped() {
        return;
    }
    let (one, other) = two();
    for round in 0..3 {
        let user = a_user().create(&one);
        let client = other.token(&one.token_of(user.id, None));
        client.get("/home").expect(200);
        one.database.execute(
            "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name LIKE 'rolecall: hears%'",
        );
        one.database.execute(&format!(
            "UPDATE users SET is_active = FALSE WHERE id = {}",
            user.id
        ));
        is_refused(&client);
        eprintln!("round {round}");
        hears(&other);
    }
}

#[test]
fn a_new_key_is_known_to_the_other_at_once() {
    if is_skipped() {
        return;
    }
    let (one, other) = two();
    let keys = |app: &TestApp| {
        let set = app.anonymous().get("/.well-known/jwks.json").json();
        set["keys"].as_array().unwrap().len()
    };
    assert_eq!((keys(&one), keys(&other)), (1, 1));
    one.database.execute(
        "INSERT INTO signing_keys (kid, algorithm, private_key, public_key, not_before, created)
         SELECT 'second', algorithm, private_key, public_key, not_before, created FROM signing_keys",
    );
    for app in [&one, &other] {
        eventually("two keys", || keys(app) == 2);
    }
}
