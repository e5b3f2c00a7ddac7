//! Roles that follow groups.

use rolecall::config::{RoleSync, Settings};
use serde_json::json;

use super::{as_calvin, asking_with, events, forget, id_of, roles_of};
use crate::support::{
    Entry, Slapd, TestApp, a_group, a_person, a_role, changes, linkage, role_named,
};

fn following(sync: RoleSync) -> impl FnOnce(&mut Settings) {
    move |settings| settings.ldap.role_sync = sync
}

/// Calvin is in these groups; roles of these names exist.
fn calvin_in(
    groups: &[&str],
    roles: &[&str],
    change: impl FnOnce(&mut Settings),
) -> (Slapd, TestApp) {
    let mut entries: Vec<Entry> = vec![a_person("calvin")];
    entries.extend(groups.iter().map(|name| a_group(name, &["calvin"])));
    let slapd = Slapd::with(&entries);
    let app = asking_with(&slapd, change);
    for name in roles {
        a_role().named(name).create(&app);
    }
    (slapd, app)
}

#[track_caller]
fn calvin_comes_again(app: &TestApp) {
    forget(app);
    as_calvin(app).get("/home").expect(200);
}

#[test]
fn groups_mean_nothing_unless_roles_shall_follow_them() {
    let (_slapd, app) = calvin_in(&["Huguenots"], &["Huguenots"], |_| {});
    as_calvin(&app).get("/home").expect(200);
    assert!(roles_of(&app, "calvin").is_empty());
}

#[test]
fn a_group_gives_the_role_of_its_name_and_makes_none() {
    let (slapd, app) = calvin_in(
        &["Huguenots", "Marketing", "Nowhere"],
        &["Huguenots", "Marketing", "Sales"],
        following(RoleSync::First),
    );
    slapd.add(&a_group("Sales", &["hobbes"]));
    as_calvin(&app).get("/home").expect(200);
    assert_eq!(roles_of(&app, "calvin"), ["Huguenots", "Marketing"]);
    let named = app.admin().get("/roles?filter[name]=Nowhere").expect(200);
    assert!(named.ids().is_empty());
}

#[test]
fn at_the_first_sign_in_only_later_changes_of_groups_mean_nothing() {
    let (slapd, app) = calvin_in(
        &["Huguenots"],
        &["Huguenots", "Marketing"],
        following(RoleSync::First),
    );
    as_calvin(&app).get("/home").expect(200);
    slapd.remove_from_group("Huguenots", "calvin");
    slapd.add(&a_group("Marketing", &["calvin"]));
    calvin_comes_again(&app);
    assert_eq!(roles_of(&app, "calvin"), ["Huguenots"]);
}

#[test]
fn at_every_sign_in_roles_come_and_go_with_groups() {
    let (slapd, app) = calvin_in(
        &["Huguenots"],
        &["Huguenots", "Marketing"],
        following(RoleSync::Every),
    );
    as_calvin(&app).get("/home").expect(200);
    slapd.remove_from_group("Huguenots", "calvin");
    slapd.add(&a_group("Marketing", &["calvin"]));
    // Until what is remembered ends.
    as_calvin(&app).get("/home").expect(200);
    assert_eq!(roles_of(&app, "calvin"), ["Huguenots"]);
    calvin_comes_again(&app);
    assert_eq!(roles_of(&app, "calvin"), ["Marketing"]);
    let told: Vec<_> = events(&app, "grants")
        .iter()
        .map(|event| (event["verb"].to_string(), event["actor"].to_string()))
        .collect();
    let by_ldap = |verb: &str| (format!("{verb:?}"), "\"LDAP sign-in\"".to_owned());
    assert_eq!(
        told[told.len() - 3..],
        [by_ldap("create"), by_ldap("create"), by_ldap("delete")]
    );
}

#[test]
fn nothing_is_written_when_nothing_changes() {
    let (_slapd, app) = calvin_in(&["Huguenots"], &["Huguenots"], following(RoleSync::Every));
    as_calvin(&app).get("/home").expect(200);
    let before = events(&app, "grants").len() + events(&app, "users").len();
    calvin_comes_again(&app);
    assert_eq!(
        events(&app, "grants").len() + events(&app, "users").len(),
        before
    );
}

#[test]
fn roles_that_were_given_here_stay() {
    let (slapd, app) = calvin_in(
        &["Huguenots", "Marketing"],
        &["Huguenots", "Sales"],
        following(RoleSync::Every),
    );
    as_calvin(&app).get("/home").expect(200);
    let id = id_of(&app, "calvin").unwrap();
    let sales = role_named(&app, "Sales");
    let path = format!("/users/{id}/relationships/roles");
    app.admin()
        .post(&path, &linkage("roles", &[sales.id]))
        .expect(200);
    slapd.remove_from_group("Huguenots", "calvin");
    calvin_comes_again(&app);
    assert_eq!(roles_of(&app, "calvin"), ["Sales"]);
}

#[test]
fn a_grant_that_somebody_changed_here_is_theirs() {
    let (slapd, app) = calvin_in(&["Huguenots"], &["Huguenots"], following(RoleSync::Every));
    as_calvin(&app).get("/home").expect(200);
    let id = id_of(&app, "calvin").unwrap();
    let grant = app
        .admin()
        .get(&format!("/grants?filter[user]={id}"))
        .expect(200)
        .ids()[0]
        .clone();
    let set = |attributes| {
        let document = changes("grants", &grant, attributes);
        app.admin()
            .patch(&format!("/grants/{grant}"), &document)
            .expect(200);
    };
    // Switched off here, it stays off, though the group is still there.
    set(json!({"is_active": false}));
    calvin_comes_again(&app);
    assert!(roles_of(&app, "calvin").is_empty());
    set(json!({"is_active": true}));
    slapd.remove_from_group("Huguenots", "calvin");
    calvin_comes_again(&app);
    assert_eq!(roles_of(&app, "calvin"), ["Huguenots"]);
}

