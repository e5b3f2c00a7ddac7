//! `PATCH` and `POST /api/admin/users/ID/`

use serde_json::{Value, json};

use crate::openl2m::{FORMS, get, make, patch, refused, user};
use crate::support::{ADMIN_PASSWORD, TestApp, a_user};

#[test]
fn only_what_is_sent_changes_by_both_methods_in_each_form() {
    let app = TestApp::start();
    let id = make(&app, "jane");
    let before = get(&app.admin(), &user(id)).expect(200).json();
    for method in ["PATCH", "POST"] {
        for form in FORMS {
            let name = format!("{method} {form:?}");
            let fields = [("first_name", name.as_str())];
            let changed = form.send(&app.admin(), method, &user(id), &fields);
            let mut expected = before.clone();
            expected["first_name"] = json!(name);
            assert_eq!(changed.expect(200).json(), expected);
        }
    }
}

#[test]
fn nothing_sent_changes_nothing() {
    let app = TestApp::start();
    let id = make(&app, "jane");
    let before = get(&app.admin(), &user(id)).expect(200).json();
    for method in ["PATCH", "POST"] {
        for body in [&b""[..], b"{}"] {
            let kind: &[(&str, &str)] = if body.is_empty() {
                &[]
            } else {
                &[("content-type", "application/json")]
            };
            let answer = app.admin().send(method, &user(id), kind, Some(body));
            assert_eq!(answer.expect(200).json(), before);
        }
        let none = app.admin().send(method, &user(id), &[], None).expect(200);
        assert_eq!(none.json(), before);
    }
}

#[test]
fn a_record_that_was_read_can_be_sent_back_without_its_password() {
    let app = TestApp::start();
    let id = make(&app, "jane");
    let mut record = get(&app.admin(), &user(id)).expect(200).json();
    record.as_object_mut().unwrap().remove("password");
    let changed = patch(&app.admin(), &user(id), &record).expect(200).json();
    record["password"] = json!("");
    assert_eq!(changed, record);
}

#[test]
fn every_field_can_be_changed_and_emptied() {
    let app = TestApp::start();
    let id = make(&app, "jane");
    let wanted = json!({
        "username": "jane2", "first_name": "J", "last_name": "D", "email": "j@x.org",
        "is_active": false, "is_staff": true, "date_joined": "2020-01-01T00:00:00.5Z",
        "last_login": "2021-01-01T00:00:00Z",
    });
    let changed = patch(&app.admin(), &user(id), &wanted).expect(200).json();
    for (field, value) in wanted.as_object().unwrap() {
        if field != "date_joined" {
            assert_eq!(&changed[field], value, "{field}");
        }
    }
    assert_eq!(changed["date_joined"], "2020-01-01T00:00:00.500000Z");
    let emptied = json!({"first_name": "", "last_name": " ", "email": "", "last_login": null});
    let changed = patch(&app.admin(), &user(id), &emptied).expect(200).json();
    for field in ["first_name", "last_name", "email"] {
        assert_eq!(changed[field], "", "{field}");
    }
    assert_eq!(changed["last_login"], Value::Null);
    let log = app
        .admin()
        .get("/events?filter[subject_type]=users&filter[verb]=update&sort=id")
        .expect(200);
    let first = &log.json()["data"][0]["attributes"];
    assert_eq!(
        first["after"]["created"],
        "2020-01-01T00:00:00.500000+00:00"
    );
    assert_eq!(first["after"]["last_login"], "2021-01-01T00:00:00+00:00");
}

#[test]
fn a_new_password_is_the_one_to_sign_in_with() {
    let app = TestApp::start();
    let member = a_user().with_password().create(&app);
    let old = app.basic(&member.username, ADMIN_PASSWORD);
    old.get("/home").expect(200);
    let body = json!({"password": "another secret"});
    let answer = patch(&app.admin(), &user(member.id), &body).expect(200);
    assert!(!answer.text.contains("secret"), "{}", answer.text);
    assert!(!answer.text.contains("argon2"), "{}", answer.text);
    old.get("/home").expect(401);
    app.basic(&member.username, "another secret")
        .get("/home")
        .expect(200);
}

#[test]
fn what_another_directory_decides_is_not_changed_here() {
    let app = TestApp::start();
    let id = a_user().named("calvin").create(&app).id;
    app.database
        .execute(&format!("UPDATE users SET external = TRUE WHERE id = {id}"));
    for (field, text) in [
        (
            "username",
            "This user is called what another directory (LDAP) says.",
        ),
        (
            "password",
            "This user signs in with the password of another directory (LDAP): it is changed there.",
        ),
    ] {
        let body = json!({field: "another-word", "first_name": "C"});
        let told = refused(&app, 400, || patch(&app.admin(), &user(id), &body));
        assert_eq!(told, json!({field: [text]}));
    }
    let names = json!({"username": "calvin", "first_name": "C", "email": "c@example.org"});
    let changed = patch(&app.admin(), &user(id), &names).expect(200).json();
    assert_eq!(changed["first_name"], "C");
}

#[test]
fn the_own_name_is_not_taken() {
    let app = TestApp::start();
    let id = make(&app, "jane");
    let body = json!({"username": "jane", "last_name": "Doe"});
    patch(&app.admin(), &user(id), &body).expect(200);
}
