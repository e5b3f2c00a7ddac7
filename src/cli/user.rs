//! `rolecall user`.

use std::collections::HashMap;

use super::arguments::{AddUser, Membership, UserCommand};
use super::error::CommandError;
use super::list_pages::ListPages;
use super::lookup;
use super::output::{Table, remark};
use super::password::Password;
use super::runtime::Session;
use crate::auth::passwords::{Owner, PasswordPolicy};
use crate::config::Settings;
use crate::directory::listing::Visibility;
use crate::directory::members::{Authority, Change, ChangeMembers, FollowMembers, Relation};
use crate::directory::permissions::PrivilegeCeiling;
use crate::directory::roles::{RoleColumn, Roles};
use crate::directory::trash::{NewNames, PurgeUser, RestoreUser, TrashedUsers};
use crate::directory::users::{
    CreateUser, DeleteUser, UpdateUser, User, UserChanges, UserColumn, Users,
};
use crate::directory::values;
use crate::directory::{DirectoryError, Expected, FieldErrorKind};

pub fn run(command: UserCommand, settings: Settings) -> Result<(), CommandError> {
    match command {
        UserCommand::Add(arguments) => add(arguments, settings),
        UserCommand::Password {
            username,
            password_stdin,
            keep_tokens,
        } => password(&username, password_stdin, keep_tokens, settings),
        UserCommand::Grant(arguments) => change(&arguments, Change::Add, settings),
        UserCommand::Revoke(arguments) => change(&arguments, Change::Remove, settings),
        UserCommand::List { name, role, limit } => {
            let wanted = Wanted { name, role, limit };
            let mut table = Table::on_stdout(&["ID", "USERNAME", "ACTIVE", "ROLES"]);
            Session::open(settings)?.run(async |session| list(session, &wanted, &mut table).await)
        }
        UserCommand::Delete {
            username,
            purge: for_good,
        } => {
            let id = delete(&username, settings.clone())?;
            match for_good {
                true => purge(&id.to_string(), settings),
                false => Ok(()),
            }
        }
        UserCommand::Trash { limit } => {
            let mut table = Table::on_stdout(&["ID", "USERNAME", "DELETED", "BY"]);
            Session::open(settings)?.run(async |session| trash(session, limit, &mut table).await)
        }
        UserCommand::Restore { user, username } => restore(&user, username, settings),
        UserCommand::Purge { user } => purge(&user, settings),
    }
}

fn add(arguments: AddUser, settings: Settings) -> Result<(), CommandError> {
    let mut changes = attributes(&arguments)?;
    let policy = policy(&settings)?;
    let password = Password::read_or_make(arguments.password_stdin, &settings.auth)?;
    let owner = Owner {
        username: arguments.username.clone(),
        email: arguments.email.clone(),
    };
    password.check(&policy, &owner)?;
    changes.password_hash = Some(Some(password.hash()?));
    let user = Session::make(settings)?.run(async move |session| {
        let roles = lookup::roles(session, &arguments.roles).await?;
        let create = CreateUser {
            changes,
            roles: Some(roles),
            ceiling: PrivilegeCeiling::Everything,
        };
        Ok(session.write(create).await?)
    })?;
    remark(&format!(
        "Added the user \"{}\" with the id {}.",
        user.username, user.id
    ));
    password.rate(&owner);
    password.show_if_made(&user.username)
}

fn policy(settings: &Settings) -> Result<PasswordPolicy, CommandError> {
    PasswordPolicy::new(&settings.auth).map_err(CommandError::usage)
}

fn owner(user: &User) -> Owner {
    Owner {
        username: user.username.clone(),
        email: user.email.clone(),
    }
}

fn attributes(arguments: &AddUser) -> Result<UserChanges, CommandError> {
    let username = values::username(&arguments.username)
        .map_err(|problem| CommandError::argument("USERNAME", problem))?;
    let email = arguments.email.as_deref().map(values::email).transpose();
    let text = |flag: &str, field: &'static str, value: &Option<String>| {
        let value = value.clone().filter(|text| !text.is_empty());
        if let Some(value) = &value {
            values::within(field, value, 1, values::MAX_TEXT)
                .map_err(|problem| CommandError::argument(flag, problem))?;
        }
        Ok::<_, CommandError>(value)
    };
    Ok(UserChanges {
        username: Some(username),
        email: Some(email.map_err(|problem| CommandError::argument("--email", problem))?),
        name: Some(text("--name", "name", &arguments.name)?),
        surname: Some(text("--surname", "surname", &arguments.surname)?),
        ..UserChanges::default()
    })
}

