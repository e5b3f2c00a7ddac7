//! Which values of exported rows an import would refuse of a new record: they are
//! named under `unchecked`, so that the import takes them.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::super::names::is_role_in_the_way;
use super::super::prelude::*;
use super::env;
use super::export::Rows;
use super::similar_names::Which;
use crate::directory::bulk::{Kind, UNCHECKED, doubtful_fields};
use crate::directory::names::{clash, normalized, normalized_role_name, skeleton, unfit};
use crate::storage::schema::users;

/// Names in a row the fields of today's rules and those that are given.
pub fn mark(
    kind: Kind,
    row: &mut Map<String, Value>,
    others: impl IntoIterator<Item = &'static str>,
) {
    let mut fields = doubtful_fields(kind, row);
    fields.extend(others.into_iter().map(str::to_owned));
    if let Some(Value::Array(known)) = row.get(UNCHECKED) {
        fields.extend(known.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    fields.sort_unstable();
    fields.dedup();
    if !fields.is_empty() {
        row.insert(UNCHECKED.into(), fields.into());
    }
}

/// The same for users, whose names are also looked at beside each other.
pub async fn mark_users(rows: &mut Rows, connection: &mut Conn) -> Result<(), DirectoryError> {
    let usernames = Twins::load(Which::Username, rows, connection).await?;
    let unames = Twins::load(Which::Uname, rows, connection).await?;
    for (id, row) in rows {
        let mut odd = Vec::new();
        for (field, twins) in [("username", &usernames), ("uname", &unames)] {
            let name = row.get(field).and_then(Value::as_str).unwrap_or_default();
            if normalized(name) != name || unfit(field, name).is_some() || twins.clash(*id, name) {
                odd.push(field);
            }
        }
        mark(Kind::Users, row, odd);
    }
    Ok(())
}

/// And for roles, of which there are few.
pub fn mark_roles(rows: &mut [Map<String, Value>]) {
    let name = |row: &Map<String, Value>| {
        let name = row.get("name").and_then(Value::as_str);
        name.unwrap_or_default().to_owned()
    };
    let mut alike: HashMap<String, Vec<String>> = HashMap::new();
    for row in rows.iter() {
        let name = name(row);
        alike.entry(skeleton(&name)).or_default().push(name);
    }
    for row in rows {
        let name = name(row);
        let like = alike.get(&skeleton(&name)).into_iter().flatten();
        let mut others = like.filter(|other| **other != name);
        let is_odd = normalized_role_name(&name) != name
            || matches!(name.as_str(), "." | "..")
            || others.any(|other| is_role_in_the_way(&name, other));
        mark(Kind::Roles, row, is_odd.then_some("name"));
    }
}

/// Living users whose names have their skeletons in common with others.
#[derive(Default)]
struct Twins {
    /// What the names of the rows look like, by the ids of the users.
    skeletons: HashMap<i64, String>,
    alike: HashMap<String, Vec<(i64, String)>>,
}

impl Twins {
    /// Those of the users in these rows, by what is kept of their names.
    async fn load(
        which: Which,
        rows: &Rows,
        connection: &mut Conn,
    ) -> Result<Self, DirectoryError> {
        macro_rules! twins {
            ($name:expr, $skeleton:expr) => {{
                let ids = rows.iter().map(|(id, _)| *id).collect();
                let living = users::table.filter(users::deleted_at.is_null());
                let skeletons: Vec<(i64, String)> = living
                    .filter(env::id_in(users::id, ids))
                    .filter($skeleton.is_not_null())
                    .select((users::id, $skeleton.assume_not_null()))
                    .load(connection)
                    .await?;
                let own: HashSet<String> = skeletons.iter().map(|(_, own)| own.clone()).collect();
                let own: Vec<String> = own.into_iter().collect();
                let shared: Vec<String> = living
                    .filter(env::text_in($skeleton.assume_not_null(), &own))
                    .group_by($skeleton)
                    .having(diesel::dsl::count(users::id).gt(1))
                    .select($skeleton.assume_not_null())
                    .load(connection)
                    .await?;
                if shared.is_empty() {
                    return Ok(Self::default());
                }
                let twins: Vec<(String, i64, String)> = living
                    .filter(env::text_in($skeleton.assume_not_null(), &shared))
                    .select(($skeleton.assume_not_null(), users::id, $name))
                    .load(connection)
                    .await?;
                (skeletons, twins)
            }};
        }
        let (skeletons, twins) = match which {
            Which::Username => twins!(users::username, users::username_skeleton),
            Which::Uname => twins!(users::uname, users::uname_skeleton),
        };
        let mut alike: HashMap<String, Vec<(i64, String)>> = HashMap::new();
        for (skeleton, id, name) in twins {
            alike.entry(skeleton).or_default().push((id, name));
        }
        Ok(Self {
            skeletons: skeletons.into_iter().collect(),
            alike,
        })
    }

    fn clash(&self, own: i64, name: &str) -> bool {
        let like = self.skeletons.get(&own).and_then(|it| self.alike.get(it));
        let mut others = like.into_iter().flatten().filter(|(id, _)| *id != own);
        others.any(|(_, other)| clash(name, other).is_some())
    }
}
