//! `/sign-ins`: looked at and ended.

use serde_json::{Value, json};

use super::{Pair, sign_in, try_renew};
use crate::support::{
    ADMIN_PASSWORD, BEGIN, Client, Member, TestApp, a_role, a_user, eventually, links,
};

/// From a program that calls itself so.
#[track_caller]
fn sign_in_with(app: &TestApp, user: &Member, agent: &str) -> Pair {
    let grant = json!({"username": user.username, "password": ADMIN_PASSWORD}).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("accept", "application/vnd.api+json"),
        ("user-agent", agent),
    ];
    let answer = app
        .anonymous()
        .send("POST", "/auth", &headers, Some(grant.as_bytes()));
    Pair::of(answer)
}

fn id(pair: &Pair) -> String {
    pair.claims()["sid"].as_str().unwrap().to_owned()
}

fn path(pair: &Pair) -> String {
    format!("/sign-ins/{}", id(pair))
}

fn shown(client: &Client, path: &str) -> Value {
    client.get(path).expect(200).data()["attributes"].clone()
}

#[test]
fn a_sign_in_tells_when_from_where_and_by_what_it_was_made() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in_with(&app, &user, "Browser/7 (calvin)");
    let answer = pair.client(&app).get(&path(&pair)).expect(200);
    let own = app.url(&path(&pair));
    assert_eq!(
        answer.data(),
        json!({
            "type": "sign-ins",
            "id": id(&pair),
            "attributes": {
                "address": "127.0.0.1",
                "user_agent": "Browser/7 (calvin)",
                "last_used": BEGIN,
                "expires": "2026-01-16T03:04:05+00:00",
                "is_current": true,
                "created": BEGIN,
            },
            "links": {"self": own},
            "relationships": links(&own, &["user"]),
        })
    );
    assert!(!answer.text.contains(&pair.renew), "no secrets");
}

#[test]
fn a_long_user_agent_is_cut() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in_with(&app, &user, &"x".repeat(3000));
    let kept = shown(&pair.client(&app), &path(&pair))["user_agent"].clone();
    assert_eq!(kept, json!("x".repeat(256)));
}

#[test]
fn everybody_sees_their_own_and_knows_the_one_in_use() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let other = a_user().with_password().create(&app);
    let (first, second) = (sign_in(&app, &user), sign_in(&app, &user));
    let foreign = sign_in(&app, &other);
    let client = second.client(&app);
    let list = client.get("/sign-ins?sort=id").expect(200);
    assert_eq!(list.ids(), [id(&first), id(&second)]);
    let current: Vec<Value> = list
        .data()
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["attributes"]["is_current"].clone())
        .collect();
    assert_eq!(current, [false, true]);
    assert_eq!(shown(&client, &path(&first))["is_current"], false);
    client.get(&path(&foreign)).expect(404);
    client.delete(&path(&foreign)).expect(404);
    let related = client.get(&format!("{}/sign-ins", user.path())).expect(200);
    assert_eq!(related.ids(), [id(&first), id(&second)]);
    let included = client.get("/auth/user?include=sign-ins").expect(200);
    assert_eq!(included.json()["included"].as_array().unwrap().len(), 2);
    let by_token = user.client(&app).get("/sign-ins").expect(200);
    assert_eq!(by_token.ids().len(), 2);
    foreign.client(&app).get("/home").expect(200);
}

#[test]
fn lists_are_filtered_sorted_and_paged() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let first = sign_in_with(&app, &user, "old");
    app.advance(10);
    let second = sign_in_with(&app, &user, "new");
    let client = user.client(&app);
    for (query, expected) in [
        ("filter[user_agent]=old", vec![id(&first)]),
        ("filter[user_agent][prefix]=n", vec![id(&second)]),
        (
            "filter[address]=127.0.0.1&sort=-created",
            vec![id(&second), id(&first)],
        ),
        (
            "filter[created][gt]=2026-01-02T03:04:10Z",
            vec![id(&second)],
        ),
        (
            "sort=last_used&page[size]=1&page[number]=2",
            vec![id(&second)],
        ),
    ] {
        let answer = client.get(&format!("/sign-ins?{query}"));
        assert_eq!(answer.expect(200).ids(), expected, "{query}");
    }
    let fields = client.get("/sign-ins?fields[sign-ins]=address").expect(200);
    assert_eq!(
        fields.data()[0]["attributes"],
        json!({"address": "127.0.0.1"})
    );
}

#[test]
fn an_ended_sign_in_lets_nobody_in_and_is_in_the_audit_log() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let (lost, kept) = (sign_in(&app, &user), sign_in(&app, &user));
    lost.client(&app).get("/home").expect(200);
    let client = kept.client(&app);
    client.delete(&path(&lost)).expect(204);
    lost.client(&app).get("/home").expect(401);
    try_renew(&app, &lost.renew).expect(401);
    client.get(&path(&lost)).expect(404);
    client.delete(&path(&lost)).expect(404);
    client.get("/home").expect(200);
    let events = app.admin().get("/events?filter[subject_type]=sign_ins");
    let event = events.data()[0]["attributes"].clone();
    assert_eq!(event["actor"], user.username);
    assert_eq!(event["verb"], "delete");
    assert_eq!(event["before"], json!({"user": user.id}));
    assert_eq!(event["after"], json!({"ended": "ended"}));
}

