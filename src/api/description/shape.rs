//! What an address is, read off its path: addresses follow from the tables.

use super::types::{self, Type};
use crate::api::resource::Relationship;

#[derive(Clone, Copy)]
pub enum Shape {
    /// `/users`
    Collection(&'static Type),
    /// `/users/{id}`
    Item(&'static Type),
    /// `/users/{id}/roles`
    Related(&'static Type, &'static Relationship),
    /// `/users/{id}/relationships/roles`
    Linkage(&'static Type, &'static Relationship),
}

impl Shape {
    /// `None`: an address of its own kind.
    pub fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let kind = types::named(parts.first()?)?;
        match parts.as_slice() {
            [_] => Some(Self::Collection(kind)),
            [_, "{id}"] => Some(Self::Item(kind)),
            [_, "{id}", name] => Some(Self::Related(kind, kind.relationship(name)?)),
            [_, "{id}", "relationships", name] => {
                Some(Self::Linkage(kind, kind.relationship(name)?))
            }
            _ => None,
        }
    }

    /// The type in whose section it stands.
    pub fn home(self) -> &'static Type {
        match self {
            Self::Collection(kind)
            | Self::Item(kind)
            | Self::Related(kind, _)
            | Self::Linkage(kind, _) => kind,
        }
    }
}
