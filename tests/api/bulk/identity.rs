//! Export, import into an empty directory, export: the same bytes, whatever made
//! the records, in every format, on both databases and from one to the other.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rolecall::config::{RoleSync, Settings};
use serde_json::{Value, json};

use super::{export, import, lines, run};
use crate::program::rolecall;
use crate::support::{
    Beside, Client, Entry, Slapd, TULIP, TestApp, TestDatabase, a_cluster, a_group, a_new,
    a_partner, a_person, a_role, a_user, a_workspace, changes, linkage, role_named,
};

/// The kinds of rows, each before those that refer to it.
const KINDS: [&str; 6] = [
    "workspaces",
    "clusters",
    "roles",
    "partners",
    "users",
    "grants",
];

/// Tells the first line that differs.
#[track_caller]
fn same(found: &str, wanted: &str) {
    for (found, wanted) in found.lines().zip(wanted.lines()) {
        assert_eq!(found, wanted);
    }
    assert_eq!(found, wanted);
}

/// Exports into an empty directory of the same kind, into one on SQLite, from
/// there back, and as tables.
#[track_caller]
fn comes_back(first: &TestDatabase) -> String {
    let all = ["--with-password-hashes"];
    let written = export(first, &all).out;
    let into = |other: &TestDatabase, text: &str| {
        import(other, text, &["--all-or-nothing"]).well();
        same(&export(other, &all).out, &written);
    };
    into(&TestDatabase::migrated(), &written);
    let elsewhere = TestDatabase::on_sqlite();
    into(&elsewhere, &written);
    into(&TestDatabase::migrated(), &export(&elsewhere, &all).out);
    let table = TestDatabase::migrated();
    for kind in KINDS {
        let csv = ["--kind", kind, "--format", "csv"];
        let cells = export(first, &[&csv[..], &all].concat()).out;
        import(&table, &cells, &csv).well();
        same(&export(&table, &[&csv[..], &all].concat()).out, &cells);
    }
    same(&export(&table, &all).out, &written);
    // The same file a second time changes nothing.
    let again = import(&table, &written, &[]).well().out;
    assert!(
        !again.contains(" 1 created") && !again.contains(" 1 updated"),
        "{again}"
    );
    written
}

#[test]
fn places_and_partners_of_one_name_are_told_apart() {
    let app = TestApp::start();
    let kenya = a_workspace().coded("KEN").create(&app);
    let twins = [0, 1].map(|_| {
        a_cluster()
            .within(&kenya)
            .titled("Wells")
            .about("wash")
            .create(&app)
    });
    // The same text for a code with a slash and for a title with one.
    let slashed = a_workspace().coded("KEN/wash").create(&app);
    let other = a_workspace().coded("W").create(&app);
    let odd = a_cluster()
        .within(&slashed)
        .titled("x")
        .about("wash")
        .create(&app);
    let even = a_cluster()
        .within(&kenya)
        .titled("wash/x")
        .about("wash")
        .create(&app);
    let plain = a_cluster()
        .within(&other)
        .titled("x")
        .about("wash")
        .create(&app);
    let partners = ["Relief", "Relief", "V-1", "{\"title\":\"Relief\"}", "{"].map(|title| {
        a_partner()
            .titled(title)
            .working_in(&twins[1])
            .working_in(&odd)
            .create(&app)
    });
    let numbered = ["V-1", "{\"vendor_number\":\"V-1\"}"].map(|number| {
        let set = |changes: &mut rolecall::directory::partners::PartnerChanges| {
            changes.vendor_number = Some(Some(number.to_owned()));
        };
        a_partner().titled("Relief").with(set).create(&app)
    });
    let role = a_role().held_in("cluster").create(&app);
    for cluster in twins.iter().chain([&odd, &even, &plain]) {
        let user = a_user().create(&app);
        user.grant_in(&app, &role, cluster.place());
    }
    for partner in partners.iter().chain(&numbered) {
        a_user().of_partner(partner).create(&app);
    }
    let written = comes_back(&app.database);
    // Only those that need it are named by fields.
    let rows: Vec<Value> = written
        .lines()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    let of = |field: &str, kind: &str| -> Vec<Value> {
        let rows = rows.iter().filter(|row| row["kind"] == kind);
        rows.map(|row| row[field].clone())
            .filter(|value| !value.is_null())
            .collect()
    };
    let exact = |title: &str, code: &str| json!({"workspace": code, "cluster_type": "wash", "title": title});
    let mut second = exact("Wells", "KEN");
    second["number"] = json!(2);
    let clusters = [
        exact("Wells", "KEN"),
        second,
        exact("x", "KEN/wash"),
        exact("wash/x", "KEN"),
        json!("W/wash/x"),
    ];
    assert_eq!(of("cluster", "grants"), clusters);
    assert_eq!(
        of("partner", "users"),
        [
            json!({"title": "Relief"}),
            json!({"title": "Relief", "number": 2}),
            json!({"title": "V-1"}),
            json!({"title": "{\"title\":\"Relief\"}"}),
            json!({"title": "{"}),
            json!("V-1"),
            json!({"vendor_number": "{\"vendor_number\":\"V-1\"}"}),
        ]
    );
    assert_eq!(of("number", "clusters"), [1, 2]);
    assert_eq!(of("number", "partners"), [1, 2]);
}