#[test]
fn a_sign_in_is_ended_in_the_state_that_was_seen() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in(&app, &user);
    let client = user.client(&app);
    let tag = client.get(&path(&pair)).header("etag").unwrap().to_owned();
    let accept = ("accept", "application/vnd.api+json");
    let again = client.get_with(&path(&pair), &[accept, ("if-none-match", &tag)]);
    again.expect(304);
    let as_itself = pair
        .client(&app)
        .get_with(&path(&pair), &[accept, ("if-none-match", &tag)]);
    as_itself.expect(200);
    let delete =
        |tag: &str| client.send("DELETE", &path(&pair), &[accept, ("if-match", tag)], None);
    delete("\"another\"").expect(412);
    delete(&tag).expect(204);
}

#[test]
fn what_is_over_is_not_listed() {
    let app = TestApp::with(|settings| settings.auth.refresh_token_seconds = 900);
    let user = a_user().with_password().create(&app);
    let pair = sign_in(&app, &user);
    let client = user.client(&app);
    assert_eq!(client.get("/sign-ins").expect(200).ids(), [id(&pair)]);
    app.advance(900);
    assert_eq!(
        client.get("/sign-ins").expect(200).ids(),
        Vec::<String>::new()
    );
    client.get(&path(&pair)).expect(404);
    client.delete(&path(&pair)).expect(404);
}

#[test]
fn the_last_use_is_noted_once_a_minute_and_at_each_refresh() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in(&app, &user);
    let client = user.client(&app);
    let last = || shown(&client, &path(&pair))["last_used"].clone();
    app.advance(59);
    pair.client(&app).get("/home").expect(200);
    assert_eq!(last(), BEGIN);
    app.advance(60);
    pair.client(&app).get("/home").expect(200);
    eventually("the use is noted", || last() == "2026-01-02T03:06:04+00:00");
    app.advance(7);
    Pair::of(try_renew(&app, &pair.renew));
    assert_eq!(last(), "2026-01-02T03:06:11+00:00");
}

#[test]
fn holders_of_permissions_for_tokens_see_and_end_those_of_others() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let reading = a_role().permitting(&["tokens:read"]).create(&app);
    let writing = a_role()
        .permitting(&["tokens:read", "tokens:write"])
        .create(&app);
    let reader = a_user().holding(&reading).create(&app).client(&app);
    let writer = a_user().holding(&writing).create(&app).client(&app);
    let pair = sign_in(&app, &user);
    reader.get(&path(&pair)).expect(200);
    // As with tokens: what cannot be changed is looked for among one's own.
    reader.delete(&path(&pair)).expect(404);
    writer.delete(&path(&pair)).expect(204);
    pair.client(&app).get("/home").expect(401);
}

#[test]
fn nobody_ends_the_sign_in_of_somebody_who_may_more() {
    let app = TestApp::start();
    let admin = a_user().with_password().administrator().create(&app);
    let writing = a_role()
        .permitting(&["tokens:read", "tokens:write"])
        .create(&app);
    let writer = a_user().holding(&writing).create(&app).client(&app);
    let pair = sign_in(&app, &admin);
    writer.delete(&path(&pair)).expect(403);
    let removal = json!({"atomic:operations": [
        {"op": "remove", "ref": {"type": "sign-ins", "id": id(&pair)}},
    ]});
    writer.operations(&removal).expect(403);
    pair.client(&app).get("/home").expect(200);
}

#[test]
fn operations_end_sign_ins_and_neither_make_nor_change_them() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let (first, second) = (sign_in(&app, &user), sign_in(&app, &user));
    let client = user.client(&app);
    let operation = |operation: Value| json!({"atomic:operations": [operation]});
    let add = json!({"op": "add", "data": {"type": "sign-ins", "attributes": {}}});
    client.operations(&operation(add)).expect(403);
    let data = json!({"type": "sign-ins", "id": id(&first), "attributes": {"address": "x"}});
    let update = json!({"op": "update", "data": data});
    client.operations(&operation(update)).expect(403);
    let remove = |pair: &Pair| json!({"op": "remove", "ref": {"type": "sign-ins", "id": id(pair)}});
    client
        .operations(&json!({"atomic:operations": [remove(&first), remove(&second)]}))
        .expect(204);
    assert_eq!(
        client.get("/sign-ins").expect(200).ids(),
        Vec::<String>::new()
    );
}

#[test]
fn scopes_of_tokens_bound_this_too() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in(&app, &user);
    let blind = app.token(&app.token_of(user.id, Some(&["users:read"])));
    assert_eq!(
        blind.get("/sign-ins").expect(200).ids(),
        Vec::<String>::new()
    );
    blind.get(&path(&pair)).expect(404);
    let reading = app.token(&app.token_of(user.id, Some(&["self:read"])));
    reading.get(&path(&pair)).expect(200);
    reading.delete(&path(&pair)).expect(403);
}
