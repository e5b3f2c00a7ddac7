//! CSV as people and spreadsheets write it: every row is taken in or refused
//! with its line, none is lost.

use super::{Said, export, import, users};
use crate::support::{Beside, TestDatabase};

const CSV: &[&str] = &["--format", "csv"];

/// Rows of users that the summary speaks of: created and refused.
fn counted(said: &Said) -> (i64, i64) {
    let line = said.out.lines().find(|line| line.starts_with("users:"));
    let words: Vec<&str> = line.unwrap_or("users: 0").split([' ', ',']).collect();
    let before = |word| {
        let place = words.iter().position(|known| *known == word);
        place.map_or(0, |place| words[place - 1].parse().unwrap())
    };
    (before("created"), before("refused"))
}

#[test]
fn a_quote_inside_a_cell_is_text_and_loses_no_row() {
    let database = TestDatabase::migrated();
    let table =
        "username,name,position\nl2a,5'10\" tall,x\nl2b,Bob,y\nl2c,\"C\",z\nl2d,D\"x,w\nl2e,E,v\n";
    let said = import(&database, table, CSV).well();
    assert_eq!(counted(&said), (5, 0));
    let rows = export(&database, &["--kind", "users"]).rows();
    let names: Vec<&str> = rows
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["5'10\" tall", "Bob", "C", "D\"x", "E"]);
}

#[test]
fn many_rows_behind_a_quote_are_all_there() {
    let database = TestDatabase::migrated();
    let mut table = "username,name\n".to_owned();
    for number in 0..1000 {
        let quote = if number % 10 == 0 { "\"" } else { "" };
        table.push_str(&format!("m{number},5'{number}{quote} tall\n"));
    }
    let said = import(&database, &table, CSV).well();
    assert_eq!(counted(&said), (1000, 0));
    assert_eq!(users(&database), 1000);
}

#[test]
fn a_quote_that_is_not_closed_is_refused_with_the_lines_behind_it() {
    for (table, created) in [
        ("username,name\nut1,\"Ada\nut2,Bob\n", 0),
        ("username,name\nut0,Eve\nut1,\"Ada\nut2,Bob", 1),
    ] {
        let database = TestDatabase::migrated();
        let said = import(&database, table, CSV).badly();
        assert_eq!(counted(&said), (created, 1), "{table}");
        let line = created + 2;
        let told = format!(
            "line {line}: A quote is not closed: nothing up to line {} was read.",
            line + 1
        );
        assert!(said.err.contains(&told), "{}", said.err);
        assert_eq!(users(&database), created);
    }
}

#[test]
fn a_cell_that_goes_on_behind_its_quote_is_refused() {
    let database = TestDatabase::migrated();
    let said = import(&database, "username,name\nq1,\"5\" wide\nq2,Bob\n", CSV).badly();
    assert_eq!(counted(&said), (1, 1));
    assert!(
        said.err.contains("line 2: A quoted cell goes on"),
        "{}",
        said.err
    );
}

#[test]
fn lines_may_end_with_a_carriage_return_and_one_in_a_cell_is_refused() {
    let database = TestDatabase::migrated();
    let said = import(&database, "username,name\rcr1,Ada\rcr2,Bob\r", CSV).well();
    assert_eq!(counted(&said), (2, 0));
    for table in [
        "username,name\nc5,A\rB\nc6,C\n",
        "username,name\r\nc5,A\rB\r\nc6,C\r\n",
    ] {
        let database = TestDatabase::migrated();
        let said = import(&database, table, CSV).badly();
        assert_eq!(counted(&said), (1, 1), "{table:?}");
        assert!(
            said.err.contains("line 2: A carriage return"),
            "{}",
            said.err
        );
        assert_eq!(Beside::count(&database, "users", "username = 'c5'"), 0);
    }
}

#[test]
fn a_header_names_no_field_twice_and_only_fields_that_there_are() {
    for (header, told) in [
        (
            "username,name,name",
            "line 1: the field \"name\" is named twice",
        ),
        ("username,emial", "line 1: users have no field \"emial\""),
        ("username,password", "import \"password_hash\""),
    ] {
        let database = TestDatabase::migrated();
        let said = import(&database, format!("{header}\nx,y,z\n"), CSV).badly();
        assert!(said.err.contains(told), "{}", said.err);
        assert_eq!(said.out, "");
    }
}

#[test]
fn a_member_that_is_named_twice_is_refused() {
    let database = TestDatabase::migrated();
    let rows = "{\"username\":\"j1\",\"name\":\"A\",\"name\":\"B\"}\n{\"username\":\"j2\"}\n";
    let said = import(&database, rows, &[]).badly();
    assert_eq!(counted(&said), (1, 1));
    let told = "line 1: The member \"name\" stands there twice.";
    assert!(said.err.contains(told), "{}", said.err);
}

#[test]
fn a_byte_order_mark_costs_no_row() {
    let database = TestDatabase::migrated();
    let rows = "\u{feff}{\"username\":\"bom2\"}\r\n{\"username\":\"bom3\"}\r\n";
    assert_eq!(counted(&import(&database, rows, &[]).well()), (2, 0));
    let table = "\u{feff}username\r\nbom4\r\n";
    assert_eq!(counted(&import(&database, table, CSV).well()), (1, 0));
}

#[test]
fn semicolons_and_tabs_part_cells_where_the_header_says_so() {
    let database = TestDatabase::migrated();
    let said = import(&database, "username;name;is_active\nsc1;A,B;FALSE\n", CSV).well();
    assert_eq!(counted(&said), (1, 0));
    let said = import(&database, "username\tname\tis_active\nsc2\tC\tTRUE\n", CSV).well();
    assert_eq!(counted(&said), (1, 0));
    let rows = export(&database, &["--kind", "users"]).rows();
    assert_eq!(rows[0]["name"], "A,B");
    assert_eq!(rows[0]["is_active"], false);
    assert_eq!(rows[1]["is_active"], true);
}

#[test]
fn a_filled_directory_without_an_administrator_is_told() {
    let database = TestDatabase::migrated();
    let said = import(&database, "{\"username\":\"somebody\"}\n", &[]).well();
    assert!(
        said.err.contains("Nobody is an administrator yet"),
        "{}",
        said.err
    );
    let row = "{\"username\":\"boss\",\"roles\":[\"admin\"]}\n";
    let said = import(&database, row, &[]).well();
    // They have no password, so nobody could use the role.
    assert!(
        said.err.contains("no administrator can sign in"),
        "{}",
        said.err
    );
}

#[test]
fn an_administrator_who_cannot_act_is_none() {
    for rows in [
        "{\"username\":\"gone\",\"roles\":[\"admin\"],\"is_active\":false}\n",
        "{\"username\":\"past\"}\n{\"kind\":\"grants\",\"user\":\"past\",\"role\":\"admin\",\"valid_until\":\"2020-01-01T00:00:00Z\"}\n",
    ] {
        let database = TestDatabase::migrated();
        let said = import(&database, rows, &[]).well();
        assert!(
            said.err.contains("Nobody is an administrator yet"),
            "{rows}: {}",
            said.err
        );
        let service = crate::program::Running::start(&database);
        service.admin().get("/users").expect(200);
    }
}
