//! `/events`: every change is told, by whom, and never a secret.

use serde_json::{Value, json};

use crate::support::{Answer, BEGIN, CHANGES, TestApp, a_new, a_role, a_user, changes, linkage};

/// The attributes of the events of the request that was answered so.
fn logged(app: &TestApp, answer: &Answer) -> Vec<Value> {
    let request = answer.header("x-request-id").expect("a request id");
    let events = app
        .admin()
        .get(&format!("/events?filter[request_id]={request}"))
        .expect(200)
        .data();
    let events = events.as_array().unwrap().iter();
    events.map(|event| event["attributes"].clone()).collect()
}

/// Verb, subject and both sides: what happened to what.
fn told(app: &TestApp, answer: &Answer) -> Vec<Value> {
    let facts = ["verb", "subject_type", "subject_id", "before", "after"];
    logged(app, answer)
        .iter()
        .map(|event| facts.map(|fact| event[fact].clone()).into())
        .collect()
}

#[test]
fn an_event_is_answered_whole_and_carries_the_request_id_of_the_answer() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let patch = changes("roles", role.id, json!({"label": "L"}));
    let answer = app.admin().patch(&role.path(), &patch).expect(200);
    let request = answer.header("x-request-id").unwrap();
    let event = app.admin().get("/events?sort=-id&page[size]=1").data()[0].clone();
    let id = event["id"].as_str().unwrap();
    let own = app.url(&format!("/events/{id}"));
    assert_eq!(
        event,
        json!({
            "type": "events",
            "id": id,
            "attributes": {
                "at": BEGIN,
                "actor_id": 1,
                "actor": "admin",
                "token_id": 1,
                "verb": "update",
                "subject_type": "roles",
                "subject_id": role.id,
                "before": {"label": null},
                "after": {"label": "L"},
                "request_id": request,
                "source_address": "127.0.0.1",
                "credential": "api_token",
                "count": 1,
            },
            "links": {"self": own},
        })
    );
    assert_eq!(app.admin().get(&own).expect(200).data(), event);
}

#[test]
fn a_new_user_is_told_with_all_members_but_no_secret() {
    let app = TestApp::start();
    let document = a_new(
        "users",
        json!({"username": "johndoe", "password": "j04nd0e"}),
    );
    let answer = app.admin().post("/users", &document).expect(201);
    let after = json!({
        "username": "johndoe",
        "uname": "johndoe",
        "name": null,
        "surname": null,
        "full_name": null,
        "email": null,
        "position": null,
        "organization": null,
        "time_zone": null,
        "partner": null,
        "external": false,
        "external_id": null,
        "is_active": true,
        "is_staff": false,
        "last_login": null,
    });
    assert_eq!(
        told(&app, &answer),
        [json!(["create", "users", 2, null, after])]
    );
}

#[test]
fn a_changed_user_is_told_by_the_members_that_differ() {
    let app = TestApp::start();
    let user = a_user().with_surname("Doe").create(&app);
    let attributes = json!({"name": "John", "surname": "Doe"});
    let answer = user
        .client(&app)
        .patch(&user.path(), &changes("users", user.id, attributes))
        .expect(200);
    assert_eq!(
        told(&app, &answer),
        [json!(["update", "users", user.id, {"name": null}, {"name": "John"}])]
    );
    let event = &logged(&app, &answer)[0];
    assert_eq!(event["actor_id"], user.id);
    assert_eq!(event["actor"], user.username);
}

#[test]
fn a_new_password_is_told_as_changed_and_no_more() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let patch = changes("users", user.id, json!({"password": "a new secret"}));
    let answer = app.admin().patch(&user.path(), &patch).expect(200);
    assert_eq!(
        told(&app, &answer),
        [json!(["update", "users", user.id, {}, {"password": "changed"}])]
    );
}

#[test]
fn no_event_holds_a_password_a_hash_or_a_token() {
    let app = TestApp::start();
    let admin = app.admin();
    let document = a_new(
        "users",
        json!({"username": "johndoe", "password": "j04nd0e"}),
    );
    admin.post("/users", &document).expect(201);
    let patch = changes("users", 2, json!({"password": "a new secret"}));
    admin.patch("/users/2", &patch).expect(200);
    let token = a_new("tokens", json!({"name": "backup"}));
    let token = admin.post("/tokens", &token).expect(201).data();
    let events = admin.get("/events").expect(200).text;
    let token = token["attributes"]["token"].as_str().unwrap();
    for secret in ["j04nd0e", "a new secret", "argon2", "hash", token] {
        assert!(!events.contains(secret), "{secret} in {events}");
    }
}

#[test]
fn a_deleted_user_is_told_by_what_was() {
    let app = TestApp::start();
    let user = a_user().named("calvin").create(&app);
    let answer = app.admin().delete(&user.path()).expect(204);
    let [event] = &told(&app, &answer)[..] else {
        panic!("one event for a deletion")
    };
    assert_eq!(event[0], "delete");
    assert_eq!(event[3]["username"], "calvin");
    assert_eq!(event[4], Value::Null);
}

