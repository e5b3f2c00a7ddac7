//! `/tokens`: made, shown once, narrowed, ended.

use serde_json::{Value, json};

use crate::support::{
    ADMIN_PASSWORD, Answer, BEGIN, Client, TestApp, a_new, a_role, a_user, changes, eventually,
    linkage,
};

fn post(client: &Client, attributes: Value) -> Answer {
    client.post("/tokens", &a_new("tokens", attributes))
}

fn secret(answer: &Answer) -> String {
    let token = answer.data()["attributes"]["token"].clone();
    token.as_str().expect("the secret").to_owned()
}

/// For another user than the caller.
fn for_user(id: i64, attributes: Value) -> Value {
    let mut document = a_new("tokens", attributes);
    let user = json!({"type": "users", "id": id.to_string()});
    document["data"]["relationships"] = json!({"user": {"data": user}});
    document
}

#[test]
fn a_new_token_is_answered_whole_with_its_secret() {
    let app = TestApp::start();
    let answer = post(&app.admin(), json!({"name": "backup"})).expect(201);
    let own = app.url("/tokens/2");
    assert_eq!(
        answer.json(),
        json!({
            "links": {"self": app.url("/tokens"), "home": app.url("/home"), "describedby": app.url("/openapi.json")},
            "data": {
                "type": "tokens",
                "id": "2",
                "attributes": {
                    "name": "backup",
                    "scopes": null,
                    "expires": null,
                    "ends_with_sign_in": false,
                    "last_used": null,
                    "created": BEGIN,
                    "modified": BEGIN,
                    "token": secret(&answer),
                },
                "links": {"self": own},
                "relationships": {"user": {"links": {
                    "related": format!("{own}/user"),
                    "self": format!("{own}/relationships/user"),
                }}},
                "meta": {
                    "created": BEGIN, "modified": BEGIN, "created_by": 1, "modified_by": 1,
                },
            },
        })
    );
    assert_eq!(answer.header("location"), Some(&*own));
}

#[test]
fn the_secret_is_shown_this_once() {
    let app = TestApp::start();
    let answer = post(&app.admin(), json!({"name": "backup"})).expect(201);
    let secret = secret(&answer);
    for path in [
        "/tokens/2",
        "/tokens",
        "/users/1/tokens",
        "/users/1?include=tokens",
        "/events",
    ] {
        let answer = app.admin().get(path).expect(200);
        assert!(!answer.text.contains(&secret), "{path}");
        assert!(!answer.text.contains("hash"), "{path}");
    }
}

#[test]
fn the_secret_lets_its_user_in() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let answer = post(&user.client(&app), json!({"name": "mine"})).expect(201);
    let users = app.token(&secret(&answer)).get("/users").expect(200);
    assert_eq!(users.ids(), [user.id.to_string()]);
}

#[test]
fn a_name_is_required_and_every_problem_is_told() {
    let app = TestApp::start();
    let nameless = post(&app.admin(), json!({"scopes": null})).expect(400);
    assert_eq!(nameless.errors()[0]["meta"]["attribute"], "name");
    let wrong = json!({"name": "", "scopes": ["users"], "expires": "tomorrow"});
    let mut pointers = post(&app.admin(), wrong).expect(400).pointers();
    pointers.sort();
    assert_eq!(
        pointers,
        [
            "/data/attributes/expires",
            "/data/attributes/name",
            "/data/attributes/scopes",
        ]
    );
}

#[test]
fn scopes_narrow_what_the_token_may() {
    let app = TestApp::start();
    let scopes = json!({"name": "reader", "scopes": ["users:read"]});
    let reader = app.token(&secret(&post(&app.admin(), scopes).expect(201)));
    reader.get("/users/1").expect(200);
    reader.get("/roles/1").expect(404);
    reader.get("/events").expect(403);
    let patch = changes("users", 1, json!({"name": "x"}));
    reader.patch("/users/1", &patch).expect(403);
}

#[test]
fn scopes_give_nothing_that_the_user_lacks() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let scopes = json!({"name": "hopeful", "scopes": ["users:read", "self:read"]});
    let answer = post(&user.client(&app), scopes).expect(201);
    let hopeful = app.token(&secret(&answer));
    hopeful.get("/users/1").expect(404);
    hopeful.get(&user.path()).expect(200);
}

#[test]
fn a_token_without_self_read_does_not_even_see_its_own_user() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let scopes = json!({"name": "blind", "scopes": ["invoices:approve"]});
    let blind = app.token(&secret(&post(&user.client(&app), scopes).expect(201)));
    blind.get(&user.path()).expect(404);
    assert_eq!(blind.get("/users").expect(200).data(), json!([]));
}

