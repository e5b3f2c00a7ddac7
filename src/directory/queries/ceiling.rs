//! Reads what users and roles give and what the caller may, and compares the
//! two: [`crate::directory::privileges`] says by which rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diesel::IntoSql;
use diesel::sql_types::Bool;

use super::env;
use super::prelude::*;
use crate::directory::delegation::{GrantScope, ScopeMatch};
use crate::directory::permissions::{Permission, PrivilegeCeiling, names};
use crate::directory::portal::PortalRole;
use crate::directory::privileges::{
    End, HeldPortalRole, HeldRule, Holding, OfPartner, Privileges, ResolvedCeiling, Where,
};
use crate::directory::roles::ADMIN;
use crate::storage::schema::{grant_rule_targets, grant_rules, grants, role_closure, roles, users};

/// Grants that are not over: in force, switched off, or to begin later.
macro_rules! not_over {
    ($now:expr) => {
        grants::valid_until
            .is_null()
            .or(grants::valid_until.gt($now))
    };
}

/// Fails when the user holds a privilege that the caller does not hold, or holds
/// it for longer.
pub async fn may_not_outrank(
    ceiling: PrivilegeCeiling,
    user: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    may_not_outrank_until(ceiling, user, &End::NEVER, context, connection).await
}

/// The same for something that ends at `until`, such as a token that expires.
pub async fn may_not_outrank_until(
    ceiling: PrivilegeCeiling,
    user: i64,
    until: &End,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    if ceiling == PrivilegeCeiling::Everything || is_oneself_unnarrowed(user, context) {
        return Ok(());
    }
    let mut holdings = of_user(user, context, connection).await?;
    for holding in &mut holdings {
        holding.end = holding.end.clone().min(until.clone());
    }
    let ceiling = resolve_ceiling(ceiling, context, connection).await?;
    require_user(&ceiling, holdings, connection).await
}

/// A caller is no threat to themself, unless a token leaves out what they may.
fn is_oneself_unnarrowed(user: i64, context: &Context) -> bool {
    let actor = context.actor.as_ref();
    actor.is_some_and(|actor| actor.id == user && actor.scopes.is_none())
}

pub async fn require_user(
    ceiling: &ResolvedCeiling,
    holdings: Vec<Holding>,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    require(ceiling, holdings, MORE_THAN_YOU, connection).await
}

pub async fn require_roles(
    ceiling: &ResolvedCeiling,
    holdings: Vec<Holding>,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    require(ceiling, holdings, MORE_THAN_YOU_MAY, connection).await
}

async fn require(
    ceiling: &ResolvedCeiling,
    holdings: Vec<Holding>,
    refusal: DirectoryError,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    match covers(ceiling, holdings, connection).await? {
        true => Ok(()),
        false => Err(refusal),
    }
}

const MORE_THAN_YOU: DirectoryError =
    DirectoryError::Protected("This user may more than you, or for longer.");

pub const MORE_THAN_YOU_MAY: DirectoryError =
    DirectoryError::Protected("This role permits more than you may, or for longer.");

/// Whether the caller has all that these holdings give. A rule is covered by
/// having it; or by covering each of its targets, for a caller who could give
/// these to anybody without it.
pub async fn covers(
    ceiling: &ResolvedCeiling,
    holdings: Vec<Holding>,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    covers_beside(None, ceiling, holdings, connection).await
}

/// The same, but for one rule whose targets are all among the holdings.
pub async fn covers_beside(
    left_out: Option<i64>,
    ceiling: &ResolvedCeiling,
    holdings: Vec<Holding>,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    if matches!(ceiling, ResolvedCeiling::Everything) {
        return Ok(true);
    }
    let mut looked_at = BTreeSet::new();
    let mut waiting = holdings;
    while !waiting.is_empty() {
        let wanted = privileges(&waiting, Names::OfAllPlaces, connection).await?;
        if !ceiling.covers_all_but_rules(&wanted) {
            return Ok(false);
        }
        waiting = Vec::new();
        let other = |rule: &&HeldRule| Some(rule.rule) != left_out && !ceiling.has_rule(rule);
        for rule in wanted.rules.iter().filter(other) {
            if !ceiling.could_make_rule(&rule.holding.end) {
                return Ok(false);
            }
            if looked_at.insert((rule.rule, rule.holding.end.clone())) {
                let end = &rule.holding.end;
                let targets = rule.targets.iter();
                waiting.extend(targets.map(|role| Holding::of_role(*role, end.clone())));
            }
        }
    }
    Ok(true)
}

