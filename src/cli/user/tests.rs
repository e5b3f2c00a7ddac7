use futures_util::future::join_all;

use super::*;
use crate::cli::runtime::testing::Scratch;

fn new(username: &str, roles: &[&str]) -> AddUser {
    AddUser {
        username: username.to_owned(),
        email: None,
        name: None,
        surname: None,
        roles: roles.iter().map(ToString::to_string).collect(),
        password_stdin: false,
    }
}

fn listed(scratch: &Scratch, limit: Option<i64>) -> Vec<String> {
    let limited = Wanted {
        limit,
        ..Wanted::default()
    };
    listed_of(scratch, &limited)
}

fn listed_of(scratch: &Scratch, wanted: &Wanted) -> Vec<String> {
    let mut table = Table::new(Vec::new(), false, &[]);
    let session = Session::make(scratch.settings()).unwrap();
    session
        .run(async |session| list(session, wanted, &mut table).await)
        .unwrap();
    let text = String::from_utf8(table.into_inner()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn users_are_added_given_roles_and_listed() {
    let scratch = Scratch::new();
    add(new("calvin", &["admin"]), scratch.settings()).unwrap();
    add(new("hobbes", &[]), scratch.settings()).unwrap();
    assert_eq!(
        listed(&scratch, None),
        ["1\tcalvin\tyes\tadmin", "2\thobbes\tyes\t"]
    );
    let by_id = Membership {
        username: "hobbes".into(),
        role: "1".into(),
    };
    change(&by_id, Change::Add, scratch.settings()).unwrap();
    change(&by_id, Change::Add, scratch.settings()).unwrap();
    assert_eq!(
        listed(&scratch, None),
        ["1\tcalvin\tyes\tadmin", "2\thobbes\tyes\tadmin"]
    );
    change(&by_id, Change::Remove, scratch.settings()).unwrap();
    assert_eq!(
        listed(&scratch, None),
        ["1\tcalvin\tyes\tadmin", "2\thobbes\tyes\t"]
    );
}

#[test]
fn a_number_is_an_id_before_it_is_a_name() {
    let scratch = Scratch::new();
    add(new("calvin", &["admin"]), scratch.settings()).unwrap();
    for username in ["1", "99"] {
        add(new(username, &[]), scratch.settings()).unwrap();
    }
    let session = Session::make(scratch.settings()).unwrap();
    let named = |name: &str| crate::directory::roles::CreateRole {
        changes: crate::directory::roles::RoleChanges {
            name: Some(name.to_owned()),
            ..Default::default()
        },
        includes: None,
        users: None,
        ceiling: PrivilegeCeiling::Everything,
    };
    session
        .run(async |session| {
            session.write(named("1")).await?;
            Ok(session.write(named("2000")).await?)
        })
        .unwrap();
    let hold = |username: &str, role: &str| {
        let wanted = Membership {
            username: username.into(),
            role: role.into(),
        };
        change(&wanted, Change::Add, scratch.settings()).unwrap();
    };
    // Ids that there are; then names of digits, where there is no such id.
    hold("2", "1");
    hold("99", "2000");
    assert_eq!(
        listed(&scratch, None),
        [
            "1\tcalvin\tyes\tadmin",
            "2\t1\tyes\tadmin",
            "3\t99\tyes\t2000"
        ]
    );
    let of_role = |role: &str| {
        let wanted = Wanted {
            role: Some(role.into()),
            ..Wanted::default()
        };
        listed_of(&scratch, &wanted).len()
    };
    assert_eq!((of_role("1"), of_role("2000")), (2, 1));
    // Another spelling of a number is a name.
    for odd in ["+1", "-1", " 1", "1.0", "01"] {
        let outcome = delete(odd, scratch.settings()).map(drop);
        assert_eq!(told(outcome), format!("there is no user {odd:?}"));
    }
    delete("2", scratch.settings()).unwrap();
    assert_eq!(trashed(&scratch), ["2 1"]);
    restore("2", None, scratch.settings()).unwrap();
    delete("99", scratch.settings()).unwrap();
    purge("99", scratch.settings()).unwrap();
}

#[test]
fn the_list_is_narrowed_by_words_of_the_names_and_by_a_role() {
    let scratch = Scratch::new();
    let person = |username: &str, name: &str, surname: &str, roles: &[&str]| {
        let arguments = AddUser {
            name: Some(name.into()),
            surname: Some(surname.into()),
            email: Some(format!("{username}@example.org")),
            ..new(username, roles)
        };
        add(arguments, scratch.settings()).unwrap();
    };
    person("calvin", "Calvin", "Watterson", &["admin"]);
    person("hobbes", "Bill", "Watterson", &[]);
    person("susie", "Søren", "Derkins", &["admin"]);
    let usernames = |name: Option<&str>, role: Option<&str>, limit| {
        let wanted = Wanted {
            name: name.map(str::to_owned),
            role: role.map(str::to_owned),
            limit,
        };
        let rows = listed_of(&scratch, &wanted);
        let usernames = rows.iter().filter_map(|row| row.split('\t').nth(1));
        usernames.map(str::to_owned).collect::<Vec<_>>()
    };
    let named = |text: &str| usernames(Some(text), None, None);
    assert_eq!(named("WATTERS"), ["calvin", "hobbes"]);
    assert_eq!(named(" watterson  bill "), ["hobbes"]);
    assert_eq!(named("søren"), ["susie"]);
    assert_eq!(named("Sø"), ["susie"]);
    assert_eq!(named("@EXAMPLE.org"), ["calvin", "hobbes", "susie"]);
    assert_eq!(named("b"), ["hobbes"]);
    assert_eq!(named(".*"), [""; 0]);
    assert_eq!(named("nobody"), [""; 0]);
    assert_eq!(usernames(None, Some("admin"), None), ["calvin", "susie"]);
    assert_eq!(usernames(None, Some("1"), Some(1)), ["calvin"]);
    assert_eq!(
        usernames(Some("watterson"), Some("admin"), None),
        ["calvin"]
    );
    assert_eq!(usernames(Some(" "), None, Some(2)), ["calvin", "hobbes"]);
}

#[test]
fn a_list_by_an_unknown_role_is_a_failure() {
    let scratch = Scratch::filled();
    let command = UserCommand::List {
        name: None,
        role: Some("tigers".into()),
        limit: None,
    };
    let outcome = run(command, scratch.settings());
    assert_eq!(told(outcome), "there is no role \"tigers\"");
}

/// Ids and usernames; the moment is another every time.
fn trashed(scratch: &Scratch) -> Vec<String> {
    let mut table = Table::new(Vec::new(), false, &[]);
    let session = Session::make(scratch.settings()).unwrap();
    session
        .run(async |session| trash(session, None, &mut table).await)
        .unwrap();
    let text = String::from_utf8(table.into_inner()).unwrap();
    let cells = |row: &str| row.split('\t').take(2).collect::<Vec<_>>().join(" ");
    text.lines().map(cells).collect()
}

#[test]
fn deleted_users_are_listed_restored_with_their_roles_and_purged() {
    let scratch = Scratch::new();
    add(new("calvin", &["admin"]), scratch.settings()).unwrap();
    add(new("hobbes", &["admin"]), scratch.settings()).unwrap();
    delete("hobbes", scratch.settings()).unwrap();
    assert_eq!(trashed(&scratch), ["2 hobbes"]);
    restore("hobbes", None, scratch.settings()).unwrap();
    assert!(trashed(&scratch).is_empty());
    assert_eq!(
        listed(&scratch, None),
        ["1\tcalvin\tyes\tadmin", "2\thobbes\tyes\tadmin"]
    );
    let living = purge("hobbes", scratch.settings());
    let text = "there is no user \"hobbes\" in the trash";
    assert_eq!(told(living), text);
    delete("hobbes", scratch.settings()).unwrap();
    purge("hobbes", scratch.settings()).unwrap();
    assert!(trashed(&scratch).is_empty());
    let gone = restore("hobbes", None, scratch.settings());
    assert_eq!(told(gone), text);
}

#[test]
fn of_several_in_the_trash_with_one_name_the_id_says_which() {
    let scratch = Scratch::new();
    add(new("calvin", &["admin"]), scratch.settings()).unwrap();
    for _ in 0..2 {
        add(new("hobbes", &[]), scratch.settings()).unwrap();
        delete("hobbes", scratch.settings()).unwrap();
    }
    add(new("hobbes", &[]), scratch.settings()).unwrap();
    assert_eq!(trashed(&scratch), ["2 hobbes", "3 hobbes"]);
    let several = "several users in the trash are called \"hobbes\": give one of the ids 2, 3";
    assert_eq!(told(purge("hobbes", scratch.settings())), several);
    assert_eq!(told(restore("hobbes", None, scratch.settings())), several);
    let taken = told(restore("3", None, scratch.settings()));
    assert_eq!(
        taken,
        "The user 4 is called \"hobbes\" now: restore with another username, for example: \
             rolecall user restore 3 --username NAME"
    );
    restore("3", Some("tiger".into()), scratch.settings()).unwrap();
    run(
        UserCommand::Delete {
            username: "hobbes".into(),
            purge: true,
        },
        scratch.settings(),
    )
    .unwrap();
    assert_eq!(trashed(&scratch), ["2 hobbes"]);
    restore("hobbes", None, scratch.settings()).unwrap();
    assert_eq!(
        listed(&scratch, None),
        [
            "1\tcalvin\tyes\tadmin",
            "2\thobbes\tyes\t",
            "3\ttiger\tyes\t"
        ]
    );
}

fn told(outcome: Result<(), CommandError>) -> String {
    match outcome.unwrap_err() {
        CommandError::Failed(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_user_is_deleted_at_once_for_good_and_the_last_administrator_is_not() {
    let scratch = Scratch::new();
    add(new("calvin", &["admin"]), scratch.settings()).unwrap();
    add(new("hobbes", &[]), scratch.settings()).unwrap();
    let for_good = |username: &str| {
        let command = UserCommand::Delete {
            username: username.into(),
            purge: true,
        };
        run(command, scratch.settings())
    };
    assert_eq!(
        told(for_good("calvin")),
        "The last administrator must remain one."
    );
    for_good("hobbes").unwrap();
    assert!(trashed(&scratch).is_empty());
    assert_eq!(listed(&scratch, None), ["1\tcalvin\tyes\tadmin"]);
    let deleted = delete("hobbes", scratch.settings()).map(drop);
    for gone in [for_good("hobbes"), deleted] {
        assert_eq!(told(gone), "there is no user \"hobbes\"");
    }
}

#[test]
fn a_user_with_an_unknown_role_is_not_added() {
    let scratch = Scratch::new();
    let error = add(new("calvin", &["admin", "tigers"]), scratch.settings()).unwrap_err();
    assert!(matches!(error, CommandError::Failed(text) if text == "there is no role \"tigers\""));
    assert!(listed(&scratch, None).is_empty());
}

#[test]
fn a_password_of_nobody_cannot_be_changed() {
    let scratch = Scratch::filled();
    let error = password("nobody", false, false, scratch.settings()).unwrap_err();
    assert!(matches!(error, CommandError::Failed(text) if text == "there is no user \"nobody\""));
}

#[test]
fn a_list_of_several_slices_names_everybody_once() {
    let scratch = Scratch::new();
    let session = Session::make(scratch.settings()).unwrap();
    let added = session.run(async |session| {
        let all = (1..=1001).map(|number| {
            let username = Some(format!("user-{number}"));
            session.write(CreateUser {
                changes: UserChanges {
                    username,
                    ..UserChanges::default()
                },
                roles: None,
                ceiling: PrivilegeCeiling::Everything,
            })
        });
        Ok(join_all(all)
            .await
            .into_iter()
            .filter(Result::is_ok)
            .count())
    });
    assert_eq!(added.unwrap(), 1001);
    let ids: Vec<String> = (1..=1001).map(|number| format!("{number}\t")).collect();
    let named = |rows: &[String]| {
        rows.iter()
            .zip(&ids)
            .all(|(row, id)| row.starts_with(id.as_str()))
    };
    for (limit, count) in [
        (None, 1001),
        (Some(501), 501),
        (Some(500), 500),
        (Some(1), 1),
    ] {
        let rows = listed(&scratch, limit);
        assert_eq!(rows.len(), count, "{limit:?}");
        assert!(named(&rows), "{limit:?}");
    }
}
