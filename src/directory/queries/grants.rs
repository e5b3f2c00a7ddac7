//! Who holds which role. `in force` is: active, begun, not ended.

use diesel::dsl::{exists, not};
use serde_json::{Map, Value};

use super::audit::{AuditEntry, append_audit_entries};
use super::env;
use super::prelude::*;
use crate::directory::grants::Grant;
use crate::directory::members::{Relation, Side};
use crate::directory::roles::ADMIN;
use crate::storage::schema::{grants, role_closure, users};

/// Held everywhere, not in a workspace or a cluster.
macro_rules! un_scoped {
    () => {
        grants::workspace_id
            .is_null()
            .and(grants::cluster_id.is_null())
    };
}

/// The ids of the users in the trash.
macro_rules! in_trash {
    () => {
        users::table
            .filter(users::deleted_at.is_not_null())
            .select(users::id)
    };
}

macro_rules! in_force {
    ($now:expr) => {
        grants::is_active
            .eq(true)
            .and(grants::valid_from.is_null().or(grants::valid_from.le($now)))
            .and(
                grants::valid_until
                    .is_null()
                    .or(grants::valid_until.gt($now)),
            )
    };
}

pub type RoleIds = diesel::helper_types::IntoBoxed<
    'static,
    diesel::dsl::Select<grants::table, grants::role_id>,
    Db,
>;

type HeldParts = diesel::dsl::InnerJoin<
    role_closure::table,
    diesel::dsl::On<grants::table, diesel::dsl::Eq<grants::role_id, role_closure::role_id>>,
>;
pub type PartIds = diesel::helper_types::IntoBoxed<
    'static,
    diesel::dsl::Select<HeldParts, role_closure::part_id>,
    Db,
>;

/// Holders from which on roles count as held by many: gathering so many takes
/// about as long as looking at some thousand users.
const MANY: i64 = 5_000;

/// Whether more than a few users hold one of these roles.
pub async fn are_held_by_many(
    roles: &[i64],
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let behind = grants::table
        .filter(grants::role_id.eq_any(roles.to_vec()))
        .select(grants::role_id)
        .offset(MANY)
        .limit(1);
    Ok(behind
        .get_result::<i64>(connection)
        .await
        .optional()?
        .is_some())
}

/// The roles that contain this one, it among them.
pub async fn containing(role: i64, connection: &mut Conn) -> Result<Vec<i64>, DirectoryError> {
    let roles = role_closure::table
        .filter(role_closure::part_id.eq(role))
        .select(role_closure::role_id);
    Ok(roles.load(connection).await?)
}

/// Whether a user has one of `$held`: of these roles, of any, or none of them.
/// For few holders by gathering them, for many by looking at each user.
macro_rules! whether {
    ($held:expr, $roles:expr, $many:expr, $holds:expr) => {{
        let held = $held;
        let own = held.clone().filter(grants::user_id.eq(users::id));
        let of = |roles: Vec<i64>| grants::role_id.eq_any(roles);
        match ($roles.map(<[i64]>::to_vec), $many, $holds) {
            (Some(roles), false, true) => {
                let holders = held.filter(of(roles)).select(grants::user_id);
                Box::new(users::id.eq_any(holders).nullable())
            }
            (Some(roles), false, false) => {
                let holders = held.filter(of(roles)).select(grants::user_id);
                Box::new(users::id.ne_all(holders).nullable())
            }
            (Some(roles), true, true) => Box::new(exists(own.filter(of(roles))).nullable()),
            (Some(roles), true, false) => Box::new(not(exists(own.filter(of(roles)))).nullable()),
            (None, _, true) => Box::new(exists(own).nullable()),
            (None, _, false) => Box::new(not(exists(own)).nullable()),
        }
    }};
}

/// Whether a user holds one of these roles, or any role, or not; without a
/// scope, unless `anywhere`.
pub fn holding(
    anywhere: bool,
    roles: Option<&[i64]>,
    holds: bool,
    many: bool,
    context: &Context,
) -> Boxed<users::table> {
    let now = context.now_text();
    let held = grants::table.filter(in_force!(now.clone()));
    if anywhere {
        whether!(held, roles, many, holds)
    } else {
        whether!(held.filter(un_scoped!()), roles, many, holds)
    }
}

