//! Roles: what a user can hold, with the permissions that come with it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use serde::Serialize;

use super::batch::{CreatedIds, ResolveIds};
use super::error::FieldError;
use super::listing::{Entity, Visibility};
use super::permissions::PrivilegeCeiling;
use super::users::drop_same;
use super::{DirectoryError, Expected, Operation, names};
use crate::storage::schema::roles;

/// The role that makes administrators, made by the first migration.
pub const ADMIN: i64 = 1;

#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = roles)]
pub struct Role {
    pub id: i64,
    pub name: String,
    pub label: Option<String>,
    pub description: Option<String>,
    pub scope: String,
    pub unchangeable: bool,
    pub is_default: bool,
    /// A JSON array of names.
    pub permissions: String,
    pub include_context: Option<String>,
    pub exclude_context: Option<String>,
    pub include_bundles: Option<String>,
    pub exclude_bundles: Option<String>,
    pub version: i64,
    pub created: String,
    pub modified: String,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
    /// What a client calls it, when it chose the name itself.
    pub external_id: Option<String>,
    /// Where it comes from, one of [`ORIGINS`].
    pub origin: String,
}

/// Made by the program, with the portal that is served here, or by somebody here.
pub const ORIGINS: &[&str] = &["system", "portal", "directory"];

#[derive(Insertable)]
#[diesel(table_name = roles, treat_none_as_default_value = false)]
pub struct NewRole<'a> {
    pub name: &'a str,
    pub name_skeleton: String,
    /// None beside an older role of the same letters.
    pub name_folded: Option<String>,
    pub created: &'a str,
    pub modified: &'a str,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
}

/// What shall be changed; `None` leaves a column alone, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, AsChangeset)]
#[diesel(table_name = roles)]
pub struct RoleChanges {
    pub name: Option<String>,
    pub label: Option<Option<String>>,
    pub description: Option<Option<String>>,
    pub scope: Option<String>,
    pub unchangeable: Option<bool>,
    pub is_default: Option<bool>,
    pub permissions: Option<String>,
    pub include_context: Option<Option<String>>,
    pub exclude_context: Option<Option<String>>,
    pub include_bundles: Option<Option<String>>,
    pub exclude_bundles: Option<Option<String>>,
    pub external_id: Option<String>,
}

impl RoleChanges {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// With the name in its one spelling.
    pub fn normalized(mut self) -> Self {
        let normal = |name: String| names::normalized_role_name(&name).into_owned();
        self.name = self.name.map(normal);
        self
    }

    /// Without what the role is already: clients send back whole records.
    pub fn without_unchanged(mut self, role: &Role) -> Self {
        drop_same(&mut self.name, &role.name);
        drop_same(&mut self.label, &role.label);
        drop_same(&mut self.description, &role.description);
        drop_same(&mut self.scope, &role.scope);
        drop_same(&mut self.unchangeable, &role.unchangeable);
        drop_same(&mut self.is_default, &role.is_default);
        drop_same(&mut self.permissions, &role.permissions);
        drop_same(&mut self.include_context, &role.include_context);
        drop_same(&mut self.exclude_context, &role.exclude_context);
        drop_same(&mut self.include_bundles, &role.include_bundles);
        drop_same(&mut self.exclude_bundles, &role.exclude_bundles);
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleColumn {
    Id,
    Name,
    Label,
    Description,
    Scope,
    Unchangeable,
    IsDefault,
    IncludeContext,
    ExcludeContext,
    IncludeBundles,
    ExcludeBundles,
    ExternalId,
    Origin,
    Created,
    Modified,
    CreatedBy,
    ModifiedBy,
}

/// What a list of roles can be confined to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RolesOf {
    /// What this user holds without a scope.
    User(i64),
    /// What this user has anywhere, the roles within others among them.
    Effective(i64),
    /// What this role contains.
    PartsOf(i64),
    /// What this rule lets be given.
    TargetsOf(i64),
    /// These ids, for `include`.
    Ids(Vec<i64>),
}

#[derive(Debug)]
pub struct Roles;

impl Entity for Roles {
    type Row = Role;
    type Column = RoleColumn;
    type Parent = RolesOf;
    const ID: RoleColumn = RoleColumn::Id;

    fn of_ids(ids: Vec<i64>) -> RolesOf {
        RolesOf::Ids(ids)
    }

    fn is_indexed(_: RoleColumn) -> bool {
        // There are few roles: every order and every filter is quick.
        true
    }
}

/// The most roles that one role may contain, at any depth.
pub const MAX_PARTS: usize = 200;

/// Which roles are in which at any depth, from pairs (role, part); none may be
/// in itself. Without the pairs of a role and itself.
pub fn closure(direct: &[(i64, i64)]) -> Result<BTreeSet<(i64, i64)>, DirectoryError> {
    let mut parts: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (role, part) in direct {
        parts.entry(*role).or_default().push(*part);
    }
    let mut all = BTreeSet::new();
    for role in parts.keys() {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![*role];
        while let Some(next) = waiting.pop() {
            for part in parts.get(&next).into_iter().flatten() {
                if reached.insert(*part) {
                    waiting.push(*part);
                }
            }
            if reached.len() > MAX_PARTS {
                return Err(DirectoryError::Protected(
                    "A role contains at most 200 others, at any depth.",
                ));
            }
        }
        if reached.contains(role) {
            return Err(DirectoryError::Protected(
                "A role cannot contain itself, not even through others.",
            ));
        }
        all.extend(reached.into_iter().map(|part| (*role, part)));
    }
    Ok(all)
}

#[derive(Debug)]
pub struct FindRole {
    pub id: i64,
    pub visible: Visibility,
}

impl Operation for FindRole {
    type Output = Option<Role>;
}

/// Makes a role; with `users` they hold it at once.
#[derive(Clone, Debug)]
pub struct CreateRole {
    pub changes: RoleChanges,
    /// The roles that it shall contain.
    pub includes: Option<Vec<i64>>,
    pub users: Option<Vec<i64>>,
    pub ceiling: PrivilegeCeiling,
}

impl CreateRole {
    pub fn missing(changes: &RoleChanges) -> Vec<FieldError> {
        if changes.name.is_none() {
            vec![FieldError::missing("name")]
        } else {
            Vec::new()
        }
    }
}

impl Operation for CreateRole {
    type Output = Role;
}

#[derive(Clone, Debug)]
pub struct UpdateRole {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub changes: RoleChanges,
    pub includes: Option<Vec<i64>>,
    pub users: Option<Vec<i64>>,
    pub ceiling: PrivilegeCeiling,
}

impl Operation for UpdateRole {
    type Output = Role;
}

/// Removes a role for good, and with it every grant of it.
#[derive(Clone, Debug)]
pub struct DeleteRole {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub ceiling: PrivilegeCeiling,
}

impl Operation for DeleteRole {
    type Output = ();
}

impl ResolveIds for CreateRole {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve_all(self.includes.as_deref_mut().unwrap_or_default());
        created_ids.resolve_all(self.users.as_deref_mut().unwrap_or_default());
    }
}

impl ResolveIds for UpdateRole {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
        created_ids.resolve_all(self.includes.as_deref_mut().unwrap_or_default());
        created_ids.resolve_all(self.users.as_deref_mut().unwrap_or_default());
    }
}

impl ResolveIds for DeleteRole {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
    }
}
