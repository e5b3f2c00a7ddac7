//! Rows of each kind, from the members of a JSON object.

use serde_json::{Map, Value};

#[path = "row_fields.rs"]
mod row_fields;

use super::fields::{Found, UNCHECKED, names, read};
use super::{Kind, references};
use crate::directory::clusters::ClusterChanges;
use crate::directory::grants::GrantChanges;
use crate::directory::partners::PartnerChanges;
use crate::directory::roles::RoleChanges;
use crate::directory::users::{PasswordHash, UserChanges};
use crate::directory::workspaces::WorkspaceChanges;
use crate::directory::{FieldError, json, values};
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

impl From<FieldError> for RowProblem {
    fn from(problem: FieldError) -> Self {
        Self::new(&problem.field, problem.message)
    }
}

/// A text that breaks a rule. It is no fault of a row that says what is so already.
#[derive(Clone, Debug)]
pub struct Doubt {
    pub problem: RowProblem,
    pub value: String,
}

impl Doubt {
    /// The problems that remain beside a record of these members.
    pub fn remaining(doubts: &[Self], there: Option<&Map<String, Value>>) -> Vec<RowProblem> {
        let stands = |doubt: &&Self| {
            let value = there.and_then(|there| there.get(&doubt.problem.field));
            value.and_then(Value::as_str) == Some(&doubt.value)
        };
        let remaining = doubts.iter().filter(|doubt| !stands(doubt));
        remaining.map(|doubt| doubt.problem.clone()).collect()
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
    /// Which of those with the same workspace, type and title, from 1 on.
    pub number: Option<usize>,
}

#[derive(Clone, Debug, Default)]
pub struct RoleRow {
    pub changes: RoleChanges,
    /// Names of roles.
    pub includes: Option<Vec<String>>,
    /// Whether the name is kept whatever the rules say.
    pub keeps_name: bool,
    /// Where it comes from, which tells roles of one name apart.
    pub origin: Option<String>,
    /// Which role of the portal it is, where its name does not tell.
    pub predefined: Option<String>,
    /// This role of the portal is not there any more.
    pub is_gone: Option<bool>,
}

#[derive(Clone, Debug, Default)]
pub struct PartnerRow {
    pub changes: PartnerChanges,
    /// Clusters: see `references`.
    pub clusters: Option<Vec<String>>,
    /// Which of those with the same title and without a number, from 1 on.
    pub number: Option<usize>,
}

#[derive(Clone, Debug, Default)]
pub struct UserRow {
    pub changes: UserChanges,
    /// Names of roles that are held everywhere and without an end.
    pub roles: Option<Vec<String>>,
    /// Those of them that a group in LDAP gives, and takes.
    pub ldap_roles: Option<Vec<String>>,
    /// A partner: see `references`.
    pub partner: Option<Option<String>>,
    pub external: Option<bool>,
    pub last_login: Option<Option<String>>,
    pub created: Option<Option<String>>,
    pub modified: Option<Option<String>>,
    /// Fields whose values are kept whatever the rules say.
    pub unchecked: Vec<String>,
    /// As of every row: see [`super::Numbered`].
    pub doubts: Vec<Doubt>,
}

impl UserRow {
    pub fn is_unchecked(&self, field: &str) -> bool {
        self.unchecked.iter().any(|name| name == field)
    }

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
    /// Whether the role is held at this place whatever its scope says.
    pub keeps_place: bool,
}

/// What a cluster is called: the code of its workspace, its type and its title.
pub fn cluster_name(code: &str, cluster_type: &str, title: &str) -> String {
    format!("{code}/{cluster_type}/{title}")
}

/// What the fields of a kind are called, as a table has them.
pub fn fields_of(kind: Kind) -> Vec<&'static str> {
    let mut fields = match kind {
        Kind::Workspaces => names(WORKSPACES),
        Kind::Clusters => names(CLUSTERS),
        Kind::Roles => names(ROLES),
        Kind::Partners => names(PARTNERS),
        Kind::Users => names(USERS),
        Kind::Grants => names(GRANTS),
    };
    fields.push(UNCHECKED);
    fields
}

