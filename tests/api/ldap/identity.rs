//! A user is an entry, whatever it is called: renamed there, it is the same record
//! here.

use serde_json::json;

use super::{
    as_calvin, asking, asking_with, company, events, forget, grant, id_of, own, program, roles_of,
    run,
};
use crate::support::{
    ADMIN_PASSWORD, Slapd, TULIP, TestApp, a_person, a_role, a_user, changes, linkage,
};

/// Signs in, and is given a role here.
#[track_caller]
fn comes_and_is_given_a_role(app: &TestApp, username: &str) -> String {
    app.basic(username, TULIP).get("/home").expect(200);
    let role = a_role().named("reader").create(app);
    let id = id_of(app, username).unwrap();
    let path = format!("/users/{id}/relationships/roles");
    let roles = linkage("roles", &[role.id]);
    app.admin().post(&path, &roles).expect(200);
    id
}

#[track_caller]
fn users(app: &TestApp) -> usize {
    app.admin().get("/users").expect(200).ids().len()
}

#[test]
fn a_user_who_is_renamed_there_is_the_same_user_with_the_same_roles() {
    for new in ["CASE", "john"] {
        let (slapd, app) = company(&[a_person("Case")]);
        let id = comes_and_is_given_a_role(&app, "Case");
        slapd.rename_person("Case", new);
        let attributes = own(&app.basic(new, TULIP));
        assert_eq!(attributes["username"], new);
        assert_eq!(id_of(&app, new), Some(id));
        assert_eq!(id_of(&app, "Case"), None);
        assert_eq!(roles_of(&app, new), ["reader"]);
        let told = events(&app, "users").pop().unwrap();
        assert_eq!(told["actor"], "LDAP sign-in");
        assert_eq!(told["before"], json!({"username": "Case"}));
        assert_eq!(told["after"], json!({"username": new}));
    }
}

#[test]
fn the_old_name_leads_nowhere() {
    let (slapd, app) = company(&[a_person("calvin")]);
    as_calvin(&app).get("/home").expect(200);
    slapd.rename_person("calvin", "john");
    app.basic("john", TULIP).get("/home").expect(200);
    as_calvin(&app).get("/home").expect(401);
    assert_eq!(users(&app), 2);
}

#[test]
fn neither_case_nor_a_new_name_undoes_a_deactivation_or_the_trash() {
    for new in ["CASE", "case", "john"] {
        for is_deleted in [false, true] {
            let (slapd, app) = company(&[a_person("Case")]);
            app.basic("Case", TULIP).get("/home").expect(200);
            let id = id_of(&app, "Case").unwrap();
            let path = format!("/users/{id}");
            if is_deleted {
                app.admin().delete(&path).expect(204);
            } else {
                let off = changes("users", &id, json!({"is_active": false}));
                app.admin().patch(&path, &off).expect(200);
            }
            slapd.rename_person("Case", new);
            for name in [new, "Case", "cASE"] {
                app.basic(name, TULIP).get("/home").expect(401);
                grant(&app, name, TULIP).expect(401);
            }
            let (_, out, told) = run(&mut program(&slapd, &app.database, &["ldap", "sync"]));
            assert!(out.is_empty() && told.contains("1 skipped"), "{out}{told}");
            assert_eq!(users(&app), if is_deleted { 1 } else { 2 });
        }
    }
}

/// As records were before entries had ids here.
fn forget_entries(app: &TestApp) {
    app.database.execute("UPDATE users SET ldap_id = NULL");
}

#[test]
fn a_record_from_before_is_known_by_its_name_in_any_case_and_by_its_entry_from_then_on() {
    for by_sync in [false, true] {
        let (slapd, app) = company(&[a_person("Case")]);
        let id = comes_and_is_given_a_role(&app, "Case");
        forget_entries(&app);
        slapd.rename_person("Case", "CASE");
        forget(&app);
        if by_sync {
            let (_, out, told) = run(&mut program(&slapd, &app.database, &["ldap", "sync"]));
            assert_eq!(out, "rename\tCase\tCASE\n", "{told}");
            forget(&app);
        }
        assert_eq!(own(&app.basic("case", TULIP))["username"], "CASE");
        slapd.rename_person("CASE", "john");
        assert_eq!(own(&app.basic("john", TULIP))["username"], "john");
        assert_eq!(id_of(&app, "john"), Some(id));
        assert_eq!(roles_of(&app, "john"), ["reader"]);
    }
}