fn password(
    username: &str,
    from_stdin: bool,
    keep_tokens: bool,
    settings: Settings,
) -> Result<(), CommandError> {
    let policy = policy(&settings)?;
    let password = Password::read_or_make(from_stdin, &settings.auth)?;
    let user = Session::open(settings)?.with_mail().run(async |session| {
        let user = lookup::user(session, username).await?;
        password.check(&policy, &owner(&user))?;
        let hash = password.hash()?;
        let update = UpdateUser {
            id: user.id,
            expected: Expected::Anything,
            visible: Visibility::All,
            changes: UserChanges {
                password_hash: Some(Some(hash)),
                ..UserChanges::default()
            },
            roles: None,
            ceiling: PrivilegeCeiling::Everything,
            may_set_flags: true,
            may_rename: true,
            is_password_confirmed: false,
            end_tokens: Some(!keep_tokens),
        };
        Ok(session.write(update).await?)
    })?;
    let tokens = match keep_tokens {
        true => "stay",
        false => "were revoked",
    };
    remark(&format!(
        "Changed the password of \"{}\"; its sign-ins have ended, its API tokens {tokens}.",
        user.username
    ));
    password.rate(&owner(&user));
    password.show_if_made(&user.username)
}

fn change(arguments: &Membership, change: Change, settings: Settings) -> Result<(), CommandError> {
    let (user, role, changed) = Session::open(settings)?.run(async |session| {
        let user = lookup::user(session, &arguments.username).await?;
        let role = lookup::role(session, &arguments.role).await?;
        let operation = ChangeMembers {
            side: Relation::UserRoles.of(user.id),
            expected: Expected::Anything,
            visible: Visibility::All,
            change,
            members: vec![role.id],
            authority: Authority::Permission(PrivilegeCeiling::Everything),
        };
        Ok((user.username, role.name, session.write(operation).await?))
    })?;
    let outcome = match (change, changed) {
        (Change::Remove, 0) => "did not hold",
        (Change::Remove, _) => "no longer holds",
        (_, 0) => "already held",
        (_, _) => "now holds",
    };
    remark(&format!("{user:?} {outcome} the role {role:?}."));
    Ok(())
}

/// Which users are listed.
#[derive(Default)]
struct Wanted {
    name: Option<String>,
    role: Option<String>,
    limit: Option<i64>,
}

async fn list<W: std::io::Write>(
    session: &Session,
    wanted: &Wanted,
    table: &mut Table<W>,
) -> Result<(), CommandError> {
    let names = role_names(session).await?;
    let mut pages = ListPages::<Users>::new(UserColumn::Id, |user| user.id).at_most(wanted.limit);
    if let Some(text) = wanted
        .name
        .as_deref()
        .filter(|text| !text.trim().is_empty())
    {
        pages = pages.also(lookup::named_like(text)?);
    }
    if let Some(role) = &wanted.role {
        pages = pages.also(lookup::holds(session, role).await?);
    }
    loop {
        let users = pages.next(session).await?;
        let held = roles_of(session, &users, &names).await?;
        let rows: Vec<_> = users
            .iter()
            .map(|user| row(user, held.get(&user.id)))
            .collect();
        table.write(&rows)?;
        if users.is_empty() {
            return Ok(());
        }
    }
}

fn row(user: &User, roles: Option<&Vec<String>>) -> Vec<String> {
    let active = if user.is_active { "yes" } else { "no" };
    let roles = roles.map(|names| names.join(",")).unwrap_or_default();
    vec![
        user.id.to_string(),
        user.username.clone(),
        active.to_owned(),
        roles,
    ]
}

async fn trash<W: std::io::Write>(
    session: &Session,
    limit: Option<i64>,
    table: &mut Table<W>,
) -> Result<(), CommandError> {
    let mut pages = ListPages::<TrashedUsers>::new(UserColumn::Id, |user| user.id).at_most(limit);
    loop {
        let users = pages.next(session).await?;
        let rows: Vec<_> = users.iter().map(trashed_row).collect();
        table.write(&rows)?;
        if users.is_empty() {
            return Ok(());
        }
    }
}