#[test]
fn every_grant_is_an_event_of_its_own() {
    let app = TestApp::start();
    let (one, two) = (a_role().create(&app), a_role().create(&app));
    let user = a_user().create(&app);
    let path = format!("{}/relationships/roles", user.path());
    let both = linkage("roles", &[one.id, two.id]);
    let given = app.admin().post(&path, &both).expect(200);
    let grant = |role: i64| json!({"user": user.id, "role": role});
    let facts = |events: &[Value]| {
        let facts = |event: &Value| [0, 1, 3, 4].map(|fact| event[fact].clone());
        events.iter().map(facts).collect::<Vec<_>>()
    };
    let created = |role| [json!("create"), json!("grants"), json!(null), grant(role)];
    assert_eq!(
        facts(&told(&app, &given)),
        [created(one.id), created(two.id)]
    );
    let taken = app
        .admin()
        .delete_with(&path, &linkage("roles", &[one.id]))
        .expect(200);
    assert_eq!(
        facts(&told(&app, &taken)),
        [[json!("delete"), json!("grants"), grant(one.id), json!(null)]]
    );
    let again = app.admin().post(&path, &linkage("roles", &[two.id]));
    assert_eq!(told(&app, &again), Vec::<Value>::new());
}

#[test]
fn a_user_created_with_roles_is_told_with_every_grant() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let mut document = a_new(
        "users",
        json!({"username": "jo", "password": "s3cret-word"}),
    );
    document["data"]["relationships"] = json!({"roles": linkage("roles", &[role.id])});
    let answer = app.admin().post("/users", &document).expect(201);
    let verbs: Vec<Value> = told(&app, &answer)
        .iter()
        .map(|event| json!([event[0], event[1]]))
        .collect();
    assert_eq!(
        verbs,
        [json!(["create", "users"]), json!(["create", "grants"])]
    );
}

#[test]
fn a_role_is_told_from_its_beginning_to_its_end_with_the_grants_it_takes_along() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let mut document = a_new("roles", json!({"name": "HR"}));
    document["data"]["relationships"] = json!({"users": linkage("users", &[user.id])});
    let made = app.admin().post("/roles", &document).expect(201);
    let path = format!("/roles/{}", made.id());
    let made = told(&app, &made);
    assert_eq!(made[0][0], "create");
    assert_eq!(made[0][4]["name"], "HR");
    assert_eq!(made[1][1], "grants");
    let gone = app.admin().delete(&path).expect(204);
    let gone = told(&app, &gone);
    assert_eq!([&gone[0][0], &gone[0][1]], ["delete", "grants"]);
    assert_eq!(gone[0][3]["user"], user.id);
    assert_eq!([&gone[1][0], &gone[1][1]], ["delete", "roles"]);
    assert_eq!(gone[1][3]["name"], "HR");
}

#[test]
fn a_token_is_told_from_its_beginning_to_its_end() {
    let app = TestApp::start();
    let document = a_new(
        "tokens",
        json!({"name": "backup", "scopes": ["users:read"]}),
    );
    let made = app.admin().post("/tokens", &document).expect(201);
    assert_eq!(told(&app, &made)[0][1], "tokens");
    assert_eq!(told(&app, &made)[0][4]["name"], "backup");
    let patch = changes("tokens", 2, json!({"name": "b"}));
    let renamed = app.admin().patch("/tokens/2", &patch).expect(200);
    assert_eq!(
        told(&app, &renamed),
        [json!(["update", "tokens", 2, {"name": "backup"}, {"name": "b"}])]
    );
    let revoked = app.admin().delete("/tokens/2").expect(204);
    assert_eq!(told(&app, &revoked)[0][0], "delete");
    assert_eq!(told(&app, &revoked)[0][3]["name"], "b");
}

#[test]
fn what_is_refused_or_only_read_is_no_change() {
    let app = TestApp::start();
    let before = app.admin().get(CHANGES).json()["meta"].clone();
    app.admin().get("/users").expect(200);
    app.admin().delete("/users/1").expect(403);
    let patch = changes("users", 1, json!({"name": "x", "email": "nowhere"}));
    app.admin().patch("/users/1", &patch).expect(400);
    let mut patch = changes("users", 1, json!({"name": "x"}));
    patch["data"]["relationships"] = json!({"roles": linkage("roles", &[1, 4711])});
    app.admin().patch("/users/1", &patch).expect(404);
    assert_eq!(app.admin().get(CHANGES).json()["meta"], before);
}

#[test]
fn the_program_itself_acts_without_a_name() {
    let app = TestApp::start();
    let first = app.admin().get("/events/1").expect(200).data();
    assert_eq!(first["attributes"]["verb"], "create");
    assert_eq!(first["attributes"]["after"], json!({"username": "admin"}));
    assert_eq!(first["attributes"]["actor"], Value::Null);
}

#[test]
fn the_log_is_for_holders_of_audit_read() {
    let app = TestApp::start();
    let auditor = a_role().permitting(&["audit:read"]).create(&app);
    let auditor = a_user().holding(&auditor).create(&app).client(&app);
    auditor.get("/events").expect(200);
    auditor.get("/events/1").expect(200);
    auditor.get("/users/1").expect(404);
    let stranger = a_user().create(&app).client(&app);
    stranger.get("/events").expect(403);
    stranger.get("/events/1").expect(403);
}

#[test]
fn the_log_can_be_searched_but_not_changed() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    app.admin().delete(&user.path()).expect(204);
    let path = format!(
        "/events?filter[subject_type]=users&filter[subject_id]={}&filter[verb]=delete&filter[actor]=admin",
        user.id
    );
    assert_eq!(app.admin().get(&path).expect(200).ids().len(), 1);
    let id = app.admin().get(&path).ids()[0].clone();
    app.admin().delete(&format!("/events/{id}")).expect(405);
    let patch = changes("events", &id, json!({"verb": "read"}));
    app.admin()
        .patch(&format!("/events/{id}"), &patch)
        .expect(405);
    app.admin().post("/events", &patch).expect(405);
    app.admin().get(&format!("/events/{id}")).expect(200);
}

#[test]
fn an_unknown_event_is_404() {
    let app = TestApp::start();
    app.admin().get("/events/4711").expect(404);
    app.admin().get("/events/abc").expect(404);
}
