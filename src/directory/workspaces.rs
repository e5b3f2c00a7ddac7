//! Workspaces: the countries, programmes or projects that people work in.

use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use serde::Serialize;

use super::batch::{CreatedIds, ResolveIds};
use super::error::FieldError;
use super::listing::{Entity, Visibility};
use super::users::drop_same;
use super::{Expected, Operation};
use crate::storage::schema::workspaces;

/// The most characters of a code.
pub const MAX_CODE: usize = 8;

#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = workspaces)]
pub struct Workspace {
    pub id: i64,
    pub title: String,
    pub code: String,
    pub version: i64,
    pub created: String,
    pub modified: String,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
}

#[derive(Insertable)]
#[diesel(table_name = workspaces, treat_none_as_default_value = false)]
pub struct NewWorkspace<'a> {
    pub title: &'a str,
    pub code: &'a str,
    pub created: &'a str,
    pub modified: &'a str,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
}

/// What shall be changed; `None` leaves a column alone.
#[derive(Clone, Debug, Default, PartialEq, AsChangeset)]
#[diesel(table_name = workspaces)]
pub struct WorkspaceChanges {
    pub title: Option<String>,
    pub code: Option<String>,
}

impl WorkspaceChanges {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Without what the workspace is already: clients send back whole records.
    pub fn without_unchanged(mut self, workspace: &Workspace) -> Self {
        drop_same(&mut self.title, &workspace.title);
        drop_same(&mut self.code, &workspace.code);
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkspaceColumn {
    Id,
    Title,
    Code,
    Created,
    Modified,
}

/// What a list of workspaces can be confined to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkspacesOf {
    /// These ids, for `include`.
    Ids(Vec<i64>),
}

#[derive(Debug)]
pub struct Workspaces;

impl Entity for Workspaces {
    type Row = Workspace;
    type Column = WorkspaceColumn;
    type Parent = WorkspacesOf;
    const ID: WorkspaceColumn = WorkspaceColumn::Id;

    fn of_ids(ids: Vec<i64>) -> WorkspacesOf {
        WorkspacesOf::Ids(ids)
    }

    fn is_indexed(_: WorkspaceColumn) -> bool {
        // There are few workspaces: every order and every filter is quick.
        true
    }
}

#[derive(Debug)]
pub struct FindWorkspace {
    pub id: i64,
    pub visible: Visibility,
}

impl Operation for FindWorkspace {
    type Output = Option<Workspace>;
}

#[derive(Clone, Debug)]
pub struct CreateWorkspace {
    pub changes: WorkspaceChanges,
}

impl CreateWorkspace {
    /// Tells what a new workspace lacks.
    pub fn missing(changes: &WorkspaceChanges) -> Vec<FieldError> {
        let lacking = [
            ("title", changes.title.is_none()),
            ("code", changes.code.is_none()),
        ];
        FieldError::all_missing(&lacking)
    }
}

impl Operation for CreateWorkspace {
    type Output = Workspace;

    fn touches_credentials(&self) -> bool {
        false
    }
}

#[derive(Clone, Debug)]
pub struct UpdateWorkspace {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub changes: WorkspaceChanges,
}

impl Operation for UpdateWorkspace {
    type Output = Workspace;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// Refused while clusters are in it or roles are held in it.
#[derive(Clone, Debug)]
pub struct DeleteWorkspace {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
}

impl Operation for DeleteWorkspace {
    type Output = ();

    fn touches_credentials(&self) -> bool {
        false
    }
}

impl ResolveIds for CreateWorkspace {
    fn resolve_ids(&mut self, _: &CreatedIds) {}
}

impl ResolveIds for UpdateWorkspace {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
    }
}

impl ResolveIds for DeleteWorkspace {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
    }
}