#[test]
fn a_row_by_number_finds_its_own_and_no_other() {
    let database = TestDatabase::migrated();
    let cluster = |number: Value, imported: &str| {
        json!({"kind": "clusters", "workspace": "KEN", "cluster_type": "imported", "title": "T",
            "imported_type": imported, "number": number})
    };
    let grant = |cluster: Value| json!({"kind": "grants", "user": "ada", "role": "CLUSTER_VIEWER", "cluster": cluster});
    let named = |number: i64| json!({"workspace": "KEN", "cluster_type": "imported", "title": "T", "number": number});
    let text = lines(&[
        json!({"kind": "workspaces", "code": "KEN", "title": "Kenya"}),
        json!({"username": "ada"}),
        cluster(json!(2), "second"),
        cluster(json!(1), "first"),
        cluster(json!(3), "third"),
        cluster(json!(2), "second"),
        cluster(json!(0), "none"),
        cluster(json!("x"), "none"),
        grant(named(2)),
        grant(named(3)),
        grant(json!("KEN/imported/T")),
        grant(json!({"title": "T"})),
    ]);
    let said = import(&database, text, &[]).badly();
    for told in [
        "line 3: title: There are 0 of them: the next has the number 1.",
        "line 5: title: There is 1 of them: the next has the number 2.",
        "line 7: number: This value must be a whole number from 1 on.",
        "line 8: number: This value must be a whole number from 1 on.",
        "line 10: cluster: There is no \"KEN/imported/T/3\".",
        "line 11: cluster: \"KEN/imported/T\" is the name of several",
        "line 12: cluster: This value must be a name, or an object",
    ] {
        assert!(said.err.contains(told), "{told}\n{}", said.err);
    }
    assert!(said.out.contains("clusters: 2 created"), "{}", said.out);
    assert!(said.out.contains("grants: 1 created"), "{}", said.out);
    let change = lines(&[cluster(json!(2), "other")]);
    import(&database, &change, &[]).badly();
    import(&database, &change, &["--upsert-by", "title"]).well();
    let types: Vec<Value> = export(&database, &["--kind", "clusters"]).rows();
    let types: Vec<&Value> = types.iter().map(|row| &row["imported_type"]).collect();
    assert_eq!(types, ["first", "other"]);
}

fn rename(admin: &Client, id: i64, name: &str) {
    let edit = changes("roles", id, json!({"name": name}));
    admin.patch(&format!("/roles/{id}"), &edit).expect(200);
}

