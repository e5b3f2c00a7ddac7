//! Names of the living that differ in case alone or look alike, from before such
//! were refused; and whether what is kept of names fits them.

use super::super::names::taken;
use super::super::prelude::*;
use super::env;
use crate::directory::bulk::Finding;
use crate::directory::names::{Clash, clash, folded, skeleton};
use crate::directory::plural::pluralize;
use crate::storage::schema::users;

/// Users that are looked at together.
const BATCH: i64 = 10_000;
/// The most pairs that are named.
const NAMED: usize = 100;

const RENAME: &str = "left alone: rename one of them";

pub async fn names(repair: bool, connection: &mut Conn) -> Result<Vec<Finding>, DirectoryError> {
    let mut findings: Vec<Finding> = keys(repair, connection).await?.into_iter().collect();
    let pairs = same_letters(connection).await?;
    findings.extend(named("usernames", pairs, "differ in case alone"));
    let pairs = look_alikes(connection).await?;
    findings.extend(named("usernames", pairs, "look alike"));
    Ok(findings)
}

pub type Pair = (String, String);

pub fn named(what: &str, pairs: Vec<Pair>, how: &str) -> Vec<Finding> {
    let finding = |what| Finding {
        what,
        remedy: RENAME,
    };
    let more = pairs.len().saturating_sub(NAMED);
    let some = pairs.into_iter().take(NAMED);
    let mut findings: Vec<Finding> = some
        .map(|(one, other)| finding(format!("the {what} {one:?} and {other:?} {how}")))
        .collect();
    if more > 0 {
        findings.push(finding(format!("{more} more pairs of {what} {how}")));
    }
    findings
}

/// Living users without a folded name: another has it, or had it when this one
/// was filled in.
async fn same_letters(connection: &mut Conn) -> Result<Vec<Pair>, DirectoryError> {
    let without: Vec<String> = users::table
        .filter(users::deleted_at.is_null())
        .filter(users::username_folded.is_null())
        .order(users::id.asc())
        .select(users::username)
        .load(connection)
        .await?;
    let mut pairs = Vec::new();
    for username in without {
        let twin = users::table
            .filter(users::deleted_at.is_null())
            .filter(users::username_folded.eq(folded(&username)))
            .select(users::username);
        let twin: Option<String> = twin.first(connection).await.optional()?;
        pairs.extend(twin.map(|twin| (twin, username)));
    }
    Ok(pairs)
}

/// Only a name beyond ASCII can be taken for another.
async fn look_alikes(connection: &mut Conn) -> Result<Vec<Pair>, DirectoryError> {
    let other = diesel::alias!(users as other);
    let beyond_ascii = fragment::<diesel::sql_types::Bool>(
        "octet_length(users.username) > length(users.username)",
    );
    let pairs: Vec<(i64, String, i64, String)> = users::table
        .inner_join(
            other.on(other
                .field(users::username_skeleton)
                .eq(users::username_skeleton)),
        )
        .filter(users::deleted_at.is_null())
        .filter(other.field(users::deleted_at).is_null())
        .filter(other.field(users::id).ne(users::id))
        .filter(beyond_ascii)
        .order((users::id.asc(), other.field(users::id).asc()))
        .select((
            users::id,
            users::username,
            other.field(users::id),
            other.field(users::username),
        ))
        .load(connection)
        .await?;
    // Both of a pair may be beyond ASCII: it is told once.
    let once =
        |(id, _, other_id, other): &(i64, String, i64, String)| id < other_id || other.is_ascii();
    let alike = pairs.into_iter().filter(once);
    let alike = alike.map(|(_, one, _, other)| (other, one));
    Ok(alike
        .filter(|(one, other)| clash(one, other) == Some(Clash::LooksAlike))
        .collect())
}

/// What another program, or SQL by hand, has left of a former name.
async fn keys(repair: bool, connection: &mut Conn) -> Result<Option<Finding>, DirectoryError> {
    type Row = (
        i64,
        String,
        String,
        Option<String>,
        Option<String>,
        Option<String>,
    );
    let mut wrong = 0_usize;
    let mut last = 0;
    loop {
        let rows: Vec<Row> = users::table
            .filter(users::id.gt(last))
            .order(users::id.asc())
            .limit(BATCH)
            .select((
                users::id,
                users::username,
                users::uname,
                users::username_folded,
                users::username_skeleton,
                users::uname_skeleton,
            ))
            .load(connection)
            .await?;
        let Some((id, ..)) = rows.last() else { break };
        last = *id;
        for (id, username, uname, letters, of_username, of_uname) in rows {
            let wanted = folded(&username);
            let is_right = letters.as_ref().is_none_or(|letters| *letters == wanted)
                && of_username.is_some_and(|kept| kept == skeleton(&username))
                && of_uname.is_some_and(|kept| kept == skeleton(&uname));
            let is_twin = letters.is_none()
                && taken(std::slice::from_ref(&wanted), connection)
                    .await?
                    .contains(&wanted);
            if is_right && (letters.is_some() || is_twin) {
                continue;
            }
            wrong += 1;
            if repair {
                let is_free = letters.as_ref() == Some(&wanted)
                    || !taken(std::slice::from_ref(&wanted), connection)
                        .await?
                        .contains(&wanted);
                let fill = diesel::update(users::table.find(id)).set((
                    users::username_folded.eq(is_free.then_some(wanted)),
                    users::username_skeleton.eq(skeleton(&username)),
                    users::uname_skeleton.eq(skeleton(&uname)),
                ));
                env::defer(fill.cached(), connection).await?;
            }
        }
    }
    Ok((wrong > 0).then(|| Finding {
        what: format!(
            "of {} is kept what their names were, not what they are",
            pluralize(wrong, "user", "users")
        ),
        remedy: "made anew",
    }))
}
