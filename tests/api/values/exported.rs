//! Export, import, export: the same bytes, whatever a surface has made.

use serde_json::json;

use super::{odd_partners, odd_users};
use crate::bulk::{export, import, lines, run};
use crate::support::{Beside, TestApp, TestDatabase, a_cluster, a_new, a_workspace, linkage};

fn odd_directory() -> TestApp {
    let app = TestApp::start();
    odd_users(&app);
    let partners = odd_partners(&app);
    let workspace = a_workspace().titled(" Kenya ").coded(" K/N").create(&app);
    let cluster = a_cluster().titled(" W;S ").within(&workspace).create(&app);
    let path = format!("/partners/{}/relationships/clusters", partners[0]);
    app.admin()
        .patch(&path, &linkage("clusters", &[cluster.id]))
        .expect(200);
    for attributes in [
        json!({"name": " odd; [role] ", "label": "", "description": "\n"}),
        json!({"name": "=1+1", "permissions": ["x:y"]}),
        json!({"name": "l00k-a1ike"}),
    ] {
        app.admin()
            .post("/roles", &a_new("roles", attributes))
            .expect(201);
    }
    app.database
        .execute("UPDATE roles SET include_context = 'linux,(' WHERE name = 'l00k-a1ike'");
    app.database.execute(
        "INSERT INTO roles (name, created, modified) VALUES \
         ('l00k-а1ike', '2026-01-02T03:04:05+00:00', '2026-01-02T03:04:05+00:00'), \
         ('..', '2026-01-02T03:04:05+00:00', '2026-01-02T03:04:05+00:00')",
    );
    app
}

#[test]
fn lines_come_back_byte_for_byte() {
    let app = odd_directory();
    let written = export(&app.database, &[]).out;
    let other = TestDatabase::migrated();
    let said = import(&other, &written, &[]).well();
    assert!(
        said.out.contains("0 refused") || !said.out.contains("refused"),
        "{}",
        said.out
    );
    assert_eq!(export(&other, &[]).out, written);
    for (first, second) in written.lines().zip(export(&other, &[]).out.lines()) {
        assert_eq!(first, second);
    }
    // In small batches, all at once, and where all is there already.
    let third = TestDatabase::migrated();
    import(&third, &written, &["--batch", "3"]).well();
    assert_eq!(export(&third, &[]).out, written);
    let again = import(&app.database, &written, &["--all-or-nothing"]).well();
    assert!(again.out.contains("0 created, 0 updated"), "{}", again.out);
    assert_eq!(export(&app.database, &[]).out, written);
    import(&third, &written, &["--upsert-by", "all"]).well();
    assert_eq!(export(&third, &[]).out, written);
}

#[test]
fn tables_come_back_byte_for_byte() {
    let app = odd_directory();
    let other = TestDatabase::migrated();
    for kind in [
        "workspaces",
        "clusters",
        "roles",
        "partners",
        "users",
        "grants",
    ] {
        let table = ["--kind", kind, "--format", "csv"];
        let written = export(&app.database, &table).out;
        import(&other, &written, &table).well();
        assert_eq!(export(&other, &table).out, written, "{kind}");
    }
    // Nothing was lost that a table cannot tell by itself.
    assert_eq!(export(&other, &[]).out, export(&app.database, &[]).out);
}

#[test]
fn microseconds_survive() {
    let (first, second) = (TestDatabase::migrated(), TestDatabase::migrated());
    let row = json!({
        "username": "jane", "created": "2024-06-04T22:25:58.747427+00:00",
        "modified": "2024-06-04T22:25:59.000001+00:00", "last_login": "2024-06-05T00:25:58.5+02:00",
    });
    import(&first, lines(&[row]), &[]).well();
    let written = export(&first, &["--kind", "users"]);
    let back = &written.rows()[0];
    assert_eq!(back["created"], "2024-06-04T22:25:58.747427+00:00");
    assert_eq!(back["modified"], "2024-06-04T22:25:59.000001+00:00");
    assert_eq!(back["last_login"], "2024-06-04T22:25:58.500000+00:00");
    import(&second, &written.out, &[]).well();
    assert_eq!(export(&second, &["--kind", "users"]).out, written.out);
}

#[test]
fn a_new_value_is_looked_at_and_one_that_stands_is_not() {
    let app = TestApp::start();
    odd_users(&app);
    let users = ["--kind", "users"];
    let rows = export(&app.database, &users).rows();
    let database = TestDatabase::migrated();
    let (mut odd, mut refused) = (0, 0);
    for mut row in rows {
        odd += usize::from(row.as_object_mut().unwrap().remove("unchecked").is_some());
        let mut changed = row.clone();
        changed["email"] = json!("no address@@");
        let (row, changed) = (lines(&[row]), lines(&[changed]));
        // Where it stands it needs no word, where it is new it is refused.
        let said = import(&app.database, &row, &users).well();
        assert!(said.out.contains("1 unchanged"), "{}", said.out);
        let upsert = ["--kind", "users", "--upsert-by", "username"];
        let said = import(&app.database, &changed, &upsert).badly();
        assert!(said.err.contains("email: Enter a valid"), "{}", said.err);
        refused += usize::from(import(&database, &row, &users).code == Some(1));
    }
    // Of those that look alike the first is taken.
    assert!(odd > 25 && refused > odd - 8, "{odd} {refused}");
}

#[test]
fn what_is_not_checked_is_named_by_fields_and_must_be_fit_to_be_kept() {
    let database = TestDatabase::migrated();
    let rows = [
        (json!({"username": "a b", "unchecked": ["username"]}), None),
        (
            json!({"username": "c d", "unchecked": ["email"]}),
            Some("username: This value may"),
        ),
        (
            json!({"username": "e", "unchecked": ["moon"]}),
            Some("unchecked: There is no field"),
        ),
        (
            json!({"username": "f", "unchecked": "email"}),
            Some("unchecked: This value must be an array"),
        ),
        (
            json!({"username": "g\u{0}h", "unchecked": ["username"]}),
            Some("username: This value may not contain the character NUL"),
        ),
        (
            json!({"username": "i".repeat(256), "unchecked": ["username"]}),
            Some("username: Ensure"),
        ),
        (
            json!({"username": "", "unchecked": ["username"]}),
            Some("username: This value may not be blank"),
        ),
        (
            json!({"username": "j", "is_active": "yes", "unchecked": ["is_active"]}),
            Some("is_active: This value must be true"),
        ),
        (json!({"username": "A B", "unchecked": ["username"]}), None),
        (json!({"username": "ａ b"}), Some("username")),
    ];
    for (row, wanted) in rows {
        let text = lines(std::slice::from_ref(&row));
        let said = import(&database, &text, &[]);
        match wanted {
            None => assert_eq!(said.code, Some(0), "{row}: {}", said.err),
            Some(wanted) => assert!(
                said.code == Some(1) && said.err.contains(wanted),
                "{row}: {}",
                said.err
            ),
        }
    }
    assert_eq!(Beside::count(&database, "users", "1 = 1"), 2);
    let table = "username,unchecked\n\"k l\",username\n";
    import(&database, table, &["--format", "csv"]).well();
    // An ordinary row has no such member.
    let plain = TestDatabase::migrated();
    run(&plain, &["generate", "--users", "50", "--seed", "3"]).well();
    assert!(!export(&plain, &[]).out.contains("unchecked"));
}
