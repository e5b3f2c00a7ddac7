//! Whether searches find users by what they are called.

use super::super::prelude::*;
use super::env;
use crate::directory::bulk::Finding;
use crate::directory::plural::pluralize;
use crate::directory::search::SearchedNames;
use crate::directory::users::User;
use crate::storage::schema::users;

/// Users that are looked at together.
const BATCH: i64 = 10_000;

pub async fn search(repair: bool, connection: &mut Conn) -> Result<Vec<Finding>, DirectoryError> {
    let mut findings: Vec<Finding> = texts(repair, connection).await?.into_iter().collect();
    if !env::is_search_index_valid(connection).await? {
        if repair {
            env::rebuild_search_index(connection).await?;
        }
        findings.push(Finding {
            what: "the index of names does not tell what the users are called".into(),
            remedy: "built anew",
        });
    }
    Ok(findings)
}

/// What another program, or SQL by hand, has left of former names.
async fn texts(repair: bool, connection: &mut Conn) -> Result<Option<Finding>, DirectoryError> {
    let (mut wrong, mut last) = (0_usize, 0);
    loop {
        let rows: Vec<(User, Option<String>)> = users::table
            .filter(users::id.gt(last))
            .order(users::id.asc())
            .limit(BATCH)
            .select((User::as_select(), users::search_text))
            .load(connection)
            .await?;
        let Some((user, _)) = rows.last() else { break };
        last = user.id;
        for (user, kept) in rows {
            let text = SearchedNames::from(&user).search_text();
            if kept.as_ref() == Some(&text) {
                continue;
            }
            wrong += 1;
            if repair {
                let fill = diesel::update(users::table.find(user.id));
                let fill = fill.set(users::search_text.eq(text));
                env::defer(fill.cached(), connection).await?;
            }
        }
    }
    Ok((wrong > 0).then(|| Finding {
        what: format!(
            "{} found by what they were called, not by what they are",
            pluralize(wrong, "user is", "users are")
        ),
        remedy: "made anew",
    }))
}