#[test]
fn a_narrowed_token_makes_no_wider_one() {
    let app = TestApp::start();
    let scopes = ["self:read", "self:write", "users:read"];
    let narrow = app.token(&app.token_of(1, Some(&scopes)));
    let with = |scopes: Value| post(&narrow, json!({"name": "child", "scopes": scopes}));
    with(Value::Null).expect(403);
    with(json!(["self:read", "users:write"])).expect(403);
    // Names of other services count as well.
    with(json!(["self:read", "invoices:approve"])).expect(403);
    with(json!(["self:read", "users:read"])).expect(201);
    post(&narrow, json!({"name": "unsaid"})).expect(403);
}

#[test]
fn a_narrowed_token_does_not_become_its_user_by_a_new_password() {
    let app = TestApp::start();
    let narrow = app.token(&app.token_of(1, Some(&["self:read", "self:write"])));
    let attributes = json!({"password": "mine now", "old_password": ADMIN_PASSWORD});
    let patch = changes("users", 1, attributes);
    let refused = narrow.patch("/users/1", &patch).expect(403);
    assert_eq!(refused.errors()[0]["code"], "protected");
    let patch = changes("users", 1, json!({"name": "Ada"}));
    narrow.patch("/users/1", &patch).expect(200);
}

#[test]
fn a_token_is_good_until_the_second_when_it_expires() {
    let app = TestApp::start();
    let attributes = json!({"name": "short", "expires": "2026-01-02T04:05:05+01:00"});
    let answer = post(&app.admin(), attributes).expect(201);
    assert_eq!(
        answer.data()["attributes"]["expires"],
        "2026-01-02T03:05:05+00:00"
    );
    let short = app.token(&secret(&answer));
    short.get("/home").expect(200);
    app.advance(59);
    short.get("/home").expect(200);
    app.advance(1);
    short.get("/home").expect(401);
}

#[test]
fn a_token_that_has_expired_already_is_not_made() {
    let app = TestApp::start();
    let answer = post(&app.admin(), json!({"name": "late", "expires": BEGIN})).expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes/expires"]);
}

#[test]
fn a_revoked_token_is_refused_from_the_next_request_on() {
    let app = TestApp::start();
    let answer = post(&app.admin(), json!({"name": "gone"})).expect(201);
    let gone = app.token(&secret(&answer));
    gone.get("/home").expect(200);
    app.admin().delete("/tokens/2").expect(204);
    gone.get("/home").expect(401);
    app.admin().get("/tokens/2").expect(404);
}

#[test]
fn a_token_can_revoke_itself() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let answer = post(&user.client(&app), json!({"name": "self"})).expect(201);
    let own = app.token(&secret(&answer));
    own.delete(&format!("/tokens/{}", answer.id())).expect(204);
    own.get("/home").expect(401);
}

#[test]
fn a_token_can_be_renamed_and_narrowed_but_not_widened() {
    let app = TestApp::start();
    let attributes = json!({
        "name": "a",
        "scopes": ["users:read", "roles:read"],
        "expires": "2026-02-01T00:00:00+00:00",
    });
    let answer = post(&app.admin(), attributes).expect(201);
    let token = app.token(&secret(&answer));
    let patch = |attributes: Value| {
        let patch = changes("tokens", 2, attributes);
        app.admin().patch("/tokens/2", &patch)
    };
    token.get("/roles/1").expect(200);
    let narrowed = patch(json!({"name": "b", "scopes": ["users:read"]})).expect(200);
    assert_eq!(narrowed.data()["attributes"]["name"], "b");
    assert_eq!(narrowed.data()["attributes"].get("token"), None);
    token.get("/roles/1").expect(404);
    patch(json!({"expires": "2026-01-15T00:00:00+00:00"})).expect(200);
    for wider in [
        json!({"scopes": null}),
        json!({"scopes": ["users:read", "roles:read"]}),
        json!({"scopes": ["invoices:approve"]}),
    ] {
        assert_eq!(
            patch(wider).expect(400).pointers(),
            ["/data/attributes/scopes"]
        );
    }
    for longer in [json!(null), json!("2026-02-01T00:00:00+00:00")] {
        assert_eq!(
            patch(json!({"expires": longer})).expect(400).pointers(),
            ["/data/attributes/expires"]
        );
    }
}

#[test]
fn shortened_to_now_a_token_ends_at_once() {
    let app = TestApp::start();
    let answer = post(&app.admin(), json!({"name": "a"})).expect(201);
    let token = app.token(&secret(&answer));
    token.get("/home").expect(200);
    let patch = changes("tokens", 2, json!({"expires": BEGIN}));
    app.admin().patch("/tokens/2", &patch).expect(200);
    token.get("/home").expect(401);
}

