//! Rows as an import takes them.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::prelude::*;
use super::env;
use super::unchecked::{mark, mark_roles, mark_users};
use crate::directory::bulk::{ExportPage, Exported, Kind, cluster_name};
use crate::directory::clusters::Cluster;
use crate::directory::grants::Grant;
use crate::directory::partners::Partner;
use crate::directory::roles::Role;
use crate::directory::users::{PasswordHash, User};
use crate::directory::workspaces::Workspace;
use crate::storage::schema::{
    clusters, grants, partner_clusters, partners, role_includes, roles, users, workspaces,
};

impl Run for ExportPage {
    type Answer = Exported;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<Exported, DirectoryError> {
        let mut rows = match self.kind {
            Kind::Workspaces => workspaces_page(self, connection).await?,
            Kind::Clusters => clusters_page(self, connection).await?,
            Kind::Roles => return all_roles(connection).await,
            Kind::Partners => partners_page(self, connection).await?,
            Kind::Users => users_page(self, connection).await?,
            Kind::Grants => grants_page(self, connection).await?,
        };
        match self.kind {
            Kind::Users => mark_users(&mut rows, connection).await?,
            kind => rows.iter_mut().for_each(|(_, row)| mark(kind, row, [])),
        }
        let after = rows.last().map(|(id, _)| *id);
        Ok(Exported {
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            after,
        })
    }
}

pub type Rows = Vec<(i64, Map<String, Value>)>;

/// The members of a row without bookkeeping, without ids, and without what is null.
fn members<R: Serialize>(row: &R, without: &[&str]) -> Map<String, Value> {
    let mut members = crate::directory::events::described(row);
    members.retain(|name, value| !value.is_null() && !without.contains(&name.as_str()));
    members
}

async fn workspaces_page(page: &ExportPage, connection: &mut Conn) -> Result<Rows, DirectoryError> {
    let rows: Vec<Workspace> = workspaces::table
        .filter(workspaces::id.gt(page.after))
        .order(workspaces::id.asc())
        .limit(page.limit)
        .select(Workspace::as_select())
        .load(connection)
        .await?;
    Ok(rows.iter().map(|row| (row.id, members(row, &[]))).collect())
}

/// The names of all clusters, each of which must be its own.
async fn names_of_clusters(connection: &mut Conn) -> Result<HashMap<i64, String>, DirectoryError> {
    let rows: Vec<(i64, String, String, String)> = clusters::table
        .inner_join(workspaces::table.on(workspaces::id.eq(clusters::workspace_id)))
        .select((
            clusters::id,
            workspaces::code,
            clusters::cluster_type,
            clusters::title,
        ))
        .load(connection)
        .await?;
    let mut names = HashMap::with_capacity(rows.len());
    let mut seen = HashSet::new();
    for (id, code, kind, title) in rows {
        let name = cluster_name(&code, &kind, &title);
        if !seen.insert(name.clone()) {
            return Err(DirectoryError::Forbidden(format!(
                "two clusters are called {name:?}: a file can name them only when they differ"
            )));
        }
        names.insert(id, name);
    }
    Ok(names)
}

async fn codes_of_workspaces(
    connection: &mut Conn,
) -> Result<HashMap<i64, String>, DirectoryError> {
    let codes: Vec<(i64, String)> = workspaces::table
        .select((workspaces::id, workspaces::code))
        .load(connection)
        .await?;
    Ok(codes.into_iter().collect())
}

async fn clusters_page(page: &ExportPage, connection: &mut Conn) -> Result<Rows, DirectoryError> {
    names_of_clusters(connection).await?;
    let codes = codes_of_workspaces(connection).await?;
    let rows: Vec<Cluster> = clusters::table
        .filter(clusters::id.gt(page.after))
        .order(clusters::id.asc())
        .limit(page.limit)
        .select(Cluster::as_select())
        .load(connection)
        .await?;
    let shown = rows.iter().map(|row| {
        let mut shown = members(row, &["workspace"]);
        if let Some(code) = codes.get(&row.workspace_id) {
            shown.insert("workspace".into(), code.as_str().into());
        }
        (row.id, shown)
    });
    Ok(shown.collect())
}

