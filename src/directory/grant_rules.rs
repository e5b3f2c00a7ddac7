//! Grant rules: the rows that [`super::delegation`] is made of.

use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use serde::Serialize;

use super::batch::{CreatedIds, ResolveIds};
use super::listing::{Entity, Visibility};
use super::permissions::PrivilegeCeiling;
use super::users::drop_same;
use super::{Expected, Operation};
use crate::storage::schema::grant_rules;

#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = grant_rules)]
pub struct GrantRule {
    pub id: i64,
    #[serde(rename = "granter")]
    pub granter_role_id: i64,
    /// One of [`super::delegation::SCOPE_MATCHES`].
    pub scope: String,
    /// A JSON array of names.
    pub verbs: String,
    pub version: i64,
    pub created: String,
    pub modified: String,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
}

#[derive(Insertable)]
#[diesel(table_name = grant_rules, treat_none_as_default_value = false)]
pub struct NewGrantRule<'a> {
    pub granter_role_id: i64,
    pub scope: &'a str,
    pub verbs: &'a str,
    pub created: &'a str,
    pub modified: &'a str,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
}

/// What shall be changed; `None` leaves a column alone.
#[derive(Clone, Debug, Default, PartialEq, AsChangeset)]
#[diesel(table_name = grant_rules)]
pub struct GrantRuleChanges {
    pub granter_role_id: Option<i64>,
    pub scope: Option<String>,
    pub verbs: Option<String>,
}

impl GrantRuleChanges {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Without what the rule is already: clients send back whole records.
    pub fn without_unchanged(mut self, rule: &GrantRule) -> Self {
        drop_same(&mut self.granter_role_id, &rule.granter_role_id);
        drop_same(&mut self.scope, &rule.scope);
        drop_same(&mut self.verbs, &rule.verbs);
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantRuleColumn {
    Id,
    Granter,
    Scope,
    Created,
    Modified,
}

/// What a list of rules can be confined to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantRulesOf {
    /// What holders of these roles may hand on.
    Granters(Vec<i64>),
    /// These ids, for `include`.
    Ids(Vec<i64>),
}

#[derive(Debug)]
pub struct GrantRules;

impl Entity for GrantRules {
    type Row = GrantRule;
    type Column = GrantRuleColumn;
    type Parent = GrantRulesOf;
    const ID: GrantRuleColumn = GrantRuleColumn::Id;

    fn of_ids(ids: Vec<i64>) -> GrantRulesOf {
        GrantRulesOf::Ids(ids)
    }

    fn is_indexed(_: GrantRuleColumn) -> bool {
        // There are few rules: every order and every filter is quick.
        true
    }
}

#[derive(Debug)]
pub struct FindGrantRule {
    pub id: i64,
    pub visible: Visibility,
}

impl Operation for FindGrantRule {
    type Output = Option<GrantRule>;
}

#[derive(Clone, Debug)]
pub struct CreateGrantRule {
    pub changes: GrantRuleChanges,
    pub targets: Vec<i64>,
    /// Nobody lets others give what they may not give themselves.
    pub ceiling: PrivilegeCeiling,
}

impl Operation for CreateGrantRule {
    type Output = GrantRule;

    fn touches_credentials(&self) -> bool {
        false
    }
}

#[derive(Clone, Debug)]
pub struct UpdateGrantRule {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub changes: GrantRuleChanges,
    pub targets: Option<Vec<i64>>,
    pub ceiling: PrivilegeCeiling,
}

impl Operation for UpdateGrantRule {
    type Output = GrantRule;

    fn touches_credentials(&self) -> bool {
        false
    }
}

#[derive(Clone, Debug)]
pub struct DeleteGrantRule {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub ceiling: PrivilegeCeiling,
}

impl Operation for DeleteGrantRule {
    type Output = ();

    fn touches_credentials(&self) -> bool {
        false
    }
}

impl ResolveIds for CreateGrantRule {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        if let Some(granter) = &mut self.changes.granter_role_id {
            created_ids.resolve(granter);
        }
        created_ids.resolve_all(&mut self.targets);
    }
}

impl ResolveIds for UpdateGrantRule {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
        if let Some(granter) = &mut self.changes.granter_role_id {
            created_ids.resolve(granter);
        }
        created_ids.resolve_all(self.targets.as_deref_mut().unwrap_or_default());
    }
}

impl ResolveIds for DeleteGrantRule {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
    }
}
