//! Which workspaces, clusters and partners somebody sees who may not see all:
//! where they hold a role that is in force, and whom they belong to.

use super::prelude::*;
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
pub fn workspaces_seen(visible: Visible, context: &Context) -> Option<Boxed<workspaces::table>> {
    let user = match visible {
        Visible::All => return None,
        Visible::Nothing => return Some(Box::new(workspaces::id.eq(0).nullable())),
        Visible::Own(user) | Visible::Delegated(user) => user,
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
pub fn clusters_seen(visible: Visible, context: &Context) -> Option<Boxed<clusters::table>> {
    let user = match visible {
        Visible::All => return None,
        Visible::Nothing => return Some(Box::new(clusters::id.eq(0).nullable())),
        Visible::Own(user) | Visible::Delegated(user) => user,
    };
    let held = clusters::id.eq_any(held_in!(cluster_id, user, context));
    let in_workspaces = clusters::workspace_id.eq_any(held_in!(workspace_id, user, context));
    Some(Box::new(held.or(in_workspaces).nullable()))
}

/// One's own partner. None: all.
pub fn partners_seen(visible: Visible, _: &Context) -> Option<Boxed<partners::table>> {
    let user = match visible {
        Visible::All => return None,
        Visible::Nothing => return Some(Box::new(partners::id.eq(0).nullable())),
        Visible::Own(user) | Visible::Delegated(user) => user,
    };
    let own = users::table
        .filter(users::id.eq(user))
        .filter(users::partner_id.is_not_null())
        .select(users::partner_id.assume_not_null());
    Some(Box::new(partners::id.eq_any(own).nullable()))
}
