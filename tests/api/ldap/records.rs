//! The record that the first sign-in makes.

use std::sync::Barrier;

use serde_json::json;

use super::{as_calvin, asking, asking_with, company, events, grant, id_of, own, roles_of};
use crate::program::rolecall;
use crate::support::{Slapd, TULIP, a_person, a_role, changes};

fn calvin() -> crate::support::Entry {
    a_person("calvin")
        .and("givenName", "John")
        .but("sn", "Calvin")
        .but("cn", "John Calvin")
        .and("mail", "calvin@example.org")
}

#[test]
fn names_and_mail_come_from_the_entry() {
    let (_slapd, app) = company(&[calvin()]);
    let attributes = own(&as_calvin(&app));
    assert_eq!(attributes["name"], "John");
    assert_eq!(attributes["surname"], "Calvin");
    assert_eq!(attributes["full_name"], "John Calvin");
    assert_eq!(attributes["email"], "calvin@example.org");
    assert_eq!(attributes["is_active"], true);
    assert_eq!(attributes["is_staff"], false);
}

#[test]
fn what_is_not_valid_here_is_left_out() {
    let slapd = Slapd::with(&[a_person("calvin")
        .and("mail", "no address")
        .but("cn", &"x".repeat(300))]);
    let app = asking(&slapd);
    let attributes = own(&as_calvin(&app));
    assert_eq!(attributes["email"], json!(null));
    assert_eq!(attributes["full_name"], json!(null));
    assert_eq!(attributes["surname"], "calvin");
}

#[test]
fn other_attributes_can_be_mapped() {
    let slapd = Slapd::with(&[calvin().and("displayName", "Cal")]);
    let app = asking_with(&slapd, |settings| {
        settings.ldap.full_name_attribute = "DISPLAYNAME".into();
    });
    assert_eq!(own(&as_calvin(&app))["full_name"], "Cal");
}

#[test]
fn what_is_annotated_here_stays_at_the_next_sign_in() {
    let (_slapd, app) = company(&[calvin()]);
    as_calvin(&app).get("/home").expect(200);
    let id = id_of(&app, "calvin").unwrap();
    let renamed = changes(
        "users",
        &id,
        json!({"name": "Jean", "position": "Reformer"}),
    );
    app.admin()
        .patch(&format!("/users/{id}"), &renamed)
        .expect(200);
    super::forget(&app);
    let attributes = own(&as_calvin(&app));
    assert_eq!(attributes["name"], "Jean");
    assert_eq!(attributes["position"], "Reformer");
    assert_eq!(attributes["surname"], "Calvin");
}

#[test]
fn the_default_role_is_held_from_the_beginning_and_is_not_given_again() {
    let slapd = Slapd::with(&[a_person("calvin")]);
    let app = asking_with(&slapd, |settings| {
        settings.ldap.default_role = Some("reader".into());
    });
    let role = a_role().named("reader").create(&app);
    as_calvin(&app).get("/home").expect(200);
    assert_eq!(roles_of(&app, "calvin"), ["reader"]);
    let id = id_of(&app, "calvin").unwrap();
    let linkage = crate::support::linkage("roles", &[role.id]);
    let path = format!("/users/{id}/relationships/roles");
    app.admin().delete_with(&path, &linkage).expect(200);
    super::forget(&app);
    as_calvin(&app).get("/home").expect(200);
    assert!(roles_of(&app, "calvin").is_empty());
}

#[test]
fn a_default_role_that_is_not_there_or_makes_administrators_is_not_given() {
    for role in ["reader", "admin"] {
        let slapd = Slapd::with(&[a_person("calvin")]);
        let app = asking_with(&slapd, |settings| {
            settings.ldap.default_role = Some(role.into());
        });
        as_calvin(&app).get("/home").expect(200);
        assert!(roles_of(&app, "calvin").is_empty(), "{role}");
    }
}

#[test]
fn the_audit_log_tells_that_a_sign_in_by_ldap_made_the_record() {
    let slapd = Slapd::with(&[calvin()]);
    let app = asking_with(&slapd, |settings| {
        settings.ldap.default_role = Some("reader".into());
    });
    a_role().named("reader").create(&app);
    as_calvin(&app).get("/home").expect(200);
    let made = events(&app, "users").pop().unwrap();
    assert_eq!(made["verb"], "create");
    assert_eq!(made["actor"], "LDAP sign-in");
    assert_eq!(made["actor_id"], json!(null));
    assert_eq!(made["after"]["username"], "calvin");
    assert_eq!(made["after"]["external"], true);
    assert_eq!(made["after"]["email"], "calvin@example.org");
    assert!(!made.to_string().contains(TULIP));
    let given = events(&app, "grants").pop().unwrap();
    assert_eq!(given["verb"], "create");
    assert_eq!(given["actor"], "LDAP sign-in");
}

