//! What people name on the command line, found in the directory.

use super::failure::Failure;
use super::runtime::Session;
use crate::directory::listing::{
    Comparison, Condition, Count, List, Noun, Operand, Slice, Visible,
};
use crate::directory::names::normalized;
use crate::directory::roles::{FindRole, Role, RoleColumn, Roles};
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
