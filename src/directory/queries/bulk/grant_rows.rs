//! Grants: roles held in places and for a time.

use std::collections::{BTreeSet, HashMap};

use super::super::prelude::*;
use super::{Batch, env, guarded, names};
use crate::directory::Expected;
use crate::directory::bulk::{GrantRow, Kind, Numbered, Row, RowProblem};
use crate::directory::delegation::GrantScope;
use crate::directory::events::described;
use crate::directory::grants::{Grant, GrantChanges, NewGrant, UpdateGrant, check_time, misplaced};
use crate::directory::members::Authority;
use crate::directory::permissions::PrivilegeCeiling;
use crate::storage::schema::grants;

const KIND: Kind = Kind::Grants;

/// Which grant it is: user, role, workspace, cluster.
type Which = (i64, i64, Option<i64>, Option<i64>);

struct Known {
    users: names::Names,
    roles: names::Names,
    scopes: HashMap<i64, String>,
    workspaces: names::Names,
    clusters: names::Names,
}

pub async fn take(
    rows: Vec<Numbered>,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let rows: Vec<(u64, GrantRow)> = rows
        .into_iter()
        .filter_map(|Numbered { line, row, .. }| match row {
            Row::Grant(row) => Some((line, *row)),
            _ => None,
        })
        .collect();
    let known = Known::load(&rows, connection).await?;
    let mut wanted = Vec::with_capacity(rows.len());
    let mut lines: HashMap<Which, u64> = HashMap::new();
    for (line, row) in rows {
        match known.resolve(&row) {
            Err(problems) => batch.outcome.refuse(KIND, line, problems),
            Ok(which) => match lines.get(&which) {
                Some(first) => {
                    let message = format!("The line {first} gives the same.");
                    batch.refuse(KIND, line, RowProblem::new("role", message));
                }
                None => {
                    lines.insert(which, line);
                    wanted.push((line, which, row));
                }
            },
        }
    }
    let there = there(&wanted, connection).await?;
    let mut new = Vec::new();
    for (line, which, row) in wanted {
        match there.get(&which) {
            None => new.push((which, row)),
            Some(grant) => update(line, grant, row.changes, batch, context, connection).await?,
        }
    }
    insert(&new, batch, context, connection).await
}

impl Known {
    async fn load(rows: &[(u64, GrantRow)], connection: &mut Conn) -> Result<Self, DirectoryError> {
        let all = |pick: fn(&GrantRow) -> Option<String>| {
            let names = rows.iter().filter_map(|(_, row)| pick(row));
            names.collect::<BTreeSet<String>>()
        };
        let (roles, scopes) = names::roles(all(|row| row.role.clone()), connection).await?;
        Ok(Self {
            users: names::users(all(|row| row.user.clone()), connection).await?,
            roles,
            scopes,
            workspaces: names::workspaces(all(|row| row.workspace.clone().flatten()), connection)
                .await?,
            clusters: names::clusters(all(|row| row.cluster.clone().flatten()), connection).await?,
        })
    }

    fn resolve(&self, row: &GrantRow) -> Result<Which, Vec<RowProblem>> {
        let mut problems = Vec::new();
        let mut find = |names: &names::Names, field: &str, name: Option<&str>| {
            let found = name.map(|name| names.find(field, name)).transpose();
            found.unwrap_or_else(|problem| {
                problems.push(problem);
                None
            })
        };
        let user = find(&self.users, "user", row.user.as_deref());
        let role = find(&self.roles, "role", row.role.as_deref());
        let name = |place: &Option<Option<String>>| place.clone().flatten();
        let workspace = find(
            &self.workspaces,
            "workspace",
            name(&row.workspace).as_deref(),
        );
        let cluster = find(&self.clusters, "cluster", name(&row.cluster).as_deref());
        let (Some(user), Some(role), true) = (user, role, problems.is_empty()) else {
            return Err(problems);
        };
        let scope = self.scopes.get(&role).map_or("none", String::as_str);
        let place = GrantScope { workspace, cluster };
        let misplaced = misplaced(scope, place).filter(|_| !row.keeps_place);
        problems.extend(misplaced.map(RowProblem::from));
        let time = |time: &Option<Option<String>>| time.clone().flatten();
        let (from, until) = (
            time(&row.changes.valid_from),
            time(&row.changes.valid_until),
        );
        problems.extend(check_time(from.as_deref(), until.as_deref()).map(RowProblem::from));
        if problems.is_empty() {
            Ok((user, role, workspace, cluster))
        } else {
            Err(problems)
        }
    }
}

async fn there(
    wanted: &[(u64, Which, GrantRow)],
    connection: &mut Conn,
) -> Result<HashMap<Which, Grant>, DirectoryError> {
    let users: BTreeSet<i64> = wanted.iter().map(|(_, (user, ..), _)| *user).collect();
    let rows: Vec<Grant> = grants::table
        .filter(env::id_in(grants::user_id, users.into_iter().collect()))
        .select(Grant::as_select())
        .load(connection)
        .await?;
    let keyed = rows.into_iter().map(|grant| {
        let place = grant.place();
        let which = (grant.user_id, grant.role_id, place.workspace, place.cluster);
        (which, grant)
    });
    Ok(keyed.collect())
}

async fn update(
    line: u64,
    grant: &Grant,
    changes: GrantChanges,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let changes = changes.without_unchanged(grant);
    if changes.is_empty() {
        batch.outcome.of(KIND).unchanged += 1;
        return Ok(());
    }
    if !batch.updates(KIND) {
        let message = "The user holds this role in this place already.";
        batch.refuse(KIND, line, RowProblem::new("role", message));
        return Ok(());
    }
    let update = UpdateGrant {
        id: grant.id,
        expected: Expected::Anything,
        visible: Visibility::All,
        changes,
        authority: Authority::Permission(PrivilegeCeiling::Everything),
    };
    let answer = guarded(&update, context, connection).await;
    if batch.record_result(KIND, line, answer)?.is_some() {
        batch.outcome.of(KIND).updated += 1;
    }
    Ok(())
}

async fn insert(
    rows: &[(Which, GrantRow)],
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    if rows.is_empty() {
        return Ok(());
    }
    let now = context.now_text();
    let new: Vec<NewGrant<'_>> = rows.iter().map(|row| whole(row, &now, context)).collect();
    if batch.rules.tell_rows {
        let made: Vec<Grant> =
            env::insert_returning!(grants::table, new, Grant::as_returning() => Grant, connection);
        for grant in made {
            batch.created(KIND, grant.id, || described(&grant));
        }
    } else {
        let made: Vec<i64> =
            env::insert_returning!(grants::table, new, grants::id => i64, connection);
        batch.outcome.of(KIND).created += made.len() as u64;
    }
    Ok(())
}

fn whole<'a>(
    ((user_id, role_id, workspace_id, cluster_id), row): &'a (Which, GrantRow),
    now: &'a str,
    context: &Context,
) -> NewGrant<'a> {
    let text = |change: &'a Option<Option<String>>| change.as_ref().and_then(Option::as_deref);
    let created = text(&row.created).unwrap_or(now);
    NewGrant {
        user_id: *user_id,
        role_id: *role_id,
        workspace_id: *workspace_id,
        cluster_id: *cluster_id,
        is_active: row.changes.is_active.unwrap_or(true),
        valid_from: text(&row.changes.valid_from),
        valid_until: text(&row.changes.valid_until),
        created,
        modified: created,
        created_by: context.actor_id(),
        modified_by: context.actor_id(),
        origin: None,
    }
}
