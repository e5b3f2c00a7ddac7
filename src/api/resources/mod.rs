//! One file for each resource type: its table and its write operations. This module
//! lists all types and relationships, for routes, queries, `include`, atomic operations
//! and the description.

mod clusters;
mod events;
mod grant_rules;
mod grants;
mod included;
mod partners;
mod relations;
mod roles;
mod sign_ins;
mod tokens;
mod trash;
mod users;
mod workspaces;

pub use clusters::Clusters;
pub use events::Events;
pub use grant_rules::GrantRules;
pub use grants::Grants;
pub use included::Included;
pub use partners::Partners;
pub use relations::{
    ClusterGrants, ClusterPartners, ClusterWorkspace, GrantCluster, GrantRole, GrantUser,
    GrantWorkspace, Pairs, PartnerClusters, PartnerUsers, RoleGrants, RoleIncludes, RoleRules,
    RoleUsers, RuleGranter, RuleTargets, SignInUser, ToMany, ToOne, TokenUser, UserGrants,
    UserPartner, UserRoles, UserSignIns, UserTokens, WorkspaceClusters, WorkspaceGrants,
};
pub use roles::Roles;
pub use sign_ins::SignIns;
pub use tokens::Tokens;
pub use trash::TrashedUsers;
pub use users::{Users, update_own};
pub use workspaces::Workspaces;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::description::Described;
use super::error::ApiError;
use super::operations::{
    LinkageOperations, ResourceOperations, delete_only_operations, linkage_operations,
    resource_operations,
};
use super::resource::{Deletable, Listable, Relationship, Resource, Writable};
use super::routes::{self, Endpoint};
use crate::auth::Guard;
use included::{IncludedRows, IncludedType};

/// All resource types, in the order of the reference.
pub const TYPES: &[Type] = &[
    writable::<Users>().with_alias::<UserRoles>(),
    writable::<Roles>().with_alias::<RoleUsers>(),
    writable::<Grants>(),
    writable::<GrantRules>(),
    writable::<Workspaces>(),
    writable::<Clusters>(),
    writable::<Partners>(),
    writable::<Tokens>(),
    deletable::<SignIns>(),
    read_only::<Events>(),
];

pub const RELATIONS: &[Relation] = &[
    to_many::<UserRoles>(),
    to_many::<UserGrants>(),
    to_many::<UserTokens>(),
    to_many::<UserSignIns>(),
    to_one_writable::<UserPartner>(),
    to_many::<RoleUsers>(),
    to_many::<RoleGrants>(),
    to_many::<RoleIncludes>(),
    to_many::<RoleRules>(),
    to_one::<GrantUser>(),
    to_one_writable::<GrantRole>(),
    to_one::<GrantWorkspace>(),
    to_one::<GrantCluster>(),
    to_one_writable::<RuleGranter>(),
    to_many::<RuleTargets>(),
    to_many::<WorkspaceClusters>(),
    to_many::<WorkspaceGrants>(),
    to_one_writable::<ClusterWorkspace>(),
    to_many::<ClusterPartners>(),
    to_many::<ClusterGrants>(),
    to_many::<PartnerClusters>(),
    to_many::<PartnerUsers>(),
    to_one::<TokenUser>(),
    to_one::<SignInUser>(),
];

/// A resource type with its Rust type erased.
pub struct Type {
    pub kind: &'static str,
    pub relationships: &'static [Relationship],
    pub described: Described,
    /// `None` for a read-only type.
    pub operations: Option<ResourceOperations>,
    endpoints: fn(routes::Lists) -> [Endpoint; 2],
    lists: fn() -> routes::Lists,
    is_field: fn(&str) -> bool,
    is_secret: fn(&str) -> bool,
    included: fn() -> Box<dyn IncludedType>,
}

const fn read_only<R: Listable>() -> Type {
    Type {
        kind: R::TYPE,
        relationships: R::RELATIONSHIPS,
        described: Described::of::<R>(),
        operations: None,
        endpoints: routes::read_only::<R>,
        lists: routes::lists::<R>,
        is_field: R::is_field,
        is_secret: R::is_secret,
        included: || Box::new(IncludedRows::<R>::default()),
    }
}