/// There are few roles; those that others contain come first.
async fn all_roles(connection: &mut Conn) -> Result<Exported, DirectoryError> {
    let all: Vec<Role> = roles::table
        .order(roles::id.asc())
        .select(Role::as_select())
        .load(connection)
        .await?;
    let direct: Vec<(i64, i64)> = role_includes::table
        .order((role_includes::role_id.asc(), role_includes::part_id.asc()))
        .select((role_includes::role_id, role_includes::part_id))
        .load(connection)
        .await?;
    let names: HashMap<i64, &str> = all
        .iter()
        .map(|role| (role.id, role.name.as_str()))
        .collect();
    let mut parts: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (role, part) in direct {
        parts.entry(role).or_default().push(part);
    }
    let mut written: HashSet<i64> = HashSet::new();
    let mut rows = Vec::with_capacity(all.len());
    while written.len() < all.len() {
        let before = written.len();
        for role in &all {
            let own = parts.get(&role.id).map_or(&[][..], Vec::as_slice);
            if written.contains(&role.id) || !own.iter().all(|part| written.contains(part)) {
                continue;
            }
            written.insert(role.id);
            let mut shown = members(role, &["permissions"]);
            let permissions = serde_json::from_str(&role.permissions).unwrap_or(Value::Null);
            shown.insert("permissions".into(), permissions);
            shown.insert("origin".into(), role.origin.as_str().into());
            let includes: Vec<&str> = own.iter().filter_map(|id| names.get(id).copied()).collect();
            shown.insert("includes".into(), includes.into());
            rows.push(shown);
        }
        if written.len() == before {
            return Err(DirectoryError::internal(
                "roles contain one another in a circle",
            ));
        }
    }
    mark_roles(&mut rows);
    Ok(Exported { rows, after: None })
}

async fn partners_page(page: &ExportPage, connection: &mut Conn) -> Result<Rows, DirectoryError> {
    let rows: Vec<Partner> = partners::table
        .filter(partners::id.gt(page.after))
        .order(partners::id.asc())
        .limit(page.limit)
        .select(Partner::as_select())
        .load(connection)
        .await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    // Also sees to it that each has a name of its own.
    names_of_partners(&ids, connection).await?;
    let pairs: Vec<(i64, i64)> = partner_clusters::table
        .filter(env::id_in(partner_clusters::partner_id, ids))
        .order((
            partner_clusters::partner_id.asc(),
            partner_clusters::cluster_id.asc(),
        ))
        .select((partner_clusters::partner_id, partner_clusters::cluster_id))
        .load(connection)
        .await?;
    let names = if pairs.is_empty() {
        HashMap::new()
    } else {
        names_of_clusters(connection).await?
    };
    let mut work_in: HashMap<i64, Vec<&str>> = HashMap::new();
    for (partner, cluster) in pairs {
        if let Some(name) = names.get(&cluster) {
            work_in.entry(partner).or_default().push(name);
        }
    }
    let shown = rows.iter().map(|row| {
        let mut shown = members(row, &[]);
        if let Some(names) = work_in.remove(&row.id) {
            shown.insert("clusters".into(), names.into());
        }
        (row.id, shown)
    });
    Ok(shown.collect())
}

/// What an import finds these partners by: their numbers, else their titles.
async fn names_of_partners(
    ids: &[i64],
    connection: &mut Conn,
) -> Result<HashMap<i64, String>, DirectoryError> {
    let rows: Vec<(i64, Option<String>, String)> = partners::table
        .filter(env::id_in(partners::id, ids.to_vec()))
        .select((partners::id, partners::vendor_number, partners::title))
        .load(connection)
        .await?;
    let names: HashMap<i64, String> = rows
        .into_iter()
        .map(|(id, number, title)| (id, number.unwrap_or(title)))
        .collect();
    let known = super::names::partners(names.values().cloned().collect(), connection).await?;
    for (id, name) in &names {
        if known.find("partner", name).ok() != Some(*id) {
            return Err(DirectoryError::Forbidden(format!(
                "the partner {id} is called {name:?}, as another is: give it a vendor_number"
            )));
        }
    }
    Ok(names)
}

