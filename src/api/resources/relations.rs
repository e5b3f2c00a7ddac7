//! The relationships: their related lists and their linkage.

use super::{Clusters, GrantRules, Grants, Partners, Roles, SignIns, Tokens, Users, Workspaces};
use crate::api::error::ApiError;
use crate::api::include::slice_of_all;
use crate::api::resource::{Listable, Resource, Row};
use crate::auth::Guard;
use crate::directory::clusters::ClustersOf;
use crate::directory::grant_rules::GrantRulesOf;
use crate::directory::grants::GrantsOf;
use crate::directory::listing::{Count, Entity, List, Slice};
use crate::directory::members::{FollowMembers, ListMembers, Members, Part, Relation, Side};
use crate::directory::partners::PartnersOf;
use crate::directory::roles::RolesOf;
use crate::directory::sign_ins::SignInsOf;
use crate::directory::tokens::TokensOf;
use crate::directory::users::UsersOf;
use crate::directory::versions::Digest;

/// Pairs (resource, related).
pub type Pairs = Vec<(i64, i64)>;

/// A to-many relationship.
pub trait ToMany: 'static {
    type From: Resource;
    type To: Listable;
    const NAME: &'static str;

    /// The parent of the related list.
    fn of(id: i64) -> <<Self::To as Resource>::Entity as Entity>::Parent;

    /// The side of the relation that stores the linkage; `None` if it cannot be changed.
    fn side(id: i64) -> Option<Side>;

    /// A page of the linkage.
    async fn page(guard: &Guard, id: i64, part: Part) -> Result<Members, ApiError>;

    /// The linkage of several resources, at most `limit` pairs.
    async fn follow(guard: &Guard, ids: Vec<i64>, limit: i64) -> Result<Pairs, ApiError>;
}

/// A many-to-many relationship.
macro_rules! many_to_many {
    ($link:ident, $from:ident $name:literal $to:ident, $relation:ident, $of:expr) => {
        #[doc = concat!("`/", stringify!($from), "/ID/", $name, "`")]
        pub struct $link;

        impl ToMany for $link {
            type From = $from;
            type To = $to;
            const NAME: &'static str = $name;

            fn of(id: i64) -> <<$to as Resource>::Entity as Entity>::Parent {
                $of(id)
            }

            fn side(id: i64) -> Option<Side> {
                Some(Relation::$relation.of(id))
            }

            async fn page(guard: &Guard, id: i64, part: Part) -> Result<Members, ApiError> {
                let list = ListMembers {
                    side: Relation::$relation.of(id),
                    visible: Default::default(),
                    visible_members: Default::default(),
                    part,
                };
                Ok(guard.read(list).await?)
            }

            async fn follow(guard: &Guard, ids: Vec<i64>, limit: i64) -> Result<Pairs, ApiError> {
                let follow = FollowMembers {
                    relation: Relation::$relation,
                    ids,
                    visible_members: Default::default(),
                    limit,
                };
                Ok(guard.read(follow).await?)
            }
        }
    };
}

/// A one-to-many relationship, stored in a foreign key of the related resources.
macro_rules! owned {
    ($link:ident, $from:ident $name:literal $to:ident, $of:expr, $owner:expr) => {
        #[doc = concat!("`/", stringify!($from), "/ID/", $name, "`")]
        pub struct $link;

        impl ToMany for $link {
            type From = $from;
            type To = $to;
            const NAME: &'static str = $name;

            fn of(id: i64) -> <<$to as Resource>::Entity as Entity>::Parent {
                $of(vec![id])
            }

            fn side(_: i64) -> Option<Side> {
                None
            }

            async fn page(guard: &Guard, id: i64, part: Part) -> Result<Members, ApiError> {
                owned_page::<$link>(guard, id, part).await
            }

            async fn follow(guard: &Guard, ids: Vec<i64>, limit: i64) -> Result<Pairs, ApiError> {
                let list = first_rows::<$to>($of(ids), limit);
                let rows = <$to as Listable>::list(guard, list).await?.rows;
                let owner: fn(&Row<$to>) -> i64 = $owner;
                Ok(rows.iter().map(|row| (owner(row), $to::id(row))).collect())
            }
        }
    };
}

async fn owned_page<L: ToMany>(guard: &Guard, id: i64, part: Part) -> Result<Members, ApiError> {
    let exists = guard.find(L::From::find(id)).await?.is_some();
    let list = List {
        parent: Some(L::of(id)),
        seek: part.seek,
        count: part.count,
        ..List::new(part.slice)
    };
    let listed = L::To::list(guard, list).await?;
    let ids: Vec<i64> = listed.rows.iter().map(L::To::id).collect();
    // The linkage cannot be changed, so a digest of this page is sufficient.
    let mut state = Digest::of(ids.iter().copied());
    state.count = listed.total.unwrap_or(state.count);
    Ok(Members {
        exists,
        ids,
        total: listed.total,
        version: Some(state.version()),
    })
}

