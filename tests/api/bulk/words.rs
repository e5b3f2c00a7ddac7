//! What the commands say, in words that help.

use std::process::{Command, Stdio};

use serde_json::json;

use super::{Said, Scratch, import, lines, run};
use crate::support::{TestDatabase, is_postgres};

#[test]
fn a_table_on_standard_input_is_hinted_at() {
    let database = TestDatabase::migrated();
    for table in [
        "username,name\nada,Ada\n",
        "\u{feff}username;name\r\nada;Ada\r\n",
        "username\nada\n",
        "\n\nusername\tname\nada\tAda\n",
    ] {
        let said = import(&database, table, &[]).badly();
        assert!(
            said.err.contains("--format csv reads tables"),
            "{table:?}: {}",
            said.err
        );
    }
    let wrong = import(&database, "{\"username\": 1, \"name\": \"a,b\"}\n", &[]).badly();
    assert!(!wrong.err.contains("--format csv"), "{}", wrong.err);
    import(&database, "username,name\nada,Ada\n", &["--format", "csv"]).well();
    let empty = import(&database, "", &[]).well();
    assert!(!empty.err.contains("--format csv"), "{}", empty.err);
}

#[test]
fn one_row_is_no_rows() {
    let database = TestDatabase::migrated();
    let bad = json!({"username": "a b"});
    let one = import(&database, lines(std::slice::from_ref(&bad)), &[]).badly();
    assert!(one.err.contains("1 row was refused"), "{}", one.err);
    let two = import(&database, lines(&[bad.clone(), bad.clone()]), &[]).badly();
    assert!(two.err.contains("2 rows were refused"), "{}", two.err);
    let many: Vec<_> = (0..21).map(|_| bad.clone()).collect();
    let more = import(&database, lines(&many), &[]).badly();
    assert!(
        more.err.contains("1 more problem; --errors FILE has all"),
        "{}",
        more.err
    );
    let nothing = import(&database, lines(&[bad]), &["--all-or-nothing"]).badly();
    assert!(
        nothing
            .err
            .contains("1 row was refused, so nothing was imported"),
        "{}",
        nothing.err
    );
    let cells = import(&database, "username,name\nada\n", &["--format", "csv"]).badly();
    assert!(
        cells
            .err
            .contains("There is 1 cell, and 2 in the first line."),
        "{}",
        cells.err
    );
}

#[test]
fn an_import_that_is_complete_is_not_gone_on_with() {
    let database = TestDatabase::migrated();
    let text = lines(&[json!({"username": "ada"}), json!({"username": "bob"})]);
    let file = Scratch::file(&text);
    run(&database, &["import", file.path()]).well();
    let again = run(&database, &["import", file.path(), "--resume"]).well();
    let told = format!(
        "{} was imported up to its end, line 2: nothing is left to do.\n",
        file.path()
    );
    assert_eq!((again.out.as_str(), again.err), ("", told));
    // Lines that were added since are imported.
    std::fs::write(&file.0, format!("{text}{}\n", json!({"username": "cyd"}))).unwrap();
    let more = run(&database, &["import", file.path(), "--resume"]).well();
    assert!(more.out.contains("users: 1 created"), "{}", more.out);
}

#[test]
fn a_dry_run_in_an_empty_folder_leaves_it_empty() {
    let place = TestDatabase::on_sqlite();
    let TestDatabase::Sqlite { folder } = &place else {
        unreachable!()
    };
    let rows = Scratch::file(&lines(&[
        json!({"username": "ada"}),
        json!({"username": "a b"}),
    ]));
    let output = Command::new(env!("CARGO_BIN_EXE_rolecall"))
        .args(["import", rows.path(), "--dry-run"])
        .env_remove("DATABASE_URL")
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = Said::of(output).badly();
    assert!(
        said.out
            .contains("users: 1 created, 0 updated, 0 unchanged, 1 refused"),
        "{}",
        said.out
    );
    assert!(said.err.contains("nothing was changed"), "{}", said.err);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}

#[test]
fn a_dry_run_beside_a_directory_uses_that() {
    if is_postgres() {
        return;
    }
    let database = TestDatabase::migrated();
    let row = lines(&[json!({"username": "ada"})]);
    import(&database, &row, &[]).well();
    let said = import(&database, &row, &["--dry-run"]).well();
    assert!(said.out.contains("1 unchanged"), "{}", said.out);
}
