//! Partners and places: few, each taken in by the operations that
//! everybody's changes go through.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::prelude::*;
use super::{Batch, guarded, names};
use crate::directory::Expected;
use crate::directory::bulk::{ClusterRow, Doubt, Kind, PartnerRow, RowProblem, WorkspaceRow};
use crate::directory::clusters::{Cluster, CreateCluster, UpdateCluster};
use crate::directory::events::described;
use crate::directory::partners::{CreatePartner, Partner, PartnerChanges, UpdatePartner};
use crate::directory::permissions::PrivilegeCeiling;
use crate::directory::workspaces::{CreateWorkspace, UpdateWorkspace, Workspace};
use crate::storage::schema::{clusters, partner_clusters, partners, workspaces};

/// The line of a row, and what is doubtful about the row.
pub struct At {
    pub line: u64,
    pub doubts: Vec<Doubt>,
}

impl At {
    /// The problems that remain beside what is there.
    pub fn remaining<T: Serialize>(&self, there: Option<&T>) -> Vec<RowProblem> {
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
pub fn taken(field: &str) -> RowProblem {
    RowProblem::new(
        field,
        format!("There is another with this {field} already."),
    )
}

/// The one that a row is about, of those that are called so; none: it is new.
fn numbered<T>(number: Option<usize>, there: &[T]) -> Result<Option<&T>, String> {
    match (number, there) {
        (None, []) => Ok(None),
        (None, [one]) => Ok(Some(one)),
        (None, _) => Err("Several are called so: give the number of one of them.".into()),
        (Some(number), _) if number > there.len() + 1 => {
            let count = there.len();
            let is = if count == 1 { "is" } else { "are" };
            Err(format!(
                "There {is} {count} of them: the next has the number {}.",
                count + 1
            ))
        }
        (Some(number), _) => Ok(there.get(number - 1)),
    }
}

/// The members as they shall be, when they are not so already.
pub fn changed(wanted: Option<Vec<i64>>, now: &[i64]) -> Option<Vec<i64>> {
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
        if $batch.record_result($kind, $line, answer)?.is_some() {
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
        visible: Visibility::All,
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
        .order(clusters::id.asc())
        .select(Cluster::as_select())
        .load(connection)
        .await?;
    let there = match numbered(row.number, &there) {
        Ok(there) => there,
        Err(message) => {
            batch.refuse(KIND, line, RowProblem::new("title", message));
            return Ok(());
        }
    };
    refuse_doubtful!(at, there, KIND, batch);
    let there = match there {
        None => {
            changes.workspace_id = Some(workspace);
            let create = CreateCluster {
                changes,
                partners: None,
            };
            return carry_out!(create, created, KIND, line, batch, context, connection);
        }
        Some(one) => one,
    };
    let changes = changes.without_unchanged(there);
    may_change!(changes.is_empty(), "title", KIND, line, batch);
    let update = UpdateCluster {
        id: there.id,
        expected: Expected::Anything,
        visible: Visibility::All,
        changes,
        partners: None,
        ceiling: PrivilegeCeiling::Everything,
    };
    carry_out!(update, updated, KIND, line, batch, context, connection)
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
    let there = match numbered(row.number, &there) {
        Ok(there) => there,
        Err(message) => {
            batch.refuse(KIND, line, RowProblem::new(field, message));
            return Ok(());
        }
    };
    refuse_doubtful!(at, there, KIND, batch);
    let there = match there {
        None => {
            let create = CreatePartner {
                changes: row.changes,
                clusters: work_in,
            };
            return carry_out!(create, created, KIND, line, batch, context, connection);
        }
        Some(one) => one,
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
        visible: Visibility::All,
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
                .order(partners::id.asc())
                .select(Partner::as_select())
                .load(connection)
                .await?,
        ),
    };
    Ok(found)
}
