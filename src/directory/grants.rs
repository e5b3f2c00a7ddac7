//! Grants: a role held by a user, everywhere or in a workspace or a cluster,
//! always or for a time.

use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use serde::Serialize;

use super::batch::{CreatedIds, ResolveIds};
use super::delegation::{GrantScope, Verb};
use super::error::FieldError;
use super::listing::{Entity, Visibility};
use super::members::Authority;
use super::privileges::End;
use super::users::drop_same;
use super::{Expected, Operation};
use crate::storage::schema::grants;

/// The origin of a grant that follows from a group in LDAP, and goes with it.
pub const ORIGIN_LDAP: &str = "ldap";

#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = grants)]
pub struct Grant {
    pub id: i64,
    #[serde(rename = "user")]
    pub user_id: i64,
    #[serde(rename = "role")]
    pub role_id: i64,
    #[serde(rename = "workspace")]
    pub workspace_id: Option<i64>,
    #[serde(rename = "cluster")]
    pub cluster_id: Option<i64>,
    pub is_active: bool,
    pub valid_from: Option<String>,
    pub valid_until: Option<String>,
    pub version: i64,
    pub created: String,
    pub modified: String,
    pub created_by: Option<i64>,
    /// Who changed it last; none in a row from before this column was there.
    pub modified_by: Option<i64>,
}

impl Grant {
    /// The user who changed it last.
    pub fn last_author(&self) -> Option<i64> {
        last_author(self.version, self.created_by, self.modified_by)
    }

    pub fn place(&self) -> GrantScope {
        GrantScope {
            workspace: self.workspace_id,
            cluster: self.cluster_id,
        }
    }

    /// Whether it gives any right at this moment, in stored form.
    pub fn is_in_force(&self, now: &str) -> bool {
        self.is_active
            && self.valid_from.as_deref().is_none_or(|from| from <= now)
            && self.valid_until.as_deref().is_none_or(|until| until > now)
    }
}

/// Who changed a row last: whoever made it, where it never changed. Rows from before
/// `modified_by` was kept have it only if they had changed.
pub fn last_author(version: i64, created_by: Option<i64>, modified_by: Option<i64>) -> Option<i64> {
    modified_by.or(created_by.filter(|_| version == 1))
}

#[derive(Insertable)]
#[diesel(table_name = grants, treat_none_as_default_value = false)]
pub struct NewGrant<'a> {
    pub user_id: i64,
    pub role_id: i64,
    pub workspace_id: Option<i64>,
    pub cluster_id: Option<i64>,
    pub is_active: bool,
    pub valid_from: Option<&'a str>,
    pub valid_until: Option<&'a str>,
    pub created: &'a str,
    pub modified: &'a str,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
    /// [`ORIGIN_LDAP`], or nothing.
    pub origin: Option<&'a str>,
}

/// What shall be changed; `None` leaves a column alone, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, AsChangeset)]
#[diesel(table_name = grants)]
pub struct GrantChanges {
    pub role_id: Option<i64>,
    pub is_active: Option<bool>,
    pub valid_from: Option<Option<String>>,
    pub valid_until: Option<Option<String>>,
}

impl GrantChanges {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Without what the grant is already: clients send back whole records.
    pub fn without_unchanged(mut self, grant: &Grant) -> Self {
        drop_same(&mut self.role_id, &grant.role_id);
        drop_same(&mut self.is_active, &grant.is_active);
        drop_same(&mut self.valid_from, &grant.valid_from);
        drop_same(&mut self.valid_until, &grant.valid_until);
        self
    }

    /// Whether the grant is in force at any time at which it was not before.
    fn give_more_than(&self, before: &Grant) -> bool {
        let begins = |from: &Option<String>| from.clone().unwrap_or_default();
        let is_active = self.is_active.unwrap_or(before.is_active);
        let from = self.valid_from.as_ref().unwrap_or(&before.valid_from);
        let until = self.valid_until.as_ref().unwrap_or(&before.valid_until);
        is_active
            && (!before.is_active
                || begins(from) < begins(&before.valid_from)
                || End::at(until.clone()) > End::at(before.valid_until.clone()))
    }

    /// Whether anything but the role shall change.
    pub fn is_about_force(&self) -> bool {
        self.is_active.is_some() || self.valid_from.is_some() || self.valid_until.is_some()
    }
}

/// Whether a role of this scope cannot be held there.
pub fn misplaced(scope: &str, place: GrantScope) -> Option<FieldError> {
    let (field, message) = match (scope, place.workspace, place.cluster) {
        ("none", None, None) | ("workspace", Some(_), None) | ("cluster", None, Some(_)) => {
            return None;
        }
        ("workspace", None, None) => ("workspace", "This role is held in a workspace: name one."),
        ("cluster", None, None) => ("cluster", "This role is held in a cluster: name one."),
        ("cluster", Some(_), _) => ("workspace", "This role is held in a cluster."),
        ("workspace", _, Some(_)) => ("cluster", "This role is held in a workspace."),
        (_, Some(_), _) => (
            "workspace",
            "This role is held everywhere, not in a workspace.",
        ),
        (_, None, _) => ("cluster", "This role is held everywhere, not in a cluster."),
    };
    Some(FieldError::invalid(field, message))
}