/// The first rows of a parent's list, without a total.
fn first_rows<R: Listable>(parent: <R::Entity as Entity>::Parent, limit: i64) -> List<R::Entity> {
    let slice = Slice { offset: 0, limit };
    List {
        parent: Some(parent),
        count: Count::None,
        ..List::new(slice)
    }
}

many_to_many!(UserRoles, Users "roles" Roles, UserRoles, RolesOf::User);
many_to_many!(RoleUsers, Roles "users" Users, RoleUsers, UsersOf::Role);
many_to_many!(RoleIncludes, Roles "includes" Roles, RoleIncludes, RolesOf::PartsOf);
many_to_many!(RuleTargets, GrantRules "targets" Roles, RuleTargets, RolesOf::TargetsOf);
many_to_many!(PartnerClusters, Partners "clusters" Clusters, PartnerClusters, ClustersOf::Partner);
many_to_many!(ClusterPartners, Clusters "partners" Partners, ClusterPartners, PartnersOf::Cluster);
owned!(UserTokens, Users "tokens" Tokens, TokensOf::Users, |token| token.user_id);
owned!(UserSignIns, Users "sign-ins" SignIns, SignInsOf::Users, |sign_in| sign_in.user_id);
owned!(UserGrants, Users "grants" Grants, GrantsOf::Users, |grant| grant.user_id);
owned!(RoleGrants, Roles "grants" Grants, GrantsOf::Roles, |grant| grant.role_id);
owned!(RoleRules, Roles "grant-rules" GrantRules, GrantRulesOf::Granters, |rule| rule.granter_role_id);
owned!(WorkspaceClusters, Workspaces "clusters" Clusters, ClustersOf::Workspaces, |cluster| cluster.workspace_id);
owned!(WorkspaceGrants, Workspaces "grants" Grants, GrantsOf::Workspaces, |grant| grant.workspace_id.unwrap_or_default());
owned!(ClusterGrants, Clusters "grants" Grants, GrantsOf::Clusters, |grant| grant.cluster_id.unwrap_or_default());
owned!(PartnerUsers, Partners "users" Users, UsersOf::Partners, |user| user.partner_id.unwrap_or_default());

/// A to-one relationship.
pub trait ToOne: 'static {
    type From: Listable;
    type To: Resource;
    const NAME: &'static str;

    fn target(row: &Row<Self::From>) -> Option<i64>;
}

/// The targets of several resources.
pub async fn follow_one<L: ToOne>(guard: &Guard, ids: Vec<i64>) -> Result<Pairs, ApiError> {
    let slice = slice_of_all(&ids);
    let list = first_rows::<L::From>(<L::From as Resource>::Entity::of_ids(ids), slice.limit);
    let rows = L::From::list(guard, list).await?.rows;
    let pair = |row: &Row<L::From>| Some((L::From::id(row), L::target(row)?));
    Ok(rows.iter().filter_map(pair).collect())
}

macro_rules! to_one {
    ($link:ident, $from:ident $name:literal $to:ident, $target:expr) => {
        #[doc = concat!("`/", stringify!($from), "/ID/", $name, "`")]
        pub struct $link;

        impl ToOne for $link {
            type From = $from;
            type To = $to;
            const NAME: &'static str = $name;

            fn target(row: &Row<$from>) -> Option<i64> {
                let target: fn(&Row<$from>) -> Option<i64> = $target;
                target(row)
            }
        }
    };
}

to_one!(TokenUser, Tokens "user" Users, |token| Some(token.user_id));
to_one!(SignInUser, SignIns "user" Users, |sign_in| Some(sign_in.user_id));
to_one!(GrantUser, Grants "user" Users, |grant| Some(grant.user_id));
to_one!(GrantRole, Grants "role" Roles, |grant| Some(grant.role_id));
to_one!(RuleGranter, GrantRules "granter" Roles, |rule| Some(rule.granter_role_id));
to_one!(UserPartner, Users "partner" Partners, |user| user.partner_id);
to_one!(GrantWorkspace, Grants "workspace" Workspaces, |grant| grant.workspace_id);
to_one!(GrantCluster, Grants "cluster" Clusters, |grant| grant.cluster_id);
to_one!(ClusterWorkspace, Clusters "workspace" Workspaces, |cluster| Some(cluster.workspace_id));
