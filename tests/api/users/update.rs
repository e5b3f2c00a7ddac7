//! `PATCH /users/ID`

use serde_json::{Value, json};

use super::{post_johndoe, shown};
use crate::support::{ADMIN_PASSWORD, Answer, Client, TestApp, a_role, a_user, changes, linkage};

const LATER: &str = "2026-01-02T03:05:05+00:00";
const TOMORROW: &str = "2026-01-03T00:00:00+00:00";

/// An administrator until tomorrow: may all, but does not count as the last.
fn passing_administrator(app: &TestApp) -> Client {
    let deputy = a_user().create(app);
    app.give_until(deputy.id, 1, TOMORROW);
    deputy.client(app)
}

#[test]
fn johndoe_is_changed_as_the_document_shows() {
    let app = TestApp::start();
    let id = post_johndoe(&app);
    app.advance(60);
    let patch = changes("users", id, json!({"name": "John", "surname": "Doe"}));
    let answer = app
        .admin()
        .patch(&format!("/users/{id}"), &patch)
        .expect(200);
    let mut expected = shown(&app, id, "johndoe");
    expected["attributes"]["name"] = "John".into();
    expected["attributes"]["surname"] = "Doe".into();
    expected["attributes"]["modified"] = LATER.into();
    expected["meta"]["modified"] = LATER.into();
    assert_eq!(
        answer.json(),
        json!({
            "links": {"self": app.url(&format!("/users/{id}")), "home": app.url("/home"), "describedby": app.url("/openapi.json")},
            "data": expected,
        })
    );
    assert_eq!(
        app.admin().get(&format!("/users/{id}")).json(),
        answer.json()
    );
}

#[test]
fn what_is_not_sent_keeps_its_value_and_null_empties_u01() {
    let app = TestApp::start();
    let user = a_user()
        .with_surname("Doe")
        .with_email("j@example.com")
        .create(&app);
    let patch = changes("users", user.id, json!({"email": null}));
    let data = app.admin().patch(&user.path(), &patch).expect(200).data();
    assert_eq!(data["attributes"]["surname"], "Doe");
    assert_eq!(data["attributes"]["email"], Value::Null);
    assert_eq!(data["attributes"]["username"], user.username);
}

#[test]
fn modified_by_names_who_changed_it() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let patch = changes("users", user.id, json!({"name": "Me"}));
    let data = user
        .client(&app)
        .patch(&user.path(), &patch)
        .expect(200)
        .data();
    assert_eq!(data["attributes"]["modified_by"], user.id);
    assert_eq!(data["attributes"]["created_by"], Value::Null);
}

#[test]
fn an_id_that_is_a_number_is_accepted_u09() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let mut patch = changes("users", user.id, json!({"name": "Jo"}));
    patch["data"]["id"] = user.id.into();
    app.admin().patch(&user.path(), &patch).expect(200);
    patch["data"]["id"] = json!(2.0);
    app.admin().patch(&user.path(), &patch).expect(400);
}

#[test]
fn another_id_or_type_is_409_u06() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let other_id = changes("users", 1, json!({"name": "Jo"}));
    let answer = app.admin().patch(&user.path(), &other_id).expect(409);
    assert_eq!(answer.pointers(), ["/data/id"]);
    let other_type = changes("roles", user.id, json!({"name": "Jo"}));
    let answer = app.admin().patch(&user.path(), &other_type).expect(409);
    assert_eq!(answer.pointers(), ["/data/type"]);
}

#[test]
fn one_bad_attribute_leaves_all_as_they_were_u08() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let before = app.admin().get(&user.path()).json();
    let patch = changes("users", user.id, json!({"name": "Jo", "email": "nowhere"}));
    let answer = app.admin().patch(&user.path(), &patch).expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes/email"]);
    assert_eq!(app.admin().get(&user.path()).json(), before);
}

#[test]
fn a_taken_username_is_refused() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let patch = changes("users", user.id, json!({"name": "Jo", "username": "admin"}));
    let answer = app.admin().patch(&user.path(), &patch).expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes/username"]);
    let name = app.admin().get(&user.path()).data()["attributes"]["name"].clone();
    assert_eq!(name, Value::Null);
}

