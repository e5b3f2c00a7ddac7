//! Names of roles that differ in case alone or look alike, from before such were
//! refused; and whether what is kept of names fits them. Roles are few: all are read.

use super::super::prelude::*;
use super::check_names::{Pair, named};
use super::env;
use crate::directory::bulk::Finding;
use crate::directory::names::{Clash, clash, folded, skeleton};
use crate::directory::plural::pluralize;
use crate::storage::schema::roles;

type Row = (i64, String, Option<String>, Option<String>);

pub async fn role_names(
    repair: bool,
    connection: &mut Conn,
) -> Result<Vec<Finding>, DirectoryError> {
    let rows: Vec<Row> = roles::table
        .order(roles::id.asc())
        .select((
            roles::id,
            roles::name,
            roles::name_folded,
            roles::name_skeleton,
        ))
        .load(connection)
        .await?;
    let mut findings: Vec<Finding> = keys(&rows, repair, connection).await?.into_iter().collect();
    let same = pairs(&rows, folded, Clash::SameLetters);
    let alike = pairs(&rows, skeleton, Clash::LooksAlike);
    findings.extend(named("names of roles", same, "differ in case alone"));
    findings.extend(named("names of roles", alike, "look alike"));
    Ok(findings)
}

/// Those that have this in common, and clash so.
fn pairs(rows: &[Row], key: fn(&str) -> String, wanted: Clash) -> Vec<Pair> {
    let mut keyed: Vec<(String, &str)> = rows
        .iter()
        .map(|(_, name, ..)| (key(name), name.as_str()))
        .collect();
    // In the order of the ids where the keys are the same.
    keyed.sort_by(|one, other| one.0.cmp(&other.0));
    let mut pairs = Vec::new();
    for group in keyed.chunk_by(|one, other| one.0 == other.0) {
        for (place, (_, one)) in group.iter().enumerate() {
            let others = group.iter().skip(place + 1).map(|(_, other)| *other);
            let clashing = others.filter(|other| clash(one, other) == Some(wanted));
            pairs.extend(clashing.map(|other| ((*one).to_owned(), other.to_owned())));
        }
    }
    pairs
}

/// What another program, or SQL by hand, has left of a former name.
async fn keys(
    rows: &[Row],
    repair: bool,
    connection: &mut Conn,
) -> Result<Option<Finding>, DirectoryError> {
    // The first of those with the same letters has them.
    let mut owners = std::collections::HashSet::new();
    let kept = rows.iter().filter(|(_, name, letters, _)| {
        letters.as_deref() == Some(&folded(name)) && owners.insert(folded(name))
    });
    let kept: Vec<i64> = kept.map(|(id, ..)| *id).collect();
    let mut wrong = Vec::new();
    for (id, name, letters, of_name) in rows {
        let wanted = match kept.contains(id) || owners.insert(folded(name)) {
            true => Some(folded(name)),
            false => None,
        };
        if *letters != wanted || of_name.as_deref() != Some(&skeleton(name)) {
            wrong.push((*id, name, wanted));
        }
    }
    if repair && !wrong.is_empty() {
        // First none has any, so that two can change theirs.
        let ids: Vec<i64> = wrong.iter().map(|(id, ..)| *id).collect();
        diesel::update(roles::table.filter(env::id_in(roles::id, ids)))
            .set(roles::name_folded.eq(None::<String>))
            .execute(connection)
            .await?;
        for (id, name, wanted) in &wrong {
            let fill = diesel::update(roles::table.find(*id)).set((
                roles::name_folded.eq(wanted.clone()),
                roles::name_skeleton.eq(skeleton(name)),
            ));
            env::defer(fill.cached(), connection).await?;
        }
    }
    Ok((!wrong.is_empty()).then(|| Finding {
        what: format!(
            "of {} is kept what their names were, not what they are",
            pluralize(wrong.len(), "role", "roles")
        ),
        remedy: "made anew",
    }))
}
