//! Names of roles: trimmed, in one spelling, unique whatever the case.

use serde_json::{Value, json};

use super::encoded;
use crate::bulk::{export, import, lines, run};
use crate::support::{
    Answer, Beside, RoleMade, TestApp, TestDatabase, a_new, a_role, a_user, changes,
};

fn make(app: &TestApp, name: &str) -> Answer {
    let document = a_new("roles", json!({"name": name}));
    app.admin().post("/roles", &document)
}

fn rename(app: &TestApp, role: &RoleMade, name: &str) -> Answer {
    let edit = changes("roles", role.id, json!({"name": name}));
    app.admin().patch(&role.path(), &edit)
}

fn cfengine(app: &TestApp, method: &str, name: &str, body: &Value) -> Answer {
    let path = format!("/api/role/{}", encoded(name));
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let body = body.to_string();
    let body = (method != "GET" && method != "DELETE").then_some(body.as_bytes());
    let headers = if body.is_some() { &headers[..] } else { &[] };
    app.admin().send(method, &path, headers, body)
}

fn name_of(answer: &Answer) -> String {
    let name = &answer.data()["attributes"]["name"];
    name.as_str().unwrap().to_owned()
}

#[test]
fn a_name_is_kept_without_blanks_around_it_and_in_one_spelling() {
    let app = TestApp::start();
    for (sent, kept) in [
        ("  Editors ", "Editors"),
        ("\u{a0}Night shift\u{3000}", "Night shift"),
        ("Cafe\u{301}", "Café"),
        ("\tTabs\n", "Tabs"),
    ] {
        let made = make(&app, sent).expect(201);
        assert_eq!(name_of(&made), kept);
        let role = a_role().create(&app);
        rename(&app, &role, sent).expect(400);
        let other = format!(" {kept} too ");
        assert_eq!(
            name_of(&rename(&app, &role, &other).expect(200)),
            other.trim()
        );
    }
    for blank in ["", " ", "\u{3000}\t", ".", " .. "] {
        let refused = make(&app, blank).expect(400);
        assert_eq!(refused.pointers(), ["/data/attributes/name"], "{blank:?}");
    }
    let longest = format!(" {} ", "x".repeat(255));
    make(&app, &longest).expect(201);
    make(&app, &"y".repeat(256)).expect(400);
}

#[test]
fn a_name_is_unique_whatever_the_case_on_every_surface() {
    let app = TestApp::start();
    let role = make(&app, "Éditeurs").expect(201).id();
    let other = a_role().create(&app);
    for name in [
        "Éditeurs",
        "éditeurs",
        "ÉDITEURS",
        " éditeurs ",
        "E\u{301}diteurs",
    ] {
        let refused = make(&app, name).expect(400);
        assert_eq!(refused.pointers(), ["/data/attributes/name"], "{name}");
        rename(&app, &other, name).expect(400);
        let add = json!({"op": "add", "data": a_new("roles", json!({"name": name}))["data"]});
        let document = json!({"atomic:operations": [add]});
        app.admin().operations(&document).expect(400);
        let put = cfengine(&app, "PUT", name, &json!({}));
        assert_eq!(put.status, 409, "{name} {}", put.text);
    }
    // Its own case may change.
    let edit = changes("roles", &role, json!({"name": "ÉDITEURS"}));
    app.admin()
        .patch(&format!("/roles/{role}"), &edit)
        .expect(200);
    make(&app, "Éditeurs").expect(400);
}

#[test]
fn control_characters_tell_no_name_from_another() {
    let app = TestApp::start();
    a_role().named("Editors").create(&app);
    for disguised in ["admin\u{1}", "ad\u{8}min", "Edi\ntors", "\u{7f}ADMIN"] {
        make(&app, disguised).expect(400);
    }
    let role = a_role().create(&app);
    rename(&app, &role, "adm\u{1b}in").expect(400);
    make(&app, "Two\nlines").expect(201);
}

#[test]
fn of_many_made_at_the_same_time_one_has_the_name() {
    let app = TestApp::start();
    let names = ["tiger", "Tiger", "TIGER", " tiger", "tIger", "tigeR "];
    let made: usize = std::thread::scope(|scope| {
        let threads = names.map(|name| {
            let app = &app;
            scope.spawn(move || {
                let status = make(app, name).status;
                assert!(matches!(status, 201 | 400), "{status}");
                usize::from(status == 201)
            })
        });
        let made = threads.into_iter().map(|thread| thread.join().unwrap());
        made.sum()
    });
    assert_eq!(made, 1);
}

