//! `rolecall ldap sync`: everybody at once.

use std::process::Output;

use rolecall::config::RoleSync;
use serde_json::json;

use super::{as_calvin, asking_with, events, grant, id_of, program, roles_of, run};
use crate::support::{Slapd, TULIP, TestApp, a_group, a_person, a_role, a_user};

/// Runs it beside the service, with settings that it shares.
fn sync(slapd: &Slapd, app: &TestApp, arguments: &[&str]) -> (Output, Vec<String>, String) {
    let all: Vec<&str> = ["ldap", "sync"].iter().chain(arguments).copied().collect();
    let mut command = program(slapd, &app.database, &all);
    command
        .env("ROLECALL_LDAP_ROLE_SYNC", "every")
        .env("ROLECALL_LDAP_PAGE_SIZE", "3");
    let (output, out, complaint) = run(&mut command);
    let mut lines: Vec<String> = out.lines().map(str::to_owned).collect();
    lines.sort();
    // The service believes what another process changed after a few seconds.
    app.advance(61);
    (output, lines, complaint)
}

fn shop() -> (Slapd, TestApp) {
    let people = ["calvin", "hobbes", "susie", "moe"].map(a_person);
    let mut entries = Vec::from(people);
    entries.push(a_group("Huguenots", &["calvin", "susie"]));
    let slapd = Slapd::with(&entries);
    let app = asking_with(&slapd, |settings| settings.ldap.role_sync = RoleSync::Every);
    a_role().named("Huguenots").create(&app);
    (slapd, app)
}

const MADE: [&str; 6] = [
    "create\tcalvin\t",
    "create\thobbes\t",
    "create\tmoe\t",
    "create\tsusie\t",
    "give\tcalvin\tHuguenots",
    "give\tsusie\tHuguenots",
];

#[test]
fn everybody_gets_a_record_and_the_roles_of_their_groups() {
    let (slapd, app) = shop();
    let (output, lines, told) = sync(&slapd, &app, &[]);
    assert!(output.status.success(), "{told}");
    assert_eq!(lines, MADE);
    assert!(
        told.contains("4 users in LDAP, 4 records made, 2 roles given"),
        "{told}"
    );
    assert_eq!(roles_of(&app, "susie"), ["Huguenots"]);
    let made = events(&app, "users").pop().unwrap();
    assert_eq!(made["actor"], "LDAP sync");
    assert_eq!(made["actor_id"], json!(null));
    as_calvin(&app).get("/home").expect(200);
    // Once more there is nothing to do.
    let (_, lines, _) = sync(&slapd, &app, &[]);
    assert!(lines.is_empty(), "{lines:?}");
}

#[test]
fn a_dry_run_tells_the_same_and_changes_nothing() {
    let (slapd, app) = shop();
    let (output, lines, told) = sync(&slapd, &app, &["--dry-run"]);
    assert!(output.status.success());
    assert_eq!(lines, MADE);
    assert!(told.starts_with("Nothing was changed"), "{told}");
    assert_eq!(id_of(&app, "calvin"), None);
    sync(&slapd, &app, &[]);
    slapd.remove_person("moe");
    let (_, lines, _) = sync(&slapd, &app, &["--dry-run"]);
    assert_eq!(lines, ["deactivate\tmoe\t"]);
    app.basic("hobbes", TULIP).get("/home").expect(200);
    let id = id_of(&app, "moe").unwrap();
    let moe = app.admin().get(&format!("/users/{id}")).expect(200).data();
    assert_eq!(moe["attributes"]["is_active"], true);
}

