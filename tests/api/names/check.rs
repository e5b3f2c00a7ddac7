//! Names from before: they stay, and `rolecall check` tells of them.

use serde_json::json;

use super::{make, rename};
use crate::bulk::{import, lines, run};
use crate::support::{ADMIN_PASSWORD, Member, TestApp, TestDatabase, a_user, changes};

fn insert(database: &TestDatabase, username: &str) {
    database.execute(&format!(
        "INSERT INTO users (username, uname, created, modified) \
         VALUES ('{username}', 'u-{username}', '2026-01-02T03:04:05+00:00', '2026-01-02T03:04:05+00:00')"
    ));
}

#[test]
fn pairs_from_before_are_told_and_left_alone() {
    let database = TestDatabase::create();
    import(&database, lines(&[json!({"username": "calvin"})]), &[]).well();
    for name in ["Calvin", "cаlvin", "hobbes", "user1", "userl"] {
        insert(&database, name);
    }
    for flags in [&["check"][..], &["check", "--repair"]] {
        let said = run(&database, flags);
        let pair = r#"usernames: the usernames "calvin" and "Calvin" differ in case alone"#;
        assert!(said.out.contains(pair), "{}", said.out);
        let pair = r#"usernames: the usernames "calvin" and "cаlvin" look alike"#;
        assert!(said.out.contains(pair), "{}", said.out);
        assert!(!said.out.contains("user1"), "{}", said.out);
    }
    run(&database, &["check"]).badly();
    database.execute("DELETE FROM users WHERE username IN ('Calvin', 'cаlvin')");
    run(&database, &["check"]).well();
}

#[test]
fn what_is_kept_of_a_former_name_is_found_and_repaired() {
    let database = TestDatabase::create();
    import(&database, lines(&[json!({"username": "calvin"})]), &[]).well();
    database.execute("UPDATE users SET username = 'hobbes' WHERE username = 'calvin'");
    let said = run(&database, &["check"]).badly();
    assert!(said.out.contains("usernames: of 1 user"), "{}", said.out);
    run(&database, &["check", "--repair"]).well();
    run(&database, &["check"]).well();
    let rows = lines(&[json!({"username": "Calvin"})]);
    import(&database, rows, &[]).well();
}

#[test]
fn starts_at_the_same_time_take_no_letters_from_each_other() {
    let database = TestDatabase::create();
    run(&database, &["migrate"]).well();
    for number in 0..50 {
        insert(&database, &format!("person{number}"));
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| run(&database, &["user", "list"]).well());
        }
    });
    run(&database, &["check"]).well();
}

#[test]
fn a_pair_from_before_goes_on_as_it_was() {
    let app = TestApp::start();
    let one = a_user().named("calvin").with_password().create(&app);
    let other = a_user().named("another").with_password().create(&app);
    app.database.execute(&format!(
        "UPDATE users SET username = 'Calvin', username_folded = NULL, \
         username_skeleton = NULL WHERE id = {}",
        other.id
    ));
    for (name, id) in [("calvin", one.id), ("Calvin", other.id)] {
        let own = app
            .basic(name, ADMIN_PASSWORD)
            .get("/auth/user")
            .expect(200);
        assert_eq!(own.id(), id.to_string());
    }
    // Each can be changed, and sent back whole; a third is not made.
    let other = Member {
        username: "Calvin".into(),
        ..other
    };
    let whole = app.admin().get(&other.path()).data()["attributes"].clone();
    rename(&app.admin(), &other, whole).expect(200);
    rename(&app.admin(), &other, json!({"name": "Jean"})).expect(200);
    make(&app.admin(), "CALVIN").expect(400);
    // Renamed, it is a name like all others.
    let edit = changes("users", other.id, json!({"username": "hobbes"}));
    app.admin().patch(&other.path(), &edit).expect(200);
    make(&app.admin(), "Hobbes").expect(400);
}
