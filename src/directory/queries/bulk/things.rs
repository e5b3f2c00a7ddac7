//! Roles, partners and places: few, each taken in by the operations that
//! everybody's changes go through.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::prelude::*;
use super::super::roles::make;
use super::{Batch, guarded, names};
use crate::directory::Expected;
use crate::directory::bulk::{
    ClusterRow, Doubt, Kind, PartnerRow, RoleRow, RowProblem, WorkspaceRow,
};
use crate::directory::clusters::{Cluster, CreateCluster, UpdateCluster};
use crate::directory::events::described;
use crate::directory::names::normalized_role_name;
use crate::directory::partners::{CreatePartner, Partner, PartnerChanges, UpdatePartner};
use crate::directory::permissions::Reach;
use crate::directory::roles::{CreateRole, Role, RoleChanges, UpdateRole};
use crate::directory::workspaces::{CreateWorkspace, UpdateWorkspace, Workspace};
use crate::storage::schema::{
    clusters, partner_clusters, partners, role_includes, roles, workspaces,
};

/// The line of a row, and what is doubtful about the row.
pub struct At {
    pub line: u64,
    pub doubts: Vec<Doubt>,
}

impl At {
    /// The problems that remain beside what is there.
    fn remaining<T: Serialize>(&self, there: Option<&T>) -> Vec<RowProblem> {
        let there = there.filter(|_| !self.doubts.is_empty()).map(described);
        Doubt::remaining(&self.doubts, there.as_ref())
    }
}

/// Refuses a row with values that break rules and do not stand there already.
macro_rules! refuse_doubtful {
    ($at:expr, $there:expr, $kind:expr, $batch:expr) => {
        let problems = $at.remaining($there);
        if !problems.is_empty() {
            $batch.outcome.refuse($kind, $at.line, problems);
            return Ok(());
        }
    };
}

/// A thing of this name is there, and is another than the row says.
fn taken(field: &str) -> RowProblem {
    RowProblem::new(
        field,
        format!("There is another with this {field} already."),
    )
}

/// The members as they shall be, when they are not so already.
fn changed(wanted: Option<Vec<i64>>, now: &[i64]) -> Option<Vec<i64>> {
    let now: BTreeSet<i64> = now.iter().copied().collect();
    wanted.filter(|wanted| wanted.iter().copied().collect::<BTreeSet<_>>() != now)
}

/// What the row names, or its refusal.
macro_rules! resolved {
    ($found:expr, $kind:expr, $line:expr, $batch:expr) => {
        match $found {
            Ok(found) => found,
            Err(problems) => {
                $batch.outcome.refuse($kind, $line, Vec::from(problems));
                return Ok(());
            }
        }
    };
}

/// Creates or changes by an operation; counts how it went.
macro_rules! carry_out {
    ($operation:expr, $counted:ident, $kind:expr, $line:expr, $batch:expr, $context:expr, $connection:expr) => {{
        let answer = guarded(&$operation, $context, $connection).await;
        if $batch.settle($kind, $line, answer)?.is_some() {
            $batch.outcome.of($kind).$counted += 1;
        }
        Ok(())
    }};
}

/// Goes on with a thing that is there and differs, when that is asked for.
macro_rules! may_change {
    ($is_same:expr, $field:expr, $kind:expr, $line:expr, $batch:expr) => {
        if $is_same {
            $batch.outcome.of($kind).unchanged += 1;
            return Ok(());
        }
        if !$batch.updates($kind) {
            $batch.refuse($kind, $line, taken($field));
            return Ok(());
        }
    };
}