/// A grant ends after it begins.
pub fn check_time(from: Option<&str>, until: Option<&str>) -> Option<FieldError> {
    let (from, until) = (from?, until?);
    (until <= from).then(|| FieldError::invalid("valid_until", "A grant ends after it begins."))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantColumn {
    Id,
    User,
    Role,
    Workspace,
    Cluster,
    IsActive,
    ValidFrom,
    ValidUntil,
    Created,
    Modified,
    CreatedBy,
}

/// What a list of grants can be confined to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantsOf {
    /// What these users hold.
    Users(Vec<i64>),
    /// Of these roles.
    Roles(Vec<i64>),
    /// Held in these workspaces.
    Workspaces(Vec<i64>),
    /// Held in these clusters.
    Clusters(Vec<i64>),
    /// These ids, for `include`.
    Ids(Vec<i64>),
}

#[derive(Debug)]
pub struct Grants;

impl Entity for Grants {
    type Row = Grant;
    type Column = GrantColumn;
    type Parent = GrantsOf;
    const ID: GrantColumn = GrantColumn::Id;

    fn of_ids(ids: Vec<i64>) -> GrantsOf {
        GrantsOf::Ids(ids)
    }

    fn is_indexed(column: GrantColumn) -> bool {
        use GrantColumn::{Cluster, Id, Role, User, Workspace};
        matches!(column, Id | User | Role | Workspace | Cluster)
    }
}

/// One grant of a living user.
#[derive(Debug)]
pub struct FindGrant {
    pub id: i64,
    /// The users whose grants are visible.
    pub visible: Visibility,
}

impl Operation for FindGrant {
    type Output = Option<Grant>;
    const SNAPSHOT: bool = true;
}

/// Gives a role.
#[derive(Clone, Debug)]
pub struct CreateGrant {
    /// To whom a role can be given.
    pub visible: Visibility,
    pub user_id: i64,
    pub role_id: i64,
    pub place: GrantScope,
    pub changes: GrantChanges,
    pub authority: Authority,
}

impl Operation for CreateGrant {
    type Output = Grant;
}

/// Makes a grant one of another role, switches it on or off, or sets its time.
#[derive(Clone, Debug)]
pub struct UpdateGrant {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub changes: GrantChanges,
    pub authority: Authority,
}

impl UpdateGrant {
    /// What the granter must be allowed to do, and until when it gives what it
    /// gives: `changes` are those that change something. A change of the role
    /// takes the old one and gives the new.
    pub fn asked(&self, before: &Grant, changes: &GrantChanges) -> Vec<(i64, Verb, End)> {
        let until = End::at(
            changes
                .valid_until
                .clone()
                .unwrap_or(before.valid_until.clone()),
        );
        let mut asked = Vec::new();
        if let Some(role) = changes.role_id {
            asked.push((before.role_id, Verb::Change, End::past()));
            asked.push((role, Verb::Give, until.clone()));
        }
        if changes.is_about_force() {
            let end = if changes.give_more_than(before) {
                until
            } else {
                End::past()
            };
            // Of the role that it is, or of the one that it becomes.
            asked.push((changes.role_id.unwrap_or(before.role_id), Verb::Toggle, end));
        }
        asked
    }
}

impl Operation for UpdateGrant {
    type Output = Grant;
}

/// Takes a role away.
#[derive(Clone, Debug)]
pub struct DeleteGrant {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub authority: Authority,
}

impl Operation for DeleteGrant {
    type Output = ();
}

/// Several roles for one user, all or none.
#[derive(Clone, Debug)]
pub struct GiveRoles {
    pub user_id: i64,
    pub roles: Vec<(i64, GrantScope)>,
    /// Refuses a place where the user holds one of these roles already, and
    /// everything to whom holds one of them everywhere.
    pub alone_among: Vec<i64>,
    pub authority: Authority,
}

impl Operation for GiveRoles {
    type Output = Vec<Grant>;
}

/// Records grants that have expired since the last time in the audit log, in batches.
/// Answers how many.
#[derive(Debug)]
pub struct RecordExpiredGrants;

impl Operation for RecordExpiredGrants {
    type Output = usize;

    fn touches_credentials(&self) -> bool {
        false
    }
}

impl ResolveIds for CreateGrant {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.user_id);
        created_ids.resolve(&mut self.role_id);
        for id in [&mut self.place.workspace, &mut self.place.cluster]
            .into_iter()
            .flatten()
        {
            created_ids.resolve(id);
        }
    }
}

impl ResolveIds for UpdateGrant {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
        if let Some(role) = &mut self.changes.role_id {
            created_ids.resolve(role);
        }
    }
}

impl ResolveIds for DeleteGrant {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
    }
}
