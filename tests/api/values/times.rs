//! Times: what is sent is kept to the microsecond, or refused, never cut off.

use serde_json::json;

use crate::bulk::Scratch;
use crate::program::rolecall;
use crate::support::{BEGIN, Beside, TestApp, a_new, a_role, a_user, changes};

/// As sent, and as kept.
const KEPT: &[(&str, &str)] = &[
    ("2030-01-31T00:00:00Z", "2030-01-31T00:00:00+00:00"),
    ("2030-01-31T01:00:00.000+01:00", "2030-01-31T00:00:00+00:00"),
    ("2030-01-31T00:00:00.5Z", "2030-01-31T00:00:00.500000+00:00"),
    (
        "2030-01-31T00:00:00.123Z",
        "2030-01-31T00:00:00.123000+00:00",
    ),
    (
        "2030-01-31T00:00:00.123456000Z",
        "2030-01-31T00:00:00.123456+00:00",
    ),
    (
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59.999999+00:00",
    ),
];

const REFUSED: &[&str] = &[
    "0000-01-01T00:00:00Z",
    "0000-01-01",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "2030-01-31T00:00:00.1234567Z",
    "2030-01-31T00:00:00.123456789Z",
    "2030-01-31T00:00:00.0000000000001Z",
    "2030-06-30T23:59:60Z",
    "2030-01-31",
];

#[test]
fn of_grants() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let one = |kind: &str, id: i64| json!({"data": {"type": kind, "id": id.to_string()}});
    let gift = |attributes| {
        let mut document = a_new("grants", attributes);
        document["data"]["relationships"] =
            json!({"user": one("users", user.id), "role": one("roles", role.id)});
        document
    };
    for name in ["valid_from", "valid_until"] {
        for (sent, kept) in KEPT {
            let made = app
                .admin()
                .post("/grants", &gift(json!({name: sent})))
                .expect(201);
            assert_eq!(made.data()["attributes"][name], *kept, "{sent}");
            let path = format!("/grants/{}", made.id());
            assert_eq!(app.admin().get(&path).data()["attributes"][name], *kept);
            let id: i64 = made.id().parse().unwrap();
            let other = changes("grants", id, json!({name: "2031-01-01T00:00:00.25Z"}));
            let changed = app.admin().patch(&path, &other).expect(200);
            let after = "2031-01-01T00:00:00.250000+00:00";
            assert_eq!(changed.data()["attributes"][name], after);
            app.admin().delete(&path).expect(204);
        }
        let made = app.admin().post("/grants", &gift(json!({}))).expect(201);
        let (path, id) = (
            format!("/grants/{}", made.id()),
            made.id().parse::<i64>().unwrap(),
        );
        for sent in REFUSED {
            let pointer = format!("/data/attributes/{name}");
            let refused = app.admin().post("/grants", &gift(json!({name: sent})));
            assert_eq!(
                refused.expect(400).pointers(),
                std::slice::from_ref(&pointer),
                "{sent}"
            );
            let change = changes("grants", id, json!({name: sent}));
            let refused = app.admin().patch(&path, &change).expect(400);
            assert_eq!(refused.pointers(), [pointer], "{sent}");
        }
        app.admin().delete(&path).expect(204);
    }
}

#[test]
fn a_grant_ends_by_its_fraction() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let half = BEGIN.replace("+00:00", ".500000+00:00");
    app.give_until(user.id, role.id, &half);
    let holds = || {
        !app.admin()
            .get(&format!("{}/roles", user.path()))
            .expect(200)
            .ids()
            .is_empty()
    };
    assert!(holds());
    app.advance(1);
    assert!(!holds());
}

#[test]
fn of_tokens() {
    let app = TestApp::start();
    let token = |expires: &str| {
        let attributes = json!({"name": "t", "expires": expires});
        app.admin().post("/tokens", &a_new("tokens", attributes))
    };
    for (sent, kept) in KEPT {
        let made = token(sent).expect(201).data();
        assert_eq!(made["attributes"]["expires"], *kept, "{sent}");
    }
    for sent in REFUSED {
        assert_eq!(
            token(sent).expect(400).pointers(),
            ["/data/attributes/expires"],
            "{sent}"
        );
    }
}

#[test]
fn of_filters() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    app.give_until(user.id, role.id, "2030-01-31T00:00:00.500000+00:00");
    let found = |operator: &str, moment: &str| {
        let moment = moment.replace('+', "%2B");
        let path = format!("/grants?filter[valid_until][{operator}]={moment}");
        app.admin().get(&path).expect(200).ids().len()
    };
    for (operator, moment, many) in [
        ("eq", "2030-01-31T00:00:00.5Z", 1),
        ("eq", "2030-01-31T01:00:00.500+01:00", 1),
        ("eq", "2030-01-31T00:00:00Z", 0),
        ("gt", "2030-01-31T00:00:00.499999Z", 1),
        ("gt", "2030-01-31T00:00:00.5Z", 0),
        ("lt", "2030-01-31T00:00:00.500001Z", 1),
        ("lt", "2030-01-31T00:00:01Z", 1),
    ] {
        assert_eq!(found(operator, moment), many, "{operator} {moment}");
    }
    for sent in REFUSED {
        for list in [
            "users?filter[created]",
            "grants?filter[valid_until][lt]",
            "events?filter[at][ge]",
        ] {
            let sent = sent.replace('+', "%2B");
            let refused = app.admin().get(&format!("/{list}={sent}")).expect(400);
            assert!(
                refused.text.contains("is not a time like"),
                "{sent}: {}",
                refused.text
            );
        }
    }
}

#[test]
fn of_commands() {
    let app = TestApp::start();
    let run = |arguments: &[&str]| {
        let output = rolecall(&app.database, arguments).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    for (sent, kept) in KEPT {
        let (code, said) = run(&["token", "create", "admin", "--name", "c", "--expires", sent]);
        assert_eq!(code, Some(0), "{sent}: {said}");
        let is_there = format!("name = 'c' AND expires = '{kept}'");
        assert!(
            Beside::count(&app.database, "tokens", &is_there) > 0,
            "{sent}"
        );
    }
    for sent in REFUSED {
        for command in [
            &["token", "create", "admin", "--name", "c", "--expires", sent][..],
            &["audit", "prune", "--before", sent],
        ] {
            let (code, said) = run(command);
            assert_eq!(code, Some(2), "{command:?}: {said}");
            assert!(said.contains("is not a time like"), "{command:?}: {said}");
        }
    }
}

#[test]
fn of_imports() {
    let app = TestApp::start();
    let import = |row: &str| {
        let file = Scratch::file(row);
        let output = rolecall(&app.database, &["import", file.path()])
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    for (number, (sent, kept)) in KEPT.iter().enumerate() {
        let row = format!(
            r#"{{"username": "kept{number}", "created": "{sent}", "last_login": "{sent}"}}"#
        );
        let (code, said) = import(&row);
        assert_eq!(code, Some(0), "{sent}: {said}");
        let is_there = format!("created = '{kept}' AND last_login = '{kept}'");
        assert!(
            Beside::count(&app.database, "users", &is_there) > 0,
            "{sent}"
        );
    }
    for (number, sent) in REFUSED.iter().enumerate() {
        let row = format!(r#"{{"username": "refused{number}", "created": "{sent}"}}"#);
        let (code, said) = import(&row);
        assert_eq!(code, Some(1), "{sent}: {said}");
        assert!(
            said.contains("created: This value must be a time like"),
            "{sent}: {said}"
        );
    }
    let none = Beside::count(&app.database, "users", "username LIKE 'refused%'");
    assert_eq!(none, 0);
}