#[test]
fn everybody_sees_and_ends_their_own_tokens_only() {
    let app = TestApp::start();
    let (john, jane) = (a_user().create(&app), a_user().create(&app));
    let client = john.client(&app);
    let own = post(&client, json!({"name": "own"})).expect(201).id();
    let other = post(&jane.client(&app), json!({"name": "other"})).expect(201);
    let other = format!("/tokens/{}", other.id());
    let list = client.get("/tokens").expect(200);
    assert!(list.ids().contains(&own));
    assert_eq!(list.ids().len(), 2);
    client.get(&other).expect(404);
    client
        .patch(
            &other,
            &changes("tokens", &other[8..], json!({"name": "x"})),
        )
        .expect(404);
    client.delete(&other).expect(404);
    app.admin().get(&other).expect(200);
}

#[test]
fn including_tokens_shows_none_but_ones_own() {
    let app = TestApp::start();
    let role = a_role().permitting(&["users:read"]).create(&app);
    let reader = a_user().holding(&role).create(&app);
    let answer = reader.client(&app).get("/users?include=tokens").expect(200);
    let document = answer.json();
    assert_eq!(
        document["data"][0]["relationships"]["tokens"]["data"],
        json!([])
    );
    let included = document["included"].as_array().unwrap().clone();
    assert_eq!(included.len(), 1, "{included:?}");
    let linkage = &document["data"][1]["relationships"]["tokens"]["data"];
    assert_eq!(linkage[0]["id"], included[0]["id"]);
}

#[test]
fn tokens_of_other_users_need_tokens_write() {
    let app = TestApp::start();
    let role = a_role().permitting(&["users:read", "tokens:read", "tokens:write"]);
    let keeper = a_user().holding(&role.create(&app)).create(&app);
    let user = a_user().create(&app);
    let document = for_user(user.id, json!({"name": "for them"}));
    let stranger = a_user().create(&app);
    stranger.client(&app).post("/tokens", &document).expect(403);
    let answer = keeper.client(&app).post("/tokens", &document).expect(201);
    let theirs = app.token(&secret(&answer));
    assert_eq!(theirs.get("/users").ids(), [user.id.to_string()]);
    keeper
        .client(&app)
        .delete(&format!("/tokens/{}", answer.id()))
        .expect(204);
    theirs.get("/home").expect(401);
}

#[test]
fn tokens_write_makes_no_token_of_somebody_who_may_more() {
    let app = TestApp::start();
    let role = a_role().permitting(&["tokens:write"]).create(&app);
    let keeper = a_user().holding(&role).create(&app).client(&app);
    let auditor = a_role().permitting(&["audit:read"]).create(&app);
    let auditor = a_user().holding(&auditor).create(&app);
    for id in [1, auditor.id] {
        let document = for_user(id, json!({"name": "mine now"}));
        keeper.post("/tokens", &document).expect(403);
    }
}

#[test]
fn a_token_for_nobody_is_404() {
    let app = TestApp::start();
    let document = for_user(4711, json!({"name": "x"}));
    let answer = app.admin().post("/tokens", &document).expect(404);
    assert_eq!(answer.pointers(), ["/data/relationships/user/data"]);
}

#[test]
fn the_last_use_is_noted() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let answer = post(&app.admin(), json!({"name": "used"})).expect(201);
    let path = format!("/tokens/{}", answer.id());
    let last_used = || app.admin().get(&path).data()["attributes"]["last_used"].clone();
    assert_eq!(last_used(), Value::Null);
    app.token(&secret(&answer)).get(&user.path()).expect(200);
    eventually("the use is noted", || last_used() == BEGIN);
}

#[test]
fn a_token_leads_to_its_user() {
    let app = TestApp::start();
    let user = app.admin().get("/tokens/1/user").expect(200);
    assert_eq!(user.data()["attributes"]["username"], "admin");
    let linkage = app.admin().get("/tokens/1/relationships/user").expect(200);
    assert_eq!(
        linkage.json(),
        json!({
            "data": {"type": "users", "id": "1"},
            "links": {
                "self": app.url("/tokens/1/relationships/user"),
                "related": app.url("/tokens/1/user"),
                "home": app.url("/home"), "describedby": app.url("/openapi.json"),
            },
        })
    );
    let compound = app.admin().get("/tokens/1?include=user").expect(200).json();
    assert_eq!(
        compound["data"]["relationships"]["user"]["data"],
        json!({"type": "users", "id": "1"})
    );
    assert_eq!(compound["included"][0]["id"], "1");
}