/// Whether a cell that begins like an object is a reference to something.
pub fn is_reference(kind: Kind, field: &str, value: &Value) -> bool {
    match (kind, field) {
        (Kind::Users, "partner") => references::partner("partner", value).is_ok(),
        (Kind::Grants, "cluster") => references::cluster("cluster", value).is_ok(),
        _ => false,
    }
}

/// The fields of an exported row whose values no rule of today would take.
pub fn doubtful_fields(kind: Kind, members: &Map<String, Value>) -> Vec<String> {
    let (_, found) = read_members(kind, members);
    let doubts = found.doubts.into_iter();
    doubts.map(|doubt| doubt.problem.field).collect()
}

/// Whether a hash is one that can be verified, or why not.
pub type CheckHash = fn(&str) -> Result<(), String>;

/// A row with what is doubtful about it, or everything that is wrong with it.
pub fn read_row(
    kind: Kind,
    members: &Map<String, Value>,
    check_hash: CheckHash,
) -> Result<(Row, Vec<Doubt>), Vec<RowProblem>> {
    let (mut row, mut found) = read_members(kind, members);
    let out = &mut found.problems;
    let unchecked = unchecked(kind, members, out);
    match &mut row {
        Row::User(row) => {
            if let Some(Some(hash)) = &row.changes.password_hash
                && let Err(why) = check_hash(hash.expose())
            {
                out.push(RowProblem::new("password_hash", why));
            }
            row.unchecked.clone_from(&unchecked);
        }
        Row::Role(row) => row.keeps_name = unchecked.iter().any(|name| name == "name"),
        Row::Grant(row) => row.keeps_place = unchecked.iter().any(|name| name == "role"),
        _ => {}
    }
    let is_checked = |doubt: &Doubt| !unchecked.contains(&doubt.problem.field);
    found.doubts.retain(is_checked);
    if found.problems.is_empty() {
        return Ok((row, found.doubts));
    }
    let doubts = found.doubts.into_iter();
    found.problems.extend(doubts.map(|doubt| doubt.problem));
    Err(found.problems)
}

/// The names of fields under `unchecked`.
fn unchecked(
    kind: Kind,
    members: &Map<String, Value>,
    problems: &mut Vec<RowProblem>,
) -> Vec<String> {
    let Some(value) = members.get(UNCHECKED) else {
        return Vec::new();
    };
    let known = fields_of(kind);
    let names = json::texts(UNCHECKED, value).and_then(|names| {
        match names.iter().find(|name| !known.contains(&name.as_str())) {
            None => Ok(names),
            Some(name) => {
                let message = format!("There is no field {name:?}.");
                Err(FieldError::invalid(UNCHECKED, message))
            }
        }
    });
    names.unwrap_or_else(|problem| {
        problems.push(problem.into());
        Vec::new()
    })
}

fn read_members(kind: Kind, members: &Map<String, Value>) -> (Row, Found) {
    let mut found = Found::default();
    let out = &mut found;
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
            let is_gone = row.is_gone == Some(true);
            require(out, &[("name", row.changes.name.is_none() && !is_gone)]);
            require(out, &[("predefined", is_gone && row.predefined.is_none())]);
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
            if row.changes.ldap_id.is_some() && row.external != Some(true) {
                let message = "Only an external user has an entry in LDAP.";
                out.problems.push(RowProblem::new("ldap_id", message));
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
    (row, found)
}

/// What is wrong is not also missing.
fn require(found: &mut Found, lacking: &[(&'static str, bool)]) {
    for missing in FieldError::all_missing(lacking) {
        let problems = &mut found.problems;
        if !problems.iter().any(|known| known.field == missing.field) {
            problems.push(missing.into());
        }
    }
}
