//! A page of users who are known by their ids, as those whom a search found:
//! only those of the page are read, and the total is known.

use super::super::columns::{FEW, if_few};
use super::super::env;
use super::super::prelude::*;
use super::super::visibility::ResolvedVisibility;
use super::condition;
use crate::directory::listing::{Entity, Seek};
use crate::directory::users::{User, UserColumn, Users};
use crate::storage::schema::users;

/// The page of a list whose ids are known, or soon are; `None` for any other,
/// and when they are many.
pub async fn page(
    list: &List<Users>,
    visibility: ResolvedVisibility,
    wanted: Option<&Condition<UserColumn>>,
    context: &Context,
    connection: &mut Conn,
) -> Result<Option<Listed<User>>, DirectoryError> {
    if visibility != ResolvedVisibility::All || list.parent.is_some() || !list.sort.is_empty() {
        return Ok(None);
    }
    match wanted.map(Condition::only) {
        Some(Condition::Ids(ids)) => page_of(list, ids, connection).await,
        Some(prefix) if leads_through_an_index(prefix) && list.count != Count::None => {
            let matching = users::table.filter(condition(prefix, context));
            let ids = matching.select(users::id).limit(FEW + 1);
            match if_few(ids.load(connection).await?) {
                Some(ids) => page_of(list, &ids, connection).await,
                None => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// Whoever matches is together in an index, but not in the order of the ids:
/// they had to be sorted for the page, and be gone through again for the total.
fn leads_through_an_index(condition: &Condition<UserColumn>) -> bool {
    match condition {
        Condition::Test {
            column,
            comparison: Comparison::Prefix,
            operands,
        } => {
            let empty = operands.contains(&Operand::Text(String::new()));
            env::COLLECTS_IDS && Users::is_indexed(*column) && !empty
        }
        _ => false,
    }
}

/// `None` when there are too many in the trash to sort them out here.
async fn page_of(
    list: &List<Users>,
    ids: &[i64],
    connection: &mut Conn,
) -> Result<Option<Listed<User>>, DirectoryError> {
    let first = list.seek == Seek::default() && list.slice.offset == 0;
    let (rows, total) = if first && ids.len() <= count(list.slice.limit) {
        let rows = find_users(ids.to_vec(), connection).await?;
        let total = rows.len();
        (rows, total)
    } else {
        let Some(gone) = in_trash(connection).await? else {
            return Ok(None);
        };
        let still = ids.iter().filter(|id| gone.binary_search(id).is_err());
        let mut ids: Vec<i64> = still.copied().collect();
        ids.sort_unstable();
        (
            find_users(of_page(list, &ids), connection).await?,
            ids.len(),
        )
    };
    let total = i64::try_from(total).ok();
    Ok(Some(Listed {
        rows,
        total: total.filter(|_| list.count != Count::None),
    }))
}

fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

/// In the order of their ids.
async fn find_users(ids: Vec<i64>, connection: &mut Conn) -> Result<Vec<User>, DirectoryError> {
    let rows = users::table
        .filter(env::id_in(users::id, ids))
        .filter(users::deleted_at.is_null())
        .select(User::as_select());
    let mut rows: Vec<User> = rows.load(connection).await?;
    rows.sort_unstable_by_key(|user| user.id);
    Ok(rows)
}

/// Of the ids in their order those that the page shows.
fn of_page(list: &List<Users>, ids: &[i64]) -> Vec<i64> {
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
    let gone = env::limited(gone, PlanMode::Generic, FEW + 1, 0);
    Ok(if_few(gone.load(connection).await?))
}