#[test]
fn a_new_username_is_the_one_to_sign_in_with() {
    let app = TestApp::start();
    let user = a_user().named("before").with_password().create(&app);
    let password = ADMIN_PASSWORD;
    app.basic("before", password).get("/home").expect(200);
    let patch = changes("users", user.id, json!({"username": "after"}));
    app.admin().patch(&user.path(), &patch).expect(200);
    app.basic("before", password).get("/home").expect(401);
    app.basic("after", password).get("/home").expect(200);
}

/// Asks for a new password of one's own, alone or as an operation.
fn with_old_password(client: &Client, id: i64, old: Option<&str>, alone: bool) -> Answer {
    let mut attributes = json!({"password": "a new one"});
    if let Some(old) = old {
        attributes["old_password"] = json!(old);
    }
    let document = changes("users", id, attributes);
    if alone {
        return client.patch(&format!("/users/{id}"), &document);
    }
    let operation = json!({"op": "update", "data": document["data"]});
    client.operations(&json!({"atomic:operations": [operation]}))
}

#[test]
fn ones_own_new_password_needs_the_old_one_whoever_one_is() {
    for alone in [true, false] {
        let app = TestApp::start();
        let user = a_user().with_password().create(&app);
        let administrator = a_user().with_password().administrator().create(&app);
        let base = if alone { "" } else { "/atomic:operations/0" };
        for member in [user, administrator] {
            let client = app.basic(&member.username, ADMIN_PASSWORD);
            let ask = |old| with_old_password(&client, member.id, old, alone);
            let missing = ask(None).expect(400);
            assert_eq!(missing.pointers(), [format!("{base}/data/attributes")]);
            let wrong = ask(Some("wrong")).expect(403);
            let at = format!("{base}/data/attributes/old_password");
            assert_eq!(wrong.pointers(), [at]);
            assert_eq!(wrong.errors()[0]["code"], "wrong_password");
            ask(Some(ADMIN_PASSWORD)).expect(200);
            client.get("/home").expect(401);
            app.basic(&member.username, "a new one")
                .get("/home")
                .expect(200);
        }
    }
}

#[test]
fn whoever_may_sets_the_passwords_of_others_without_the_old_one() {
    let app = TestApp::start();
    let writers = a_role()
        .permitting(&["users:read", "users:write"])
        .create(&app);
    let clerk = a_user().holding(&writers).create(&app).client(&app);
    for client in [app.admin(), clerk] {
        // What else is sent is passed over, as by clients that send it always.
        for old in [None, Some("anything")] {
            let user = a_user().with_password().create(&app);
            with_old_password(&client, user.id, old, true).expect(200);
            app.basic(&user.username, "a new one")
                .get("/home")
                .expect(200);
        }
    }
}

#[test]
fn a_stolen_token_sets_no_password() {
    let app = TestApp::start();
    let user = a_user().with_password().administrator().create(&app);
    let stolen = user.client(&app);
    with_old_password(&stolen, user.id, None, true).expect(400);
    let name = changes(
        "users",
        user.id,
        json!({"name": "x", "old_password": "wrong"}),
    );
    stolen.patch(&user.path(), &name).expect(200);
    app.basic(&user.username, ADMIN_PASSWORD)
        .get("/home")
        .expect(200);
}

#[test]
fn roles_in_the_body_replace_all_and_an_empty_array_clears_u03() {
    let app = TestApp::start();
    let (old, new) = (a_role().create(&app), a_role().create(&app));
    let user = a_user().holding(&old).create(&app);
    let mut patch = changes("users", user.id, json!({}));
    let roles = || app.admin().get(&format!("{}/roles", user.path())).ids();
    patch["data"]["relationships"] = json!({"roles": linkage("roles", &[new.id])});
    app.admin().patch(&user.path(), &patch).expect(200);
    assert_eq!(roles(), [new.id.to_string()]);
    patch["data"]["relationships"] = json!({"roles": {"data": []}});
    app.admin().patch(&user.path(), &patch).expect(200);
    assert_eq!(roles(), Vec::<String>::new());
}

