//! What is wrong with single fields, and all of it at once.

use serde_json::{Value, json};

use crate::openl2m::{FORMS, USERS, make, patch, post, raw, refused, user};
use crate::support::{TestApp, a_role, role_named};

const NO_USERNAME: &str = "Enter a valid username. This value may contain only letters, numbers, \
    and @/./+/-/_ characters.";
const NO_MOMENT: &str = "Datetime has wrong format. Use one of these formats instead: \
    YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";

#[test]
fn what_is_required_is_told_in_each_form() {
    let app = TestApp::start();
    let expected = json!({
        "password": ["This field is required."],
        "username": ["This field is required."],
    });
    for form in FORMS {
        let told = refused(&app, 400, || {
            form.send(&app.admin(), "POST", USERS, &[("first_name", "Jo")])
        });
        assert_eq!(told, expected, "{form:?}");
    }
    let empty = refused(&app, 400, || {
        app.admin().send("POST", USERS, &[], Some(b""))
    });
    assert_eq!(empty, expected);
}

#[test]
fn each_fault_of_a_field_has_its_text() {
    let app = TestApp::start();
    make(&app, "taken");
    let scoped = role_named(&app, "IP_EDITOR").id;
    let long = |count: usize| "x".repeat(count);
    let blank = "This field may not be blank.";
    let null = "This field may not be null.";
    let text = "Not a valid string.";
    let flag = "Must be a valid boolean.";
    let no = |id: Value| {
        let shown = id.as_str().map_or(id.to_string(), str::to_owned);
        format!("Invalid pk \"{shown}\" - object does not exist.")
    };
    let most = |count: usize| format!("Ensure this field has no more than {count} characters.");
    let cases: Vec<(&str, Value, Vec<String>)> = vec![
        ("username", json!(""), vec![blank.into()]),
        ("username", json!("  "), vec![blank.into()]),
        ("username", json!(null), vec![null.into()]),
        ("username", json!(true), vec![text.into()]),
        ("username", json!([]), vec![text.into()]),
        ("username", json!({}), vec![text.into()]),
        ("username", json!("a b"), vec![NO_USERNAME.into()]),
        ("username", json!(long(151)), vec![most(150)]),
        (
            "username",
            json!("a b".repeat(60)),
            vec![NO_USERNAME.into(), most(150)],
        ),
        (
            "username",
            json!("taken"),
            vec!["A user with that username already exists.".into()],
        ),
        ("password", json!(""), vec![blank.into()]),
        ("password", json!(null), vec![null.into()]),
        ("password", json!(false), vec![text.into()]),
        ("password", json!(long(129)), vec![most(128)]),
        (
            "password",
            json!("short"),
            vec!["Ensure this field has at least 7 characters.".into()],
        ),
        ("first_name", json!(long(151)), vec![most(150)]),
        ("first_name", json!(null), vec![null.into()]),
        (
            "first_name",
            json!("a\u{0}b"),
            vec!["Null characters are not allowed.".into()],
        ),
        ("last_name", json!(long(151)), vec![most(150)]),
        ("last_name", json!(["x"]), vec![text.into()]),
        (
            "email",
            json!("nonsense"),
            vec!["Enter a valid email address.".into()],
        ),
        ("email", json!(null), vec![null.into()]),
        (
            "email",
            json!(format!("{}@x.org", long(249))),
            vec![most(254)],
        ),
        ("is_active", json!("maybe"), vec![flag.into()]),
        ("is_active", json!(""), vec![flag.into()]),
        ("is_active", json!(null), vec![null.into()]),
        ("is_staff", json!(2), vec![flag.into()]),
        ("is_superuser", json!([]), vec![flag.into()]),
        ("date_joined", json!("yesterday"), vec![NO_MOMENT.into()]),
        ("date_joined", json!(null), vec![null.into()]),
        ("date_joined", json!(2024), vec![NO_MOMENT.into()]),
        ("last_login", json!(""), vec![NO_MOMENT.into()]),
        (
            "last_login",
            json!("9999-12-31T23:59:59-01:00"),
            vec!["Datetime value out of range.".into()],
        ),
        ("groups", json!([99]), vec![no(json!(99))]),
        ("groups", json!(["99", 98]), vec![no(json!(99))]),
        ("groups", json!([1]), vec![no(json!(1))]),
        ("groups", json!([scoped]), vec![no(json!(scoped))]),
        (
            "groups",
            json!(["99999999999999999999"]),
            vec![no(json!("99999999999999999999"))],
        ),
        (
            "groups",
            json!(["x"]),
            vec!["Incorrect type. Expected pk value, received str.".into()],
        ),
        (
            "groups",
            json!([true]),
            vec!["Incorrect type. Expected pk value, received bool.".into()],
        ),
        (
            "groups",
            json!("1"),
            vec!["Expected a list of items but got type \"str\".".into()],
        ),
        ("groups", json!(null), vec![null.into()]),
    ];
    let id = make(&app, "jane");
    for (field, value, messages) in cases {
        let mut body = json!({"username": "other", "password": "secret words"});
        body[field] = value.clone();
        let told = refused(&app, 400, || post(&app.admin(), USERS, &body));
        assert_eq!(told, json!({ field: messages }), "{field}: {value}");
        for method in ["PATCH", "POST"] {
            let told = refused(&app, 400, || {
                crate::openl2m::send(&app.admin(), method, &user(id), &json!({ field: value }))
            });
            assert_eq!(
                told,
                json!({ field: messages }),
                "{method} {field}: {value}"
            );
        }
    }
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_model() {
    let app = TestApp::start();
    let body = json!({
        "groups": [99], "username": "admin", "email": "x", "is_active": "x", "is_staff": "x",
        "date_joined": "x", "last_name": null, "first_name": [], "is_superuser": "x",
        "last_login": "x", "password": "",
    });
    let answer = post(&app.admin(), USERS, &body).expect(400);
    let names = [
        "password",
        "last_login",
        "is_superuser",
        "username",
        "first_name",
        "last_name",
        "email",
        "is_staff",
        "is_active",
        "date_joined",
        "groups",
    ];
    let places: Vec<usize> = names
        .iter()
        .map(|name| answer.text.find(&format!("\"{name}\":")).expect(name))
        .collect();
    assert!(places.is_sorted(), "{}", answer.text);
    assert_eq!(answer.json().as_object().unwrap().len(), names.len());
}

#[test]
fn every_word_for_yes_and_no_is_understood() {
    let app = TestApp::start();
    let id = make(&app, "jane");
    let yes = [
        json!(true),
        json!(1),
        json!(1.0),
        json!("true"),
        json!("True"),
        json!("1"),
        json!("on"),
        json!("yes"),
    ];
    let no = [
        json!(false),
        json!(0),
        json!("false"),
        json!("False"),
        json!("0"),
        json!("off"),
        json!("no"),
    ];
    for (words, expected) in [(&yes[..], true), (&no[..], false)] {
        for word in words {
            let changed = patch(&app.admin(), &user(id), &json!({"is_staff": word})).expect(200);
            assert_eq!(changed.json()["is_staff"], expected, "{word}");
        }
    }
}

#[test]
fn a_file_is_no_text_and_no_group() {
    let app = TestApp::start();
    let part = |name: &str| {
        format!(
            "--e\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a\"\r\n\r\nx\r\n"
        )
    };
    let body = format!("{}{}--e--\r\n", part("first_name"), part("groups"));
    let told = refused(&app, 400, || {
        let kind = "multipart/form-data; boundary=e";
        raw(&app.admin(), "PATCH", &user(1), kind, body.as_bytes())
    });
    assert_eq!(
        told,
        json!({
            "first_name": ["Not a valid string."],
            "groups": ["Incorrect type. Expected pk value, received list."],
        })
    );
}

#[test]
fn more_groups_than_one_request_may_name_are_refused() {
    let app = TestApp::with(|settings| settings.limits.linkage_items = 2);
    let groups: Vec<i64> = (0..3).map(|_| a_role().create(&app).id).collect();
    let told = refused(&app, 400, || {
        patch(&app.admin(), &user(1), &json!({"groups": groups}))
    });
    assert_eq!(
        told,
        json!({"groups": ["Ensure this field has no more than 2 elements."]})
    );
}
