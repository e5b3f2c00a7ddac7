//! Rows of each kind, from the members of a JSON object.

use serde_json::{Map, Value};

#[path = "row_fields.rs"]
mod row_fields;

use super::Kind;
use super::fields::{names, read};
use crate::directory::clusters::ClusterChanges;
use crate::directory::grants::GrantChanges;
use crate::directory::partners::PartnerChanges;
use crate::directory::roles::RoleChanges;
use crate::directory::users::{PasswordHash, UserChanges};
use crate::directory::workspaces::WorkspaceChanges;
use crate::directory::{Problem, values};
use row_fields::{CLUSTERS, GRANTS, PARTNERS, ROLES, USERS, WORKSPACES};

/// What is wrong with one field of a row; about the whole row without a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProblem {
    pub field: String,
    pub message: String,
}

impl RowProblem {
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            message: message.into(),
        }
    }

    pub fn of_row(message: impl Into<String>) -> Self {
        Self::new("", message)
    }
}

impl From<Problem> for RowProblem {
    fn from(problem: Problem) -> Self {
        Self::new(&problem.field, problem.message)
    }
}

#[derive(Clone, Debug)]
pub enum Row {
    Workspace(WorkspaceRow),
    Cluster(ClusterRow),
    Role(Box<RoleRow>),
    Partner(Box<PartnerRow>),
    User(Box<UserRow>),
    Grant(Box<GrantRow>),
}

impl Row {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Workspace(_) => Kind::Workspaces,
            Self::Cluster(_) => Kind::Clusters,
            Self::Role(_) => Kind::Roles,
            Self::Partner(_) => Kind::Partners,
            Self::User(_) => Kind::Users,
            Self::Grant(_) => Kind::Grants,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct WorkspaceRow {
    pub changes: WorkspaceChanges,
}

#[derive(Clone, Debug, Default)]
pub struct ClusterRow {
    pub changes: ClusterChanges,
    /// The code of its workspace.
    pub workspace: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct RoleRow {
    pub changes: RoleChanges,
    /// Names of roles.
    pub includes: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default)]
pub struct PartnerRow {
    pub changes: PartnerChanges,
    /// Names of clusters: see [`cluster_name`].
    pub clusters: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default)]
pub struct UserRow {
    pub changes: UserChanges,
    /// Names of roles that are held everywhere and without an end.
    pub roles: Option<Vec<String>>,
    /// The number or the title of a partner.
    pub partner: Option<Option<String>>,
    pub external: Option<bool>,
    pub last_login: Option<Option<String>>,
    pub created: Option<Option<String>>,
    pub modified: Option<Option<String>>,
}

impl UserRow {
    pub fn username(&self) -> &str {
        self.changes.username.as_deref().unwrap_or_default()
    }
}

#[derive(Clone, Debug, Default)]
pub struct GrantRow {
    pub changes: GrantChanges,
    pub user: Option<String>,
    pub role: Option<String>,
    pub workspace: Option<Option<String>>,
    pub cluster: Option<Option<String>>,
    pub created: Option<Option<String>>,
}

/// What a cluster is called: the code of its workspace, its type and its title.
pub fn cluster_name(code: &str, cluster_type: &str, title: &str) -> String {
    format!("{code}/{cluster_type}/{title}")
}

/// What the fields of a kind are called, as a table has them.
pub fn fields_of(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::Workspaces => names(WORKSPACES),
        Kind::Clusters => names(CLUSTERS),
        Kind::Roles => names(ROLES),
        Kind::Partners => names(PARTNERS),
        Kind::Users => names(USERS),
        Kind::Grants => names(GRANTS),
    }
}

/// Whether a hash is one that can be verified, or why not.
pub type CheckHash = fn(&str) -> Result<(), String>;

/// A row, or everything that is wrong with it.
pub fn read_row(
    kind: Kind,
    members: &Map<String, Value>,
    check_hash: CheckHash,
) -> Result<Row, Vec<RowProblem>> {
    let mut problems = Vec::new();
    let out = &mut problems;
    let row = match kind {
        Kind::Workspaces => {
            let row: WorkspaceRow = read(WORKSPACES, members, out);
            require(out, &[("code", row.changes.code.is_none())]);
            Row::Workspace(row)
        }
        Kind::Clusters => {
            let row: ClusterRow = read(CLUSTERS, members, out);
            let lacking = [
                ("workspace", row.workspace.is_none()),
                ("cluster_type", row.changes.cluster_type.is_none()),
                ("title", row.changes.title.is_none()),
            ];
            require(out, &lacking);
            Row::Cluster(row)
        }
        Kind::Roles => {
            let row: RoleRow = read(ROLES, members, out);
            require(out, &[("name", row.changes.name.is_none())]);
            Row::Role(Box::new(row))
        }
        Kind::Partners => {
            let row: PartnerRow = read(PARTNERS, members, out);
            require(out, &[("title", row.changes.title.is_none())]);
            Row::Partner(Box::new(row))
        }
        Kind::Users => {
            let row: UserRow = read(USERS, members, out);
            require(out, &[("username", row.changes.username.is_none())]);
            if let Some(Some(hash)) = &row.changes.password_hash
                && let Err(why) = check_hash(hash.expose())
            {
                out.push(RowProblem::new("password_hash", why));
            }
            Row::User(Box::new(row))
        }
        Kind::Grants => {
            let row: GrantRow = read(GRANTS, members, out);
            let lacking = [("user", row.user.is_none()), ("role", row.role.is_none())];
            require(out, &lacking);
            Row::Grant(Box::new(row))
        }
    };
    if problems.is_empty() {
        Ok(row)
    } else {
        Err(problems)
    }
}

/// What is wrong is not also missing.
fn require(problems: &mut Vec<RowProblem>, lacking: &[(&'static str, bool)]) {
    for missing in Problem::all_missing(lacking) {
        if !problems.iter().any(|known| known.field == missing.field) {
            problems.push(missing.into());
        }
    }
}
