//! Roles as an import takes them: those of the program first, whatever their ids
//! here, then those that somebody has made, and before each what it contains.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};

use super::super::prelude::*;
use super::export::members;
use super::unchecked::mark_roles;
use crate::directory::bulk::Exported;
use crate::directory::portal::PortalRole;
use crate::directory::roles::{ADMIN, Role};
use crate::storage::schema::{role_includes, roles};

/// A role, and which of the portal's it is.
type Known = (Role, Option<String>);

/// There are few roles; they come all at once.
pub async fn all(connection: &mut Conn) -> Result<Exported, DirectoryError> {
    let mut all: Vec<Known> = roles::table
        .order(roles::id.asc())
        .select((Role::as_select(), roles::predefined))
        .load(connection)
        .await?;
    let direct: Vec<(i64, i64)> = role_includes::table
        .select((role_includes::role_id, role_includes::part_id))
        .load(connection)
        .await?;
    all.sort_by_key(|(role, predefined)| (rank(role, predefined.as_deref()), role.id));
    let mut parts: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (role, part) in direct {
        parts.entry(role).or_default().push(part);
    }
    let ordered = parts_first(&all, &parts)?;
    let places: HashMap<i64, usize> = (0..)
        .zip(&ordered)
        .map(|(n, known)| (known.0.id, n))
        .collect();
    for parts in parts.values_mut() {
        parts.sort_by_key(|part| places.get(part));
    }
    let names: HashMap<i64, &str> = all.iter().map(|(role, _)| (role.id, &*role.name)).collect();
    let mut rows = Vec::with_capacity(all.len());
    for (role, predefined) in ordered {
        let own = parts.get(&role.id).map_or(&[][..], Vec::as_slice);
        let mut shown = row(role, predefined.as_deref());
        let includes: Vec<&str> = own.iter().filter_map(|id| names.get(id).copied()).collect();
        shown.insert("includes".into(), includes.into());
        rows.push(shown);
    }
    mark_roles(&mut rows);
    let mut whole = gone(&all);
    whole.append(&mut rows);
    Ok(Exported {
        rows: whole,
        after: None,
    })
}

/// The same in every directory, which ids are not.
fn rank(role: &Role, predefined: Option<&str>) -> usize {
    let portal = PortalRole::ALL.into_iter();
    let place = portal
        .map(PortalRole::name)
        .position(|name| Some(name) == predefined);
    match (role.id, place) {
        (ADMIN, _) => 0,
        (_, Some(place)) => 1 + place,
        (_, None) => usize::MAX,
    }
}

/// Of all roles whose parts are written, always the first: so the order is the same
/// where the ids are given in it.
fn parts_first<'a>(
    all: &'a [Known],
    parts: &BTreeMap<i64, Vec<i64>>,
) -> Result<Vec<&'a Known>, DirectoryError> {
    let places: HashMap<i64, usize> = (0..).zip(all).map(|(n, known)| (known.0.id, n)).collect();
    let mut lacking: Vec<usize> = vec![0; all.len()];
    let mut wholes: HashMap<i64, Vec<usize>> = HashMap::new();
    for (role, parts) in parts {
        let Some(place) = places.get(role) else {
            continue;
        };
        for part in parts {
            wholes.entry(*part).or_default().push(*place);
        }
        if let Some(lacking) = lacking.get_mut(*place) {
            *lacking = parts.len();
        }
    }
    let ready = (0..).zip(&lacking).filter(|(_, lacking)| **lacking == 0);
    let mut ready: BTreeSet<usize> = ready.map(|(place, _)| place).collect();
    let mut ordered = Vec::with_capacity(all.len());
    while let Some(known) = ready.pop_first().and_then(|place| all.get(place)) {
        ordered.push(known);
        for whole in wholes.get(&known.0.id).into_iter().flatten() {
            if let Some(lacking) = lacking.get_mut(*whole) {
                *lacking -= 1;
                if *lacking == 0 {
                    ready.insert(*whole);
                }
            }
        }
    }
    match ordered.len() == all.len() {
        true => Ok(ordered),
        false => Err(DirectoryError::internal(
            "roles contain one another in a circle",
        )),
    }
}

fn row(role: &Role, predefined: Option<&str>) -> Map<String, Value> {
    let mut shown = members(role, &["permissions"]);
    let permissions = serde_json::from_str(&role.permissions).unwrap_or(Value::Null);
    shown.insert("permissions".into(), permissions);
    shown.insert("origin".into(), role.origin.as_str().into());
    if let Some(predefined) = predefined.filter(|name| *name != role.name) {
        shown.insert("predefined".into(), predefined.into());
    }
    shown
}

/// Roles that come with a directory and are not in this one any more.
fn gone(all: &[Known]) -> Vec<Map<String, Value>> {
    let there: HashSet<&str> = all.iter().flat_map(|(_, name)| name.as_deref()).collect();
    let gone = PortalRole::names()
        .into_iter()
        .filter(|name| !there.contains(name));
    let row = |name: &str| {
        let mut shown = Map::new();
        shown.insert("is_gone".into(), true.into());
        shown.insert("origin".into(), "portal".into());
        shown.insert("predefined".into(), name.into());
        shown
    };
    gone.map(row).collect()
}
