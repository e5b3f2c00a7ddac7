//! Who does not come in, and hears nothing by which names could be told apart.

use rolecall::directory::users::UserChanges;
use serde_json::json;

use super::{as_calvin, asking, asking_with, company, forget, grant, id_of};
use crate::support::{
    ADMIN_PASSWORD, Slapd, TULIP, TestApp, a_person, a_user, changes, eventually,
};

/// Basic and the grant say the same.
#[track_caller]
fn refused(app: &TestApp, username: &str, password: &str) {
    app.basic(username, password).get("/home").expect(401);
    grant(app, username, password).expect(401);
}

#[test]
fn a_name_is_never_a_part_of_the_filter() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    for name in [
        "*",
        "cal*",
        "*)(uid=*",
        "calvin)(|(uid=*",
        "calvin)(objectClass=*",
        "calvin\\2a",
        "calvin\u{0}",
        "",
    ] {
        grant(&app, name, TULIP).expect(401);
    }
    for name in ["*", "*)(uid=*", "calvin)(|(uid=*"] {
        refused(&app, name, TULIP);
    }
    as_calvin(&app).get("/home").expect(200);
}

#[test]
fn an_empty_password_proves_nothing() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    for password in ["", "\u{0}", "\u{0}tulips forever", "tulips forever\u{0}"] {
        refused(&app, "calvin", password);
    }
    assert_eq!(id_of(&app, "calvin"), None);
}

#[test]
fn two_entries_of_one_name_are_nobody() {
    let slapd = Slapd::with(&[
        a_person("twin"),
        a_person("twin").at("cn=other,ou=people").but("cn", "other"),
    ]);
    let app = asking(&slapd);
    refused(&app, "twin", TULIP);
    assert_eq!(id_of(&app, "twin"), None);
}

#[test]
fn whoever_the_filter_leaves_out_is_nobody() {
    let slapd = Slapd::with(&[
        a_person("calvin").and("employeeType", "staff"),
        a_person("hobbes"),
    ]);
    let app = asking_with(&slapd, |settings| {
        settings.ldap.filter = Some("(employeeType=staff)".into());
    });
    as_calvin(&app).get("/home").expect(200);
    refused(&app, "hobbes", TULIP);
}

#[test]
fn whoever_is_outside_the_users_directory_is_nobody() {
    let slapd = Slapd::with(&[a_person("calvin").at("uid=calvin,ou=groups")]);
    let app = asking(&slapd);
    refused(&app, "calvin", TULIP);
}

#[test]
fn an_unknown_name_is_answered_like_a_wrong_password() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    let internal = a_user().with_password().create(&app);
    let of = |username: &str| {
        let answer = grant(&app, username, "roses").expect(401);
        let mut error = answer.errors()[0].clone();
        error.as_object_mut().unwrap().remove("id");
        error
    };
    let unknown = of("nobody");
    assert_eq!(of("calvin"), unknown);
    assert_eq!(of(&internal.username), unknown);
}

#[test]
fn an_internal_name_is_never_looked_up_in_ldap() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    let calvin = a_user().named("calvin").with_password().create(&app);
    refused(&app, "calvin", TULIP);
    app.basic("calvin", ADMIN_PASSWORD).get("/home").expect(200);
    // Nor by another way to write it, which LDAP takes for the same.
    refused(&app, "CALVIN", TULIP);
    let off = changes("users", calvin.id, json!({"is_active": false}));
    app.admin().patch(&calvin.path(), &off).expect(200);
    refused(&app, "calvin", TULIP);
    refused(&app, "Calvin", TULIP);
}

#[test]
fn an_internal_user_without_a_password_does_not_become_external() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    a_user().named("calvin").create(&app);
    refused(&app, "calvin", TULIP);
}

#[test]
fn whoever_is_deactivated_here_stays_out_though_ldap_says_yes() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    let pair = grant(&app, "calvin", TULIP).expect(200).json();
    let id = id_of(&app, "calvin").unwrap();
    let off = changes("users", &id, json!({"is_active": false}));
    app.admin().patch(&format!("/users/{id}"), &off).expect(200);
    // At once: not even what was remembered lets them in.
    for name in ["calvin", "Calvin"] {
        refused(&app, name, TULIP);
    }
    let renew = json!({"grant_type": "refresh_token", "refresh_token": pair["meta"]["renew"]});
    app.anonymous().post("/auth", &renew).expect(401);
    forget(&app);
    refused(&app, "calvin", TULIP);
}

#[test]
fn whoever_is_in_the_trash_stays_out_and_nobody_is_made_anew() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    as_calvin(&app).get("/home").expect(200);
    let id = id_of(&app, "calvin").unwrap();
    app.admin().delete(&format!("/users/{id}")).expect(204);
    refused(&app, "calvin", TULIP);
    refused(&app, "Calvin", TULIP);
}

#[test]
fn the_name_of_an_internal_user_in_the_trash_is_free_for_somebody_from_ldap() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    let gone = a_user().named("calvin").with_password().create(&app);
    refused(&app, "calvin", TULIP);
    app.admin().delete(&gone.path()).expect(204);
    as_calvin(&app).get("/home").expect(200);
    assert_ne!(id_of(&app, "calvin").unwrap(), gone.id.to_string());
}

#[test]
fn a_name_that_cannot_be_a_username_here_does_not_come_in() {
    let slapd = Slapd::with(&[a_person("two words")]);
    let app = asking(&slapd);
    refused(&app, "two words", TULIP);
}

#[test]
fn guesses_are_counted_for_the_user_however_the_name_is_written() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    let spellings = [
        "calvin", "Calvin", "cAlvin", "caLvin", "calVin", "calvIn", "calviN",
    ];
    let mut guesses = spellings.iter().cycle();
    eventually("guessing has to wait", || {
        let name = guesses.next().unwrap();
        app.basic(name, "roses").get("/home").status == 429
    });
    // Not even the right one is told now, in a spelling that was never tried.
    app.basic("CALVIN", TULIP).get("/home").expect(429);
    app.advance(600);
    app.basic("CALVIN", TULIP).get("/home").expect(200);
}

#[test]
fn without_ldap_an_external_record_lets_nobody_in() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    app.basic(&user.username, ADMIN_PASSWORD)
        .get("/home")
        .expect(200);
    app.inside(async |directory, context| {
        use rolecall::directory::listing::Visibility;
        use rolecall::directory::permissions::PrivilegeCeiling;
        use rolecall::directory::users::UpdateUser;
        let update = UpdateUser {
            id: user.id,
            expected: Default::default(),
            visible: Visibility::All,
            changes: UserChanges {
                external: Some(true),
                ..UserChanges::default()
            },
            roles: None,
            ceiling: PrivilegeCeiling::Everything,
            may_set_flags: true,
            may_rename: true,
            is_password_confirmed: false,
            end_tokens: None,
        };
        directory.write(context, update).await
    });
    refused(&app, &user.username, ADMIN_PASSWORD);
}