#[test]
fn the_user_of_a_token_and_the_tokens_of_a_user_cannot_be_changed_r17_r18() {
    let app = TestApp::start();
    let own = "/tokens/1/relationships/user";
    let one = json!({"data": {"type": "users", "id": "1"}});
    app.admin().patch(own, &one).expect(403);
    app.admin().post(own, &one).expect(405);
    app.admin().delete_with(own, &one).expect(405);
    for method in ["POST", "PATCH", "DELETE"] {
        app.admin()
            .json(
                method,
                "/users/1/relationships/tokens",
                &linkage("tokens", &[1]),
            )
            .expect(403);
    }
}

#[test]
fn a_users_tokens_are_listed_below_the_user() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let own = post(&user.client(&app), json!({"name": "own"}))
        .expect(201)
        .id();
    let path = format!("{}/tokens?filter[name]=own", user.path());
    assert_eq!(app.admin().get(&path).expect(200).ids(), [&*own]);
    let linkage = app
        .admin()
        .get(&format!("{}/relationships/tokens", user.path()));
    assert!(linkage.expect(200).ids().contains(&own));
}

#[test]
fn an_inactive_users_tokens_are_refused_and_stay_dead_when_the_user_is_active_again() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let client = user.client(&app);
    let set = |active: bool| {
        let patch = changes("users", user.id, json!({"is_active": active}));
        app.admin().patch(&user.path(), &patch).expect(200);
    };
    client.get("/home").expect(200);
    set(false);
    client.get("/home").expect(401);
    set(true);
    client.get("/home").expect(401);
}

#[test]
fn a_token_that_ends_makes_none_that_outlives_it() {
    let app = TestApp::start();
    let noon = "2026-01-02T12:00:00+00:00";
    let ending = post(&app.admin(), json!({"name": "ending", "expires": noon})).expect(201);
    let client = app.token(&secret(&ending));
    let child = |expires: Value| post(&client, json!({"name": "child", "expires": expires}));
    child(json!(noon)).expect(201);
    child(json!("2026-01-02T12:00:01+00:00")).expect(403);
    child(Value::Null).expect(403);
    post(&client, json!({"name": "unsaid"})).expect(403);
}

#[test]
fn a_user_has_so_many_tokens_at_most() {
    let app = TestApp::with(|settings| settings.auth.tokens_per_user = 3);
    let user = a_user().create(&app);
    let client = user.client(&app);
    for name in ["second", "third"] {
        post(&client, json!({"name": name})).expect(201);
    }
    let refused = post(&client, json!({"name": "fourth"})).expect(403);
    assert!(
        refused.text.contains("auth.tokens_per_user"),
        "{}",
        refused.text
    );
    let for_them = for_user(user.id, json!({"name": "fourth"}));
    app.admin().post("/tokens", &for_them).expect(403);
    let add = json!({"op": "add", "data": a_new("tokens", json!({"name": "fourth"}))["data"]});
    client
        .operations(&json!({"atomic:operations": [add]}))
        .expect(403);
    let ids = client.get("/tokens?sort=-id").expect(200).ids();
    assert_eq!(ids.len(), 3);
    client.delete(&format!("/tokens/{}", ids[0])).expect(204);
    post(&client, json!({"name": "another third"})).expect(201);
    post(&app.admin(), json!({"name": "of somebody else"})).expect(201);
}

#[test]
fn tokens_that_have_expired_make_room() {
    let app = TestApp::with(|settings| settings.auth.tokens_per_user = 2);
    let user = a_user().create(&app);
    let client = user.client(&app);
    let short = json!({"name": "short", "expires": "2026-01-02T03:05:05+00:00"});
    post(&client, short).expect(201);
    post(&client, json!({"name": "too many"})).expect(403);
    app.advance(60);
    post(&client, json!({"name": "long"})).expect(201);
    let names: Vec<Value> = client
        .get("/tokens?sort=id")
        .data()
        .as_array()
        .unwrap()
        .iter()
        .map(|token| token["attributes"]["name"].clone())
        .collect();
    assert_eq!(names, ["test", "long"]);
    let events = app
        .admin()
        .get("/events?filter[subject_type]=tokens&filter[verb]=delete");
    assert_eq!(
        events.expect(200).data()[0]["attributes"]["before"]["name"],
        "short"
    );
}

#[test]
fn tokens_that_are_made_at_the_same_time_keep_the_bound() {
    let app = TestApp::with(|settings| settings.auth.tokens_per_user = 4);
    let user = a_user().create(&app);
    let client = user.client(&app);
    let begin = std::sync::Barrier::new(8);
    let made = std::thread::scope(|scope| {
        let makers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    begin.wait();
                    post(&client, json!({"name": "one of many"})).status
                })
            })
            .collect();
        let answers = makers.into_iter().map(|maker| maker.join().unwrap());
        answers.filter(|status| *status == 201).count()
    });
    assert_eq!(made, 3);
}
