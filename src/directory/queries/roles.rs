use serde_json::{Map, Value};

use super::audit::{Happening, record};
use super::credentials::roles_within_reach;
use super::grants::{self, add_users, replace_users};
use super::outbox::about_end_of;
use super::prelude::*;
use super::{env, found};
use crate::directory::events::{described, difference};
use crate::directory::roles::{
    CreateRole, DeleteRole, FindRole, NewRole, Role, RoleChanges, RoleColumn, Roles, RolesOf,
    UpdateRole,
};
use crate::storage::schema::roles;

columns!(roles, RoleColumn {
    Id: number id,
    Name: text name,
    Label: maybe_text label,
    Description: maybe_text description,
    Scope: text scope,
    Unchangeable: flag unchangeable,
    IsDefault: flag is_default,
    IncludeContext: maybe_text include_context,
    ExcludeContext: maybe_text exclude_context,
    IncludeBundles: maybe_text include_bundles,
    ExcludeBundles: maybe_text exclude_bundles,
    Created: text created,
    Modified: text modified,
    CreatedBy: maybe_number created_by,
    ModifiedBy: maybe_number modified_by,
});
no_own!(roles);

impl Run for FindRole {
    type Answer = Option<Role>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Role>, DirectoryError> {
        if !sees(self.visible, self.id, context, connection).await? {
            return Ok(None);
        }
        by_id(self.id, connection).await
    }
}

/// Whoever may not see all roles sees those that they hold.
pub async fn sees(
    visible: Visible,
    id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    match visible {
        Visible::All => Ok(true),
        Visible::Nothing => Ok(false),
        Visible::Own(user) => Ok(grants::holds(user, id, context, connection).await?),
    }
}

async fn by_id(id: i64, connection: &mut Conn) -> Result<Option<Role>, DirectoryError> {
    let query = roles::table.find(id).select(Role::as_select());
    Ok(query.get_result(connection).await.optional()?)
}

/// Before a change: what is recorded as the state before it must be that.
async fn by_id_held(id: i64, connection: &mut Conn) -> Result<Option<Role>, DirectoryError> {
    let query = env::held!(roles::table.find(id).select(Role::as_select()));
    Ok(query.get_result(connection).await.optional()?)
}

impl Run for List<Roles> {
    type Answer = Listed<Role>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<Role>, DirectoryError> {
        let wanted = settled(&self.condition, connection).await?;
        let matching = || filtered(self, wanted.as_ref(), context);
        let total = total!(self, matching(), connection);
        let rows = page!(self, matching(), Role, context, connection);
        Ok(Listed { rows, total })
    }
}

fn filtered(
    list: &List<Roles>,
    wanted: Option<&Condition<RoleColumn>>,
    context: &Context,
) -> roles::BoxedQuery<'static, Db> {
    let mut query = roles::table.into_boxed::<Db>();
    query = match list.visible {
        Visible::All => query,
        Visible::Own(own) => query.filter(roles::id.eq_any(grants::held(own, context))),
        Visible::Nothing => query.filter(roles::id.eq(0)),
    };
    query = match &list.of {
        Some(RolesOf::User(user)) => query.filter(roles::id.eq_any(grants::held(*user, context))),
        Some(RolesOf::Ids(ids)) => query.filter(env::id_in(roles::id, ids.clone())),
        None => query,
    };
    match wanted {
        Some(wanted) => query.filter(condition(wanted, context)),
        None => query,
    }
}

impl Run for CreateRole {
    type Answer = Role;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<Role, DirectoryError> {
        let now = context.now_text();
        let new = NewRole {
            name: self.changes.name.as_deref().unwrap_or_default(),
            created: &now,
            modified: &now,
            created_by: context.actor_id(),
            modified_by: context.actor_id(),
        };
        let id: i64 = diesel::insert_into(roles::table)
            .values(new)
            .returning(roles::id)
            .get_result(connection)
            .await?;
        let rest = RoleChanges {
            name: None,
            ..self.changes.clone()
        };
        if !rest.is_empty() {
            diesel::update(roles::table.find(id))
                .set(&rest)
                .execute(connection)
                .await?;
        }
        roles_within_reach(self.reach, &[id], connection).await?;
        let role = found(by_id(id, connection).await?)?;
        let after = Some(described(&role));
        record(context, connection, happening("create", id, None, after)).await?;
        if let Some(users) = &self.users {
            add_users(id, users, self.reach, context, connection).await?;
        }
        Ok(role)
    }
}

fn happening(
    verb: &'static str,
    id: i64,
    before: Option<Map<String, Value>>,
    after: Option<Map<String, Value>>,
) -> Happening<'static> {
    Happening {
        verb,
        subject_type: "roles",
        subject_id: id,
        before,
        after,
    }
}

const UNCHANGEABLE: DirectoryError = DirectoryError::Protected("This role is unchangeable.");

impl Run for UpdateRole {
    type Answer = Role;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<Role, DirectoryError> {
        if !sees(self.visible, self.id, context, connection).await? {
            return Err(DirectoryError::NotFound);
        }
        let before = found(by_id_held(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        if before.unchangeable {
            return Err(UNCHANGEABLE);
        }
        roles_within_reach(self.reach, &[self.id], connection).await?;
        if let Some(users) = &self.users {
            replace_users(self.id, users, self.reach, context, connection).await?;
        }
        let changes = self.changes.clone().without_unchanged(&before);
        if changes.is_empty() {
            return Ok(before);
        }
        diesel::update(roles::table.find(self.id))
            .set((
                &changes,
                roles::version.eq(roles::version + 1),
                roles::modified.eq(context.now_text()),
                roles::modified_by.eq(context.actor_id()),
            ))
            .execute(connection)
            .await?;
        roles_within_reach(self.reach, &[self.id], connection).await?;
        let after = found(by_id(self.id, connection).await?)?;
        let (old, new) = difference(described(&before), described(&after));
        record(
            context,
            connection,
            happening("update", self.id, Some(old), Some(new)),
        )
        .await?;
        Ok(after)
    }
}

impl Run for DeleteRole {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        if !sees(self.visible, self.id, context, connection).await? {
            return Err(DirectoryError::NotFound);
        }
        let before = found(by_id_held(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        if before.unchangeable {
            return Err(UNCHANGEABLE);
        }
        roles_within_reach(self.reach, &[self.id], connection).await?;
        grants::record_end_of(self.id, context, connection).await?;
        about_end_of(self.id, context, connection).await?;
        let deleted = diesel::delete(roles::table.find(self.id))
            .execute(connection)
            .await?;
        if deleted == 0 {
            return Err(DirectoryError::NotFound);
        }
        let before = Some(described(&before));
        record(
            context,
            connection,
            happening("delete", self.id, before, None),
        )
        .await
    }
}
