//! What people name on the command line, found in the directory.

use super::error::CommandError;
use super::runtime::Session;
use crate::directory::listing::{
    Comparison, Condition, Count, CustomCondition, Entity, List, Named, Operand, Pattern, Slice,
    Visibility,
};
use crate::directory::names::{normalized, normalized_role_name};
use crate::directory::roles::{FindRole, Role, RoleColumn, Roles};
use crate::directory::search::Words;
use crate::directory::trash::{FindTrashedUser, TrashedUsers};
use crate::directory::users::{FindUser, User, UserColumn, Users};

/// A number, written as ids are, is an id first.
fn id(text: &str) -> Option<i64> {
    let id = text.parse::<i64>().ok();
    id.filter(|id| id.to_string() == text)
}

/// By the id; by the name when nobody has such an id, as everywhere here: people
/// choose names, so an id must not lead to somebody called like it.
pub async fn user(session: &Session, username: &str) -> Result<User, CommandError> {
    if let Some(id) = id(username) {
        let visible = Visibility::All;
        if let Some(user) = session.read(FindUser { id, visible }).await? {
            return Ok(user);
        }
    }
    // As it is typed, then in the spelling that names are kept in.
    for spelled in [username, &normalized(username)] {
        let named = named::<Users>(UserColumn::Username, spelled, 1);
        if let Some(user) = session.read(named).await?.rows.into_iter().next() {
            return Ok(user);
        }
    }
    Err(CommandError::failed(format!(
        "there is no user {username:?}"
    )))
}

/// Users in the trash who are told apart by their ids.
const MAX_LISTED: i64 = 20;

/// By the id; by the name when nobody in the trash has such an id.
pub async fn trashed_user(session: &Session, name: &str) -> Result<User, CommandError> {
    if let Some(id) = id(name) {
        let visible = Visibility::All;
        if let Some(user) = session.read(FindTrashedUser { id, visible }).await? {
            return Ok(user);
        }
    }
    for spelled in [name, &normalized(name)] {
        let named = named::<TrashedUsers>(UserColumn::Username, spelled, MAX_LISTED);
        let mut found = session.read(named).await?.rows;
        if found.len() > 1 {
            let ids: Vec<String> = found.iter().map(|user| user.id.to_string()).collect();
            return Err(CommandError::failed(format!(
                "several users in the trash are called {name:?}: give one of the ids {}",
                ids.join(", ")
            )));
        }
        if let Some(user) = found.pop() {
            return Ok(user);
        }
    }
    Err(CommandError::failed(format!(
        "there is no user {name:?} in the trash"
    )))
}

/// By its id, or by its name when no role has such an id.
pub async fn role(session: &Session, name: &str) -> Result<Role, CommandError> {
    if let Some(id) = id(name) {
        let visible = Visibility::All;
        if let Some(role) = session.read(FindRole { id, visible }).await? {
            return Ok(role);
        }
    }
    role_named(session, name).await
}

/// By its name alone, as settings name roles.
pub async fn role_named(session: &Session, name: &str) -> Result<Role, CommandError> {
    for spelled in [name, &normalized_role_name(name)] {
        let named = named::<Roles>(RoleColumn::Name, spelled, 1);
        if let Some(role) = session.read(named).await?.rows.into_iter().next() {
            return Ok(role);
        }
    }
    Err(CommandError::failed(format!("there is no role {name:?}")))
}

pub async fn roles(session: &Session, names: &[String]) -> Result<Vec<i64>, CommandError> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        ids.push(role(session, name).await?.id);
    }
    Ok(ids)
}

/// Where a word is looked for.
const NAMES: [UserColumn; 5] = [
    UserColumn::Username,
    UserColumn::Name,
    UserColumn::Surname,
    UserColumn::FullName,
    UserColumn::Email,
];

/// Everybody who has each of these words in a name, the username or the e-mail address,
/// whatever the case of its letters.
pub fn named_like(text: &str) -> Result<Condition<UserColumn>, CommandError> {
    let words = Words::of(text);
    if words.are_indexed() {
        return Ok(Condition::Custom(CustomCondition::Search(words)));
    }
    // Nothing for the index of the search: names are read, and begin with it.
    let begins = |word: &String| {
        let pattern = Pattern::beginning_with(word).ok_or_else(|| {
            CommandError::usage(format!("--name: {word:?} cannot be searched for"))
        })?;
        let test = |column: UserColumn| Condition::Test {
            column,
            comparison: Comparison::Matches,
            operands: vec![Operand::Pattern(pattern.clone())],
        };
        Ok(Condition::Any(NAMES.map(test).into()))
    };
    let all: Result<Vec<_>, CommandError> = words.anywhere().iter().map(begins).collect();
    Ok(Condition::All(all?))
}

/// Whoever holds the role without a scope.
pub async fn holds(
    session: &Session,
    role_name: &str,
) -> Result<Condition<UserColumn>, CommandError> {
    let role = role(session, role_name).await?;
    let named = Named {
        ids: vec![role.id],
        ..Named::default()
    };
    Ok(Condition::Custom(CustomCondition::Roles {
        named: Some(named),
        holds: true,
    }))
}

fn named<N: Entity>(column: N::Column, name: &str, limit: i64) -> List<N> {
    List {
        visible: Visibility::All,
        condition: Some(Condition::Test {
            column,
            comparison: Comparison::Equal,
            operands: vec![Operand::Text(name.to_owned())],
        }),
        count: Count::None,
        ..List::new(Slice { offset: 0, limit })
    }
}