pub async fn workspace(
    at: At,
    row: WorkspaceRow,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    const KIND: Kind = Kind::Workspaces;
    let line = at.line;
    let code = row.changes.code.clone().unwrap_or_default();
    let there: Option<Workspace> = workspaces::table
        .filter(workspaces::code.eq(code))
        .select(Workspace::as_select())
        .get_result(connection)
        .await
        .optional()?;
    refuse_doubtful!(at, there.as_ref(), KIND, batch);
    let Some(there) = there else {
        let missing = CreateWorkspace::missing(&row.changes);
        if !missing.is_empty() {
            let problems = missing.into_iter().map(RowProblem::from).collect();
            batch.outcome.refuse(KIND, line, problems);
            return Ok(());
        }
        let create = CreateWorkspace {
            changes: row.changes,
        };
        return carry_out!(create, created, KIND, line, batch, context, connection);
    };
    let changes = row.changes.without_unchanged(&there);
    may_change!(changes.is_empty(), "code", KIND, line, batch);
    let update = UpdateWorkspace {
        id: there.id,
        expected: Expected::Anything,
        visible: Visible::All,
        changes,
    };
    carry_out!(update, updated, KIND, line, batch, context, connection)
}

pub async fn cluster(
    at: At,
    row: ClusterRow,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    const KIND: Kind = Kind::Clusters;
    let line = at.line;
    let code = row.workspace.unwrap_or_default();
    let codes = names::workspaces([code.clone()].into(), connection).await?;
    let found = codes.find("workspace", &code).map_err(|problem| [problem]);
    let workspace = resolved!(found, KIND, line, batch);
    let mut changes = row.changes;
    let there: Vec<Cluster> = clusters::table
        .filter(clusters::workspace_id.eq(workspace))
        .filter(clusters::title.eq(changes.title.clone().unwrap_or_default()))
        .filter(clusters::cluster_type.eq(changes.cluster_type.clone().unwrap_or_default()))
        .select(Cluster::as_select())
        .limit(2)
        .load(connection)
        .await?;
    refuse_doubtful!(at, there.as_slice().first(), KIND, batch);
    let there = match there.as_slice() {
        [] => {
            changes.workspace_id = Some(workspace);
            let create = CreateCluster {
                changes,
                partners: None,
            };
            return carry_out!(create, created, KIND, line, batch, context, connection);
        }
        [one] => one,
        _ => {
            let message = "Several clusters of this workspace are called so.";
            batch.refuse(KIND, line, RowProblem::new("title", message));
            return Ok(());
        }
    };
    let changes = changes.without_unchanged(there);
    may_change!(changes.is_empty(), "title", KIND, line, batch);
    let update = UpdateCluster {
        id: there.id,
        expected: Expected::Anything,
        visible: Visible::All,
        changes,
        partners: None,
        reach: Reach::Everything,
    };
    carry_out!(update, updated, KIND, line, batch, context, connection)
}

pub async fn role(
    at: At,
    row: RoleRow,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    const KIND: Kind = Kind::Roles;
    let line = at.line;
    let includes = match &row.includes {
        None => None,
        Some(wanted) => {
            let all = wanted.iter().cloned().collect();
            let (known, _) = names::roles(all, connection).await?;
            let found = known.find_all("includes", wanted);
            Some(resolved!(found, KIND, line, batch))
        }
    };
    let name = row.changes.name.clone().unwrap_or_default();
    let spellings = vec![name.clone(), normalized_role_name(&name).into_owned()];
    let there: Option<Role> = roles::table
        .filter(roles::name.eq_any(spellings))
        // The very name goes before another spelling of it.
        .order(roles::name.eq(name).desc())
        .select(Role::as_select())
        .first(connection)
        .await
        .optional()?;
    refuse_doubtful!(at, there.as_ref(), KIND, batch);
    let Some(there) = there else {
        let create = NewRole {
            changes: row.changes,
            includes,
            keeps_name: row.keeps_name,
        };
        return carry_out!(create, created, KIND, line, batch, context, connection);
    };
    let parts: Vec<i64> = role_includes::table
        .filter(role_includes::role_id.eq(there.id))
        .select(role_includes::part_id)
        .load(connection)
        .await?;
    let includes = changed(includes, &parts);
    let mut changes = row.changes.without_unchanged(&there);
    // It was found by its name, perhaps in another spelling.
    changes.name = None;
    if changes.external_id == there.external_id {
        changes.external_id = None;
    }
    let is_same = changes.is_empty() && includes.is_none();
    may_change!(is_same, "name", KIND, line, batch);
    let update = UpdateRole {
        id: there.id,
        expected: Expected::Anything,
        visible: Visible::All,
        changes,
        includes,
        users: None,
        reach: Reach::Everything,
    };
    carry_out!(update, updated, KIND, line, batch, context, connection)
}