#[test]
fn a_sync_notes_the_entry_of_who_is_kept_out_too() {
    let (slapd, app) = company(&[a_person("Case")]);
    app.basic("Case", TULIP).get("/home").expect(200);
    let id = id_of(&app, "Case").unwrap();
    let off = changes("users", &id, json!({"is_active": false}));
    app.admin().patch(&format!("/users/{id}"), &off).expect(200);
    forget_entries(&app);
    run(&mut program(&slapd, &app.database, &["ldap", "sync"]));
    slapd.rename_person("Case", "john");
    app.basic("john", TULIP).get("/home").expect(401);
    assert_eq!(users(&app), 2);
}

#[test]
fn an_internal_user_is_neither_joined_nor_shadowed_by_a_name_in_another_case() {
    let (slapd, app) = company(&[a_person("calvin")]);
    let calvin = a_user().named("CALVIN").with_password().create(&app);
    let refused = || {
        for name in ["calvin", "CALVIN", "Calvin"] {
            app.advance(600);
            app.basic(name, TULIP).get("/home").expect(401);
            grant(&app, name, TULIP).expect(401);
        }
    };
    refused();
    app.basic("CALVIN", ADMIN_PASSWORD).get("/home").expect(200);
    let (_, out, told) = run(&mut program(&slapd, &app.database, &["ldap", "sync"]));
    assert!(out.is_empty(), "{out}");
    assert!(told.contains("internal user"), "{told}");
    let arguments = ["ldap", "check", "--user", "calvin"];
    let (output, _, told) = run(&mut program(&slapd, &app.database, &arguments));
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("internal user"), "{told}");
    let off = json!({"is_active": false});
    let off = changes("users", calvin.id.to_string(), off);
    app.admin().patch(&calvin.path(), &off).expect(200);
    refused();
    assert_eq!(users(&app), 2);
}

#[test]
fn nor_by_a_user_who_is_renamed_there_to_that_name() {
    let (slapd, app) = company(&[a_person("calvin")]);
    as_calvin(&app).get("/home").expect(200);
    let id = id_of(&app, "calvin").unwrap();
    a_user().named("HOBBES").with_password().create(&app);
    slapd.rename_person("calvin", "hobbes");
    app.basic("hobbes", TULIP).get("/home").expect(401);
    let (_, out, told) = run(&mut program(&slapd, &app.database, &["ldap", "sync"]));
    assert!(out.is_empty(), "{out}");
    assert!(told.contains("Not renamed to \"hobbes\""), "{told}");
    assert_eq!(id_of(&app, "calvin"), Some(id));
    let arguments = ["ldap", "check", "--user", "hobbes"];
    let (_, out, _) = run(&mut program(&slapd, &app.database, &arguments));
    assert!(out.contains("stays \"calvin\""), "{out}");
}

#[test]
fn who_is_called_as_another_was_gets_in_and_the_name_follows_when_it_is_free() {
    let slapd = Slapd::with(&[
        a_person("calvin").but("userPassword", "the first of two"),
        a_person("hobbes").but("userPassword", "the second of two"),
    ]);
    let app = asking(&slapd);
    let comes = |name: &str, password: &str| {
        let own = own(&app.basic(name, password));
        own["username"].as_str().unwrap().to_owned()
    };
    assert_eq!(comes("calvin", "the first of two"), "calvin");
    assert_eq!(comes("hobbes", "the second of two"), "hobbes");
    slapd.rename_person("hobbes", "tiger");
    slapd.rename_person("calvin", "hobbes");
    assert_eq!(comes("hobbes", "the first of two"), "calvin");
    assert_eq!(comes("tiger", "the second of two"), "tiger");
    forget(&app);
    assert_eq!(comes("hobbes", "the first of two"), "hobbes");
    assert_eq!(users(&app), 3);
}

