//! Who changes who they are gives the password again: a session that somebody
//! left open, or a stolen token, is no way to an account.

use serde_json::{Value, json};

use super::{Pair, sign_in, try_renew};
use crate::support::{ADMIN_PASSWORD, Answer, Client, Member, TestApp, a_user, changes, unique};

const SURFACES: [&str; 5] = ["own record", "users", "operations", "cfengine", "openl2m"];

/// Names and addresses as the surface calls them; a username is none of CFEngine's.
fn change(client: &Client, user: &Member, surface: &str, body: &Value) -> Answer {
    let document = changes("users", user.id, body.clone());
    let plain = |method: &str, path: String| {
        let headers = [("content-type", "application/json")];
        client.send(method, &path, &headers, Some(body.to_string().as_bytes()))
    };
    match surface {
        "own record" => client.patch("/auth/user", &document),
        "users" => client.patch(&user.path(), &document),
        "operations" => {
            let update = json!({"op": "update", "data": document["data"]});
            client.operations(&json!({"atomic:operations": [update]}))
        }
        "cfengine" => plain("POST", format!("/api/user/{}", user.username)),
        _ => plain("PATCH", format!("/api/admin/users/{}/", user.id)),
    }
}

/// What names somebody anew there.
fn anew(surface: &str) -> Vec<Value> {
    let email = json!({"email": format!("{}@example.org", unique("mail"))});
    match surface {
        "cfengine" => vec![email],
        _ => vec![email, json!({"username": unique("renamed")})],
    }
}

fn with_old(body: &Value, old: &str) -> Value {
    let mut body = body.clone();
    body["old_password"] = old.into();
    body
}

fn status_without(surface: &str) -> u16 {
    if surface == "cfengine" { 403 } else { 400 }
}

fn status_wrong(surface: &str) -> u16 {
    if surface == "openl2m" { 400 } else { 403 }
}

fn someone(app: &TestApp) -> Member {
    // OpenL2M is for administrators.
    a_user().with_password().administrator().create(app)
}

#[test]
fn a_name_or_an_address_of_ones_own_takes_the_password_when_the_sign_in_is_old() {
    let app = TestApp::start();
    for surface in SURFACES {
        for body in anew(surface) {
            let user = someone(&app);
            let pair = sign_in(&app, &user);
            app.advance(899);
            let same = json!({"name": "N"});
            app.advance(1);
            let pair = Pair::of(try_renew(&app, &pair.renew));
            let client = pair.client(&app);
            assert!(
                change(&client, &user, surface, &same).status < 300,
                "{surface}"
            );
            let refused = change(&client, &user, surface, &body);
            assert_eq!(
                refused.status,
                status_without(surface),
                "{surface}: {}",
                refused.text
            );
            assert!(refused.text.contains("password"), "{}", refused.text);
            let wrong = change(&client, &user, surface, &with_old(&body, "wrong"));
            assert_eq!(
                wrong.status,
                status_wrong(surface),
                "{surface}: {}",
                wrong.text
            );
            let right = change(&client, &user, surface, &with_old(&body, ADMIN_PASSWORD));
            assert!(right.status < 300, "{surface}: {}", right.text);
        }
    }
}

#[test]
fn a_fresh_sign_in_or_the_password_itself_is_enough() {
    let app = TestApp::start();
    for surface in SURFACES {
        for body in anew(surface) {
            let user = someone(&app);
            let client = sign_in(&app, &user).client(&app);
            app.advance(899);
            let changed = change(&client, &user, surface, &body);
            assert!(changed.status < 300, "{surface}: {}", changed.text);
        }
        for body in anew(surface) {
            let user = someone(&app);
            let client = app.basic(&user.username, ADMIN_PASSWORD);
            let changed = change(&client, &user, surface, &body);
            assert!(changed.status < 300, "{surface}: {}", changed.text);
        }
    }
}

#[test]
fn an_api_token_proves_nothing_however_new() {
    let app = TestApp::start();
    for surface in SURFACES {
        for body in anew(surface) {
            let user = someone(&app);
            let client = user.client(&app);
            let refused = change(&client, &user, surface, &body);
            assert_eq!(
                refused.status,
                status_without(surface),
                "{surface}: {}",
                refused.text
            );
            let right = change(&client, &user, surface, &with_old(&body, ADMIN_PASSWORD));
            assert!(right.status < 300, "{surface}: {}", right.text);
        }
    }
}

#[test]
fn a_password_takes_the_old_one_whatever_token_comes_on_every_surface() {
    let app = TestApp::start();
    let body = json!({"password": "owned by somebody"});
    for surface in SURFACES {
        let user = someone(&app);
        for client in [user.client(&app), sign_in(&app, &user).client(&app)] {
            let refused = change(&client, &user, surface, &body);
            assert_eq!(
                refused.status,
                status_without(surface),
                "{surface}: {}",
                refused.text
            );
            let wrong = change(&client, &user, surface, &with_old(&body, "wrong"));
            assert_eq!(
                wrong.status,
                status_wrong(surface),
                "{surface}: {}",
                wrong.text
            );
        }
        super::try_password(&app, &user.username, ADMIN_PASSWORD).expect(200);
        let client = user.client(&app);
        let right = change(&client, &user, surface, &with_old(&body, ADMIN_PASSWORD));
        assert!(right.status < 300, "{surface}: {}", right.text);
        super::try_password(&app, &user.username, "owned by somebody").expect(200);
    }
}

#[test]
fn nothing_is_asked_for_what_stays_or_is_somebody_elses() {
    let app = TestApp::start();
    let user = someone(&app);
    let client = user.client(&app);
    let whole = client.get(&user.path()).data()["attributes"].clone();
    change(&client, &user, "own record", &whole).expect(200);
    let other = a_user().create(&app);
    for surface in ["users", "operations", "cfengine", "openl2m"] {
        let body = json!({"email": format!("{}@example.org", unique("other"))});
        assert!(
            change(&client, &other, surface, &body).status < 300,
            "{surface}"
        );
    }
}

#[test]
fn the_setting_says_when_a_sign_in_is_old() {
    for (seconds, age, status) in [(0, 0, 400), (60, 59, 200), (60, 60, 400)] {
        let app = TestApp::with(move |settings| settings.auth.reauthenticate_seconds = seconds);
        let user = a_user().with_password().create(&app);
        let client = sign_in(&app, &user).client(&app);
        app.advance(age);
        let body = json!({"email": "new@example.org"});
        change(&client, &user, "own record", &body).expect(status);
        let basic = app.basic(&user.username, ADMIN_PASSWORD);
        change(
            &basic,
            &user,
            "own record",
            &json!({"email": "b@example.org"}),
        )
        .expect(200);
    }
}

#[test]
fn guesses_count_like_those_of_a_sign_in_on_every_surface() {
    for surface in SURFACES {
        let app = TestApp::with(|settings| settings.auth.sign_in_attempts = 2);
        let user = someone(&app);
        let client = user.client(&app);
        let guess = |old: &str| {
            let body = with_old(&json!({"email": "new@example.org"}), old);
            change(&client, &user, surface, &body).status
        };
        assert_eq!(guess("wrong"), status_wrong(surface), "{surface}");
        assert_eq!(guess("wronger"), status_wrong(surface), "{surface}");
        assert_eq!(guess(ADMIN_PASSWORD), 429, "{surface}");
    }
}