/// A type whose resources can be deleted but not created or changed here.
const fn deletable<R: Listable + Deletable>() -> Type {
    Type {
        operations: Some(delete_only_operations::<R>()),
        endpoints: routes::deletable::<R>,
        ..read_only::<R>()
    }
}

const fn writable<R: Listable + Writable>() -> Type {
    Type {
        operations: Some(resource_operations::<R>()),
        endpoints: routes::writable::<R>,
        ..read_only::<R>()
    }
}

impl Type {
    /// Adds the alias `?id=N&NAME` of a related list.
    const fn with_alias<L: ToMany<From: Listable>>(mut self) -> Self {
        self.lists = routes::lists_or_related::<L>;
        self
    }

    pub fn endpoints(&self) -> [Endpoint; 2] {
        (self.endpoints)((self.lists)())
    }
}

type RelatedPairs<'a> = LocalBoxFuture<'a, Result<Pairs, ApiError>>;

/// A relationship with its Rust type erased.
pub struct Relation {
    from: &'static str,
    name: &'static str,
    pub endpoints: fn() -> [Endpoint; 2],
    /// `None` for a to-one relationship.
    pub links: Option<LinkageOperations>,
    follow: for<'a> fn(&'a Guard, Vec<i64>, i64) -> RelatedPairs<'a>,
}

const fn to_many<L: ToMany>() -> Relation {
    Relation {
        from: L::From::TYPE,
        name: L::NAME,
        endpoints: routes::to_many::<L>,
        links: Some(linkage_operations::<L>()),
        follow: |guard, ids, limit| L::follow(guard, ids, limit).boxed_local(),
    }
}

const fn to_one<L: ToOne>() -> Relation {
    Relation {
        from: L::From::TYPE,
        name: L::NAME,
        endpoints: routes::to_one::<L>,
        links: None,
        follow: |guard, ids, _| relations::follow_one::<L>(guard, ids).boxed_local(),
    }
}

/// A relationship that can be set to another resource.
const fn to_one_writable<L: ToOne<From: Writable>>() -> Relation {
    Relation {
        endpoints: routes::to_one_writable::<L>,
        ..to_one::<L>()
    }
}

/// Whether any type has a password attribute of this name.
pub fn is_secret(name: &str) -> bool {
    TYPES.iter().any(|known| (known.is_secret)(name))
}

pub fn resource_type(kind: &str) -> Option<&'static Type> {
    TYPES.iter().find(|known| known.kind == kind)
}

pub fn is_type(kind: &str) -> bool {
    resource_type(kind).is_some()
}

/// The types that have a collection.
pub fn types() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|known| known.kind)
}

pub fn is_field(kind: &str, name: &str) -> bool {
    resource_type(kind).is_some_and(|known| (known.is_field)(name))
}

pub fn relationship(kind: &str, name: &str) -> Option<&'static Relationship> {
    resource_type(kind)?
        .relationships
        .iter()
        .find(|relationship| relationship.name == name)
}

/// The operations on the linkage of a to-many relationship.
pub fn linkage_operations_of(kind: &str, name: &str) -> Option<&'static LinkageOperations> {
    related(kind, name)?.links.as_ref()
}

fn related(kind: &str, name: &str) -> Option<&'static Relation> {
    RELATIONS
        .iter()
        .find(|relation| relation.from == kind && relation.name == name)
}

/// The linkage of a relationship of several resources; `None` if there are more pairs
/// than the limit.
pub async fn follow(
    guard: &Guard,
    (kind, name): (&str, &str),
    ids: &[i64],
    limit: i64,
) -> Result<Option<Pairs>, ApiError> {
    let Some(relation) = related(kind, name) else {
        return Ok(Some(Vec::new()));
    };
    let pairs = (relation.follow)(guard, ids.to_vec(), limit + 1).await?;
    let fits = i64::try_from(pairs.len()).is_ok_and(|found| found <= limit);
    Ok(fits.then_some(pairs))
}