/// The roles that `user` holds without a scope.
pub fn held(user: i64, context: &Context) -> RoleIds {
    let now = context.now_text();
    grants::table
        .select(grants::role_id)
        .into_boxed::<Db>()
        .filter(grants::user_id.eq(user))
        .filter(un_scoped!())
        .filter(in_force!(now.clone()))
}

/// The roles that `user` holds anywhere, those within others among them.
pub fn held_anywhere(user: i64, context: &Context) -> PartIds {
    let now = context.now_text();
    role_closure::table
        .inner_join(grants::table.on(grants::role_id.eq(role_closure::role_id)))
        .select(role_closure::part_id)
        .into_boxed::<Db>()
        .filter(grants::user_id.eq(user))
        .filter(in_force!(now.clone()))
}

pub async fn holds_anywhere(
    user: i64,
    role: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let row = held_anywhere(user, context).filter(role_closure::part_id.eq(role));
    Ok(row.first::<i64>(connection).await.optional()?.is_some())
}

pub async fn holds(
    user: i64,
    role: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let now = context.now_text();
    let grant = grants::table
        .filter(grants::user_id.eq(user))
        .filter(grants::role_id.eq(role))
        .filter(un_scoped!())
        .filter(in_force!(&now))
        .select(grants::id);
    Ok(grant.first::<i64>(connection).await.optional()?.is_some())
}

/// Tells the log that a user or role which is about to go takes its grants along.
pub async fn record_end_of(
    side: Side,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let ending = grants::table
        .order(grants::id.asc())
        .select((grants::id, grants::user_id, grants::role_id))
        .into_boxed::<Db>();
    let ending = match side.relation {
        Relation::UserRoles => ending.filter(grants::user_id.eq(side.id)),
        _ => ending.filter(grants::role_id.eq(side.id)),
    };
    let grants: Vec<(i64, i64, i64)> = ending.load(connection).await?;
    let audit_entries = grants
        .into_iter()
        .map(|(id, user, role)| audit_entry("delete", id, user, role))
        .collect();
    append_audit_entries(context, connection, audit_entries).await
}

pub fn audit_entry(verb: &'static str, id: i64, user: i64, role: i64) -> AuditEntry<'static> {
    let pair: Map<String, Value> = [
        ("user".to_owned(), Value::from(user)),
        ("role".to_owned(), Value::from(role)),
    ]
    .into_iter()
    .collect();
    let (before, after) = if verb == "delete" {
        (Some(pair), None)
    } else {
        (None, Some(pair))
    };
    AuditEntry {
        verb,
        subject_type: "grants",
        subject_id: id,
        before,
        after,
    }
}

/// Refuses a change after which nobody is an administrator, when it touched one.
pub async fn administrators_remain(
    touched: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    if holds(touched, ADMIN, context, connection).await? {
        some_administrator(context, connection).await?;
    }
    Ok(())
}

/// The grants of those who are administrators without an end.
macro_rules! lasting_administrators {
    ($now:expr) => {
        grants::table
            .inner_join(users::table)
            .filter(grants::role_id.eq(ADMIN))
            .filter(un_scoped!())
            .filter(in_force!($now))
            .filter(grants::valid_until.is_null())
            .filter(users::is_active.eq(true))
            .filter(users::deleted_at.is_null())
            .select(grants::id)
    };
}

/// Whether nobody would be an administrator without this grant.
pub async fn is_last_administrator(
    grant: &Grant,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    if grant.role_id != ADMIN {
        return Ok(false);
    }
    let now = context.now_text();
    let others = lasting_administrators!(&now).filter(grants::id.ne(grant.id));
    let ((), other) = env::pipelined!(
        connection,
        env::serialize(connection).await,
        others.first::<i64>(connection).await.optional(),
    );
    Ok(other.is_none())
}

pub async fn some_administrator(
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let now = context.now_text();
    let lasting = lasting_administrators!(&now);
    // Two that remove the last two at the same time must see each other.
    let ((), one) = env::pipelined!(
        connection,
        env::serialize(connection).await,
        lasting.first::<i64>(connection).await.optional(),
    );
    match one {
        Some(_) => Ok(()),
        None => Err(DirectoryError::Protected(
            "The last administrator must remain one.",
        )),
    }
}