/// Loads the privileges of the caller of this request.
pub async fn resolve_ceiling(
    ceiling: PrivilegeCeiling,
    context: &Context,
    connection: &mut Conn,
) -> Result<ResolvedCeiling, DirectoryError> {
    let actor = match (ceiling, &context.actor) {
        (PrivilegeCeiling::Everything, _) => return Ok(ResolvedCeiling::Everything),
        (PrivilegeCeiling::Caller, Some(actor)) => actor,
        (PrivilegeCeiling::Caller | PrivilegeCeiling::Nothing, _) => {
            return Ok(ResolvedCeiling::Of(Privileges::default()));
        }
    };
    let now = context.now_text();
    let in_force = grants::table
        .filter(grants::user_id.eq(actor.id))
        .filter(in_force!(&now))
        .select(HOLDING)
        .load::<HoldingRow>(connection)
        .await?;
    let partner = partner_of(actor.id, connection).await?;
    let holdings = held(in_force, partner);
    let mut own = privileges(&holdings, Names::Unscoped, connection).await?;
    if let Some(end) = own.administrator.take() {
        let all = Permission::ALL
            .iter()
            .map(|(_, name, _)| (*name).to_owned());
        let scopes = actor
            .scopes
            .iter()
            .flat_map(|scopes| scopes.iter().cloned());
        for name in all.chain(scopes) {
            own.add_name(name, &end);
        }
    }
    if let Some(scopes) = &actor.scopes {
        own.names.retain(|name, _| scopes.contains(name));
        if !scopes
            .iter()
            .any(|scope| scope == Permission::GrantsWrite.name())
        {
            own.rules.clear();
            own.portal.clear();
        }
    }
    Ok(ResolvedCeiling::Of(own))
}

/// What is held in a workspace counts in its clusters: a move gives the permissions
/// of roles that are held in the new one, and takes those of the old one. The
/// portal's roles and grant rules look at the place of the grant alone.
pub async fn may_move_cluster(
    ceiling: PrivilegeCeiling,
    (from, to): (i64, i64),
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let ceiling = resolve_ceiling(ceiling, context, connection).await?;
    if matches!(ceiling, ResolvedCeiling::Everything) {
        return Ok(());
    }
    let mut holdings = Vec::new();
    for (workspace, end) in [(from, End::past()), (to, End::NEVER)] {
        let there = grants::table
            .filter(grants::workspace_id.eq(workspace))
            .filter(not_over!(context.now_text()))
            .select(grants::role_id)
            .distinct();
        let roles: Vec<i64> = there.load(connection).await?;
        let held = |role| Holding::of_role(role, end.clone());
        holdings.extend(roles.into_iter().map(held));
    }
    let given = Privileges {
        rules: Vec::new(),
        portal: Vec::new(),
        ..privileges(&holdings, Names::OfAllPlaces, connection).await?
    };
    match ceiling.covers_all_but_rules(&given) {
        true => Ok(()),
        false => Err(DirectoryError::Protected(
            "Roles that are held in the workspace permit more than you may: a move would give or take what they permit in the cluster.",
        )),
    }
}

type HoldingRow = (i64, Option<i64>, Option<i64>, Option<String>);
const HOLDING: (
    grants::role_id,
    grants::workspace_id,
    grants::cluster_id,
    grants::valid_until,
) = (
    grants::role_id,
    grants::workspace_id,
    grants::cluster_id,
    grants::valid_until,
);

fn held(rows: Vec<HoldingRow>, partner: Option<i64>) -> Vec<Holding> {
    let holding = |(role, workspace, cluster, until): HoldingRow| Holding {
        role,
        place: Where::In(GrantScope { workspace, cluster }),
        partner: OfPartner::Is(partner),
        end: End::at(until),
    };
    rows.into_iter().map(holding).collect()
}

async fn partner_of(user: i64, connection: &mut Conn) -> Result<Option<i64>, DirectoryError> {
    let partner = users::table.find(user).select(users::partner_id);
    let partner: Option<Option<i64>> = partner.get_result(connection).await.optional()?;
    Ok(partner.flatten())
}

/// All that a user holds and that is not over, in the trash or not.
pub async fn of_user(
    user: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<Vec<Holding>, DirectoryError> {
    let rows = grants::table
        .filter(grants::user_id.eq(user))
        .filter(not_over!(context.now_text()))
        .select(HOLDING)
        .load::<HoldingRow>(connection)
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    Ok(held(rows, partner_of(user, connection).await?))
}

/// The grants that count as holding a role.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Holders {
    All,
    /// Those who are not in the trash.
    Living,
}

/// Whether anybody of `holders` but `except` holds the role, by itself or in
/// another, by a grant that is not over.
pub async fn is_held(
    role: i64,
    except: Option<i64>,
    holders: Holders,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let all = (holders == Holders::All).into_sql::<Bool>();
    let grant = grants::table
        .inner_join(role_closure::table.on(role_closure::role_id.eq(grants::role_id)))
        .inner_join(users::table)
        .filter(role_closure::part_id.eq(role))
        .filter(grants::user_id.ne(except.unwrap_or_default()))
        .filter(not_over!(context.now_text()))
        .filter(users::deleted_at.is_null().or(all))
        .select(grants::id);
    Ok(grant.first::<i64>(connection).await.optional()?.is_some())
}