#[test]
fn roles_of_the_portal_stay_what_they_are_under_any_name() {
    let app = TestApp::start();
    let admin = app.admin();
    let id = |name: &str| role_named(&app, name).id;
    // Two that have changed names, one that somebody else's role is called like,
    // one that is gone, one that was made again, one that contains others.
    let (editor, viewer) = (id("IP_EDITOR"), id("IP_VIEWER"));
    rename(&admin, editor, "aside");
    rename(&admin, viewer, "IP_EDITOR");
    rename(&admin, editor, "IP_VIEWER");
    let imo = id("CLUSTER_IMO");
    rename(&admin, imo, "Information manager");
    let part = a_role().named("part").create(&app);
    let new = a_role()
        .named("cluster_imo")
        .permitting(&["users:read"])
        .create(&app);
    let path = format!("/roles/{imo}/relationships/includes");
    admin
        .patch(&path, &linkage("roles", &[new.id, part.id]))
        .expect(200);
    let officer = changes(
        "roles",
        id("IP_AUTHORIZED_OFFICER"),
        json!({"label": "Officer", "unchangeable": true}),
    );
    let path = format!("/roles/{}", id("IP_AUTHORIZED_OFFICER"));
    admin.patch(&path, &officer).expect(200);
    for name in ["CLUSTER_VIEWER", "CLUSTER_COORDINATOR"] {
        admin.delete(&format!("/roles/{}", id(name))).expect(204);
    }
    let again = a_new(
        "roles",
        json!({"name": "CLUSTER_COORDINATOR", "scope": "cluster"}),
    );
    admin.post("/roles", &again).expect(201);
    let place = a_workspace().create(&app).place();
    let user = a_user().create(&app);
    user.grant_in(&app, &role_named(&app, "IP_VIEWER"), place);
    user.grant(&app, &new);
    let written = comes_back(&app.database);
    let rows = written.lines().filter(|row| row.contains("\"roles\""));
    let rows: Vec<Value> = rows.map(|row| serde_json::from_str(row).unwrap()).collect();
    let gone: Vec<&Value> = rows.iter().filter(|row| row["is_gone"] == true).collect();
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert_eq!(gone[0]["predefined"], "CLUSTER_VIEWER");
    // What they do in the portal goes with the role.
    let second = TestDatabase::migrated();
    import(&second, &written, &[]).well();
    for (name, is) in [
        ("IP_VIEWER", "IP_EDITOR"),
        ("IP_EDITOR", "IP_VIEWER"),
        ("Information manager", "CLUSTER_IMO"),
    ] {
        let same = format!("name = '{name}' AND predefined = '{is}'");
        assert_eq!(Beside::count(&second, "roles", &same), 1, "{name}");
    }
    let plain = "name = 'cluster_imo' AND predefined IS NULL";
    assert_eq!(Beside::count(&second, "roles", plain), 1);
}

#[test]
fn roles_of_the_portal_that_are_in_use_are_changed_only_when_that_is_asked_for() {
    let source = TestApp::start();
    let admin = source.admin();
    rename(&admin, role_named(&source, "CLUSTER_IMO").id, "Manager");
    admin
        .delete(&role_named(&source, "CLUSTER_VIEWER").path())
        .expect(204);
    admin
        .delete(&role_named(&source, "CLUSTER_MEMBER").path())
        .expect(204);
    let text = export(&source.database, &["--kind", "roles"]).out;
    let app = TestApp::start();
    let cluster = a_cluster().create(&app);
    let user = a_user().create(&app);
    for name in ["CLUSTER_IMO", "CLUSTER_VIEWER"] {
        user.grant_in(&app, &role_named(&app, name), cluster.place());
    }
    let said = import(&app.database, &text, &[]).badly();
    assert!(
        said.out.contains("roles: 0 created, 1 updated"),
        "{}",
        said.out
    );
    assert!(
        said.err.contains("There is another with this name"),
        "{}",
        said.err
    );
    assert!(said.err.contains("delete it by hand"), "{}", said.err);
    // Nobody loses a role by it, whatever is asked for.
    let said = import(&app.database, &text, &["--upsert-by", "name"]).badly();
    assert!(said.err.contains("delete it by hand"), "{}", said.err);
    let names = export(&app.database, &["--kind", "roles"]).out;
    assert!(
        names.contains("\"Manager\"") && names.contains("\"CLUSTER_VIEWER\""),
        "{names}"
    );
    assert!(!names.contains("\"name\":\"CLUSTER_MEMBER\""), "{names}");
}

