//! Damage done by hand is found, and repaired.

use diesel::Connection;
use diesel::connection::SimpleConnection;
use serde_json::json;

use super::{export, import, lines, run};
use crate::support::{TestDatabase, is_postgres};

fn directory() -> TestDatabase {
    let database = TestDatabase::migrated();
    let rows = lines(&[
        json!({"kind": "roles", "name": "part"}),
        json!({"kind": "roles", "name": "whole", "includes": ["part"]}),
        json!({"kind": "partners", "title": "Wells", "vendor_number": "V1"}),
        json!({"username": "calvin", "name": "Calvin", "partner": "V1", "roles": ["whole"]}),
        json!({"username": "hobbes", "name": "Hobbes", "partner": "V1", "roles": ["part"]}),
    ]);
    import(&database, rows, &[]).well();
    database
}

/// What is found is named, is still there afterwards, and is gone after a repair.
fn is_found_and_repaired(damage: &[&str], found: &str) {
    let damage = |database: &TestDatabase| {
        damage
            .iter()
            .for_each(|statement| database.execute(statement));
    };
    is_found_and_repaired_after(damage, found);
}

fn is_found_and_repaired_after(damage: impl Fn(&TestDatabase), found: &str) {
    let database = directory();
    run(&database, &["check"]).well();
    let before = export(&database, &[]).out;
    damage(&database);
    for _ in 0..2 {
        let said = run(&database, &["check"]).badly();
        assert!(said.out.contains(found), "{}", said.out);
    }
    let said = run(&database, &["check", "--repair"]).well();
    assert!(said.out.contains(found), "{}", said.out);
    run(&database, &["check"]).well();
    assert_eq!(export(&database, &[]).out, before);
}

#[test]
fn counts_of_users() {
    is_found_and_repaired(
        &["UPDATE user_blocks SET living = living + 5"],
        "counted users: 1 block of users says a wrong number: 0",
    );
    is_found_and_repaired(&["DELETE FROM user_blocks"], "counted users: 1 block");
    is_found_and_repaired(
        &["UPDATE user_spans SET living = living + 1"],
        "counted users: 1 span of users says a wrong number: 0",
    );
}

#[test]
fn counts_of_partners_users() {
    is_found_and_repaired(
        &["UPDATE partner_blocks SET living = 7"],
        "counted users of partners: 1 block of partners' users says a wrong number: 1/0",
    );
    is_found_and_repaired(
        &["DELETE FROM partner_spans"],
        "counted users of partners: 1 span of partners' users says a wrong number: 1/0",
    );
}

#[test]
fn counts_of_grants() {
    is_found_and_repaired(
        &["UPDATE role_counts SET held = held + 1 WHERE slot = 2"],
        "counted grants of roles: 1 count of roles says a wrong number: ",
    );
    is_found_and_repaired(
        &["UPDATE role_counts SET id_squares = 7"],
        "counted grants of roles: ",
    );
    is_found_and_repaired(&["DELETE FROM role_counts"], "counted grants of roles: ");
}

#[test]
fn the_closure_of_roles() {
    is_found_and_repaired(
        &["DELETE FROM role_closure WHERE role_id <> part_id"],
        "roles within roles: 1 pair",
    );
    is_found_and_repaired(&["DELETE FROM role_closure"], "roles within roles: ");
    is_found_and_repaired(
        &[
            "INSERT INTO role_closure (role_id, part_id) SELECT p.id, w.id FROM roles p, roles w \
           WHERE p.name = 'part' AND w.name = 'whole'",
        ],
        "roles within roles: 1 pair",
    );
}

#[test]
fn the_index_of_names() {
    let damage = if is_postgres() {
        "DROP INDEX users_search_text"
    } else {
        "INSERT INTO users_search (users_search) VALUES ('delete-all')"
    };
    is_found_and_repaired(&[damage], "search index: the index of names does not tell");
    is_found_and_repaired(
        &["UPDATE users SET search_text = '  quine' WHERE id = 1"],
        "search index: 1 user is found by what they were called",
    );
}

#[test]
fn grants_that_are_there_twice() {
    is_found_and_repaired(
        &[
            "DROP INDEX grants_once",
            "INSERT INTO grants (user_id, role_id, created, modified) \
             SELECT user_id, role_id, created, modified FROM grants",
        ],
        "uniqueness of grants: 2 grants repeat an older one",
    );
}

#[test]
fn references_to_what_is_not_there() {
    is_found_and_repaired_after(
        |database| match database {
            // As a restore without its constraints would leave it.
            TestDatabase::Postgres { .. } => {
                database.execute("ALTER TABLE grants DROP CONSTRAINT grants_user_id_fkey");
                database.execute(ORPHAN);
            }
            TestDatabase::Sqlite { .. } => {
                let path = database.address().replace("sqlite://", "");
                let mut connection = diesel::SqliteConnection::establish(&path).unwrap();
                let damage = format!("PRAGMA foreign_keys = OFF; {ORPHAN};");
                connection.batch_execute(&damage).unwrap();
            }
        },
        "foreign keys: 1 row of grants has a user_id that is not in users",
    );
}

const ORPHAN: &str =
    "INSERT INTO grants (user_id, role_id, created, modified) VALUES (999, 1, 'x', 'x')";
