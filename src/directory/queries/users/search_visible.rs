//! Searches of somebody who does not see everybody: through the users whom they
//! see, never through the index of all.

use super::super::columns::BATCH;
use super::super::prelude::*;
use crate::directory::listing::CustomCondition;
use crate::directory::search::{SearchedNames, Words};
use crate::directory::users::UserColumn;
use crate::storage::schema::users;

type Seen<'a> = &'a dyn Fn() -> users::BoxedQuery<'static, Db>;
type Maybe = Option<String>;
type Texts = (i64, String, Maybe, Maybe, Maybe, Maybe);

/// The condition with the found in the place of each search.
pub async fn searched(
    mut wanted: Option<Condition<UserColumn>>,
    seen: Seen<'_>,
    connection: &mut Conn,
) -> Result<Option<Condition<UserColumn>>, DirectoryError> {
    for search in wanted.iter_mut().flat_map(Condition::searches) {
        if let Condition::Custom(CustomCondition::Search(words)) = search {
            *search = Condition::Ids(found(words, seen, connection).await?);
        }
    }
    Ok(wanted)
}

async fn found(
    words: &Words,
    seen: Seen<'_>,
    connection: &mut Conn,
) -> Result<Vec<i64>, DirectoryError> {
    let mut ids = Vec::new();
    let mut after = 0;
    loop {
        let rows = seen()
            .select((
                users::id,
                users::username,
                users::name,
                users::surname,
                users::full_name,
                users::email,
            ))
            .filter(users::id.gt(after))
            .order(users::id.asc())
            .limit(BATCH);
        let rows: Vec<Texts> = rows.load(connection).await?;
        let read = i64::try_from(rows.len());
        let Some((last, ..)) = rows.last() else { break };
        after = *last;
        let found = rows.iter().filter(|row| words.find(&called(row)));
        ids.extend(found.map(|row| row.0));
        if read != Ok(BATCH) {
            break;
        }
    }
    Ok(ids)
}

fn called((_, username, name, surname, full_name, email): &Texts) -> SearchedNames<'_> {
    SearchedNames {
        username,
        name: name.as_deref(),
        surname: surname.as_deref(),
        full_name: full_name.as_deref(),
        email: email.as_deref(),
    }
}