#[test]
fn whoever_is_gone_from_ldap_is_deactivated_and_signed_out() {
    let (slapd, app) = shop();
    let internal = a_user().with_password().create(&app);
    sync(&slapd, &app, &[]);
    let pair = grant(&app, "calvin", TULIP).expect(200).json();
    let jwt = pair["meta"]["jwt"].as_str().unwrap().to_owned();
    let id = id_of(&app, "calvin").unwrap();
    let token = app.token_of(id.parse().unwrap(), None);
    slapd.remove_person("calvin");
    let (output, lines, _) = sync(&slapd, &app, &[]);
    assert!(output.status.success());
    assert_eq!(lines, ["deactivate\tcalvin\t"]);
    app.token(&jwt).get("/home").expect(401);
    app.token(&token).get("/home").expect(401);
    let told = events(&app, "users").pop().unwrap();
    assert_eq!(
        (&told["verb"], &told["actor"]),
        (&json!("update"), &json!("LDAP sync"))
    );
    assert_eq!(told["after"], json!({"is_active": false}));
    let kept = app.admin().get(&internal.path()).expect(200).data();
    assert_eq!(kept["attributes"]["is_active"], true);
    // Whoever comes back stays out until somebody here lets them in.
    slapd.add(&a_person("calvin"));
    let (_, lines, told) = sync(&slapd, &app, &[]);
    assert!(
        lines.is_empty() && told.contains("the record here is inactive"),
        "{told}"
    );
    as_calvin(&app).get("/home").expect(401);
}

#[test]
fn roles_that_no_group_gives_any_more_are_taken() {
    let (slapd, app) = shop();
    sync(&slapd, &app, &[]);
    slapd.remove_from_group("Huguenots", "susie");
    let (_, lines, _) = sync(&slapd, &app, &[]);
    assert_eq!(lines, ["take\tsusie\tHuguenots"]);
    assert!(roles_of(&app, "susie").is_empty());
}

#[test]
fn a_server_that_shows_nobody_deactivates_nobody_without_force() {
    let (slapd, app) = shop();
    sync(&slapd, &app, &[]);
    for uid in ["calvin", "hobbes", "susie", "moe"] {
        slapd.remove_person(uid);
    }
    let (output, lines, told) = sync(&slapd, &app, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(lines.is_empty());
    assert!(told.contains("ldap.sync_max_deactivated_percent"), "{told}");
    let (output, lines, _) = sync(&slapd, &app, &["--force"]);
    assert!(output.status.success());
    assert_eq!(lines.len(), 4);
}

#[test]
fn an_internal_user_of_the_same_name_is_left_alone() {
    let (slapd, app) = shop();
    let calvin = a_user().named("calvin").create(&app);
    let (output, lines, told) = sync(&slapd, &app, &[]);
    assert!(output.status.success());
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(
        told.contains("Skipped \"calvin\": the name is that of an internal user"),
        "{told}"
    );
    let kept = app.admin().get(&calvin.path()).expect(200).data();
    assert_eq!(kept["attributes"]["external"], false);
}

#[test]
fn a_part_of_the_users_is_not_taken_for_all() {
    let (slapd, app) = shop();
    sync(&slapd, &app, &[]);
    let mut command = program(&slapd, &app.database, &["ldap", "sync"]);
    command.env("ROLECALL_LDAP_SYNC_MAX_USERS", "3");
    let (output, _, told) = run(&mut command);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("ldap.sync_max_users"), "{told}");
    assert!(id_of(&app, "moe").is_some());
}

#[test]
fn a_server_that_is_down_changes_nothing() {
    let (mut slapd, app) = shop();
    sync(&slapd, &app, &[]);
    slapd.stop();
    let (output, lines, told) = sync(&slapd, &app, &["--force"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(lines.is_empty() && told.contains("LDAP: "), "{told}");
    slapd.start();
    as_calvin(&app).get("/home").expect(200);
}

#[test]
fn entries_that_cannot_be_users_are_skipped_and_named() {
    let slapd = Slapd::with(&[
        a_person("calvin"),
        a_person("two words"),
        a_person("several")
            .at("cn=several,ou=people")
            .and("uid", "names"),
    ]);
    let app = asking_with(&slapd, |_| {});
    let (output, lines, told) = sync(&slapd, &app, &[]);
    assert!(output.status.success());
    assert_eq!(lines, ["create\tcalvin\t"]);
    assert!(
        told.contains("uid=two words") && told.contains("cn=several"),
        "{told}"
    );
    assert!(told.contains("2 skipped"), "{told}");
}