/// A role, made unchangeable only when it contains what it shall.
struct NewRole {
    changes: RoleChanges,
    includes: Option<Vec<i64>>,
    keeps_name: bool,
}

impl Run for NewRole {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        let is_sealed = self.changes.unchangeable == Some(true);
        let create = CreateRole {
            changes: RoleChanges {
                unchangeable: None,
                ..self.changes.clone()
            },
            includes: self.includes.clone().filter(|parts| !parts.is_empty()),
            users: None,
            reach: Reach::Everything,
        };
        let role = make(&create, self.keeps_name, context, connection).await?;
        if is_sealed {
            let seal = UpdateRole {
                id: role.id,
                expected: Expected::Anything,
                visible: Visible::All,
                changes: RoleChanges {
                    unchangeable: Some(true),
                    ..RoleChanges::default()
                },
                includes: None,
                users: None,
                reach: Reach::Everything,
            };
            seal.run(context, connection).await?;
        }
        Ok(())
    }
}

pub async fn partner(
    at: At,
    row: PartnerRow,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    const KIND: Kind = Kind::Partners;
    let line = at.line;
    let work_in = match &row.clusters {
        None => None,
        Some(wanted) => {
            let known = names::clusters(wanted.iter().cloned().collect(), connection).await?;
            let found = known.find_all("clusters", wanted);
            Some(resolved!(found, KIND, line, batch))
        }
    };
    let (field, there) = partner_there(&row.changes, connection).await?;
    refuse_doubtful!(at, there.as_slice().first(), KIND, batch);
    let there = match there.as_slice() {
        [] => {
            let create = CreatePartner {
                changes: row.changes,
                clusters: work_in,
            };
            return carry_out!(create, created, KIND, line, batch, context, connection);
        }
        [one] => one,
        _ => {
            let message = "Several partners are called so: give a vendor_number.";
            batch.refuse(KIND, line, RowProblem::new(field, message));
            return Ok(());
        }
    };
    let works_in: Vec<i64> = partner_clusters::table
        .filter(partner_clusters::partner_id.eq(there.id))
        .select(partner_clusters::cluster_id)
        .load(connection)
        .await?;
    let work_in = changed(work_in, &works_in);
    let changes = row.changes.without_unchanged(there);
    let is_same = changes.is_empty() && work_in.is_none();
    may_change!(is_same, field, KIND, line, batch);
    let update = UpdatePartner {
        id: there.id,
        expected: Expected::Anything,
        visible: Visible::All,
        changes,
        clusters: work_in,
    };
    carry_out!(update, updated, KIND, line, batch, context, connection)
}

/// By its number where the row has one; else by its title, among those without
/// a number. With the field that told.
async fn partner_there(
    changes: &PartnerChanges,
    connection: &mut Conn,
) -> Result<(&'static str, Vec<Partner>), DirectoryError> {
    let found = match &changes.vendor_number {
        Some(Some(number)) => (
            "vendor_number",
            partners::table
                .filter(partners::vendor_number.eq(number))
                .select(Partner::as_select())
                .load(connection)
                .await?,
        ),
        _ => (
            "title",
            partners::table
                .filter(partners::title.eq(changes.title.clone().unwrap_or_default()))
                .filter(partners::vendor_number.is_null())
                .select(Partner::as_select())
                .limit(2)
                .load(connection)
                .await?,
        ),
    };
    Ok(found)
}
