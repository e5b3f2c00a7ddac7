use super::audit::append_audit;
use super::ceiling::{
    Holders, MORE_THAN_YOU_MAY, Names, covers_beside, is_held, privileges, resolve_ceiling,
};
use super::prelude::*;
use super::{env, found, grants, pair_relations};
use crate::directory::delegation::{Verb, verbs};
use crate::directory::events::{described, difference};
use crate::directory::grant_rules::{
    CreateGrantRule, DeleteGrantRule, FindGrantRule, GrantRule, GrantRuleColumn, GrantRules,
    GrantRulesOf, NewGrantRule, UpdateGrantRule,
};
use crate::directory::members::{Authority, Relation};
use crate::directory::permissions::Permission;
use crate::directory::privileges::{End, Holding, ResolvedCeiling};
use crate::storage::schema::{grant_rule_targets, grant_rules, roles};

columns!(grant_rules, GrantRuleColumn {
    Id: number id,
    Granter: number granter_role_id,
    Scope: text scope,
    Created: text created,
    Modified: text modified,
});
no_own!(grant_rules);

impl Run for FindGrantRule {
    type Answer = Option<GrantRule>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<GrantRule>, DirectoryError> {
        let rule = by_id(self.id, connection).await?;
        if sees(self.visible, self.id, context, connection).await? {
            Ok(rule)
        } else {
            Ok(None)
        }
    }
}

async fn by_id(id: i64, connection: &mut Conn) -> Result<Option<GrantRule>, DirectoryError> {
    let query = grant_rules::table.find(id).select(GrantRule::as_select());
    Ok(query.get_result(connection).await.optional()?)
}

/// Whether there is such a rule that the caller sees: one of a role that they
/// hold, unless they see all.
pub async fn sees(
    visible: Visibility,
    id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let mut query = grant_rules::table.find(id).into_boxed::<Db>();
    query = match visible {
        Visibility::All => query,
        Visibility::Own(user) | Visibility::Delegated(user) => {
            query.filter(grant_rules::granter_role_id.eq_any(grants::held_anywhere(user, context)))
        }
        Visibility::Nothing => return Ok(false),
    };
    let row = query.select(grant_rules::id);
    Ok(row.first::<i64>(connection).await.optional()?.is_some())
}

/// Nobody else changes the rule until this transaction ends.
pub async fn lock_row(id: i64, connection: &mut Conn) -> Result<(), DirectoryError> {
    let row = env::for_update!(grant_rules::table.find(id).select(grant_rules::id));
    let held: Option<i64> = row.get_result(connection).await.optional()?;
    found(held).map(drop)
}

impl Run for List<GrantRules> {
    type Answer = Listed<GrantRule>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<GrantRule>, DirectoryError> {
        let seen = || filtered(self, None, context);
        let among: Option<&dyn Fn() -> _> = match self.visible {
            Visibility::All => None,
            _ => Some(&seen),
        };
        let wanted = resolve_patterns(&self.condition, among, connection).await?;
        let matching = || filtered(self, wanted.as_ref(), context);
        let rows = page!(self, matching(), GrantRule, context, connection);
        let total = total!(self, rows, matching(), connection);
        Ok(Listed { rows, total })
    }
}

fn filtered(
    list: &List<GrantRules>,
    wanted: Option<&Condition<GrantRuleColumn>>,
    context: &Context,
) -> grant_rules::BoxedQuery<'static, Db> {
    let mut query = grant_rules::table.into_boxed::<Db>();
    query = match list.visible {
        Visibility::All => query,
        Visibility::Own(user) | Visibility::Delegated(user) => {
            query.filter(grant_rules::granter_role_id.eq_any(grants::held_anywhere(user, context)))
        }
        Visibility::Nothing => query.filter(grant_rules::id.eq(0)),
    };
    query = match &list.parent {
        Some(GrantRulesOf::Granters(roles)) => {
            query.filter(env::id_in(grant_rules::granter_role_id, roles.clone()))
        }
        Some(GrantRulesOf::Ids(ids)) => query.filter(env::id_in(grant_rules::id, ids.clone())),
        None => query,
    };
    match wanted {
        Some(wanted) => query.filter(condition(wanted, context)),
        None => query,
    }
}

audit_entry_for!("grant-rules");