#[test]
fn what_was_remembered_of_a_name_does_not_lead_to_who_is_called_so_now() {
    let slapd = Slapd::with(&[
        a_person("calvin").but("userPassword", "the first of two"),
        a_person("hobbes").but("userPassword", "the second of two"),
    ]);
    let app = asking(&slapd);
    app.basic("calvin", "the first of two")
        .get("/home")
        .expect(200);
    app.basic("hobbes", "the second of two")
        .get("/home")
        .expect(200);
    slapd.rename_person("calvin", "john");
    app.basic("john", "the first of two")
        .get("/home")
        .expect(200);
    slapd.rename_person("hobbes", "calvin");
    app.basic("calvin", "the second of two")
        .get("/home")
        .expect(200);
    app.basic("calvin", "the first of two")
        .get("/home")
        .expect(401);
}

#[test]
fn a_sign_in_goes_on_under_the_new_name() {
    let (slapd, app) = company(&[a_person("calvin")]);
    let pair = grant(&app, "calvin", TULIP).expect(200).json();
    slapd.rename_person("calvin", "john");
    let renew = |pair: &serde_json::Value| {
        let token = &pair["meta"]["renew"];
        let renew = json!({"grant_type": "refresh_token", "refresh_token": token});
        app.anonymous().post("/auth", &renew)
    };
    let pair = renew(&pair).expect(200).json();
    slapd.remove_person("john");
    renew(&pair).expect(401);
}

#[test]
fn a_sync_renames_and_deactivates_nobody_for_it() {
    let (slapd, app) = company(&[a_person("calvin"), a_person("hobbes")]);
    run(&mut program(&slapd, &app.database, &["ldap", "sync"]));
    let id = id_of(&app, "calvin");
    slapd.rename_person("calvin", "john");
    slapd.rename_person("hobbes", "HOBBES");
    for flags in [&["--dry-run"][..], &[]] {
        let all = [&["ldap", "sync"], flags].concat();
        let (_, out, told) = run(&mut program(&slapd, &app.database, &all));
        let mut lines: Vec<&str> = out.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["rename\tcalvin\tjohn", "rename\thobbes\tHOBBES"]);
        assert!(told.contains("2 renamed, 0 deactivated"), "{told}");
    }
    app.advance(61);
    assert_eq!(id_of(&app, "john"), id);
    let (_, out, _) = run(&mut program(&slapd, &app.database, &["ldap", "sync"]));
    assert_eq!(out, "");
}

#[test]
fn without_ids_a_name_in_another_case_is_the_same_user() {
    for attribute in ["none", "employeeNumber"] {
        let slapd = Slapd::with(&[a_person("Case")]);
        let app = asking_with(&slapd, |settings| {
            settings.ldap.id_attribute = attribute.to_owned();
        });
        let id = comes_and_is_given_a_role(&app, "Case");
        slapd.rename_person("Case", "CASE");
        app.basic("CASE", TULIP).get("/home").expect(200);
        assert_eq!(id_of(&app, "CASE"), Some(id));
        assert_eq!(roles_of(&app, "CASE"), ["reader"]);
    }
}

#[test]
fn another_attribute_can_tell_who_somebody_is() {
    let slapd = Slapd::with(&[a_person("calvin").and("employeeNumber", "0042")]);
    let app = asking_with(&slapd, |settings| {
        settings.ldap.id_attribute = "employeeNumber".to_owned();
    });
    as_calvin(&app).get("/home").expect(200);
    let id = id_of(&app, "calvin");
    slapd.remove_person("calvin");
    slapd.add(&a_person("john").and("employeeNumber", "0042"));
    assert_eq!(own(&app.basic("john", TULIP))["username"], "john");
    assert_eq!(id_of(&app, "john"), id);
}
