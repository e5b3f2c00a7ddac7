//! What a resource type is made of. One table of attributes feeds the answer,
//! the reading of requests, filters, sorts and sparse fieldsets.

use serde_json::Value;

use super::error::Failure;
pub use super::form::Form;
use crate::auth::{Governed, Guard};
use crate::directory::listing::{List, Listed, Noun};
use crate::directory::{Execute, Operation, Problem};
use crate::jsonapi::Purpose;
use crate::jsonapi::write::Shown;

/// The kind of an attribute's value, for filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Flag,
    Number,
    Time,
    /// A list or an object: not for filters and sorts.
    Structure,
}

/// One attribute of the resource type `R`.
pub struct Attribute<R: Resource> {
    pub name: &'static str,
    pub kind: Kind,
    /// One line for people.
    pub doc: &'static str,
    pub form: Form,
    /// None: write-only.
    pub show: Option<for<'a> fn(&'a Row<R>) -> Shown<'a>>,
    /// None: neither filtered nor sorted by.
    pub column: Option<Column<R>>,
    /// None: read-only. What a request says of it is passed over, since
    /// clients send back whole records.
    pub read: Option<Reader<R>>,
}

pub type Reader<R> = fn(&mut <R as Resource>::Draft, &Value) -> Result<(), Problem>;
pub type Row<R> = <<R as Resource>::Noun as Noun>::Row;
pub type Column<R> = <<R as Resource>::Noun as Noun>::Column;

/// A relationship as links and documents name it.
#[derive(Clone, Copy, Debug)]
pub struct Relationship {
    pub name: &'static str,
    pub target: &'static str,
    pub to_many: bool,
    /// One line for people.
    pub doc: &'static str,
    pub sent: Sent,
}

/// In which documents a relationship may be sent; in others it is refused and
/// not passed over, since linkage that is sent stands for a replacement (U03).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    Always,
    ToCreate,
    Never,
}

impl Sent {
    pub fn fits(self, purpose: Purpose) -> bool {
        match self {
            Self::Always => true,
            Self::ToCreate => purpose == Purpose::Create,
            Self::Never => false,
        }
    }
}

/// What a filter that names no attribute asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnFilter {
    /// Who holds one of the roles that are named by id or name.
    Roles,
    /// Who has a text in one of the searched columns.
    Search,
}

/// Mirrored in the resource's `meta`.
pub struct Stamp<'a> {
    pub created: &'a str,
    pub modified: &'a str,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
}

pub trait Resource: Sized + 'static {
    const TYPE: &'static str;
    /// One sentence for people.
    const DOC: &'static str;
    const RELATIONSHIPS: &'static [Relationship];
    /// Attributes that no row holds, with a line for people: shown in the
    /// answer to the request that makes the resource, and never again.
    const ONCE: &'static [(&'static str, &'static str)] = &[];
    /// Filters by something else than an attribute.
    const FILTERS: &'static [(&'static str, OwnFilter)] = &[];
    /// What a search looks into.
    const SEARCHED: &'static [Column<Self>] = &[];
    type Noun: Noun;
    type Find: Execute + Governed + Operation<Output = Option<Row<Self>>>;
    /// What a request's attributes are gathered into.
    type Draft: Default;

    fn attributes() -> &'static [Attribute<Self>];
    fn id(row: &Row<Self>) -> i64;
    fn find(id: i64) -> Self::Find;

    fn stamp(_: &Row<Self>) -> Option<Stamp<'_>> {
        None
    }

    fn attribute(name: &str) -> Option<&'static Attribute<Self>> {
        Self::attributes()
            .iter()
            .find(|attribute| attribute.name == name)
    }

    fn relationship(name: &str) -> Option<&'static Relationship> {
        Self::RELATIONSHIPS
            .iter()
            .find(|relationship| relationship.name == name)
    }

    /// Whether `fields[TYPE]` may name it.
    fn is_field(name: &str) -> bool {
        Self::attribute(name).is_some_and(|attribute| attribute.show.is_some())
            || Self::relationship(name).is_some()
            || Self::ONCE.iter().any(|(once, _)| *once == name)
    }
}

/// A type whose collection can be listed.
pub trait Listable: Resource {
    async fn list(guard: &Guard, list: List<Self::Noun>) -> Result<Listed<Row<Self>>, Failure>;
}

impl<R: Resource> Listable for R
where
    List<R::Noun>: Execute + Governed + Operation<Output = Listed<Row<R>>>,
{
    async fn list(guard: &Guard, list: List<R::Noun>) -> Result<Listed<Row<R>>, Failure> {
        Ok(guard.read(list).await?)
    }
}

/// The members that a document names for its relationships.
#[derive(Debug, Default)]
pub struct Linked(pub Vec<(&'static str, Vec<i64>)>);

impl Linked {
    pub fn take(&mut self, name: &str) -> Option<Vec<i64>> {
        let place = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.swap_remove(place).1)
    }
}

/// A new resource, and attributes that are shown this once.
pub struct Created<T> {
    pub row: T,
    pub once: Vec<(&'static str, String)>,
}

impl<T> From<T> for Created<T> {
    fn from(row: T) -> Self {
        Self {
            row,
            once: Vec::new(),
        }
    }
}

/// A type that can be created, changed and deleted.
pub trait Writable: Resource {
    /// `problems` are those of the attributes that were sent; what is missing
    /// is told together with them, and after the caller's rights.
    async fn create(
        guard: &Guard,
        draft: Self::Draft,
        problems: Vec<Problem>,
        linked: Linked,
    ) -> Result<Created<Row<Self>>, Failure>;

    async fn update(
        guard: &Guard,
        id: i64,
        draft: Self::Draft,
        problems: Vec<Problem>,
        linked: Linked,
    ) -> Result<Row<Self>, Failure>;

    async fn delete(guard: &Guard, id: i64) -> Result<(), Failure>;
}