/// Whether a role shares a part with one that the user holds by a grant that
/// ends, has not begun, is over or is switched off.
pub async fn repeats_own_limited(
    user: i64,
    role: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let now = context.now_text();
    let parts = role_closure::table
        .filter(role_closure::role_id.eq(role))
        .select(role_closure::part_id);
    let parts: Vec<i64> = parts.load(connection).await?;
    let limited = grants::table
        .inner_join(role_closure::table.on(role_closure::role_id.eq(grants::role_id)))
        .filter(grants::user_id.eq(user))
        .filter(env::id_in(role_closure::part_id, parts))
        .filter(
            grants::is_active
                .eq(false)
                .or(grants::valid_until.is_not_null())
                .or(grants::valid_from
                    .is_not_null()
                    .and(grants::valid_from.gt(now).assume_not_null())),
        )
        .select(grants::id);
    Ok(limited.first::<i64>(connection).await.optional()?.is_some())
}

/// Where permission names count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// For what somebody may at most: other services look at places, too.
    OfAllPlaces,
    /// For what a caller may here.
    Unscoped,
}

/// What these holdings give by themselves; where their rules lead is not followed.
pub async fn privileges(
    holdings: &[Holding],
    counted: Names,
    connection: &mut Conn,
) -> Result<Privileges, DirectoryError> {
    let mut given = Privileges::default();
    let ids: BTreeSet<i64> = holdings.iter().map(|holding| holding.role).collect();
    if ids.is_empty() {
        return Ok(given);
    }
    let parts = parts(ids, connection).await?;
    let granters = parts.values().flatten().map(|part| part.id).collect();
    let rules = rules_of(granters, connection).await?;
    for holding in holdings {
        let is_counted = counted == Names::OfAllPlaces
            || matches!(holding.place, Where::In(place) if place.is_un_scoped());
        for part in parts.get(&holding.role).into_iter().flatten() {
            if is_counted {
                if part.id == ADMIN {
                    given.add_administrator(&holding.end);
                }
                for name in &part.names {
                    given.add_name(name.clone(), &holding.end);
                }
            }
            if let Some(role) = part.acts_as {
                let holding = holding.clone();
                given.portal.push(HeldPortalRole { role, holding });
            }
            let rules = rules.get(&part.id).into_iter().flatten();
            given.rules.extend(rules.map(|rule| HeldRule {
                holding: holding.clone(),
                ..rule.clone()
            }));
        }
    }
    Ok(given)
}

/// A role that another is or contains.
struct RolePart {
    id: i64,
    names: Vec<String>,
    acts_as: Option<PortalRole>,
}

async fn parts(
    ids: BTreeSet<i64>,
    connection: &mut Conn,
) -> Result<BTreeMap<i64, Vec<RolePart>>, DirectoryError> {
    type Row = (i64, i64, String, Option<String>);
    let rows: Vec<Row> = role_closure::table
        .inner_join(roles::table.on(roles::id.eq(role_closure::part_id)))
        .filter(env::id_in(role_closure::role_id, ids.into_iter().collect()))
        .select((
            role_closure::role_id,
            roles::id,
            roles::permissions,
            roles::predefined,
        ))
        .load(connection)
        .await?;
    let mut parts: BTreeMap<i64, Vec<RolePart>> = BTreeMap::new();
    for (role, id, permissions, predefined) in rows {
        let known = predefined.as_deref().and_then(PortalRole::named);
        parts.entry(role).or_default().push(RolePart {
            id,
            names: names(&permissions),
            acts_as: known.filter(|role| HeldPortalRole::acts(*role)),
        });
    }
    Ok(parts)
}

/// The rules of these granters, by granter; the holding is filled in later.
async fn rules_of(
    granters: Vec<i64>,
    connection: &mut Conn,
) -> Result<BTreeMap<i64, Vec<HeldRule>>, DirectoryError> {
    type Row = (i64, i64, String, i64);
    let rows: Vec<Row> = grant_rules::table
        .inner_join(grant_rule_targets::table.on(grant_rule_targets::rule_id.eq(grant_rules::id)))
        .filter(env::id_in(grant_rules::granter_role_id, granters))
        .order(grant_rules::id.asc())
        .select((
            grant_rules::id,
            grant_rules::granter_role_id,
            grant_rules::scope,
            grant_rule_targets::role_id,
        ))
        .load(connection)
        .await?;
    let mut targets: BTreeMap<(i64, i64, String), Vec<i64>> = BTreeMap::new();
    for (rule, granter, scope, target) in rows {
        let of_rule = targets.entry((granter, rule, scope)).or_default();
        of_rule.push(target);
    }
    let mut rules: BTreeMap<i64, Vec<HeldRule>> = BTreeMap::new();
    for ((granter, rule, scope), targets) in targets {
        let Some(scope_match) = ScopeMatch::named(&scope) else {
            continue;
        };
        rules.entry(granter).or_default().push(HeldRule {
            rule,
            scope_match,
            targets: Arc::from(targets),
            holding: Holding::of_role(granter, End::NEVER),
        });
    }
    Ok(rules)
}
