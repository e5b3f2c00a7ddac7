//! A name that somebody else has by now gives nobody the record of who had it.

use serde_json::{Value, json};

use super::{as_calvin, company, forget, grant, id_of, own, program, roles_of, run};
use crate::bulk::{export, import};
use crate::support::{Slapd, TULIP, TestApp, TestDatabase, a_person, a_role, linkage};

const NEW: &str = "another person";

/// Calvin came, holds a role, and left; somebody else is called so now.
fn a_successor() -> (Slapd, TestApp, String) {
    let (slapd, app) = company(&[a_person("calvin"), a_person("hobbes"), a_person("susie")]);
    run(&mut program(&slapd, &app.database, &["ldap", "sync"]));
    let role = a_role().named("reader").create(&app);
    let id = id_of(&app, "calvin").unwrap();
    let path = format!("/users/{id}/relationships/roles");
    let roles = linkage("roles", &[role.id]);
    app.admin().post(&path, &roles).expect(200);
    slapd.remove_person("calvin");
    slapd.add(&a_person("calvin").but("userPassword", NEW));
    (slapd, app, id)
}

fn sync(slapd: &Slapd, app: &TestApp, flags: &[&str]) -> (String, String) {
    let all = [&["ldap", "sync"], flags].concat();
    let (_, out, told) = run(&mut program(slapd, &app.database, &all));
    app.advance(61);
    (out, told)
}

#[test]
fn a_successor_does_not_inherit_the_record() {
    let (slapd, app, id) = a_successor();
    for name in ["calvin", "CALVIN"] {
        app.basic(name, NEW).get("/home").expect(401);
        grant(&app, name, NEW).expect(401);
    }
    let arguments = ["ldap", "check", "--user", "calvin"];
    let (output, _, told) = run(&mut program(&slapd, &app.database, &arguments));
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("another entry"), "{told}");
    // Who left is deactivated; the successor waits for somebody to decide.
    let (out, told) = sync(&slapd, &app, &[]);
    assert_eq!(out, "deactivate\tcalvin\t\n", "{told}");
    assert!(told.contains("another entry"), "{told}");
    app.basic("calvin", NEW).get("/home").expect(401);
    let (out, _) = sync(&slapd, &app, &[]);
    assert_eq!(out, "");
    // The record of who left goes, and the successor gets one without roles.
    app.admin().delete(&format!("/users/{id}")).expect(204);
    app.admin()
        .delete(&format!("/trash/users/{id}"))
        .expect(204);
    assert_eq!(own(&app.basic("calvin", NEW))["username"], "calvin");
    assert_ne!(id_of(&app, "calvin"), Some(id));
    assert!(roles_of(&app, "calvin").is_empty());
}

#[test]
fn a_successor_does_not_go_on_with_the_sign_in_of_who_left() {
    let (slapd, app) = company(&[a_person("calvin")]);
    let pair = grant(&app, "calvin", TULIP).expect(200).json();
    slapd.remove_person("calvin");
    slapd.add(&a_person("calvin"));
    let renew = json!({"grant_type": "refresh_token", "refresh_token": pair["meta"]["renew"]});
    app.anonymous().post("/auth", &renew).expect(401);
}

#[test]
fn after_a_move_to_another_server_records_are_given_to_the_entries_of_the_same_names() {
    let (slapd, app) = company(&[a_person("calvin"), a_person("hobbes")]);
    sync(&slapd, &app, &[]);
    let id = id_of(&app, "calvin");
    for uid in ["calvin", "hobbes"] {
        slapd.remove_person(uid);
    }
    slapd.add(&a_person("Calvin"));
    slapd.add(&a_person("hobbes"));
    let (_, told) = sync(&slapd, &app, &[]);
    assert!(told.contains("ldap.sync_max_deactivated_percent"), "{told}");
    as_calvin(&app).get("/home").expect(401);
    let (out, told) = sync(&slapd, &app, &["--adopt"]);
    assert_eq!(out, "rename\tcalvin\tCalvin\n", "{told}");
    as_calvin(&app).get("/home").expect(200);
    assert_eq!(id_of(&app, "Calvin"), id);
    slapd.rename_person("hobbes", "tiger");
    app.basic("tiger", TULIP).get("/home").expect(200);
}

#[test]
fn an_export_keeps_who_somebody_is() {
    let (slapd, app) = company(&[a_person("calvin"), a_person("hobbes")]);
    sync(&slapd, &app, &[]);
    let said = export(&app.database, &["--kind", "users"]);
    let rows = said.rows();
    let id_in = |rows: &[Value], name: &str| {
        let row = rows.iter().find(|row| row["username"] == name).unwrap();
        row["ldap_id"].as_str().map(str::to_owned)
    };
    assert!(id_in(&rows, "calvin").is_some());
    assert_eq!(id_in(&rows, "admin"), None);
    let other = TestApp::with(|settings| slapd.asked_by(settings));
    let text: String = rows
        .iter()
        .filter(|row| row["external"] == true)
        .map(|row| format!("{row}\n"))
        .collect();
    import(&other.database, &text, &[]).well();
    let again = export(&other.database, &["--kind", "users"]).rows();
    assert_eq!(id_in(&again, "calvin"), id_in(&rows, "calvin"));
    slapd.rename_person("calvin", "john");
    assert_eq!(own(&other.basic("john", TULIP))["username"], "john");
    assert_eq!(id_of(&other, "calvin"), None);
    forget(&app);
}

#[test]
fn an_import_takes_an_entry_once_and_for_external_users_only() {
    let database = TestDatabase::migrated();
    let row = |name: &str, external: bool| {
        let row =
            json!({"kind": "users", "username": name, "external": external, "ldap_id": "same"});
        format!("{row}\n")
    };
    let text = [row("a1", true), row("a2", true), row("a3", false)].concat();
    let said = import(&database, &text, &[]).badly();
    for told in ["line 2: ldap_id: ", "line 3: ldap_id: "] {
        assert!(said.err.contains(told), "{}", said.err);
    }
    let said = import(&database, row("a4", true), &[]).badly();
    assert!(said.err.contains("line 1: ldap_id: "), "{}", said.err);
}
