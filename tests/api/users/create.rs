//! `POST /users`

use rolecall::config::Settings;
use serde_json::{Value, json};

use super::shown;
use crate::support::{Answer, TestApp, a_new, a_role, a_user};

fn johndoe() -> Value {
    a_new(
        "users",
        json!({"username": "johndoe", "password": "j04nd0e", "uname": "johndoe"}),
    )
}

fn attributes(app: &TestApp, attributes: Value) -> Answer {
    app.admin().post("/users", &a_new("users", attributes))
}

fn sorted(mut pointers: Vec<String>) -> Vec<String> {
    pointers.sort();
    pointers
}

#[test]
fn johndoe_is_created_and_answered_as_the_document_shows() {
    let app = TestApp::start();
    let answer = app.admin().post("/users", &johndoe()).expect(201);
    assert_eq!(
        answer.json(),
        json!({
            "links": {"self": app.url("/users"), "home": app.url("/home"), "describedby": app.url("/openapi.json")},
            "data": shown(&app, 2, "johndoe"),
        })
    );
}

#[test]
fn the_location_is_the_new_users_own_link_c02() {
    let app = TestApp::start();
    let answer = app.admin().post("/users", &johndoe()).expect(201);
    assert_eq!(answer.header("location"), Some(&*app.url("/users/2")));
    assert_eq!(answer.data()["links"]["self"], app.url("/users/2"));
}

#[test]
fn neither_the_password_nor_its_hash_is_ever_answered_d25() {
    let app = TestApp::start();
    let admin = app.admin();
    let created = admin.post("/users", &johndoe()).expect(201);
    for answer in [created, admin.get("/users/2"), admin.get("/users")] {
        assert!(!answer.text.contains("password"), "{}", answer.text);
        assert!(!answer.text.contains("j04nd0e"), "{}", answer.text);
        assert!(!answer.text.contains("argon2"), "{}", answer.text);
    }
}

#[test]
fn a_new_user_can_sign_in_at_once() {
    let app = TestApp::start();
    app.admin().post("/users", &johndoe()).expect(201);
    let own = app.basic("johndoe", "j04nd0e").get("/users").expect(200);
    assert_eq!(own.ids(), ["2"]);
}

#[test]
fn every_attribute_that_can_be_written_is_kept() {
    let app = TestApp::start();
    let sent = json!({
        "username": "jane@example.com",
        "uname": "jane",
        "name": "Jane 🐙 \"J\"",
        "surname": "Doe",
        "full_name": "Jane Doe",
        "email": "jane@example.com",
        "position": "Officer",
        "organization": "Example",
        "time_zone": "Europe/Rome",
        "is_active": false,
        "is_staff": true,
    });
    let mut document = a_new("users", sent.clone());
    document["data"]["attributes"]["password"] = "s3cret-word".into();
    let data = app.admin().post("/users", &document).expect(201).data();
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(data["attributes"][name], *value, "{name}");
    }
}

#[test]
fn what_is_read_only_is_passed_over() {
    let app = TestApp::start();
    let mut document = johndoe();
    for name in [
        "created_by",
        "modified_by",
        "external",
        "last_login",
        "created",
    ] {
        document["data"]["attributes"][name] = json!("2000-01-01T00:00:00+00:00");
    }
    let data = app.admin().post("/users", &document).expect(201).data();
    assert_eq!(data, shown(&app, 2, "johndoe"));
}

#[test]
fn the_uname_is_made_from_the_username() {
    let app = TestApp::start();
    let data = attributes(
        &app,
        json!({"username": "Jo@X.org", "password": "s3cret-word"}),
    )
    .expect(201)
    .data();
    assert_eq!(data["attributes"]["username"], "Jo@X.org");
    assert_eq!(data["attributes"]["uname"], "jo-x.org");
}

#[test]
fn a_made_uname_that_is_taken_gets_a_number() {
    let app = TestApp::start();
    for (username, uname) in [
        ("johndoe", "johndoe"),
        ("john+doe", "john-doe"),
        ("john@doe", "john-doe-2"),
        ("john-doe", "john-doe-3"),
    ] {
        let data = attributes(
            &app,
            json!({"username": username, "password": "s3cret-word"}),
        )
        .expect(201)
        .data();
        assert_eq!(data["attributes"]["uname"], uname, "{username}");
    }
}

#[test]
fn an_uname_that_was_asked_for_and_is_taken_is_refused() {
    let app = TestApp::start();
    a_user().named("jane").create(&app);
    let answer = attributes(
        &app,
        json!({"username": "other", "uname": "jane", "password": "s3cret-word"}),
    )
    .expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes/uname"]);
}

