//! Which workspaces, clusters and partners somebody sees who may not see all:
//! where they hold a role that is in force, and whom they belong to. And whether
//! roles are held in a place.

use super::prelude::*;
use crate::directory::delegation::GrantScope;
use crate::storage::schema::{clusters, grants, partners, users, workspaces};

macro_rules! held_in {
    ($place:ident, $user:expr, $context:expr) => {{
        let now = $context.now_text();
        grants::table
            .filter(grants::user_id.eq($user))
            .filter(grants::$place.is_not_null())
            .filter(in_force!(now.clone()))
            .select(grants::$place.assume_not_null())
    }};
}

/// A workspace also through a role in one of its clusters. None: all.
pub fn workspaces_seen(visible: Visibility, context: &Context) -> Option<Boxed<workspaces::table>> {
    let user = match visible {
        Visibility::All => return None,
        Visibility::Nothing => return Some(Box::new(workspaces::id.eq(0).nullable())),
        Visibility::Own(user) | Visibility::Delegated(user) => user,
    };
    let of_clusters = clusters::table
        .filter(clusters::id.eq_any(held_in!(cluster_id, user, context)))
        .select(clusters::workspace_id);
    let held = workspaces::id.eq_any(held_in!(workspace_id, user, context));
    Some(Box::new(
        held.or(workspaces::id.eq_any(of_clusters)).nullable(),
    ))
}

/// A cluster also through a role in its workspace. None: all.
pub fn clusters_seen(visible: Visibility, context: &Context) -> Option<Boxed<clusters::table>> {
    let user = match visible {
        Visibility::All => return None,
        Visibility::Nothing => return Some(Box::new(clusters::id.eq(0).nullable())),
        Visibility::Own(user) | Visibility::Delegated(user) => user,
    };
    let held = clusters::id.eq_any(held_in!(cluster_id, user, context));
    let in_workspaces = clusters::workspace_id.eq_any(held_in!(workspace_id, user, context));
    Some(Box::new(held.or(in_workspaces).nullable()))
}

/// One's own partner. None: all.
pub fn partners_seen(visible: Visibility, _: &Context) -> Option<Boxed<partners::table>> {
    let user = match visible {
        Visibility::All => return None,
        Visibility::Nothing => return Some(Box::new(partners::id.eq(0).nullable())),
        Visibility::Own(user) | Visibility::Delegated(user) => user,
    };
    let own = users::table
        .filter(users::id.eq(user))
        .filter(users::partner_id.is_not_null())
        .select(users::partner_id.assume_not_null());
    Some(Box::new(partners::id.eq_any(own).nullable()))
}

/// Refuses to delete a workspace or a cluster in which roles are held, and tells
/// when only users in the trash hold them.
pub async fn refuse_held(place: GrantScope, connection: &mut Conn) -> Result<(), DirectoryError> {
    let held = || {
        let grants = grants::table.inner_join(users::table).select(grants::id);
        let grants = grants.into_boxed::<Db>();
        match place.cluster {
            Some(cluster) => grants.filter(grants::cluster_id.eq(cluster)),
            None => grants.filter(grants::workspace_id.eq(place.workspace)),
        }
    };
    let (by_living, by_trashed) = match place.cluster {
        Some(_) => (
            "Roles are held in this cluster: delete the grants first.",
            "Users in the trash hold roles in this cluster: purge them, or restore them and delete the grants first.",
        ),
        None => (
            "Roles are held in this workspace: delete the grants first.",
            "Users in the trash hold roles in this workspace: purge them, or restore them and delete the grants first.",
        ),
    };
    let any: Option<i64> = held().first(connection).await.optional()?;
    if any.is_none() {
        return Ok(());
    }
    let living = held().filter(users::deleted_at.is_null());
    let living: Option<i64> = living.first(connection).await.optional()?;
    Err(DirectoryError::Protected(match living {
        Some(_) => by_living,
        None => by_trashed,
    }))
}
