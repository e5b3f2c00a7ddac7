//! What a resource type is made of. One table of attributes feeds the answer,
//! the reading of requests, filters, sorts and sparse fieldsets.

use serde_json::Value;

pub use super::constraints::Constraints;
use super::error::ApiError;
use crate::auth::{Authorize, Guard};
use crate::directory::batch::{Narrowed, Refers};
use crate::directory::listing::{Entity, List, Listed};
use crate::directory::{Execute, Expected, FieldError, Operation};
use crate::jsonapi::Purpose;
use crate::jsonapi::write::AttributeValue;

/// The kind of an attribute's value, for filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    Text,
    Flag,
    Number,
    Time,
    /// A decimal number: shown as text, taken as a number, too. Not for
    /// filters and sorts.
    Amount,
    /// A list or an object: not for filters and sorts.
    Structure,
}

/// One attribute of the resource type `R`.
pub struct Attribute<R: Resource> {
    pub name: &'static str,
    pub kind: AttributeKind,
    /// One line for people.
    pub doc: &'static str,
    pub constraints: Constraints,
    /// None: write-only.
    pub get: Option<for<'a> fn(&'a Row<R>) -> AttributeValue<'a>>,
    /// None: neither filtered nor sorted by.
    pub column: Option<Column<R>>,
    /// None: read-only. What a request says of it is passed over, since
    /// clients send back whole records.
    pub set: Option<Setter<R>>,
}

pub type Setter<R> = fn(&mut <R as Resource>::Draft, &Value) -> Result<(), FieldError>;
pub type Row<R> = <<R as Resource>::Entity as Entity>::Row;
pub type Column<R> = <<R as Resource>::Entity as Entity>::Column;

/// A relationship as links and documents name it.
#[derive(Clone, Copy, Debug)]
pub struct Relationship {
    pub name: &'static str,
    pub target: &'static str,
    pub to_many: bool,
    /// One line for people.
    pub doc: &'static str,
    pub writability: Writability,
}

/// In which documents a relationship may be sent; in others it is refused and
/// not passed over, since linkage that is sent stands for a replacement (U03).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writability {
    Always,
    OnCreate,
    Never,
}

impl Writability {
    pub fn fits(self, purpose: Purpose) -> bool {
        match self {
            Self::Always => true,
            Self::OnCreate => purpose == Purpose::Create,
            Self::Never => false,
        }
    }
}

/// What a filter that names no attribute asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomFilter {
    /// Who holds one of the roles that are named by id or name.
    Roles,
    /// Who has a text in one of the searched columns.
    Search,
}

/// Mirrored in the resource's `meta`.
pub struct ResourceMeta<'a> {
    pub created: &'a str,
    pub modified: &'a str,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
    /// What a client chose as the id, shown when there is one.
    pub external_id: Option<&'a str>,
}

pub trait Resource: Sized + 'static {
    const TYPE: &'static str;
    /// Where its collection is, from the root.
    const PATH: &'static str = Self::TYPE;
    /// One sentence for people.
    const DOC: &'static str;
    const RELATIONSHIPS: &'static [Relationship];
    /// Attributes that no row holds, with a line for people: shown in the
    /// answer to the request that makes the resource, and never again.
    const ONE_TIME: &'static [(&'static str, &'static str)] = &[];
    /// Filters by something else than an attribute.
    const FILTERS: &'static [(&'static str, CustomFilter)] = &[];
    /// To-one relationships whose id is a column, to filter by.
    const FOREIGN_KEYS: &'static [(&'static str, Column<Self>)] = &[];
    /// Where the id is that a client chose, to be filtered by as `external_id`.
    const EXTERNAL_ID: Option<Column<Self>> = None;
    /// Relationships that a new resource must name. All are to-one.
    const REQUIRED_RELATIONSHIPS: &'static [&'static str] = &[];
    /// What a search looks into.
    const SEARCH_COLUMNS: &'static [Column<Self>] = &[];
    type Entity: Entity;
    type Find: Execute + Authorize + Narrowed + Operation<Output = Option<Row<Self>>>;
    /// What a request's attributes are gathered into.
    type Draft: Default;

    fn attributes() -> &'static [Attribute<Self>];
    fn id(row: &Row<Self>) -> i64;
    fn find(id: i64) -> Self::Find;

    fn revision(row: &Row<Self>) -> Revision<'_>;

    /// The version of another resource whose state is shown in this one.
    fn related_version(_: &Row<Self>) -> Option<i64> {
        None
    }

    fn meta(_: &Row<Self>) -> Option<ResourceMeta<'_>> {
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

    /// Whether it is an attribute that takes a password.
    fn is_secret(name: &str) -> bool {
        Self::attribute(name).is_some_and(|attribute| {
            attribute.get.is_none() && attribute.kind == AttributeKind::Text
        })
    }

    /// Whether `fields[TYPE]` may name it.
    fn is_field(name: &str) -> bool {
        Self::attribute(name).is_some_and(|attribute| attribute.get.is_some())
            || Self::relationship(name).is_some()
            || Self::ONE_TIME.iter().any(|(once, _)| *once == name)
    }
}