#[test]
fn files_from_before_say_by_names_what_the_portals_roles_are() {
    let database = TestDatabase::migrated();
    let text = lines(&[
        json!({"kind": "roles", "name": "CLUSTER_IMO", "origin": "portal", "label": "IMO"}),
        json!({"kind": "roles", "name": "IP_ADMIN", "label": "Admin"}),
        json!({"kind": "roles", "name": "nurse", "origin": "directory"}),
    ]);
    let said = import(&database, text, &[]).well();
    assert!(
        said.out.contains("roles: 1 created, 2 updated"),
        "{}",
        said.out
    );
    let ours = "predefined IS NOT NULL AND label IN ('IMO', 'Admin')";
    assert_eq!(Beside::count(&database, "roles", ours), 2);
}

#[test]
fn a_role_that_is_held_against_its_scope_comes_back() {
    let app = TestApp::start();
    let admin = app.admin();
    let cluster = a_cluster().create(&app);
    let [everywhere, placed] =
        [a_role(), a_role().held_in("cluster")].map(|role| role.create(&app));
    let user = a_user().holding(&everywhere).create(&app);
    user.grant_in(&app, &placed, cluster.place());
    for (role, scope) in [(&everywhere, "workspace"), (&placed, "none")] {
        let edit = changes("roles", role.id, json!({"scope": scope}));
        admin.patch(&role.path(), &edit).expect(200);
    }
    comes_back(&app.database);
}

#[test]
fn roles_of_groups_in_ldap_are_still_theirs_after_an_import() {
    let slapd = a_company();
    let following = |settings: &mut Settings| {
        slapd.asked_by(settings);
        settings.ldap.role_sync = RoleSync::Every;
    };
    let app = TestApp::with(following);
    let [group, own] = ["follows", "own"].map(|name| a_role().named(name).create(&app));
    let is_refused = |name: &&str| app.basic(name, TULIP).get("/home").status != 200;
    let refused: Vec<&str> = COMPANY.into_iter().filter(is_refused).collect();
    // No username may have these characters.
    assert_eq!(refused, ["o'brien@x.org", "x%2Fy"]);
    let id = Beside::number(&app.database, "id", "users", "username = 'ца'");
    let path = format!("/users/{id}/relationships/roles");
    app.admin()
        .post(&path, &linkage("roles", &[own.id]))
        .expect(200);
    // The role's scope changes while it is held.
    let scope = changes("roles", group.id, json!({"scope": "cluster"}));
    let written = comes_back(&app.database);
    app.admin().patch(&group.path(), &scope).expect(200);
    comes_back(&app.database);
    let row = |text: &str| -> Value {
        let rows = text.lines().map(|row| serde_json::from_str(row).unwrap());
        let mut rows = rows.filter(|row: &Value| row["username"] == "ца");
        rows.next().unwrap()
    };
    assert_eq!(row(&written)["roles"], json!(["follows", "own"]));
    assert_eq!(row(&written)["ldap_roles"], json!(["follows"]));
    // Out of the group, the role goes with it, and the one that was given here stays.
    let second = TestApp::with(following);
    import(&second.database, &written, &[]).well();
    slapd.remove_from_group("follows", "ца");
    second.basic("ца", TULIP).get("/home").expect(200);
    let after = export(&second.database, &["--kind", "users"]).out;
    assert_eq!(row(&after)["roles"], json!(["own"]));
    assert_eq!(row(&after)["ldap_roles"], Value::Null);
}

#[test]
fn a_role_of_a_group_is_one_of_the_users_roles() {
    let database = TestDatabase::migrated();
    let rows = lines(&[
        json!({"username": "ada", "external": true, "roles": ["admin"], "ldap_roles": ["nurse"]}),
        json!({"username": "eve", "external": true, "ldap_roles": ["admin"]}),
        json!({"username": "pal", "external": true, "roles": ["admin"], "ldap_roles": "admin"}),
    ]);
    let said = import(&database, rows, &[]).badly();
    for told in [
        "line 1: ldap_roles: \"nurse\" is not among the roles.",
        "line 2: ldap_roles: \"admin\" is not among the roles.",
        "line 3: ldap_roles: ",
    ] {
        assert!(said.err.contains(told), "{told}\n{}", said.err);
    }
    assert_eq!(Beside::count(&database, "users", "1 = 1"), 0);
}

