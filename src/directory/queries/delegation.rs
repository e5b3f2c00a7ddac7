//! The one place where it is decided whether somebody may give, take or change
//! a grant, whatever the surface that asks.

use std::collections::BTreeMap;

use super::ceiling::{self, MORE_THAN_YOU_MAY, repeats_own_limited};
use super::env;
use super::prelude::*;
use crate::directory::delegation::{EffectiveRule, GrantScope, ScopeMatch, Verb, verbs};
use crate::directory::members::Authority;
use crate::directory::permissions::{Permission, PrivilegeCeiling};
use crate::directory::privileges::{End, Holding, OfPartner, Where};
use crate::storage::schema::{grant_rule_targets, grant_rules, grants, role_closure, users};

/// What somebody wants to do to a grant.
#[derive(Clone, Debug)]
pub struct Asked {
    pub user: i64,
    pub role: i64,
    pub place: GrantScope,
    pub verb: Verb,
    /// Until when the grant gives what it gives: past for what only takes away.
    pub end: End,
}

impl Asked {
    /// To a grant without a scope, and without an end.
    pub fn un_scoped(user: i64, role: i64, verb: Verb) -> Self {
        let end = match verb {
            Verb::Give | Verb::Toggle => End::NEVER,
            Verb::Remove | Verb::Change => End::past(),
        };
        Self {
            user,
            role,
            place: GrantScope::UN_SCOPED,
            verb,
            end,
        }
    }

    fn holding(&self, partner: Option<i64>) -> Holding {
        Holding {
            role: self.role,
            place: Where::In(self.place),
            partner: OfPartner::Is(partner),
            end: self.end.clone(),
        }
    }
}

/// Refuses all when one thing that is asked is not allowed.
pub async fn may(
    authority: Authority,
    asked: &[Asked],
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    if asked.is_empty() {
        return Ok(());
    }
    match authority {
        Authority::Nothing => Err(refused()),
        Authority::Permission(PrivilegeCeiling::Everything) => Ok(()),
        Authority::Permission(ceiling) => by_ceiling(ceiling, asked, context, connection).await,
        Authority::Rules(granter) => {
            let asked: Vec<&Asked> = asked.iter().collect();
            by_rules(granter, &asked, context, connection).await
        }
    }
}

/// Somebody with the permission gives and takes what they may themselves; a
/// rule that they have lets them do the rest of what it is about.
async fn by_ceiling(
    ceiling: PrivilegeCeiling,
    asked: &[Asked],
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    renews_nothing_of_ones_own(asked, context, connection).await?;
    let people = partners(asked.iter().map(|asked| asked.user).collect(), connection).await?;
    let holdings = |asked: &[&Asked]| {
        let mut holdings: Vec<Holding> = Vec::new();
        for asked in asked {
            let partner = people.get(&asked.user).and_then(|person| person.partner);
            let holding = asked.holding(partner);
            if !holdings.contains(&holding) {
                holdings.push(holding);
            }
        }
        holdings
    };
    let ceiling = ceiling::resolve_ceiling(ceiling, context, connection).await?;
    let all: Vec<&Asked> = asked.iter().collect();
    if ceiling::covers(&ceiling, holdings(&all), connection).await? {
        return Ok(());
    }
    let Some(granter) = context
        .actor_id()
        .filter(|_| ceiling.has(Permission::GrantsWrite))
    else {
        return Err(MORE_THAN_YOU_MAY);
    };
    let roles = asked.iter().map(|asked| asked.role).collect();
    let effective_rules = effective_rules(granter, roles, context, connection).await?;
    let (by_rule, rest): (Vec<&Asked>, Vec<&Asked>) = asked.iter().partition(|asked| {
        let mut of_role = effective_rules
            .iter()
            .filter(|effective_rule| effective_rule.target == asked.role);
        asked.user != granter && of_role.next().is_some()
    });
    let rest = holdings(&rest);
    if by_rule.is_empty() || !ceiling::covers(&ceiling, rest, connection).await? {
        return Err(MORE_THAN_YOU_MAY);
    }
    by_rules(granter, &by_rule, context, connection).await
}