#[test]
fn an_existing_username_is_400_as_the_document_says() {
    let app = TestApp::start();
    app.admin().post("/users", &johndoe()).expect(201);
    let mut again = johndoe();
    again["data"]["attributes"]["uname"] = "another".into();
    let answer = app.admin().post("/users", &again).expect(400);
    assert_eq!(
        answer.errors(),
        [json!({
            "status": "400",
            "code": "invalid_data",
            "title": "Invalid data",
            "detail": "username: A user with this username already exists.",
            "source": {"pointer": "/data/attributes/username"},
            "meta": {
                "attribute": "username",
                "message": "A user with this username already exists.",
            },
        })]
    );
}

#[test]
fn invalid_data_is_422_where_the_setting_says_so() {
    let app = TestApp::with(|settings: &mut Settings| {
        settings.server.invalid_data_status =
            rolecall::config::InvalidDataStatus::UnprocessableContent;
    });
    let answer = attributes(
        &app,
        json!({"username": "john doe", "password": "s3cret-word"}),
    );
    let errors = answer.expect(422).errors();
    assert_eq!(errors[0]["status"], "422");
}

#[test]
fn every_invalid_attribute_has_an_error_c12() {
    let app = TestApp::start();
    let answer = attributes(
        &app,
        json!({"username": "john doe", "password": "12345", "email": "nowhere", "is_active": 1}),
    )
    .expect(400);
    assert_eq!(
        sorted(answer.pointers()),
        [
            "/data/attributes/email",
            "/data/attributes/is_active",
            "/data/attributes/password",
            "/data/attributes/username",
        ]
    );
}

#[test]
fn a_missing_attribute_is_told_at_its_parent_d22() {
    let app = TestApp::start();
    let answer = attributes(&app, json!({"name": "John"})).expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes"; 2]);
    let told: Vec<_> = answer
        .errors()
        .iter()
        .map(|error| error["meta"]["attribute"].clone())
        .collect();
    assert_eq!(told, ["username", "password"]);
}

#[test]
fn a_password_has_seven_characters_at_least() {
    let app = TestApp::start();
    let with = |password: &str| attributes(&app, json!({"username": "jo", "password": password}));
    assert_eq!(
        with("ñ23456").expect(400).pointers(),
        ["/data/attributes/password"]
    );
    with("ñ2345z8").expect(201);
}

#[test]
fn roles_in_the_document_are_held_at_once_and_repetitions_count_once_c03() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let member = json!({"type": "roles", "id": role.id.to_string()});
    let mut document = johndoe();
    document["data"]["relationships"] = json!({"roles": {"data": [member, member]}});
    let answer = app
        .admin()
        .post("/users?include=roles", &document)
        .expect(201);
    assert_eq!(
        answer.data()["relationships"]["roles"]["data"],
        json!([member])
    );
    assert_eq!(
        answer.json()["included"][0]["attributes"]["name"],
        role.name
    );
    let users = app.admin().get(&format!("{}/users", role.path()));
    assert_eq!(users.expect(200).ids(), ["2"]);
}

#[test]
fn an_unknown_role_is_404_and_nothing_is_created_c04() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let mut document = johndoe();
    document["data"]["relationships"] = json!({"roles": {"data": [
        {"type": "roles", "id": role.id.to_string()},
        {"type": "roles", "id": "4711"},
    ]}});
    let answer = app.admin().post("/users", &document).expect(404);
    assert_eq!(answer.pointers(), ["/data/relationships/roles/data/1"]);
    assert_eq!(app.admin().get("/users").ids(), ["1"]);
}

#[test]
fn creating_with_roles_needs_the_right_to_grant_too() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let clerk = a_role().permitting(&["users:read", "users:write"]);
    let clerk = a_user().holding(&clerk.create(&app)).create(&app);
    let mut document = johndoe();
    document["data"]["relationships"] =
        json!({"roles": {"data": [{"type": "roles", "id": role.id.to_string()}]}});
    clerk.client(&app).post("/users", &document).expect(403);
    clerk.client(&app).post("/users", &johndoe()).expect(201);
}

#[test]
fn another_type_is_409_before_anything_else_c05() {
    let app = TestApp::start();
    let answer = app
        .admin()
        .post("/users", &a_new("roles", json!({"username": ""})))
        .expect(409);
    assert_eq!(answer.pointers(), ["/data/type"]);
}

#[test]
fn an_id_of_the_clients_own_is_403_c06() {
    let app = TestApp::start();
    let mut document = johndoe();
    document["data"]["id"] = "77".into();
    let answer = app.admin().post("/users", &document).expect(403);
    assert_eq!(answer.pointers(), ["/data/id"]);
}

#[test]
fn sparse_fieldsets_apply_to_the_answer_q10() {
    let app = TestApp::start();
    let answer = app
        .admin()
        .post("/users?fields[users]=username,roles", &johndoe())
        .expect(201);
    let data = answer.data();
    assert_eq!(data["attributes"], json!({"username": "johndoe"}));
    assert_eq!(
        data["relationships"].as_object().unwrap().keys().count(),
        1,
        "{data}"
    );
    assert_eq!(
        answer.json()["links"]["self"],
        app.url("/users?fields%5Busers%5D=username,roles")
    );
}
