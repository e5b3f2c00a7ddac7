//! Tokens of others, and tokens that may less than their user.

use serde_json::json;

use super::{one, somebody_with};
use crate::support::{TestApp, a_new, a_role, a_user, changes};

fn token_of(app: &TestApp, user: i64, attributes: serde_json::Value) -> String {
    let mut document = a_new("tokens", attributes);
    document["data"]["relationships"] = json!({"user": one("users", user)});
    let made = app.admin().post("/tokens", &document).expect(201);
    format!("/tokens/{}", made.id())
}

#[test]
fn a_token_changes_and_revokes_only_tokens_that_may_no_more() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let whole = token_of(&app, user.id, json!({"name": "whole"}));
    let wider = token_of(
        &app,
        user.id,
        json!({"name": "wider", "scopes": ["self:read", "self:write", "users:read"]}),
    );
    let narrower = token_of(
        &app,
        user.id,
        json!({"name": "narrower", "scopes": ["self:read"]}),
    );
    let scopes = ["self:read", "self:write"];
    let client = app.token(&app.token_of(user.id, Some(&scopes)));
    for path in [&whole, &wider] {
        let id = path.rsplit('/').next().unwrap();
        client
            .patch(path, &changes("tokens", id, json!({"name": "mine"})))
            .expect(403);
        client.delete(path).expect(403);
    }
    client.delete(&narrower).expect(204);
    let everything = user.client(&app);
    everything.delete(&whole).expect(204);
}

#[test]
fn a_token_is_made_for_others_for_no_longer_than_what_it_gives_is_had() {
    let app = TestApp::start();
    let making = a_role()
        .permitting(&["tokens:write", "users:read"])
        .create(&app);
    let maker = a_user().create(&app);
    app.give_until(maker.id, making.id, "2098-01-01T00:00:00+00:00");
    let reading = a_role().permitting(&["users:read"]).create(&app);
    let owner = a_user().holding(&reading).create(&app);
    let client = maker.client(&app);
    let make = |attributes| {
        let mut document = a_new("tokens", attributes);
        document["data"]["relationships"] = json!({"user": one("users", owner.id)});
        client.post("/tokens", &document).status
    };
    assert_eq!(make(json!({"name": "endless"})), 403);
    let until = json!({"name": "ends", "expires": "2097-01-01T00:00:00+00:00"});
    assert_eq!(make(until), 201);
}

#[test]
fn an_administrators_token_is_revoked_by_administrators() {
    let app = TestApp::start();
    let (_, client) = somebody_with(&app, &["tokens:read", "tokens:write"]);
    let administrator = a_user().administrator().create(&app);
    let token = token_of(&app, administrator.id, json!({"name": "x"}));
    client.delete(&token).expect(403);
    app.admin().delete(&token).expect(204);
}