#[test]
fn cfengine_finds_a_role_as_it_was_written() {
    let app = TestApp::start();
    for name in [" Tigers ", "Cafe\u{301}"] {
        cfengine(&app, "PUT", name, &json!({})).expect(201);
        cfengine(&app, "GET", name, &json!({})).expect(200);
        cfengine(&app, "POST", name, &json!({"description": "d"})).expect(204);
        let user = a_user().create(&app);
        let path = format!("/api/user/{}", user.username);
        let body = json!({"roles": [name]}).to_string();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        app.admin()
            .send("POST", &path, &headers, Some(body.as_bytes()))
            .expect(204);
        cfengine(&app, "DELETE", name, &json!({})).expect(204);
        cfengine(&app, "GET", name, &json!({})).expect(404);
    }
}

#[test]
fn rows_and_the_command_line_follow_the_rules() {
    let database = TestDatabase::create();
    let rows = lines(&[
        json!({"kind": "roles", "name": " Tigers "}),
        json!({"kind": "roles", "name": "TIGERS"}),
        json!({"kind": "roles", "name": "tigers"}),
    ]);
    import(&database, rows, &[]).badly();
    let names = |database: &TestDatabase| {
        let rows = export(database, &["--kind", "roles"]).rows();
        let own = rows.iter().filter(|row| row["origin"] == "directory");
        own.map(|row| row["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&database), ["Tigers"]);
    // The same row once more is the same role, however it is spelled.
    let again = lines(&[
        json!({"kind": "roles", "name": " Tigers ", "origin": "portal"}),
        json!({"username": "calvin", "roles": [" Tigers"]}),
    ]);
    import(&database, again, &["--upsert-by", "all"]).well();
    run(&database, &["user", "revoke", "calvin", " Tigers "]).well();
    assert_eq!(names(&database), ["Tigers"]);
}

#[test]
fn pairs_from_before_are_left_alone_and_told() {
    let app = TestApp::start();
    let one = a_role().named("Tigers").create(&app);
    let twin = a_role().create(&app);
    let blanks = a_role().create(&app);
    let before = |role: &RoleMade, name: &str| {
        app.database.execute(&format!(
            "UPDATE roles SET name = '{name}', name_folded = NULL, name_skeleton = NULL \
             WHERE id = {}",
            role.id
        ));
    };
    before(&twin, "tigers");
    before(&blanks, " x ");
    // Each is read, sent back whole and changed.
    for (role, name) in [(&one, "Tigers"), (&twin, "tigers"), (&blanks, " x ")] {
        let whole = app.admin().get(&role.path()).expect(200).data();
        assert_eq!(whole["attributes"]["name"], name);
        let edit = changes("roles", role.id, whole["attributes"].clone());
        app.admin().patch(&role.path(), &edit).expect(200);
        let edit = changes("roles", role.id, json!({"name": name, "description": "d"}));
        let changed = app.admin().patch(&role.path(), &edit).expect(200);
        assert_eq!(name_of(&changed), name);
        let found = cfengine(&app, "GET", name, &json!({})).expect(200);
        assert_eq!(found.json()["data"][0]["id"], name);
    }
    make(&app, "TIGERS").expect(400);
    rename(&app, &twin, "Lions").expect(200);
    make(&app, "lions").expect(400);
    make(&app, "TIGERS").expect(400);
}

#[test]
fn check_tells_of_pairs_and_mends_what_is_kept_of_names() {
    let database = TestDatabase::create();
    let rows = lines(&[
        json!({"kind": "roles", "name": "tigers"}),
        json!({"kind": "roles", "name": "lions"}),
        json!({"kind": "roles", "name": "bears"}),
    ]);
    import(&database, rows, &[]).well();
    run(&database, &["check"]).well();
    database.execute("UPDATE roles SET name = 'Tigers' WHERE name = 'lions'");
    database.execute("UPDATE roles SET name = 'lions' WHERE name = 'bears'");
    let said = run(&database, &["check"]).badly();
    let pair = r#"names of roles: the names of roles "tigers" and "Tigers" differ in case alone"#;
    assert!(said.out.contains(pair), "{}", said.out);
    assert!(
        said.out.contains("names of roles: of 2 roles"),
        "{}",
        said.out
    );
    run(&database, &["check", "--repair"]).well();
    let said = run(&database, &["check"]).badly();
    assert!(
        said.out.contains(pair) && !said.out.contains("of 2 roles"),
        "{}",
        said.out
    );
    assert_eq!(Beside::count(&database, "roles", "name_folded IS NULL"), 1);
    assert_eq!(
        Beside::count(&database, "roles", "name_folded = 'lions'"),
        1
    );
    database.execute("DELETE FROM roles WHERE name = 'Tigers'");
    run(&database, &["check"]).well();
}