/// A grant of one's own that ends, has not begun or was switched off is not
/// made to last by giving the role once more, nor by taking it before.
async fn renews_nothing_of_ones_own(
    asked: &[Asked],
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let own = asked.iter().filter(|asked| {
        let only_shortens = asked.verb == Verb::Toggle && asked.end == End::past();
        context.actor_id() == Some(asked.user) && !only_shortens
    });
    for asked in own {
        if repeats_own_limited(asked.user, asked.role, context, connection).await? {
            return Err(DirectoryError::Protected(
                "Only others can renew, repeat or remove a grant of yours that ends, has not begun or is switched off.",
            ));
        }
    }
    Ok(())
}

pub fn refused() -> DirectoryError {
    DirectoryError::Forbidden(
        "No grant rule lets you do this, and you lack the permission grants:write.".into(),
    )
}

async fn by_rules(
    granter: i64,
    asked: &[&Asked],
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    if asked.iter().any(|asked| asked.user == granter) {
        return Err(DirectoryError::Forbidden(
            "Nobody gives, takes or changes their own roles by a grant rule.".into(),
        ));
    }
    let roles = asked.iter().map(|asked| asked.role).collect();
    let effective_rules = effective_rules(granter, roles, context, connection).await?;
    let mut people: Vec<i64> = asked.iter().map(|asked| asked.user).collect();
    people.push(granter);
    let people = partners(people, connection).await?;
    let own = people.get(&granter).and_then(|person| person.partner);
    for asked in asked {
        let Some(person) = people.get(&asked.user) else {
            return Err(refused());
        };
        let same_partner = own.is_some() && own == person.partner;
        let covered = effective_rules.iter().any(|effective_rule| {
            effective_rule.covers(asked.verb, asked.role, asked.place, same_partner)
        });
        if !covered {
            return Err(refused());
        }
        // Told only to whom it makes the difference.
        if !person.is_active {
            return Err(DirectoryError::Forbidden(
                "This user is deactivated.".into(),
            ));
        }
    }
    Ok(())
}

/// What the rules give to `granter` now, as far as it is about these roles.
pub async fn effective_rules(
    granter: i64,
    roles: Vec<i64>,
    context: &Context,
    connection: &mut Conn,
) -> Result<Vec<EffectiveRule>, DirectoryError> {
    type Row = (i64, i64, Option<i64>, Option<i64>, i64, String, String);
    let now = context.now_text();
    let rows: Vec<Row> = grants::table
        .inner_join(role_closure::table.on(role_closure::role_id.eq(grants::role_id)))
        .inner_join(grant_rules::table.on(grant_rules::granter_role_id.eq(role_closure::part_id)))
        .inner_join(grant_rule_targets::table.on(grant_rule_targets::rule_id.eq(grant_rules::id)))
        .filter(grants::user_id.eq(granter))
        .filter(in_force!(&now))
        .filter(env::id_in(grant_rule_targets::role_id, roles))
        .select((
            grant_rules::id,
            grants::id,
            grants::workspace_id,
            grants::cluster_id,
            grant_rule_targets::role_id,
            grant_rules::scope,
            grant_rules::verbs,
        ))
        .load(connection)
        .await?;
    let effective_rule = |(rule, grant, workspace, cluster, target, scope, stored): Row| {
        Some(EffectiveRule {
            rule,
            grant,
            held: GrantScope { workspace, cluster },
            target,
            scope_match: ScopeMatch::named(&scope)?,
            verbs: verbs(&stored),
        })
    };
    Ok(rows.into_iter().filter_map(effective_rule).collect())
}

/// A living user, as rules look at them.
pub struct Person {
    pub partner: Option<i64>,
    pub is_active: bool,
}

pub async fn partners(
    ids: Vec<i64>,
    connection: &mut Conn,
) -> Result<BTreeMap<i64, Person>, DirectoryError> {
    let rows: Vec<(i64, Option<i64>, bool)> = users::table
        .filter(env::id_in(users::id, ids))
        .filter(users::deleted_at.is_null())
        .select((users::id, users::partner_id, users::is_active))
        .load(connection)
        .await?;
    let person = |(id, partner, is_active)| (id, Person { partner, is_active });
    Ok(rows.into_iter().map(person).collect())
}
