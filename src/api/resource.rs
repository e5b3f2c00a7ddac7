//! The declaration of a resource type. Its table of attributes drives serialization,
//! decoding, filters, sorts and sparse fieldsets.

use serde_json::Value;

pub use super::constraints::Constraints;
use super::error::ApiError;
use crate::auth::{Authorize, Guard};
use crate::directory::batch::{ResolveIds, VisibilityScoped};
use crate::directory::listing::{Entity, List, Listed};
use crate::directory::{Execute, Expected, FieldError, Operation};
use crate::jsonapi::Purpose;
use crate::jsonapi::write::AttributeValue;

/// The kind of an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    Text,
    Flag,
    Number,
    Time,
    /// A decimal number: serialized as a string, accepted as a number as well. Neither
    /// filtered nor sorted.
    Amount,
    /// An array or an object. Neither filtered nor sorted.
    Structure,
}

/// One attribute of the resource type `R`.
pub struct Attribute<R: Resource> {
    pub name: &'static str,
    pub kind: AttributeKind,
    /// One line of documentation.
    pub doc: &'static str,
    pub constraints: Constraints,
    /// `None`: write-only.
    pub get: Option<for<'a> fn(&'a Row<R>) -> AttributeValue<'a>>,
    /// `None`: neither filtered nor sorted.
    pub column: Option<Column<R>>,
    /// `None`: read-only. Requests may contain it and it is ignored, since clients
    /// send back whole records.
    pub set: Option<Setter<R>>,
}

pub type Setter<R> = fn(&mut <R as Resource>::Draft, &Value) -> Result<(), FieldError>;
pub type Row<R> = <<R as Resource>::Entity as Entity>::Row;
pub type Column<R> = <<R as Resource>::Entity as Entity>::Column;

/// A relationship.
#[derive(Clone, Copy, Debug)]
pub struct Relationship {
    pub name: &'static str,
    pub target: &'static str,
    pub to_many: bool,
    /// One line of documentation.
    pub doc: &'static str,
    pub writability: Writability,
}

/// In which request documents a relationship may occur. In others it is rejected and
/// not ignored, since linkage in a document means a full replacement (U03).
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

/// A filter on something other than an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomFilter {
    /// Users who hold one of the roles, given by id or name.
    Roles,
    /// Full-text search in the searched columns.
    Search,
}

/// Attributes that are repeated in the resource's `meta`.
pub struct ResourceMeta<'a> {
    pub created: &'a str,
    pub modified: &'a str,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
    /// The client-generated id.
    pub external_id: Option<&'a str>,
}

pub trait Resource: Sized + 'static {
    const TYPE: &'static str;
    /// The path of its collection.
    const PATH: &'static str = Self::TYPE;
    /// One sentence of documentation.
    const DOC: &'static str;
    const RELATIONSHIPS: &'static [Relationship];
    /// Attributes that no row stores, with a line of documentation: serialized in the
    /// response to the creation, and never again.
    const ONE_TIME: &'static [(&'static str, &'static str)] = &[];
    /// Filters on something other than an attribute.
    const FILTERS: &'static [(&'static str, CustomFilter)] = &[];
    /// To-one relationships that are filtered by their column.
    const FOREIGN_KEYS: &'static [(&'static str, Column<Self>)] = &[];
    /// The column of client-generated ids, filtered as `external_id`.
    const EXTERNAL_ID: Option<Column<Self>> = None;
    /// To-one relationships that a new resource must have.
    const REQUIRED_RELATIONSHIPS: &'static [&'static str] = &[];
    /// The columns that a search looks in.
    const SEARCH_COLUMNS: &'static [Column<Self>] = &[];
    type Entity: Entity;
    type Find: Execute + Authorize + VisibilityScoped + Operation<Output = Option<Row<Self>>>;
    /// The decoded attributes of a request.
    type Draft: Default;

    fn attributes() -> &'static [Attribute<Self>];
    fn id(row: &Row<Self>) -> i64;
    fn find(id: i64) -> Self::Find;

    fn revision(row: &Row<Self>) -> Revision<'_>;

    /// The version of another resource whose attributes this one shows.
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

    /// Whether it is an attribute for a password.
    fn is_secret(name: &str) -> bool {
        Self::attribute(name).is_some_and(|attribute| {
            attribute.get.is_none() && attribute.kind == AttributeKind::Text
        })
    }

    /// Whether it can occur in `fields[TYPE]`.
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

/// The ids in the relationships of a request document.
#[derive(Debug, Default)]
pub struct RelationshipIds(pub Vec<(&'static str, Vec<i64>)>);

impl RelationshipIds {
    /// The id in a to-one relationship.
    pub fn one(&mut self, name: &str) -> Option<i64> {
        self.take(name)?.first().copied()
    }

    pub fn take(&mut self, name: &str) -> Option<Vec<i64>> {
        let place = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.swap_remove(place).1)
    }
}

/// Names and values of [`Resource::ONE_TIME`].
pub type OneTimeAttributes = Vec<(&'static str, String)>;

/// A write operation of the directory.
pub trait Change: Execute + Authorize + ResolveIds + Clone {}

impl<T: Execute + Authorize + ResolveIds + Clone> Change for T {}

/// The resource to change, and the state that it must have.
#[derive(Clone)]
pub struct Target {
    pub id: i64,
    pub expected: Expected,
}

/// The parts of a row's strong entity tag.
pub struct Revision<'a> {
    /// Incremented by every change; `If-Match` is compared with it.
    pub version: i64,
    /// A time that is serialized but does not count as a change, such as a last login.
    pub last_activity: Option<&'a str>,
}

/// A type whose resources can be deleted.
pub trait Deletable: Resource {
    type Delete: Change + Operation<Output = ()>;

    fn deletion(target: Target) -> Self::Delete;
}

/// A type whose resources can be restored.
pub trait Restorable: Deletable {
    /// The type of a restored resource.
    type Restored: Resource;
    type Restore: Change + Operation<Output = Row<Self::Restored>>;

    fn restoration(target: Target, draft: Self::Draft) -> Self::Restore;
}

/// A type that can be created, changed and deleted. It builds the operations; handlers
/// carry them out, alone or with others in one transaction.
pub trait Writable: Deletable {
    type Create: Change + Operation<Output = Row<Self>>;
    type Update: Change + Operation<Output = Row<Self>>;
    /// Whether the response to a creation contains a secret, so must not be stored.
    const RETURNS_SECRET: bool = false;
    /// Whether the update itself rejects resources that the caller cannot see;
    /// otherwise the handler checks it first.
    const UPDATE_CHECKS_VISIBILITY: bool = false;
    /// Stores a client-generated id, if the type has a column for it.
    const CLIENT_ID: Option<fn(&mut Self::Draft, String)> = None;

    /// `field_errors` are those of the attributes that were sent. They are reported
    /// together with missing attributes, after the caller's permissions are checked.
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
