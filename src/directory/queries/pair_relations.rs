//! Pairs that a table of their own keeps, without any limit or history.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::audit::{AuditEntry, append_audit};
use super::ceiling::resolve_ceiling;
use super::prelude::*;
use super::{clusters, env, partners, roles, rules, scopes};
use crate::directory::members::{
    Change, ChangeMembers, FollowMembers, ListMembers, Relation, Side,
};
use crate::directory::privileges::ResolvedCeiling;
use crate::directory::versions::Digest;
use crate::storage::schema::{
    clusters as clusters_table, grant_rule_targets, partner_clusters, partners as partners_table,
    role_includes, roles as roles_table,
};

/// Does `$do` with the table of a relationship: the table, the column of the
/// resource that has the members, that of the members, and the members' own id.
macro_rules! in_table {
    ($relation:expr, $do:ident) => {
        match $relation {
            Relation::RoleIncludes => {
                $do!(role_includes, role_id, part_id, roles_table)
            }
            Relation::RuleTargets => {
                $do!(grant_rule_targets, rule_id, role_id, roles_table)
            }
            Relation::PartnerClusters => {
                $do!(partner_clusters, partner_id, cluster_id, clusters_table)
            }
            Relation::ClusterPartners => {
                $do!(partner_clusters, cluster_id, partner_id, partners_table)
            }
            other => {
                return Err(DirectoryError::internal(format!(
                    "{other:?} is not kept in a table of its own"
                )));
            }
        }
    };
}

/// Pairs (resource, member), of the members that the caller sees.
pub async fn follow(
    wanted: &FollowMembers,
    context: &Context,
    connection: &mut Conn,
) -> Result<Vec<(i64, i64)>, DirectoryError> {
    let FollowMembers {
        relation, limit, ..
    } = *wanted;
    let seen = seen(relation, wanted.visible_members, context, connection).await?;
    macro_rules! pairs {
        ($table:ident, $own:ident, $other:ident, $members:ident) => {{
            let mut query = $table::table
                .filter(env::id_in($table::$own, wanted.ids.clone()))
                .order(($table::$own.asc(), $table::$other.asc()))
                .select(($table::$own, $table::$other))
                .into_boxed::<Db>();
            if let Some(seen) = seen {
                let seen = seen.into_iter().collect();
                query = query.filter(env::id_in($table::$other, seen));
            }
            let pairs = env::limited(query, PlanMode::Generic, limit, 0);
            pairs.load(connection).await?
        }};
    }
    Ok(in_table!(relation, pairs))
}

/// The members that a caller sees who does not see all. None: all. Whoever
/// sees a role or a rule sees which roles are in it.
async fn seen(
    relation: Relation,
    visible: Visibility,
    context: &Context,
    connection: &mut Conn,
) -> Result<Option<BTreeSet<i64>>, DirectoryError> {
    let ids: Vec<i64> = match relation {
        Relation::PartnerClusters => {
            let Some(seen) = scopes::clusters_seen(visible, context) else {
                return Ok(None);
            };
            let query = clusters_table::table.filter(seen);
            query.select(clusters_table::id).load(connection).await?
        }
        Relation::ClusterPartners => {
            let Some(seen) = scopes::partners_seen(visible, context) else {
                return Ok(None);
            };
            let query = partners_table::table.filter(seen);
            query.select(partners_table::id).load(connection).await?
        }
        _ => return Ok(None),
    };
    Ok(Some(ids.into_iter().collect()))
}

pub async fn members(side: Side, connection: &mut Conn) -> Result<BTreeSet<i64>, DirectoryError> {
    macro_rules! all {
        ($table:ident, $own:ident, $other:ident, $members:ident) => {
            $table::table
                .filter($table::$own.eq(side.id))
                .select($table::$other)
                .load(connection)
                .await?
        };
    }
    let ids: Vec<i64> = in_table!(side.relation, all);
    Ok(ids.into_iter().collect())
}

/// A page of the ids as they are read, how many there are, and their digest.
pub async fn page(
    wanted: &ListMembers,
    context: &Context,
    connection: &mut Conn,
) -> Result<(Vec<i64>, i64, Digest), DirectoryError> {
    let ListMembers { side, part, .. } = wanted;
    // There are few members of these: none is so large that reading it is dear.
    let mut all = members(*side, connection).await?;
    // The version is one for everybody, whatever they see of it.
    let digest = Digest::of(all.iter().copied());
    if let Some(seen) = seen(side.relation, wanted.visible_members, context, connection).await? {
        all.retain(|id| seen.contains(id));
    }
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let (least, most) = part.seek.ids();
    let within = |id: &i64| *id >= least && *id <= most;
    let (skip, take) = (count(part.slice.offset), count(part.slice.limit));
    let ids = if part.seek.backwards {
        let ids = all.iter().rev().copied().filter(within);
        ids.skip(skip).take(take).collect()
    } else {
        let ids = all.iter().copied().filter(within);
        ids.skip(skip).take(take).collect()
    };
    Ok((ids, total, digest))
}

fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or_default()
}

