//! What another directory decides about its users.

use super::super::prelude::*;
use super::{append_audit, audit_entry};
use crate::directory::users::{NameKeys, User, UserChanges, differing};
use crate::storage::schema::users;

/// Lets the name of a record, and the entry that it is known by, follow. The
/// entry alone is no change that a reader could see.
pub async fn change_elsewhere(
    id: i64,
    changes: UserChanges,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let before: User = users::table
        .find(id)
        .select(User::as_select())
        .get_result(connection)
        .await?;
    let mut changes = changes.without_unchanged(&before);
    if changes.ldap_id == before.ldap_id {
        changes.ldap_id = None;
    }
    if changes.is_empty() {
        return Ok(());
    }
    let after = changes.applied_to(&before, context.now_text(), context.actor_id());
    let update = diesel::update(users::table.find(id));
    if changes.renames() {
        let update = update.set((
            changes.clone(),
            NameKeys::of(&changes, &after),
            users::version.eq(after.version),
            users::modified.eq(after.modified.clone()),
            users::modified_by.eq(after.modified_by),
        ));
        update.cached().execute(connection).await?;
    } else {
        update.set(changes).cached().execute(connection).await?;
    }
    let (old, new) = differing(&before, &after);
    let told = audit_entry("update", id, Some(old), Some(new));
    append_audit(context, connection, told).await
}