async fn users_page(page: &ExportPage, connection: &mut Conn) -> Result<Rows, DirectoryError> {
    let rows: Vec<(User, Option<PasswordHash>)> = users::table
        .filter(users::id.gt(page.after))
        .filter(users::deleted_at.is_null())
        .order(users::id.asc())
        .limit(page.limit)
        .select((User::as_select(), users::password_hash))
        .load(connection)
        .await?;
    let ids: Vec<i64> = rows.iter().map(|(user, _)| user.id).collect();
    let mut roles = roles_of(ids, connection).await?;
    let mut partners: Vec<i64> = rows
        .iter()
        .filter_map(|(user, _)| user.partner_id)
        .collect();
    partners.sort_unstable();
    partners.dedup();
    let partners = if partners.is_empty() {
        HashMap::new()
    } else {
        names_of_partners(&partners, connection).await?
    };
    let shown = rows.into_iter().map(|(user, hash)| {
        let mut shown = members(&user, &["partner", "deleted_at"]);
        if let Some(name) = user.partner_id.and_then(|id| partners.get(&id)) {
            shown.insert("partner".into(), name.as_str().into());
        }
        shown.insert(
            "roles".into(),
            roles.remove(&user.id).unwrap_or_default().into(),
        );
        shown.insert("created".into(), user.created.into());
        shown.insert("modified".into(), user.modified.into());
        if let Some(hash) = hash.filter(|_| page.with_password_hashes) {
            shown.insert("password_hash".into(), hash.expose().into());
        }
        (user.id, shown)
    });
    Ok(shown.collect())
}

/// What they hold everywhere and without an end, by name.
async fn roles_of(
    users: Vec<i64>,
    connection: &mut Conn,
) -> Result<HashMap<i64, Vec<String>>, DirectoryError> {
    let rows: Vec<(i64, String)> = grants::table
        .inner_join(roles::table)
        .filter(env::id_in(grants::user_id, users))
        .filter(un_scoped!())
        .filter(grants::is_active.eq(true))
        .filter(grants::valid_from.is_null())
        .filter(grants::valid_until.is_null())
        .order((grants::user_id.asc(), roles::name.asc()))
        .select((grants::user_id, roles::name))
        .load(connection)
        .await?;
    let mut held: HashMap<i64, Vec<String>> = HashMap::new();
    for (user, role) in rows {
        held.entry(user).or_default().push(role);
    }
    Ok(held)
}

/// Grants that the roles of a user do not tell: in a place, for a time, or off.
async fn grants_page(page: &ExportPage, connection: &mut Conn) -> Result<Rows, DirectoryError> {
    let rows: Vec<(Grant, String, String)> = grants::table
        .inner_join(users::table)
        .inner_join(roles::table)
        .filter(grants::id.gt(page.after))
        .filter(users::deleted_at.is_null())
        .filter(
            grants::workspace_id
                .is_not_null()
                .or(grants::cluster_id.is_not_null())
                .or(grants::is_active.eq(false))
                .or(grants::valid_from.is_not_null())
                .or(grants::valid_until.is_not_null()),
        )
        .order(grants::id.asc())
        .limit(page.limit)
        .select((Grant::as_select(), users::username, roles::name))
        .load(connection)
        .await?;
    let has_clusters = rows.iter().any(|(grant, ..)| grant.cluster_id.is_some());
    let clusters = if has_clusters {
        names_of_clusters(connection).await?
    } else {
        HashMap::new()
    };
    let codes = codes_of_workspaces(connection).await?;
    let shown = rows.iter().map(|(grant, user, role)| {
        let mut shown = members(grant, &["user", "role", "workspace", "cluster"]);
        shown.insert("user".into(), user.as_str().into());
        shown.insert("role".into(), role.as_str().into());
        if let Some(code) = grant.workspace_id.and_then(|id| codes.get(&id)) {
            shown.insert("workspace".into(), code.as_str().into());
        }
        if let Some(name) = grant.cluster_id.and_then(|id| clusters.get(&id)) {
            shown.insert("cluster".into(), name.as_str().into());
        }
        shown.insert("created".into(), grant.created.as_str().into());
        (grant.id, shown)
    });
    Ok(shown.collect())
}
