//! Derives from a path what it addresses.

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
    /// `None`: the path is not derived from a table.
    pub fn of(path: &str) -> Option<Self> {
        let (collection, below) = match path.trim_start_matches('/').split_once("/{id}") {
            Some((collection, below)) => (collection, Some(below)),
            None => (path.trim_start_matches('/'), None),
        };
        let kind = types::all().find(|known| known.path == collection)?;
        let Some(below) = below else {
            return Some(Self::Collection(kind));
        };
        match below.split('/').skip(1).collect::<Vec<_>>().as_slice() {
            [] => Some(Self::Item(kind)),
            [name] => Some(Self::Related(kind, kind.relationship(name)?)),
            ["relationships", name] => Some(Self::Linkage(kind, kind.relationship(name)?)),
            _ => None,
        }
    }

    /// The type in whose section it is described.
    pub fn section(self) -> &'static Type {
        match self {
            Self::Collection(kind)
            | Self::Item(kind)
            | Self::Related(kind, _)
            | Self::Linkage(kind, _) => kind,
        }
    }
}