/// Changes the members as asked, of what may be changed at all.
pub async fn change(
    wanted: &ChangeMembers,
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    if wanted.side.relation == Relation::RoleIncludes {
        roles::is_changeable(wanted.side.id, connection).await?;
    }
    put(wanted, context, connection).await
}

/// Changes the members, and checks what that may bring about.
async fn put(
    wanted: &ChangeMembers,
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    let side = wanted.side;
    lock_row(side, connection).await?;
    let before = members(side, connection).await?;
    let version = Digest::of(before.iter().copied()).version();
    wanted.expected.check(version)?;
    let named: BTreeSet<i64> = wanted.members.iter().copied().collect();
    let after: BTreeSet<i64> = match wanted.change {
        Change::Add => before.union(&named).copied().collect(),
        Change::Remove => before.difference(&named).copied().collect(),
        Change::Replace => named,
    };
    if wanted.change != Change::Remove {
        all_exist(side, &wanted.members, connection).await?;
    }
    let ceiling = resolve_ceiling(wanted.authority.ceiling(), context, connection).await?;
    within_ceiling(side, &ceiling, context, connection).await?;
    let changed = apply_change(side, &before, &after, connection).await?;
    if changed > 0 {
        if side.relation == Relation::RoleIncludes {
            roles::rebuild_closure(connection).await?;
        }
        within_ceiling(side, &ceiling, context, connection).await?;
        record_change(side, &before, &after, context, connection).await?;
    }
    Ok(changed)
}

/// For a resource that is being made or changed as a whole, which its own
/// operation has checked.
pub async fn replace(
    side: Side,
    ids: &[i64],
    authority: crate::directory::members::Authority,
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    let wanted = ChangeMembers {
        side,
        expected: Default::default(),
        visible: Visibility::All,
        change: Change::Replace,
        members: ids.to_vec(),
        authority,
    };
    put(&wanted, context, connection).await
}

async fn lock_row(side: Side, connection: &mut Conn) -> Result<(), DirectoryError> {
    match side.relation {
        // Cycles are made by two changes of two roles: one after the other.
        Relation::RoleIncludes => Ok(env::serialize(connection).await?),
        Relation::RuleTargets => rules::lock_row(side.id, connection).await,
        Relation::PartnerClusters => partners::lock_row(side.id, connection).await,
        Relation::ClusterPartners => clusters::lock_row(side.id, connection).await,
        Relation::UserRoles | Relation::RoleUsers => Ok(()),
    }
}

/// Both before and after the change, with the ceiling from before it.
async fn within_ceiling(
    side: Side,
    ceiling: &ResolvedCeiling,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    match side.relation {
        Relation::RoleIncludes => {
            roles::within_ceiling(ceiling, side.id, context, connection).await
        }
        Relation::RuleTargets => rules::within_ceiling(ceiling, side.id, context, connection).await,
        _ => Ok(()),
    }
}

async fn all_exist(side: Side, named: &[i64], connection: &mut Conn) -> Result<(), DirectoryError> {
    macro_rules! known {
        ($table:ident, $own:ident, $other:ident, $members:ident) => {
            $members::table
                .filter(env::id_in($members::id, named.to_vec()))
                .select($members::id)
                .load(connection)
                .await?
        };
    }
    let known: Vec<i64> = in_table!(side.relation, known);
    let known: BTreeSet<i64> = known.into_iter().collect();
    match named.iter().position(|id| !known.contains(id)) {
        None => Ok(()),
        Some(place) => Err(DirectoryError::RelatedNotFound {
            kind: side.relation.other(),
            relationship: Some(side.relation.name()),
            place,
        }),
    }
}

async fn apply_change(
    side: Side,
    before: &BTreeSet<i64>,
    after: &BTreeSet<i64>,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    let gone: Vec<i64> = before.difference(after).copied().collect();
    let new: Vec<i64> = after.difference(before).copied().collect();
    let changed = gone.len() + new.len();
    macro_rules! write {
        ($table:ident, $own:ident, $other:ident, $members:ident) => {{
            if !gone.is_empty() {
                let rows = $table::table
                    .filter($table::$own.eq(side.id))
                    .filter(env::id_in($table::$other, gone));
                diesel::delete(rows).execute(connection).await?;
            }
            for id in new {
                diesel::insert_into($table::table)
                    .values(($table::$own.eq(side.id), $table::$other.eq(id)))
                    .on_conflict_do_nothing()
                    .execute(connection)
                    .await?;
            }
        }};
    }
    in_table!(side.relation, write);
    Ok(changed)
}

/// Of the resource that has the members, under the name of the relationship.
async fn record_change(
    side: Side,
    before: &BTreeSet<i64>,
    after: &BTreeSet<i64>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let told = |ids: &BTreeSet<i64>| -> Option<Map<String, Value>> {
        let ids: Vec<Value> = ids.iter().copied().map(Value::from).collect();
        Some(
            [(side.relation.name().to_owned(), Value::from(ids))]
                .into_iter()
                .collect(),
        )
    };
    let audit_entry = AuditEntry {
        verb: "update",
        subject_type: side.relation.own(),
        subject_id: side.id,
        before: told(before),
        after: told(after),
    };
    append_audit(context, connection, audit_entry).await
}
