//! `rolecall user`.

use std::collections::HashMap;

use super::arguments::{AddUser, Membership, UserCommand};
use super::error::CommandError;
use super::list_pages::ListPages;
use super::lookup;
use super::outcome;
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
    remark(&outcome::user_added(&user.username, user.id));
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
    remark(&outcome::password_changed(&user.username, keep_tokens));
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
        (Change::Remove, 0) => outcome::Membership::DidNotHold,
        (Change::Remove, _) => outcome::Membership::NoLongerHolds,
        (_, 0) => outcome::Membership::AlreadyHeld,
        (_, _) => outcome::Membership::Holds,
    };
    remark(&outcome.sentence(&user, &role));
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
    remark(&outcome::user_deleted(&user.username));
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
    remark(&outcome::user_restored(&restored.username));
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
    remark(&outcome::user_purged(&username));
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
mod tests;
