//! A file per resource type: its table, and what writing it means.

mod events;
mod relations;
mod roles;
mod tokens;
mod trash;
mod users;

pub use events::Events;
pub use relations::{RoleUsers, ToMany, ToOne, TokenUser, UserRoles, UserTokens};
pub use roles::Roles;
pub use tokens::Tokens;
pub use trash::TrashedUsers;
pub use users::{Users, update_own};

use std::collections::BTreeMap;

use super::error::Failure;
use super::include::all_of;
use super::operations::{self, Writes, links, writes};
use super::resource::{Relationship, Resource};
use crate::auth::Guard;
use crate::directory::grants::{RolesOfUsers, UsersOfRoles};
use crate::directory::listing::{Count, List, Slice};
use crate::directory::roles::{Role, RolesOf};
use crate::directory::tokens::{Token, TokensOf};
use crate::directory::users::{User, UsersOf};

/// What is known of a type without its Rust type.
struct Known {
    kind: &'static str,
    relationships: &'static [Relationship],
    is_field: fn(&str) -> bool,
    is_write_only: fn(&str) -> bool,
}

const KNOWN: &[Known] = &[
    known::<Users>(),
    known::<Roles>(),
    known::<Tokens>(),
    known::<Events>(),
];

/// The types whose resources operations change.
pub const WRITES: &[Writes] = &[writes::<Users>(), writes::<Roles>(), writes::<Tokens>()];

/// The relationships whose linkage operations change.
pub const LINKS: &[operations::Links] = &[links::<UserRoles>(), links::<RoleUsers>()];

const fn known<R: Resource>() -> Known {
    Known {
        kind: R::TYPE,
        relationships: R::RELATIONSHIPS,
        is_field: R::is_field,
        is_write_only: is_write_only_of::<R>,
    }
}

fn is_write_only_of<R: Resource>(name: &str) -> bool {
    R::attribute(name).is_some_and(|attribute| attribute.show.is_none())
}

/// Whether some type has an attribute of this name that is never shown.
pub fn is_write_only(name: &str) -> bool {
    KNOWN.iter().any(|known| (known.is_write_only)(name))
}

fn of_kind(kind: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.kind == kind)
}

pub fn is_type(kind: &str) -> bool {
    of_kind(kind).is_some()
}

/// The types that have a collection.
pub fn types() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|known| known.kind)
}

pub fn is_field(kind: &str, name: &str) -> bool {
    of_kind(kind).is_some_and(|known| (known.is_field)(name))
}

pub fn relationship(kind: &str, name: &str) -> Option<&'static Relationship> {
    of_kind(kind)?
        .relationships
        .iter()
        .find(|relationship| relationship.name == name)
}

/// A relationship of some resources that shall be included.
pub struct Links<'a> {
    pub kind: &'static str,
    pub name: &'static str,
    pub ids: &'a [i64],
    pub limit: i64,
}

impl Links<'_> {
    /// Pairs (resource, related); `None` when there are more than the limit.
    pub async fn follow(&self, guard: &Guard) -> Result<Option<Vec<(i64, i64)>>, Failure> {
        let ids = self.ids.to_vec();
        let pairs = match (self.kind, self.name) {
            (Users::TYPE, "roles") => guard.read(RolesOfUsers { users: ids }).await?,
            (Roles::TYPE, "users") => {
                let visible = Default::default();
                guard
                    .read(UsersOfRoles {
                        roles: ids,
                        visible,
                        limit: self.limit + 1,
                    })
                    .await?
            }
            (Users::TYPE, "tokens") => {
                let tokens = self.tokens(guard, TokensOf::Users(ids)).await?;
                tokens
                    .iter()
                    .map(|token| (token.user_id, token.id))
                    .collect()
            }
            (Tokens::TYPE, "user") => {
                let tokens = self.tokens(guard, TokensOf::Ids(ids)).await?;
                tokens
                    .iter()
                    .map(|token| (token.id, token.user_id))
                    .collect()
            }
            _ => Vec::new(),
        };
        let fits = i64::try_from(pairs.len()).is_ok_and(|found| found <= self.limit);
        Ok(fits.then_some(pairs))
    }

    async fn tokens(&self, guard: &Guard, of: TokensOf) -> Result<Vec<Token>, Failure> {
        let slice = Slice {
            offset: 0,
            limit: self.limit + 1,
        };
        let list: List<crate::directory::tokens::Tokens> = List {
            of: Some(of),
            count: Count::None,
            ..List::new(slice)
        };
        Ok(guard.read(list).await?.rows)
    }
}

/// Included rows, each once.
#[derive(Default)]
pub struct Loaded {
    pub users: BTreeMap<i64, User>,
    pub roles: BTreeMap<i64, Role>,
    pub tokens: BTreeMap<i64, Token>,
}

impl Loaded {
    /// Reads the rows of `ids` that are not here yet, in one query.
    pub async fn fetch(
        &mut self,
        guard: &Guard,
        kind: &'static str,
        ids: &[i64],
    ) -> Result<(), Failure> {
        match kind {
            Users::TYPE => {
                let missing = missing(&self.users, ids);
                if !missing.is_empty() {
                    let slice = all_of(&missing);
                    let of = Some(UsersOf::Ids(missing));
                    let list: List<crate::directory::users::Users> = List {
                        of,
                        count: Count::None,
                        ..List::new(slice)
                    };
                    let rows = guard.read(list).await?.rows;
                    self.users.extend(rows.into_iter().map(|row| (row.id, row)));
                }
            }
            Roles::TYPE => {
                let missing = missing(&self.roles, ids);
                if !missing.is_empty() {
                    let slice = all_of(&missing);
                    let of = Some(RolesOf::Ids(missing));
                    let list: List<crate::directory::roles::Roles> = List {
                        of,
                        count: Count::None,
                        ..List::new(slice)
                    };
                    let rows = guard.read(list).await?.rows;
                    self.roles.extend(rows.into_iter().map(|row| (row.id, row)));
                }
            }
            _ => {
                let missing = missing(&self.tokens, ids);
                if !missing.is_empty() {
                    let slice = all_of(&missing);
                    let of = Some(TokensOf::Ids(missing));
                    let list: List<crate::directory::tokens::Tokens> = List {
                        of,
                        count: Count::None,
                        ..List::new(slice)
                    };
                    let rows = guard.read(list).await?.rows;
                    self.tokens
                        .extend(rows.into_iter().map(|row| (row.id, row)));
                }
            }
        }
        Ok(())
    }
}

fn missing<T>(known: &BTreeMap<i64, T>, ids: &[i64]) -> Vec<i64> {
    ids.iter()
        .copied()
        .filter(|id| !known.contains_key(id))
        .collect()
}
