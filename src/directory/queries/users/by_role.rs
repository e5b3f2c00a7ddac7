//! The holders of one role in the order of their ids. The index of the grants
//! has them in this order: a page costs the same however many they are.

use super::super::env;
use super::super::prelude::*;
use super::super::role_counters::holders;
use super::super::roles;
use super::super::visibility::ResolvedVisibility;
use crate::directory::users::{User, Users, UsersOf};
use crate::storage::schema::{grants, users};

/// The role, when the list is nothing but its holders.
pub async fn alone(
    list: &List<Users>,
    visibility: ResolvedVisibility,
    connection: &mut Conn,
) -> Result<Option<i64>, DirectoryError> {
    if visibility != ResolvedVisibility::All || !list.sort.is_empty() {
        return Ok(None);
    }
    if let (Some(UsersOf::Role(role)), None) = (&list.parent, &list.condition) {
        return Ok(Some(*role));
    }
    let Some(named) = list.of_one_role() else {
        return Ok(None);
    };
    let ids = roles::ids_of(named, connection).await?;
    // A name that nobody has, or an id and a name that are two roles.
    Ok(match ids.as_slice() {
        [one] => Some(*one),
        _ => None,
    })
}

pub async fn page(
    list: &List<Users>,
    role: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<Listed<User>, DirectoryError> {
    let now = context.now_text();
    let (least, most) = list.seek.ids();
    let page = grants::table
        .inner_join(users::table)
        .filter(grants::role_id.eq(role))
        .filter(un_scoped!())
        .filter(in_force!(&now))
        .filter(users::deleted_at.is_null())
        .filter(grants::user_id.between(least, most))
        .select(User::as_select());
    let Slice { limit, offset } = list.slice;
    let rows = if list.seek.backwards {
        let page = page.order(grants::user_id.desc());
        let page = env::limited(page, PlanMode::Generic, limit, offset);
        page.load(connection).await?
    } else {
        let page = page.order(grants::user_id.asc());
        let page = env::limited(page, PlanMode::Generic, limit, offset);
        page.load(connection).await?
    };
    let rows = list.in_order(rows);
    let total = total!(list, rows, holders(role, context, connection).await?.count);
    Ok(Listed { rows, total })
}
