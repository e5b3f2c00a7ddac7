//! Rows as an import takes them.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::prelude::*;
use super::env;
use super::unchecked::{mark, mark_users};
use crate::directory::bulk::{
    ExportPage, Exported, Kind, UNCHECKED, cluster_name, cluster_value, exact_cluster,
    numbered_partner, partner_value, titled_partner,
};
use crate::directory::clusters::Cluster;
use crate::directory::delegation::GrantScope;
use crate::directory::grants::{Grant, ORIGIN_LDAP, misplaced};
use crate::directory::partners::Partner;
use crate::directory::users::{PasswordHash, User};
use crate::directory::workspaces::Workspace;
use crate::storage::schema::{
    clusters, grants, partner_clusters, partners, roles, users, workspaces,
};

impl Run for ExportPage {
    type Answer = Exported;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<Exported, DirectoryError> {
        let mut rows = match self.kind {
            Kind::Workspaces => workspaces_page(self, connection).await?,
            Kind::Clusters => clusters_page(self, connection).await?,
            Kind::Roles => return super::export_roles::all(connection).await,
            Kind::Partners => partners_page(self, connection).await?,
            Kind::Users => users_page(self, connection).await?,
            Kind::Grants => grants_page(self, connection).await?,
        };
        match self.kind {
            Kind::Users => mark_users(&mut rows, connection).await?,
            Kind::Grants => {}
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
pub fn members<R: Serialize>(row: &R, without: &[&str]) -> Map<String, Value> {
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

/// What all clusters are called, and their numbers among those of equal fields.
struct Clusters {
    names: HashMap<i64, String>,
    numbers: HashMap<i64, usize>,
}

impl Clusters {
    async fn load(connection: &mut Conn) -> Result<Self, DirectoryError> {
        let rows: Vec<(i64, String, String, String)> = clusters::table
            .inner_join(workspaces::table.on(workspaces::id.eq(clusters::workspace_id)))
            .order(clusters::id.asc())
            .select((
                clusters::id,
                workspaces::code,
                clusters::cluster_type,
                clusters::title,
            ))
            .load(connection)
            .await?;
        let mut same: HashMap<(&str, &str, &str), Vec<i64>> = HashMap::new();
        let mut called: HashMap<String, usize> = HashMap::new();
        for (id, code, kind, title) in &rows {
            same.entry((code, kind, title)).or_default().push(*id);
            *called.entry(cluster_name(code, kind, title)).or_default() += 1;
        }
        let mut all = Self {
            names: HashMap::with_capacity(rows.len()),
            numbers: HashMap::new(),
        };
        for ((code, kind, title), ids) in same {
            for (place, id) in ids.iter().enumerate() {
                let name = cluster_name(code, kind, title);
                let name = match called.get(&name) {
                    Some(1) => name,
                    _ => exact_cluster(code, kind, title, place + 1),
                };
                all.names.insert(*id, name);
                if ids.len() > 1 {
                    all.numbers.insert(*id, place + 1);
                }
            }
        }
        Ok(all)
    }

    fn value(&self, id: i64) -> Option<Value> {
        self.names.get(&id).map(|name| cluster_value(name))
    }
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
    let all = Clusters::load(connection).await?;
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
        if let Some(number) = all.numbers.get(&row.id) {
            shown.insert("number".into(), (*number).into());
        }
        (row.id, shown)
    });
    Ok(shown.collect())
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
    let named = Partners::load(&ids, connection).await?;
    let pairs: Vec<(i64, i64)> = partner_clusters::table
        .filter(env::id_in(partner_clusters::partner_id, ids))
        .order((
            partner_clusters::partner_id.asc(),
            partner_clusters::cluster_id.asc(),
        ))
        .select((partner_clusters::partner_id, partner_clusters::cluster_id))
        .load(connection)
        .await?;
    let clusters = if pairs.is_empty() {
        None
    } else {
        Some(Clusters::load(connection).await?)
    };
    let mut work_in: HashMap<i64, Vec<Value>> = HashMap::new();
    for (partner, cluster) in pairs {
        let name = clusters.as_ref().and_then(|all| all.value(cluster));
        work_in.entry(partner).or_default().extend(name);
    }
    let shown = rows.iter().map(|row| {
        let mut shown = members(row, &[]);
        if let Some(names) = work_in.remove(&row.id) {
            shown.insert("clusters".into(), names.into());
        }
        if let Some(number) = named.numbers.get(&row.id) {
            shown.insert("number".into(), (*number).into());
        }
        (row.id, shown)
    });
    Ok(shown.collect())
}

/// What an import finds partners by: their numbers, else their titles.
struct Partners {
    names: HashMap<i64, String>,
    /// Among those of the same title and without a number, where there are several.
    numbers: HashMap<i64, usize>,
}

impl Partners {
    async fn load(ids: &[i64], connection: &mut Conn) -> Result<Self, DirectoryError> {
        let rows: Vec<(i64, Option<String>, String)> = partners::table
            .filter(env::id_in(partners::id, ids.to_vec()))
            .select((partners::id, partners::vendor_number, partners::title))
            .load(connection)
            .await?;
        let titles = rows.iter().filter(|(_, number, _)| number.is_none());
        let titles: BTreeSet<&str> = titles.map(|(.., title)| title.as_str()).collect();
        let titles: Vec<String> = titles.into_iter().map(str::to_owned).collect();
        let titled: Vec<(i64, String)> = partners::table
            .filter(env::text_in(partners::title, &titles))
            .filter(partners::vendor_number.is_null())
            .order(partners::id.asc())
            .select((partners::id, partners::title))
            .load(connection)
            .await?;
        // A number goes before a title in a name.
        let taken: Vec<Option<String>> = partners::table
            .filter(env::text_in(
                partners::vendor_number.assume_not_null(),
                &titles,
            ))
            .select(partners::vendor_number)
            .load(connection)
            .await?;
        let taken: HashSet<String> = taken.into_iter().flatten().collect();
        let mut same: HashMap<&str, Vec<i64>> = HashMap::new();
        for (id, title) in &titled {
            same.entry(title).or_default().push(*id);
        }
        let mut all = Self {
            names: HashMap::new(),
            numbers: HashMap::new(),
        };
        for (id, number, title) in rows {
            let name = match number {
                // A table reads such a text as an object.
                Some(number) if number.starts_with('{') => numbered_partner(&number),
                Some(number) => number,
                None => {
                    let ids = same.get(&*title).map(Vec::as_slice).unwrap_or_default();
                    let place = ids.iter().position(|other| *other == id);
                    let place = place.unwrap_or_default() + 1;
                    if ids.len() > 1 {
                        all.numbers.insert(id, place);
                    }
                    match ids.len() > 1 || taken.contains(&title) || title.starts_with('{') {
                        true => titled_partner(&title, place),
                        false => title,
                    }
                }
            };
            all.names.insert(id, name);
        }
        Ok(all)
    }
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
    let partners = Partners::load(&partners, connection).await?.names;
    let shown = rows.into_iter().map(|(user, hash)| {
        let mut shown = members(&user, &["partner", "deleted_at"]);
        if let Some(name) = user.partner_id.and_then(|id| partners.get(&id)) {
            shown.insert("partner".into(), partner_value(name));
        }
        let held = roles.remove(&user.id).unwrap_or_default();
        shown.insert("roles".into(), held.names.into());
        if !held.of_groups.is_empty() {
            shown.insert("ldap_roles".into(), held.of_groups.into());
        }
        if held.is_misplaced {
            shown.insert(UNCHECKED.into(), vec!["roles"].into());
        }
        shown.insert("created".into(), user.created.into());
        shown.insert("modified".into(), user.modified.into());
        if let Some(hash) = hash.filter(|_| page.with_password_hashes) {
            shown.insert("password_hash".into(), hash.expose().into());
        }
        (user.id, shown)
    });
    Ok(shown.collect())
}

#[derive(Default)]
struct Held {
    names: Vec<String>,
    /// Those that a group in LDAP gives.
    of_groups: Vec<String>,
    /// One of them is by its scope no role that is held everywhere: that was
    /// changed after it had been given.
    is_misplaced: bool,
}

/// What they hold everywhere and without an end, by name.
async fn roles_of(
    users: Vec<i64>,
    connection: &mut Conn,
) -> Result<HashMap<i64, Held>, DirectoryError> {
    let rows: Vec<(i64, String, String, Option<String>)> = grants::table
        .inner_join(roles::table)
        .filter(env::id_in(grants::user_id, users))
        .filter(un_scoped!())
        .filter(grants::is_active.eq(true))
        .filter(grants::valid_from.is_null())
        .filter(grants::valid_until.is_null())
        .select((grants::user_id, roles::name, roles::scope, grants::origin))
        .load(connection)
        .await?;
    let mut held: HashMap<i64, Held> = HashMap::new();
    for (user, role, scope, origin) in rows {
        let held = held.entry(user).or_default();
        if origin.as_deref() == Some(ORIGIN_LDAP) {
            held.of_groups.push(role.clone());
        }
        held.names.push(role);
        held.is_misplaced |= misplaced(&scope, GrantScope::UN_SCOPED).is_some();
    }
    // In the order of the letters themselves, which is the same everywhere.
    for held in held.values_mut() {
        held.names.sort_unstable();
        held.of_groups.sort_unstable();
    }
    Ok(held)
}

/// Grants that the roles of a user do not tell: in a place, for a time, or off.
async fn grants_page(page: &ExportPage, connection: &mut Conn) -> Result<Rows, DirectoryError> {
    let rows: Vec<(Grant, String, String, String)> = grants::table
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
        .select((
            Grant::as_select(),
            users::username,
            roles::name,
            roles::scope,
        ))
        .load(connection)
        .await?;
    let has_clusters = rows.iter().any(|(grant, ..)| grant.cluster_id.is_some());
    let clusters = match has_clusters {
        true => Some(Clusters::load(connection).await?),
        false => None,
    };
    let codes = codes_of_workspaces(connection).await?;
    let shown = rows.iter().map(|(grant, user, role, scope)| {
        let mut shown = members(grant, &["user", "role", "workspace", "cluster"]);
        shown.insert("user".into(), user.as_str().into());
        shown.insert("role".into(), role.as_str().into());
        if let Some(code) = grant.workspace_id.and_then(|id| codes.get(&id)) {
            shown.insert("workspace".into(), code.as_str().into());
        }
        let cluster = grant.cluster_id.zip(clusters.as_ref());
        if let Some(name) = cluster.and_then(|(id, all)| all.value(id)) {
            shown.insert("cluster".into(), name);
        }
        // Its scope was changed after the role was given here.
        if misplaced(scope, grant.place()).is_some() {
            shown.insert(UNCHECKED.into(), vec!["role"].into());
        }
        shown.insert("created".into(), grant.created.as_str().into());
        (grant.id, shown)
    });
    Ok(shown.collect())
}
