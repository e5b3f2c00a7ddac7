//! What rows name, found in the directory: one query for all names of a batch.

use std::collections::{BTreeSet, HashMap};

use super::super::prelude::*;
use crate::directory::bulk::{
    RowProblem, cluster_name, exact_cluster, numbered_partner, parts, shown, titled_partner,
};
use crate::directory::names::normalized;
use crate::storage::schema::{clusters, partners, roles, users, workspaces};

use super::env;

/// A name that stands for one thing, for none or for several.
#[derive(Default)]
pub struct Names(HashMap<String, Vec<i64>>);

impl Names {
    fn of(rows: impl IntoIterator<Item = (String, i64)>) -> Self {
        let mut names = Self::default();
        for (name, id) in rows {
            names.0.entry(name).or_default().push(id);
        }
        names
    }

    pub fn find(&self, field: &str, name: &str) -> Result<i64, RowProblem> {
        let named = self.0.get(name);
        let named = named.or_else(|| self.0.get(&*normalized(name.trim())));
        match named.map(Vec::as_slice) {
            Some([one]) => Ok(*one),
            None | Some([]) => Err(RowProblem::new(
                field,
                format!("There is no {}.", shown(name)),
            )),
            Some(_) => Err(RowProblem::new(
                field,
                format!(
                    "{} is the name of several: see docs/guides/import-export.md.",
                    shown(name)
                ),
            )),
        }
    }

    pub fn find_all(&self, field: &str, names: &[String]) -> Result<Vec<i64>, Vec<RowProblem>> {
        let mut problems = Vec::new();
        let mut ids = Vec::with_capacity(names.len());
        for name in names {
            match self.find(field, name) {
                Ok(id) => ids.push(id),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            Ok(ids)
        } else {
            Err(problems)
        }
    }
}

fn each(names: BTreeSet<String>) -> Vec<String> {
    // PostgreSQL knows no NUL in text, and nothing is called so.
    let mut each: Vec<String> = names
        .into_iter()
        .filter(|name| !name.contains('\0'))
        .collect();
    // In the spelling that names are kept in, and without blanks around them.
    let others = each.iter().map(|name| (name, normalized(name.trim())));
    let others = others.filter(|(name, normal)| **normal != ***name);
    let others: Vec<String> = others.map(|(_, normal)| normal.into_owned()).collect();
    each.extend(others);
    each
}

/// Roles with their scopes.
pub async fn roles(
    names: BTreeSet<String>,
    connection: &mut Conn,
) -> Result<(Names, HashMap<i64, String>), DirectoryError> {
    let rows: Vec<(String, i64, String)> = roles::table
        .filter(env::text_in(roles::name, &each(names)))
        .select((roles::name, roles::id, roles::scope))
        .load(connection)
        .await?;
    let scopes = rows
        .iter()
        .map(|(_, id, scope)| (*id, scope.clone()))
        .collect();
    let names = Names::of(rows.into_iter().map(|(name, id, _)| (name, id)));
    Ok((names, scopes))
}

/// Living users.
pub async fn users(
    names: BTreeSet<String>,
    connection: &mut Conn,
) -> Result<Names, DirectoryError> {
    let rows: Vec<(String, i64)> = users::table
        .filter(env::text_in(users::username, &each(names)))
        .filter(users::deleted_at.is_null())
        .select((users::username, users::id))
        .load(connection)
        .await?;
    Ok(Names::of(rows))
}

pub async fn workspaces(
    codes: BTreeSet<String>,
    connection: &mut Conn,
) -> Result<Names, DirectoryError> {
    let rows: Vec<(String, i64)> = workspaces::table
        .filter(env::text_in(workspaces::code, &each(codes)))
        .select((workspaces::code, workspaces::id))
        .load(connection)
        .await?;
    Ok(Names::of(rows))
}

/// Clusters by the codes that their names may begin with.
pub async fn clusters(
    names: BTreeSet<String>,
    connection: &mut Conn,
) -> Result<Names, DirectoryError> {
    if names.is_empty() {
        return Ok(Names::default());
    }
    // A code may hold a slash itself: every beginning that ends before one counts.
    let beginnings = |name| match parts(name) {
        Some(parts) => parts.into_iter().take(1).collect(),
        None => str::match_indices(name, '/')
            .filter_map(|(at, _)| name.get(..at))
            .collect::<Vec<_>>(),
    };
    let codes: BTreeSet<String> = names
        .iter()
        .flat_map(|name| beginnings(name.as_str()))
        .filter(|code| code.chars().count() <= crate::directory::workspaces::MAX_CODE)
        .map(str::to_owned)
        .collect();
    let rows: Vec<(String, String, String, i64)> = clusters::table
        .inner_join(workspaces::table.on(workspaces::id.eq(clusters::workspace_id)))
        .filter(env::text_in(workspaces::code, &each(codes)))
        .select((
            workspaces::code,
            clusters::cluster_type,
            clusters::title,
            clusters::id,
        ))
        .order(clusters::id.asc())
        .load(connection)
        .await?;
    let mut counts: HashMap<(&str, &str, &str), usize> = HashMap::new();
    let named = rows.iter().flat_map(|(code, kind, title, id)| {
        let number = counts.entry((code, kind, title)).or_default();
        *number += 1;
        let exact = exact_cluster(code, kind, title, *number);
        [(cluster_name(code, kind, title), *id), (exact, *id)]
    });
    Ok(Names::of(named.filter(|(name, _)| names.contains(name))))
}

/// Partners by their numbers; by their titles where no partner has such a number,
/// and of several those that have no number to be named by.
pub async fn partners(
    names: BTreeSet<String>,
    connection: &mut Conn,
) -> Result<Names, DirectoryError> {
    if names.is_empty() {
        return Ok(Names::default());
    }
    let exact = names
        .iter()
        .filter_map(|name| parts(name)?.into_iter().next());
    let exact: Vec<String> = exact.map(str::to_owned).collect();
    let mut names = each(names);
    names.extend(exact);
    let numbered: Vec<(Option<String>, i64)> = partners::table
        .filter(env::text_in(
            partners::vendor_number.assume_not_null(),
            &names,
        ))
        .select((partners::vendor_number, partners::id))
        .load(connection)
        .await?;
    let titled: Vec<(String, i64, Option<String>)> = partners::table
        .filter(env::text_in(partners::title, &names))
        .select((partners::title, partners::id, partners::vendor_number))
        .order(partners::id.asc())
        .load(connection)
        .await?;
    let numbered: HashMap<String, i64> = numbered
        .into_iter()
        .filter_map(|(number, id)| Some((number?, id)))
        .collect();
    let (without, with): (Vec<_>, Vec<_>) = titled
        .into_iter()
        .partition(|(_, _, number)| number.is_none());
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let exact: Vec<(String, i64)> = without
        .iter()
        .map(|(title, id, _)| {
            let number = counts.entry(title).or_default();
            *number += 1;
            (titled_partner(title, *number), *id)
        })
        .collect();
    let plain = |(title, id, _)| (title, id);
    let mut all = Names::of(with.into_iter().map(plain));
    all.0.extend(Names::of(without.into_iter().map(plain)).0);
    all.0.extend(numbered.iter().flat_map(|(number, id)| {
        [
            (number.clone(), vec![*id]),
            (numbered_partner(number), vec![*id]),
        ]
    }));
    all.0.extend(Names::of(exact).0);
    Ok(all)
}