/// Who deleted them is named by the id, which is never given twice.
fn trashed_row(user: &User) -> Vec<String> {
    let by = user.modified_by.map(|id| id.to_string());
    vec![
        user.id.to_string(),
        user.username.clone(),
        user.deleted_at.clone().unwrap_or_default(),
        by.unwrap_or_default(),
    ]
}

/// The id of who was deleted: others in the trash may have the same name.
fn delete(username: &str, settings: Settings) -> Result<i64, CommandError> {
    let user = Session::open(settings)?.run(async |session| {
        let user = lookup::user(session, username).await?;
        let delete = DeleteUser {
            id: user.id,
            expected: Expected::OneOf(vec![user.version]),
            visible: Visibility::All,
            ceiling: PrivilegeCeiling::Everything,
        };
        session.write(delete).await?;
        Ok(user)
    })?;
    remark(&format!("Put the user {:?} into the trash.", user.username));
    Ok(user.id)
}

fn restore(user: &str, username: Option<String>, settings: Settings) -> Result<(), CommandError> {
    let username = username.map(|name| values::username(&name)).transpose();
    let username = username.map_err(|problem| CommandError::argument("--username", problem))?;
    let restored = Session::open(settings)?.run(async |session| {
        let id = lookup::trashed_user(session, user).await?.id;
        let restore = RestoreUser {
            id,
            names: NewNames {
                username,
                uname: None,
            },
            expected: Expected::Anything,
            visible: Visibility::All,
            ceiling: PrivilegeCeiling::Everything,
        };
        session
            .write(restore)
            .await
            .map_err(|error| not_restored(id, error))
    })?;
    remark(&format!(
        "Restored the user {:?} with the roles it had; its tokens stay revoked.",
        restored.username
    ));
    Ok(())
}

/// Who has the name by now, and how the user is restored all the same.
fn not_restored(id: i64, error: DirectoryError) -> CommandError {
    let DirectoryError::Invalid(problems) = error else {
        return error.into();
    };
    // With another username the other names that are taken follow.
    if let Some(taken) = problems
        .iter()
        .find(|one| one.kind == FieldErrorKind::Taken)
    {
        let who = taken.message.trim_end_matches('.');
        return CommandError::failed(format!(
            "{who}, for example: rolecall user restore {id} --username NAME"
        ));
    }
    let texts: Vec<String> = problems.into_iter().map(|one| one.message).collect();
    CommandError::failed(texts.join(" "))
}

fn purge(user: &str, settings: Settings) -> Result<(), CommandError> {
    let username = Session::open(settings)?.run(async |session| {
        let user = lookup::trashed_user(session, user).await?;
        let purge = PurgeUser {
            id: user.id,
            expected: Expected::OneOf(vec![user.version]),
            visible: Visibility::All,
            ceiling: PrivilegeCeiling::Everything,
        };
        session.write(purge).await?;
        Ok(user.username)
    })?;
    remark(&format!("Purged the user {username:?} for good."));
    Ok(())
}

async fn role_names(session: &Session) -> Result<HashMap<i64, String>, CommandError> {
    let mut names = HashMap::new();
    let mut pages = ListPages::<Roles>::new(RoleColumn::Id, |role| role.id);
    loop {
        let roles = pages.next(session).await?;
        if roles.is_empty() {
            return Ok(names);
        }
        names.extend(roles.into_iter().map(|role| (role.id, role.name)));
    }
}

async fn roles_of(
    session: &Session,
    users: &[User],
    names: &HashMap<i64, String>,
) -> Result<HashMap<i64, Vec<String>>, CommandError> {
    let follow = FollowMembers {
        relation: Relation::UserRoles,
        ids: users.iter().map(|user| user.id).collect(),
        visible_members: Visibility::All,
        limit: i64::MAX,
    };
    let mut held: HashMap<i64, Vec<String>> = HashMap::new();
    for (user, role) in session.read(follow).await? {
        // A role that was made since the names were read has only its number.
        let name = names
            .get(&role)
            .cloned()
            .unwrap_or_else(|| role.to_string());
        held.entry(user).or_default().push(name);
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
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
        assert!(
            matches!(error, CommandError::Failed(text) if text == "there is no role \"tigers\"")
        );
        assert!(listed(&scratch, None).is_empty());
    }

    #[test]
    fn a_password_of_nobody_cannot_be_changed() {
        let scratch = Scratch::filled();
        let error = password("nobody", false, false, scratch.settings()).unwrap_err();
        assert!(
            matches!(error, CommandError::Failed(text) if text == "there is no user \"nobody\"")
        );
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
}
