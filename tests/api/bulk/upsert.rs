//! Rows about what there is already.

use serde_json::json;

use super::{export, import, lines, run};
use crate::support::{Beside, TestDatabase};

#[test]
fn an_upsert_changes_what_the_row_says_and_leaves_the_rest() {
    let database = TestDatabase::migrated();
    run(&database, &["user", "add", "root", "--role", "admin"]).well();
    let rows = lines(&[
        json!({"kind": "roles", "name": "tiger"}),
        json!({"kind": "roles", "name": "cook"}),
        json!({"username": "calvin", "name": "Calvin", "email": "c@example.org", "roles": ["tiger"]}),
    ]);
    import(&database, rows, &[]).well();
    let change = lines(&[
        json!({"username": "calvin", "email": "new@example.org", "roles": ["cook"]}),
        json!({"username": "hobbes"}),
    ]);
    let said = import(&database, change, &["--upsert-by", "username"]).well();
    assert!(
        said.out.contains("users: 1 created, 1 updated"),
        "{}",
        said.out
    );
    let rows = export(&database, &["--kind", "users"]).rows();
    let calvin = rows.iter().find(|row| row["username"] == "calvin").unwrap();
    assert_eq!(calvin["name"], "Calvin");
    assert_eq!(calvin["email"], "new@example.org");
    assert_eq!(calvin["roles"], json!(["cook"]));
    run(&database, &["check"]).well();
}

#[test]
fn the_last_administrator_stays_one_whatever_a_file_says() {
    let database = TestDatabase::migrated();
    run(&database, &["user", "add", "root", "--role", "admin"]).well();
    for row in [
        json!({"username": "root", "roles": []}),
        json!({"username": "root", "is_active": false}),
    ] {
        let said = import(&database, lines(&[row]), &["--upsert-by", "username"]).badly();
        let wanted = "line 1: The last administrator must remain one.";
        assert!(said.err.contains(wanted), "{}", said.err);
    }
    let rows = export(&database, &["--kind", "users"]).rows();
    assert_eq!(rows[0]["roles"], json!(["admin"]));
}

#[test]
fn a_name_in_the_trash_is_free_for_a_row() {
    let database = TestDatabase::migrated();
    let former = json!({"username": "calvin", "name": "C", "external_id": "7", "roles": ["admin"]});
    import(&database, lines(&[former]), &[]).well();
    database.execute("UPDATE users SET deleted_at = '2026-01-02T03:04:05+00:00'");
    let row = lines(&[json!({"username": "calvin", "external_id": "7"})]);
    import(&database, &row, &["--upsert-by", "all"]).well();
    let rows = export(&database, &["--kind", "users"]).rows();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["uname"], "calvin");
    assert_eq!(
        (&rows[0]["name"], &rows[0]["roles"]),
        (&json!(null), &json!([]))
    );
    // Of the living it is the same row.
    let said = import(&database, &row, &["--upsert-by", "all"]).well();
    assert!(
        said.out.contains("unchanged") || said.err.contains("unchanged"),
        "{}{}",
        said.out,
        said.err
    );
    assert_eq!(Beside::count(&database, "users", "username = 'calvin'"), 2);
}