/// What somebody does on some surface.
#[derive(Clone, Debug)]
enum Act {
    Native {
        name: String,
        text: String,
    },
    Role {
        name: String,
        text: String,
        scope: usize,
    },
    Partner {
        title: String,
        text: String,
    },
    Place {
        title: String,
        kind: usize,
    },
    Portal {
        local: String,
        text: String,
    },
    PortalPartner {
        title: String,
        text: String,
    },
    Cfengine {
        name: String,
        text: String,
    },
    CfengineRole {
        name: String,
        text: String,
    },
    Openl2m {
        name: String,
        text: String,
    },
    Command {
        name: String,
        text: String,
    },
    Grant {
        times: usize,
        is_active: bool,
    },
    Includes {
        one: usize,
        other: usize,
    },
    Rename {
        role: usize,
        name: String,
    },
    Scope {
        role: usize,
        scope: usize,
    },
    Gone {
        role: usize,
    },
    /// Somebody of the company signs in.
    Ldap {
        who: usize,
    },
    LdapSync,
    Trash,
}

/// Names that surfaces take, and some that only one of them does.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z][a-z0-9_.+@-]{1,12}",
        "[a-z'%/\"]{1,9}",
        "[Α-Ωα-ω]{2,8}",
        "[a-c]{1,2}",
        "e\u{301}[a-z]{1,4}",
        "[x-z]{200}",
        Just("1".to_owned()),
        Just("=1+1".to_owned()),
        Just("a;b".to_owned()),
        Just("{\"title\":\"x\"}".to_owned()),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[^\\x00]{0,30}",
        "[\"',;\\[\\]{}\\\\ \\n\\t\\r=+@-]{0,8}",
        "[a-zà-ÿ]{1,20}",
        Just(String::new()),
        Just("'".to_owned()),
        Just("noreply@@aol.com".to_owned()),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let role = 0..14_usize;
    prop_oneof![
        (name(), text()).prop_map(|(name, text)| Act::Native { name, text }),
        (name(), text(), 0..3_usize).prop_map(|(name, text, scope)| Act::Role {
            name,
            text,
            scope
        }),
        (name(), text()).prop_map(|(title, text)| Act::Partner { title, text }),
        ("[ab/]{1,2}", 0..2_usize).prop_map(|(title, kind)| Act::Place { title, kind }),
        (name(), text()).prop_map(|(local, text)| Act::Portal { local, text }),
        ("[ab]{1}", text()).prop_map(|(title, text)| Act::PortalPartner { title, text }),
        (name(), text()).prop_map(|(name, text)| Act::Cfengine { name, text }),
        (name(), text()).prop_map(|(name, text)| Act::CfengineRole { name, text }),
        (name(), text()).prop_map(|(name, text)| Act::Openl2m { name, text }),
        (name(), text()).prop_map(|(name, text)| Act::Command { name, text }),
        (0..4_usize, any::<bool>()).prop_map(|(times, is_active)| Act::Grant { times, is_active }),
        (role.clone(), role.clone()).prop_map(|(one, other)| Act::Includes { one, other }),
        (role.clone(), name()).prop_map(|(role, name)| Act::Rename { role, name }),
        (role.clone(), 0..3_usize).prop_map(|(role, scope)| Act::Scope { role, scope }),
        role.prop_map(|role| Act::Gone { role }),
        (0..COMPANY.len()).prop_map(|who| Act::Ldap { who }),
        Just(Act::LdapSync),
        Just(Act::Trash),
    ]
}

const SCOPES: [&str; 3] = ["none", "workspace", "cluster"];