#[test]
fn groups_can_be_found_by_a_matching_rule() {
    let (_slapd, app) = calvin_in(&["Huguenots"], &["Huguenots"], |settings| {
        settings.ldap.role_sync = RoleSync::Every;
        settings.ldap.group_attribute = "member:distinguishedNameMatch:".into();
    });
    as_calvin(&app).get("/home").expect(200);
    assert_eq!(roles_of(&app, "calvin"), ["Huguenots"]);
}

#[test]
fn a_role_that_is_held_in_a_place_follows_no_group() {
    let (_slapd, app) = calvin_in(&["Watch", "IP_ADMIN"], &[], following(RoleSync::Every));
    a_role().named("Watch").held_in("cluster").create(&app);
    as_calvin(&app).get("/home").expect(200);
    let id = id_of(&app, "calvin").unwrap();
    let grants = app
        .admin()
        .get(&format!("/grants?filter[user]={id}"))
        .expect(200);
    assert!(grants.ids().is_empty());
}

/// A role that contains `admin`.
fn mighty(app: &TestApp) {
    let role = a_role().named("mighty").create(app);
    let path = format!("{}/relationships/includes", role.path());
    app.admin().post(&path, &linkage("roles", &[1])).expect(200);
}

#[test]
fn no_group_makes_an_administrator_unless_that_is_allowed() {
    let (_slapd, app) = calvin_in(&["admin", "mighty"], &[], following(RoleSync::Every));
    mighty(&app);
    as_calvin(&app).get("/events").expect(403);
    assert!(roles_of(&app, "calvin").is_empty());
}

#[test]
fn with_leave_a_group_makes_administrators_and_unmakes_them() {
    let (slapd, app) = calvin_in(&["admin", "mighty"], &[], |settings| {
        settings.ldap.role_sync = RoleSync::Every;
        settings.ldap.grant_admin = true;
    });
    mighty(&app);
    as_calvin(&app).get("/events").expect(200);
    assert_eq!(roles_of(&app, "calvin"), ["admin", "mighty"]);
    slapd.remove_from_group("admin", "calvin");
    slapd.remove_from_group("mighty", "calvin");
    calvin_comes_again(&app);
    as_calvin(&app).get("/events").expect(403);
}

#[test]
fn the_last_administrator_remains_one_whatever_ldap_says() {
    let (slapd, app) = calvin_in(&["admin"], &[], |settings| {
        settings.ldap.role_sync = RoleSync::Every;
        settings.ldap.grant_admin = true;
    });
    as_calvin(&app).get("/events").expect(200);
    let off = changes("users", 1, json!({"is_active": false}));
    as_calvin(&app).patch("/users/1", &off).expect(200);
    slapd.remove_from_group("admin", "calvin");
    forget(&app);
    as_calvin(&app).get("/events").expect(200);
}

#[test]
fn of_whoever_has_too_many_groups_no_role_is_taken() {
    let (slapd, app) = calvin_in(&["Huguenots"], &["Huguenots"], |settings| {
        settings.ldap.role_sync = RoleSync::Every;
        settings.ldap.max_groups = 1;
    });
    as_calvin(&app).get("/home").expect(200);
    slapd.remove_from_group("Huguenots", "calvin");
    slapd.add(&a_group("Marketing", &["calvin"]));
    slapd.add(&a_group("Sales", &["calvin"]));
    calvin_comes_again(&app);
    assert_eq!(roles_of(&app, "calvin"), ["Huguenots"]);
}

#[test]
fn of_several_names_of_a_group_the_one_in_its_dn_gives_the_role() {
    let named = |dn: &str, names: &[&str]| {
        let (first, rest) = names.split_first().unwrap();
        let group = a_group("x", &["calvin"]).but("cn", first);
        let group = rest.iter().fold(group, |group, name| group.and("cn", name));
        group.at(&format!("{dn},ou=groups"))
    };
    let slapd = Slapd::with(&[
        a_person("calvin"),
        named("cn=g-two", &["g-alias", "g-two"]),
        named("cn=G-Three", &["a-three", "g-three", "b-three"]),
        named("cn=g-four+ou=x", &["a-four", "g-four"]).and("ou", "x"),
        named("ou=y+cn=g-five", &["a-five", "g-five"]).and("ou", "y"),
        named(r"cn=g\, six", &["a-six", "g, six"]),
        named(r"cn=g\2Bseven", &["a-seven", "g+seven"]),
        named("cn=g-ö", &["a-ö", "g-ö"]),
        named("ou=z", &["only"]).and("ou", "z"),
        named("ou=q", &["one", "two"]).and("ou", "q"),
    ]);
    let app = asking_with(&slapd, following(RoleSync::First));
    let wanted = [
        "g+seven", "g, six", "g-five", "g-four", "g-three", "g-two", "g-ö", "only",
    ];
    let aliases = [
        "a-five", "a-four", "a-seven", "a-six", "a-three", "a-ö", "b-three", "g-alias", "one",
        "two",
    ];
    for name in wanted.iter().chain(&aliases) {
        a_role().named(name).create(&app);
    }
    as_calvin(&app).get("/home").expect(200);
    assert_eq!(roles_of(&app, "calvin"), wanted);
}
