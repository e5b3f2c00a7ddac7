//! What people name on the command line, found in the directory.

use super::failure::Failure;
use super::runtime::Session;
use crate::directory::listing::{
    Comparison, Condition, Count, List, Named, Noun, Operand, Own, Pattern, Slice, Visible,
};
use crate::directory::names::normalized;
use crate::directory::roles::{FindRole, Role, RoleColumn, Roles};
use crate::directory::search::Words;
use crate::directory::trash::TrashedUsers;
use crate::directory::users::{User, UserColumn, Users};

pub async fn user(session: &Session, username: &str) -> Result<User, Failure> {
    // As it is typed, then in the spelling that names are kept in.
    for spelled in [username, &normalized(username)] {
        let named = named::<Users>(UserColumn::Username, spelled);
        if let Some(user) = session.read(named).await?.rows.into_iter().next() {
            return Ok(user);
        }
    }
    Err(Failure::failed(format!("there is no user {username:?}")))
}

pub async fn trashed_user(session: &Session, username: &str) -> Result<User, Failure> {
    let found = session
        .read(named::<TrashedUsers>(UserColumn::Username, username))
        .await?;
    let nobody = || Failure::failed(format!("there is no user {username:?} in the trash"));
    found.rows.into_iter().next().ok_or_else(nobody)
}

/// By its name, or by its id when no role has such a name.
pub async fn role(session: &Session, name: &str) -> Result<Role, Failure> {
    let found = session.read(named::<Roles>(RoleColumn::Name, name)).await?;
    if let Some(role) = found.rows.into_iter().next() {
        return Ok(role);
    }
    let by_id = match name.parse() {
        Ok(id) => {
            session
                .read(FindRole {
                    id,
                    visible: Visible::All,
                })
                .await?
        }
        Err(_) => None,
    };
    by_id.ok_or_else(|| Failure::failed(format!("there is no role {name:?}")))
}

pub async fn roles(session: &Session, names: &[String]) -> Result<Vec<i64>, Failure> {
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

/// Whoever has each of these words in a name, the username or the e-mail address,
/// whatever the case of its letters.
pub fn named_like(text: &str) -> Result<Condition<UserColumn>, Failure> {
    let words = Words::of(text);
    if words.are_indexed() {
        return Ok(Condition::Own(Own::Search(words)));
    }
    // Nothing for the index of the search: names are read, and begin with it.
    let begins = |word: &String| {
        let pattern = Pattern::beginning_with(word)
            .ok_or_else(|| Failure::usage(format!("--name: {word:?} cannot be searched for")))?;
        let test = |column: UserColumn| Condition::Test {
            column,
            comparison: Comparison::Matches,
            operands: vec![Operand::Pattern(pattern.clone())],
        };
        Ok(Condition::Any(NAMES.map(test).into()))
    };
    let all: Result<Vec<_>, Failure> = words.anywhere().iter().map(begins).collect();
    Ok(Condition::All(all?))
}

/// Whoever holds the role without a scope.
pub async fn holds(session: &Session, role_name: &str) -> Result<Condition<UserColumn>, Failure> {
    let role = role(session, role_name).await?;
    let named = Named {
        ids: vec![role.id],
        ..Named::default()
    };
    Ok(Condition::Own(Own::Roles {
        named: Some(named),
        holds: true,
    }))
}

fn named<N: Noun>(column: N::Column, name: &str) -> List<N> {
    List {
        visible: Visible::All,
        condition: Some(Condition::Test {
            column,
            comparison: Comparison::Equal,
            operands: vec![Operand::Text(name.to_owned())],
        }),
        count: Count::None,
        ..List::new(Slice {
            offset: 0,
            limit: 1,
        })
    }
}