#[test]
fn many_first_sign_ins_at_the_same_time_make_one_record() {
    let slapd = Slapd::with(&[a_person("calvin")]);
    let app = asking_with(&slapd, |settings| {
        settings.ldap.default_role = Some("reader".into());
        settings.ldap.timeout_ms = 60_000;
    });
    a_role().named("reader").create(&app);
    let spellings = ["calvin", "Calvin", "CALVIN", "cALVIN", "calviN", "CalviN"];
    let barrier = Barrier::new(spellings.len());
    std::thread::scope(|scope| {
        for name in spellings {
            let (app, barrier) = (&app, &barrier);
            scope.spawn(move || {
                barrier.wait();
                assert_eq!(own(&app.basic(name, TULIP))["username"], "calvin");
            });
        }
    });
    let made = |kind| {
        let all = events(&app, kind);
        all.iter()
            .filter(|event| event["actor"] == "LDAP sign-in")
            .count()
    };
    assert_eq!((made("users"), made("grants")), (1, 1));
    assert_eq!(roles_of(&app, "calvin"), ["reader"]);
}

#[test]
fn a_user_whose_uname_is_taken_gets_another_uname() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    let attributes = json!({"username": "hobbes", "uname": "calvin", "password": TULIP});
    let hobbes = crate::support::a_new("users", attributes);
    app.admin().post("/users", &hobbes).expect(201);
    let attributes = own(&as_calvin(&app));
    assert_eq!(attributes["username"], "calvin");
    assert_eq!(attributes["uname"], "calvin-2");
}

#[test]
fn the_password_of_an_external_user_is_changed_in_ldap_alone() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    as_calvin(&app).get("/home").expect(200);
    let id = id_of(&app, "calvin").unwrap();
    let told = |answer: crate::support::Answer| {
        let error = answer.expect(400).errors()[0].clone();
        assert_eq!(error["source"]["pointer"], "/data/attributes/password");
        assert!(
            error["detail"].as_str().unwrap().contains("LDAP"),
            "{error}"
        );
    };
    let new = changes("users", &id, json!({"password": "a new password"}));
    told(app.admin().patch(&format!("/users/{id}"), &new));
    let own = json!({"password": "a new password", "old_password": TULIP});
    told(as_calvin(&app).patch("/auth/user", &changes("users", &id, own)));
    grant(&app, "calvin", "a new password").expect(401);
    grant(&app, "calvin", TULIP).expect(200);
}

#[test]
fn an_external_user_does_not_become_somebody_else_by_another_name() {
    let (_slapd, app) = company(&[a_person("calvin"), a_person("hobbes")]);
    as_calvin(&app).get("/home").expect(200);
    let id = id_of(&app, "calvin").unwrap();
    let renamed = changes("users", &id, json!({"username": "hobbes"}));
    as_calvin(&app).patch("/auth/user", &renamed).expect(403);
    let answer = app.admin().patch(&format!("/users/{id}"), &renamed);
    assert_eq!(answer.expect(400).pointers(), ["/data/attributes/username"]);
    // A whole record that is sent back names it, too.
    let same = changes("users", &id, json!({"username": "calvin", "name": "Jean"}));
    as_calvin(&app).patch("/auth/user", &same).expect(200);
}

#[test]
fn the_command_line_refuses_a_password_for_an_external_user() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    as_calvin(&app).get("/home").expect(200);
    let output = rolecall(&app.database, &["user", "password", "calvin"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("LDAP"), "{complaint}");
    assert!(output.stdout.is_empty());
}

#[test]
fn two_services_at_one_database_make_one_record() {
    let slapd = Slapd::with(&[a_person("calvin")]);
    let app = asking(&slapd);
    as_calvin(&app).get("/home").expect(200);
    // Another process knows nothing of what this one remembers.
    let other = crate::program::Running::with(
        &app.database,
        &slapd
            .environment()
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect::<Vec<_>>(),
    );
    let client = other.client("calvin", TULIP);
    assert_eq!(own(&client)["username"], "calvin");
    let made = events(&app, "users");
    let made = made
        .iter()
        .filter(|event| event["after"]["username"] == "calvin");
    assert_eq!(made.count(), 1);
}
