//! `/auth`: signing in, staying in and signing out; `/auth/user`; the keys.

mod access_tokens;
mod any_case;
mod grants;
mod guessing;
mod left_behind;
mod list;
mod own_changes;
mod own_record;
mod own_tokens;
mod padded;
mod reauthentication;
mod refreshing;
mod signing_out;
mod throttle;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{ADMIN_PASSWORD, Answer, Client, Member, TestApp};

/// What a sign-in gave.
struct Pair {
    jwt: String,
    renew: String,
}

impl Pair {
    #[track_caller]
    fn of(answer: Answer) -> Self {
        let meta = answer.expect(200).json()["meta"].clone();
        let text = |name: &str| meta[name].as_str().expect("a token").to_owned();
        Self {
            jwt: text("jwt"),
            renew: text("renew"),
        }
    }

    fn client(&self, app: &TestApp) -> Client {
        app.token(&self.jwt)
    }

    #[track_caller]
    fn claims(&self) -> Value {
        part(&self.jwt, 1)
    }
}

#[track_caller]
fn part(jwt: &str, place: usize) -> Value {
    let part = jwt.split('.').nth(place).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn try_password(app: &TestApp, username: &str, password: &str) -> Answer {
    let grant = json!({"username": username, "password": password});
    app.anonymous().post("/auth", &grant)
}

#[track_caller]
fn sign_in(app: &TestApp, user: &Member) -> Pair {
    Pair::of(try_password(app, &user.username, ADMIN_PASSWORD))
}

fn try_renew(app: &TestApp, renew: &str) -> Answer {
    let grant = json!({"grant_type": "refresh_token", "refresh_token": renew});
    app.anonymous().post("/auth", &grant)
}

/// Changes that another process made are heard of a moment later on PostgreSQL,
/// and believed after a while at the latest.
fn after_foreign_change(app: &TestApp) {
    if crate::support::is_postgres() {
        app.advance(60);
    }
}
