//! What the Partner Reporting Portal reads and changes.

mod partners;
mod role_groups;
mod users;

use super::prelude::*;
use crate::directory::delegation::GrantScope;
use crate::directory::portal::{Caller, HeldRoles, PortalRole};
use crate::storage::schema::{grants, role_closure, roles, users as users_table};

/// What the caller holds now: grants that are switched off, not begun or
/// ended give nothing.
async fn held_roles(
    caller: Caller,
    context: &Context,
    connection: &mut Conn,
) -> Result<HeldRoles, DirectoryError> {
    type Row = (String, Option<i64>, Option<i64>);
    let now = context.now_text();
    let rows: Vec<Row> = grants::table
        .inner_join(role_closure::table.on(role_closure::role_id.eq(grants::role_id)))
        .inner_join(roles::table.on(roles::id.eq(role_closure::part_id)))
        .filter(grants::user_id.eq(caller.id))
        .filter(in_force!(&now))
        .filter(roles::predefined.is_not_null())
        .select((
            roles::predefined.assume_not_null(),
            grants::workspace_id,
            grants::cluster_id,
        ))
        .load(connection)
        .await?;
    let row = users_table::table
        .find(caller.id)
        .select(users_table::partner_id);
    let partner: Option<Option<i64>> = row.get_result(connection).await.optional()?;
    let held = |(name, workspace, cluster): Row| {
        Some((PortalRole::named(&name)?, GrantScope { workspace, cluster }))
    };
    Ok(HeldRoles {
        unbounded: caller.unbounded,
        partner: partner.flatten(),
        held: rows.into_iter().filter_map(held).collect(),
    })
}

fn refused() -> DirectoryError {
    DirectoryError::Forbidden("None of your roles in the portal lets you do this.".into())
}

/// The predefined roles that there are, with their ids.
struct RoleIds(Vec<(i64, PortalRole)>);

impl RoleIds {
    async fn load(connection: &mut Conn) -> Result<Self, DirectoryError> {
        let rows: Vec<(i64, String)> = roles::table
            .filter(roles::predefined.is_not_null())
            .select((roles::id, roles::predefined.assume_not_null()))
            .load(connection)
            .await?;
        let known = |(id, name): (i64, String)| Some((id, PortalRole::named(&name)?));
        Ok(Self(rows.into_iter().filter_map(known).collect()))
    }

    fn all(&self) -> Vec<i64> {
        self.of(|_| true)
    }

    fn of(&self, wanted: impl Fn(PortalRole) -> bool) -> Vec<i64> {
        let found = self.0.iter().filter(|(_, role)| wanted(*role));
        found.map(|(id, _)| *id).collect()
    }

    fn role(&self, id: i64) -> Option<PortalRole> {
        let found = self.0.iter().find(|(known, _)| *known == id);
        found.map(|(_, role)| *role)
    }

    /// An administrator may have deleted one.
    fn id(&self, role: PortalRole) -> Result<i64, DirectoryError> {
        let found = self.0.iter().find(|(_, known)| *known == role);
        found
            .map(|(id, _)| *id)
            .ok_or(DirectoryError::no_such("roles", "role"))
    }
}
