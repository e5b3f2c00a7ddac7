//! A page of users who are known by their ids, as those whom a search found:
//! only those of the page are read, and the total is known.

use super::super::columns::FEW;
use super::super::env;
use super::super::prelude::*;
use super::super::sight::Sight;
use crate::directory::users::{User, UserColumn, Users};
use crate::storage::schema::users;

/// The ids, when the list is nothing but these users in the order of their ids.
pub fn alone<'a>(
    list: &List<Users>,
    sight: Sight,
    wanted: Option<&'a Condition<UserColumn>>,
) -> Option<&'a [i64]> {
    if sight != Sight::All || list.of.is_some() || !list.sort.is_empty() {
        return None;
    }
    let mut wanted = wanted?;
    while let Condition::All(parts) = wanted {
        match parts.as_slice() {
            [one] => wanted = one,
            _ => return None,
        }
    }
    match wanted {
        Condition::Ids(ids) => Some(ids),
        _ => None,
    }
}

/// `None` when there are too many in the trash to sort them out here.
pub async fn page(
    list: &List<Users>,
    ids: &[i64],
    connection: &mut Conn,
) -> Result<Option<Listed<User>>, DirectoryError> {
    let Some(gone) = in_trash(connection).await? else {
        return Ok(None);
    };
    let mut ids: Vec<i64> = ids
        .iter()
        .copied()
        .filter(|id| gone.binary_search(id).is_err())
        .collect();
    ids.sort_unstable();
    let rows = users::table
        .filter(env::id_in(users::id, of_page(list, &ids)))
        .filter(users::deleted_at.is_null())
        .select(User::as_select());
    let mut rows: Vec<User> = rows.load(connection).await?;
    rows.sort_unstable_by_key(|user| user.id);
    let total = match list.count {
        Count::None => None,
        Count::Estimated | Count::Exact => i64::try_from(ids.len()).ok(),
    };
    Ok(Some(Listed { rows, total }))
}

/// Of the ids in their order those that the page shows.
fn of_page(list: &List<Users>, ids: &[i64]) -> Vec<i64> {
    let count = |number: i64| usize::try_from(number).unwrap_or(0);
    let (offset, limit) = (count(list.slice.offset), count(list.slice.limit));
    let (least, most) = list.seek.ids();
    let between = ids.iter().copied().filter(|id| (least..=most).contains(id));
    if list.seek.backwards {
        between.rev().skip(offset).take(limit).collect()
    } else {
        between.skip(offset).take(limit).collect()
    }
}

/// In their order; `None` when they are many.
async fn in_trash(connection: &mut Conn) -> Result<Option<Vec<i64>>, DirectoryError> {
    let gone = in_trash!().order(users::id.asc());
    let gone = env::sliced(gone, Planned::Once, FEW + 1, 0);
    let gone: Vec<i64> = gone.load(connection).await?;
    let few = i64::try_from(gone.len()).is_ok_and(|gone| gone <= FEW);
    Ok(few.then_some(gone))
}
