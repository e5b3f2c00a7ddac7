//! Searches of somebody who does not see everybody: through the users whom they
//! see, never through the index of all.

use super::super::columns::BATCH;
use super::super::prelude::*;
use crate::directory::listing::Own;
use crate::directory::names::folded;
use crate::directory::users::UserColumn;
use crate::storage::schema::users;

type Seen<'a> = &'a dyn Fn() -> users::BoxedQuery<'static, Db>;
type Texts = (i64, String, Option<String>, Option<String>, Option<String>);

/// The condition with the found in the place of each search.
pub async fn searched(
    mut wanted: Option<Condition<UserColumn>>,
    seen: Seen<'_>,
    connection: &mut Conn,
) -> Result<Option<Condition<UserColumn>>, DirectoryError> {
    for search in wanted.iter_mut().flat_map(Condition::searches) {
        if let Condition::Own(Own::Search(text)) = search {
            *search = Condition::Ids(found(text, seen, connection).await?);
        }
    }
    Ok(wanted)
}

async fn found(
    text: &str,
    seen: Seen<'_>,
    connection: &mut Conn,
) -> Result<Vec<i64>, DirectoryError> {
    let text = folded(text);
    let mut ids = Vec::new();
    let mut after = 0;
    loop {
        let rows = seen()
            .select((
                users::id,
                users::username,
                users::name,
                users::surname,
                users::email,
            ))
            .filter(users::id.gt(after))
            .order(users::id.asc())
            .limit(BATCH);
        let rows: Vec<Texts> = rows.load(connection).await?;
        let read = i64::try_from(rows.len());
        let Some((last, ..)) = rows.last() else { break };
        after = *last;
        ids.extend(rows.iter().filter(|row| holds(row, &text)).map(|row| row.0));
        if read != Ok(BATCH) {
            break;
        }
    }
    Ok(ids)
}

fn holds((_, username, name, surname, email): &Texts, text: &str) -> bool {
    let texts = [
        Some(username),
        name.as_ref(),
        surname.as_ref(),
        email.as_ref(),
    ];
    let mut texts = texts.into_iter().flatten();
    texts.any(|one| folded(one).contains(text))
}