#[test]
fn an_unknown_role_is_404_and_no_part_is_applied_u05() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let mut patch = changes("users", user.id, json!({"name": "Jo"}));
    patch["data"]["relationships"] = json!({"roles": linkage("roles", &[1, 4711])});
    let answer = app.admin().patch(&user.path(), &patch).expect(404);
    assert_eq!(answer.pointers(), ["/data/relationships/roles/data/1"]);
    let after = app.admin().get(&format!("{}?include=roles", user.path()));
    assert_eq!(after.data()["attributes"]["name"], Value::Null);
    assert_eq!(after.json()["included"], json!([]));
}

#[test]
fn who_does_not_exist_is_404_u04() {
    let app = TestApp::start();
    let patch = changes("users", 4711, json!({"name": "Jo"}));
    app.admin().patch("/users/4711", &patch).expect(404);
}

#[test]
fn everybody_edits_their_own_record_but_neither_flags_nor_roles() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let client = app.basic(&user.username, ADMIN_PASSWORD);
    let own =
        |attributes: Value| client.patch(&user.path(), &changes("users", user.id, attributes));
    own(json!({"name": "Jo", "email": "jo@example.com"})).expect(200);
    own(json!({"is_staff": true})).expect(403);
    own(json!({"is_active": false})).expect(403);
    let mut roles = changes("users", user.id, json!({}));
    roles["data"]["relationships"] = json!({"roles": linkage("roles", &[1])});
    client.patch(&user.path(), &roles).expect(403);
    let after = app.admin().get(&format!("{}?include=roles", user.path()));
    assert_eq!(after.json()["included"], json!([]));
}

#[test]
fn the_last_administrator_cannot_be_deactivated() {
    let app = TestApp::start();
    let patch = changes("users", 1, json!({"is_active": false}));
    let answer = passing_administrator(&app).patch("/users/1", &patch);
    assert_eq!(answer.expect(403).errors()[0]["code"], "protected");
    app.admin().patch("/users/1", &patch).expect(403);
    assert_eq!(
        app.admin().get("/users/1").data()["attributes"]["is_active"],
        true
    );
}

#[test]
fn the_last_administrator_cannot_lose_the_role_by_a_patch() {
    let app = TestApp::start();
    let mut patch = changes("users", 1, json!({"name": "Nobody"}));
    patch["data"]["relationships"] = json!({"roles": {"data": []}});
    for client in [app.admin(), passing_administrator(&app)] {
        let answer = client.patch("/users/1", &patch).expect(403);
        assert_eq!(answer.errors()[0]["code"], "protected");
    }
    let name = app.admin().get("/users/1").expect(200).data()["attributes"]["name"].clone();
    assert_eq!(name, Value::Null);
}

#[test]
fn one_of_two_administrators_can_be_deactivated() {
    let app = TestApp::start();
    let deputy = a_user().administrator().create(&app);
    let patch = changes("users", 1, json!({"is_active": false}));
    deputy.client(&app).patch("/users/1", &patch).expect(200);
    app.admin().get("/home").expect(401);
    // And now the deputy is the last one.
    let patch = changes("users", deputy.id, json!({"is_active": false}));
    deputy
        .client(&app)
        .patch(&deputy.path(), &patch)
        .expect(403);
}

#[test]
fn a_whole_record_sent_back_unchanged_changes_nothing() {
    let app = TestApp::start();
    let user = a_user().with_surname("Doe").create(&app);
    let client = user.client(&app);
    let before = client.get(&user.path()).expect(200).json();
    app.advance(60);
    let whole = json!({ "data": before["data"] });
    let after = client.patch(&user.path(), &whole).expect(200).json();
    assert_eq!(after, before);
    let events = app
        .admin()
        .get("/events?filter[verb]=update&filter[subject_type]=users")
        .expect(200);
    assert_eq!(events.ids(), Vec::<String>::new());
}

#[test]
fn a_whole_record_with_another_flag_is_refused_as_a_whole() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let client = user.client(&app);
    let mut whole = client.get(&user.path()).expect(200).json();
    whole["data"]["attributes"]["is_staff"] = json!(true);
    whole["data"]["attributes"]["name"] = json!("Jo");
    client
        .patch(&user.path(), &json!({ "data": whole["data"] }))
        .expect(403);
    let after = client.get(&user.path()).expect(200).data();
    assert_eq!(after["attributes"]["name"], json!(null));
}