/// A type whose collection can be listed.
pub trait Listable: Resource {
    async fn list(guard: &Guard, list: List<Self::Entity>) -> Result<Listed<Row<Self>>, ApiError>;
}

impl<R: Resource> Listable for R
where
    List<R::Entity>: Execute + Authorize + Operation<Output = Listed<Row<R>>>,
{
    async fn list(guard: &Guard, list: List<R::Entity>) -> Result<Listed<Row<R>>, ApiError> {
        Ok(guard.read(list).await?)
    }
}

/// The members that a document names for its relationships.
#[derive(Debug, Default)]
pub struct RelationshipIds(pub Vec<(&'static str, Vec<i64>)>);

impl RelationshipIds {
    /// The one id of a to-one relationship.
    pub fn one(&mut self, name: &str) -> Option<i64> {
        self.take(name)?.first().copied()
    }

    pub fn take(&mut self, name: &str) -> Option<Vec<i64>> {
        let place = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.swap_remove(place).1)
    }
}

/// Attributes that no row holds: shown in the answer that makes them.
pub type OneTimeAttributes = Vec<(&'static str, String)>;

/// A change that is ready to be handed to the directory.
pub trait Change: Execute + Authorize + Refers + Clone {}

impl<T: Execute + Authorize + Refers + Clone> Change for T {}

/// Which state of which resource a change is meant for.
#[derive(Clone)]
pub struct Target {
    pub id: i64,
    pub expected: Expected,
}

/// What a strong entity tag of a row is made of.
pub struct Revision<'a> {
    /// Moves with every edit; what `If-Match` is compared with.
    pub version: i64,
    /// A moment that is shown, but is nobody's edit.
    pub last_activity: Option<&'a str>,
}

/// A type whose resources can be taken away from where they are.
pub trait Deletable: Resource {
    type Delete: Change + Operation<Output = ()>;

    fn deletion(target: Target) -> Self::Delete;
}

/// A type whose resources can be put back to where they were deleted.
pub trait Restorable: Deletable {
    /// As what they are there.
    type Restored: Resource;
    type Restore: Change + Operation<Output = Row<Self::Restored>>;

    fn restoration(target: Target, draft: Self::Draft) -> Self::Restore;
}

/// A type that can be created, changed and deleted. It says how; handlers see
/// to it, alone or with other changes in one transaction.
pub trait Writable: Deletable {
    type Create: Change + Operation<Output = Row<Self>>;
    type Update: Change + Operation<Output = Row<Self>>;
    /// Whether the answer to a creation holds what must not be kept.
    const RETURNS_SECRET: bool = false;
    /// Whether an update itself finds out that the caller may not see its
    /// resource; else that is looked at before.
    const UPDATE_CHECKS_VISIBILITY: bool = false;
    /// Keeps a UUID that a client chose, where the type has a place for it.
    const CLIENT_ID: Option<fn(&mut Self::Draft, String)> = None;

    /// `problems` are those of the attributes that were sent; what is missing
    /// is told together with them, and after the caller's rights.
    async fn creation(
        guard: &Guard,
        draft: Self::Draft,
        field_errors: Vec<FieldError>,
        linked: RelationshipIds,
    ) -> Result<(Self::Create, OneTimeAttributes), ApiError>;

    async fn change(
        guard: &Guard,
        target: Target,
        draft: Self::Draft,
        field_errors: Vec<FieldError>,
        linked: RelationshipIds,
    ) -> Result<Self::Update, ApiError>;
}