/// Refuses a rule that is, or lets somebody give, more than the caller may. That
/// they have the rule themselves does not count: else they could widen it.
pub async fn within_ceiling(
    ceiling: &ResolvedCeiling,
    id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    if matches!(ceiling, ResolvedCeiling::Everything) {
        return Ok(());
    }
    let targets: Vec<i64> = grant_rule_targets::table
        .filter(grant_rule_targets::rule_id.eq(id))
        .select(grant_rule_targets::role_id)
        .load(connection)
        .await?;
    let targets = targets
        .into_iter()
        .map(|role| Holding::of_role(role, End::NEVER));
    if !covers_beside(Some(id), ceiling, targets.collect(), connection).await? {
        return Err(MORE_THAN_YOU_MAY);
    }
    let Some(rule) = by_id(id, connection).await? else {
        return Ok(());
    };
    let granter = Holding::of_role(rule.granter_role_id, End::past());
    let granter = privileges(&[granter], Names::OfAllPlaces, connection).await?;
    // Other rules of the granter are not what this change is about.
    if !ceiling.covers_all_but_rules(&granter) {
        return Err(MORE_THAN_YOU_MAY);
    }
    let shows_users = verbs(&rule.verbs).contains(&Verb::Give);
    if shows_users
        && !ceiling.has(Permission::UsersRead)
        && is_held(
            rule.granter_role_id,
            None,
            Holders::All,
            context,
            connection,
        )
        .await?
    {
        return Err(DirectoryError::Protected(
            "This rule shows users to those who hold its granter: that also needs the permission users:read.",
        ));
    }
    Ok(())
}

async fn granter_exists(granter: Option<i64>, connection: &mut Conn) -> Result<(), DirectoryError> {
    let Some(granter) = granter else {
        return Ok(());
    };
    let row = roles::table.find(granter).select(roles::id);
    match row.first::<i64>(connection).await.optional()? {
        Some(_) => Ok(()),
        None => Err(DirectoryError::no_such("roles", "granter")),
    }
}

impl Run for CreateGrantRule {
    type Answer = GrantRule;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<GrantRule, DirectoryError> {
        granter_exists(self.changes.granter_role_id, connection).await?;
        let ceiling = resolve_ceiling(self.ceiling, context, connection).await?;
        let now = context.now_text();
        let new = NewGrantRule {
            granter_role_id: self.changes.granter_role_id.unwrap_or_default(),
            scope: self.changes.scope.as_deref().unwrap_or_default(),
            verbs: self.changes.verbs.as_deref().unwrap_or_default(),
            created: &now,
            modified: &now,
            created_by: context.actor_id(),
            modified_by: context.actor_id(),
        };
        let rule: GrantRule = diesel::insert_into(grant_rules::table)
            .values(new)
            .returning(GrantRule::as_returning())
            .get_result(connection)
            .await?;
        let after = Some(described(&rule));
        append_audit(
            context,
            connection,
            audit_entry("create", rule.id, None, after),
        )
        .await?;
        let authority = Authority::Permission(self.ceiling);
        let targets = Relation::RuleTargets.of(rule.id);
        pair_relations::replace(targets, &self.targets, authority, context, connection).await?;
        within_ceiling(&ceiling, rule.id, context, connection).await?;
        Ok(rule)
    }
}

impl Run for UpdateGrantRule {
    type Answer = GrantRule;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<GrantRule, DirectoryError> {
        if !sees(self.visible, self.id, context, connection).await? {
            return Err(DirectoryError::NotFound);
        }
        lock_row(self.id, connection).await?;
        let before = found(by_id(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        let authority = Authority::Permission(self.ceiling);
        let ceiling = resolve_ceiling(self.ceiling, context, connection).await?;
        within_ceiling(&ceiling, self.id, context, connection).await?;
        granter_exists(self.changes.granter_role_id, connection).await?;
        if let Some(targets) = &self.targets {
            let side = Relation::RuleTargets.of(self.id);
            pair_relations::replace(side, targets, authority, context, connection).await?;
        }
        let changes = self.changes.clone().without_unchanged(&before);
        if changes.is_empty() {
            return Ok(before);
        }
        diesel::update(grant_rules::table.find(self.id))
            .set((
                &changes,
                grant_rules::version.eq(grant_rules::version + 1),
                grant_rules::modified.eq(context.now_text()),
                grant_rules::modified_by.eq(context.actor_id()),
            ))
            .cached()
            .execute(connection)
            .await?;
        within_ceiling(&ceiling, self.id, context, connection).await?;
        let after = found(by_id(self.id, connection).await?)?;
        let (old, new) = difference(described(&before), described(&after));
        append_audit(
            context,
            connection,
            audit_entry("update", self.id, Some(old), Some(new)),
        )
        .await?;
        Ok(after)
    }
}

impl Run for DeleteGrantRule {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        if !sees(self.visible, self.id, context, connection).await? {
            return Err(DirectoryError::NotFound);
        }
        lock_row(self.id, connection).await?;
        let before = found(by_id(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        let ceiling = resolve_ceiling(self.ceiling, context, connection).await?;
        within_ceiling(&ceiling, self.id, context, connection).await?;
        diesel::delete(grant_rules::table.find(self.id))
            .execute(connection)
            .await?;
        let before = Some(described(&before));
        append_audit(
            context,
            connection,
            audit_entry("delete", self.id, before, None),
        )
        .await
    }
}