/// A path segment of any text.
fn segment(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Ids of the last ones of a kind.
fn last(admin: &Client, kind: &str) -> Vec<i64> {
    let list = admin
        .get(&format!("/{kind}?sort=-id&page[size]=14"))
        .expect(200);
    let ids = list.data().as_array().unwrap().clone();
    ids.iter()
        .map(|one| one["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

fn nth(ids: &[i64], place: usize) -> i64 {
    ids[place % ids.len().max(1)]
}

/// Names of people in LDAP; two of them no username may have.
const COMPANY: [&str; 9] = [
    "calvin",
    "Ab",
    "o'brien@x.org",
    "Ünal",
    "1",
    "x%2Fy",
    "Admin2",
    "ца",
    "e\u{301}a",
];

/// A company in which everybody is in some groups, named like roles that acts make.
fn a_company() -> Slapd {
    let mut entries: Vec<Entry> = COMPANY.iter().map(|uid| a_person(uid)).collect();
    entries[1] = a_person("Ab")
        .and("givenName", "'=1+1;\"b\"")
        .and("mail", "noreply@@aol.com");
    entries[2] = a_person(COMPANY[2])
        .and("givenName", "Ó ")
        .and("mail", "o'brien@x.org");
    entries.push(a_group("a", &COMPANY));
    entries.push(a_group("ab", &COMPANY[..4]));
    entries.push(a_group("CLUSTER_IMO", &COMPANY[..5]));
    entries.push(a_group("follows", &COMPANY[2..]));
    Slapd::with(&entries)
}

/// Does it, whether it is refused or not; never does it fail.
fn perform(app: &TestApp, slapd: &Slapd, act: &Act) {
    let admin = app.admin();
    let plain = |method: &str, path: &str, body: &Value| {
        let headers = [("content-type", "application/json")];
        admin
            .send(method, path, &headers, Some(body.to_string().as_bytes()))
            .status
    };
    let to_one = |kind: &str, id: i64| json!({"data": {"type": kind, "id": id.to_string()}});
    let status = match act {
        Act::Native { name, text } => {
            let mut new = a_new(
                "users",
                json!({"username": name, "name": text, "surname": text,
                "full_name": text, "email": text, "position": name, "time_zone": text}),
            );
            let partners = last(&admin, "partners");
            if let Some(partner) = partners.first() {
                new["data"]["relationships"] = json!({"partner": to_one("partners", *partner)});
            }
            let status = admin.post("/users", &new).status;
            new["data"]["attributes"]["email"] = Value::Null;
            if status == 400 {
                admin.post("/users", &new).status
            } else {
                status
            }
        }
        Act::Role { name, text, scope } => {
            let new = a_new(
                "roles",
                json!({"name": name, "label": text, "description": text,
                "scope": SCOPES[*scope], "permissions": ["users:read", "x:y"]}),
            );
            admin.post("/roles", &new).status
        }
        Act::Partner { title, text } => {
            let new = a_new(
                "partners",
                json!({"title": title, "city": text, "alternate_title": text}),
            );
            let status = admin.post("/partners", &new).status;
            let number = changes(
                "partners",
                last(&admin, "partners").first().unwrap_or(&0),
                json!({"vendor_number": title}),
            );
            admin.patch(
                &format!("/partners/{}", number["data"]["id"].as_str().unwrap()),
                &number,
            );
            status
        }
        Act::Place { title, kind } => {
            let cluster_type = ["wash", "imported"][*kind];
            let workspace = a_new("workspaces", json!({"title": title, "code": title}));
            admin.post("/workspaces", &workspace);
            let mut cluster = a_new(
                "clusters",
                json!({"title": title, "cluster_type": cluster_type, "imported_type": title}),
            );
            if *kind == 0 {
                cluster["data"]["attributes"]["imported_type"] = Value::Null;
            }
            let workspace = nth(&last(&admin, "workspaces"), title.len());
            cluster["data"]["relationships"] =
                json!({"workspace": to_one("workspaces", workspace)});
            admin.post("/clusters", &cluster).status
        }
        Act::Portal { local, text } => {
            let partner = last(&admin, "partners").first().copied();
            let body = json!({"email": format!("{local}@x.org"), "first_name": text, "last_name": text,
                "position": text, "user_type": "PARTNER", "partner": partner});
            plain("POST", "/api/id-management/users/?portal=CLUSTER", &body)
        }
        Act::PortalPartner { title, text } => {
            let clusters = last(&admin, "clusters");
            let body = json!({"title": title, "partner_type": "CSO", "cso_type": "Int", "country_code": "KE",
                "email": text, "phone_number": text, "clusters": clusters.first().into_iter().collect::<Vec<_>>()});
            plain("POST", "/api/id-management/partners/", &body)
        }
        Act::Cfengine { name, text } => {
            let body = json!({"email": text, "name": text, "password": "forty-two-geese", "roles": ["admin"]});
            plain("PUT", &format!("/api/user/{}", segment(name)), &body)
        }
        Act::CfengineRole { name, text } => {
            let body = json!({"description": text, "includeContext": "cfengine,linux.*", "excludeBundles": text});
            plain("PUT", &format!("/api/role/{}", segment(name)), &body)
        }
        Act::Openl2m { name, text } => {
            let body = json!({"username": name, "password": "forty-two-geese", "first_name": text,
                "last_name": text, "is_staff": true, "date_joined": "2024-06-05T19:09:51.365106Z"});
            plain("POST", "/api/admin/users/", &body)
        }
        Act::Command { name, text } => {
            let name = format!("c{name}");
            let _ = run(
                &app.database,
                &["user", "add", &name, "--name", text.trim_start_matches('-')],
            );
            return;
        }
        Act::Grant { times, is_active } => {
            let role = nth(&last(&admin, "roles"), *times);
            let user = nth(&last(&admin, "users"), *times);
            let (from, until) = [
                (None, None),
                (Some("2030-01-01T00:00:00Z"), None),
                (None, Some("2040-01-01T00:00:00Z")),
                (Some("2031-01-01T00:00:00Z"), Some("2032-01-01T00:00:00Z")),
            ][*times];
            let mut status = 0;
            for (place, kind) in [
                (None, ""),
                (last(&admin, "workspaces").first().copied(), "workspace"),
                (last(&admin, "clusters").first().copied(), "cluster"),
            ] {
                let mut new = a_new(
                    "grants",
                    json!({"valid_from": from, "valid_until": until, "is_active": is_active}),
                );
                let mut related =
                    json!({"user": to_one("users", user), "role": to_one("roles", role)});
                if let Some(place) = place {
                    related[kind] = to_one(&format!("{kind}s"), place);
                }
                new["data"]["relationships"] = related;
                status = admin.post("/grants", &new).status.max(status);
            }
            status
        }
        Act::Includes { one, other } => {
            let roles = last(&admin, "roles");
            let path = format!("/roles/{}/relationships/includes", nth(&roles, *one));
            admin
                .post(&path, &linkage("roles", &[nth(&roles, *other)]))
                .status
        }
        Act::Rename { role, name } => edit_role(&admin, *role, json!({"name": name})),
        Act::Scope { role, scope } => edit_role(&admin, *role, json!({"scope": SCOPES[*scope]})),
        Act::Gone { role } => {
            let path = format!("/roles/{}", nth(&last(&admin, "roles"), *role));
            admin.delete(&path).status
        }
        Act::Ldap { who } => {
            let client = app.basic(COMPANY[*who], TULIP);
            client.get("/home").status
        }
        Act::LdapSync => {
            let mut command = rolecall(&app.database, &["ldap", "sync"]);
            command.envs(slapd.environment());
            command.env("ROLECALL_LDAP_ROLE_SYNC", "every");
            let output = command.output().unwrap();
            assert!(
                output.status.code().is_some_and(|code| code < 2),
                "{output:?}"
            );
            return;
        }
        Act::Trash => {
            let user = nth(&last(&admin, "users"), 0);
            admin.delete(&format!("/users/{user}")).status
        }
    };
    assert!(status < 500, "{act:?}: {status}");
}

fn edit_role(admin: &Client, role: usize, attributes: Value) -> u16 {
    let id = nth(&last(admin, "roles"), role);
    admin
        .patch(&format!("/roles/{id}"), &changes("roles", id, attributes))
        .status
}

#[test]
fn whatever_the_surfaces_make_comes_back() {
    let mut runner = TestRunner::new(Config {
        cases: 6,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    });
    let acts = prop::collection::vec(act(), 20..70);
    let slapd = a_company();
    let outcome = runner.run(&acts, |acts| {
        let app = TestApp::with(|settings| {
            settings.auth.hash_queue = 100;
            slapd.asked_by(settings);
            settings.ldap.role_sync = RoleSync::Every;
        });
        acts.iter().for_each(|act| perform(&app, &slapd, act));
        comes_back(&app.database);
        Ok(())
    });
    outcome.unwrap();
}
