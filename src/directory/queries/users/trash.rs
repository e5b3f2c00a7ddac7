//! The users that their own lists and look-ups leave out.

use serde_json::Value;

use super::super::audit::record;
use super::super::ceiling::within_reach;
use super::super::prelude::*;
use super::super::sight::Sight;
use super::super::{env, found, grants, names, sign_ins, tokens};
use super::{condition, happening, living, settled, with_roles};
use crate::directory::events::described;
use crate::directory::members::Relation;
use crate::directory::trash::{
    FindTrashedUser, PurgeUser, RestoreUser, TrashedUsers, TrashedUsersOf,
};
use crate::directory::users::{User, UserColumn};
use crate::storage::schema::users;

impl Run for FindTrashedUser {
    type Answer = Option<User>;

    async fn run(
        &self,
        _: &Context,
        connection: &mut Conn,
    ) -> Result<Option<User>, DirectoryError> {
        if self.visible != Visible::All {
            return Ok(None);
        }
        let query = users::table
            .find(self.id)
            .filter(users::deleted_at.is_not_null())
            .select(User::as_select());
        Ok(query.get_result(connection).await.optional()?)
    }
}

impl Run for List<TrashedUsers> {
    type Answer = Listed<User>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<User>, DirectoryError> {
        if self.visible != Visible::All {
            return Ok(Listed {
                rows: Vec::new(),
                total: Some(0),
            });
        }
        let wanted = settled(&self.condition, None, connection).await?;
        let wanted = with_roles(wanted, None, Sight::All, connection).await?;
        let matching = || {
            let mut query = users::table
                .filter(users::deleted_at.is_not_null())
                .into_boxed::<Db>();
            if let Some(TrashedUsersOf::Ids(ids)) = &self.of {
                query = query.filter(env::id_in(users::id, ids.clone()));
            }
            match &wanted {
                Some(wanted) => query.filter(condition(wanted, context)),
                None => query,
            }
        };
        let rows = page!(self, matching(), User, context, connection);
        let total = total!(self, rows, matching(), connection);
        Ok(Listed { rows, total })
    }
}

/// Before a change: of a restoration and a purge at the same time the later one
/// finds nobody in the trash.
async fn trashed_held(id: i64, connection: &mut Conn) -> Result<Option<User>, DirectoryError> {
    let query = env::held!(
        users::table
            .find(id)
            .filter(users::deleted_at.is_not_null())
            .select(User::as_select())
    );
    Ok(query.get_result(connection).await.optional()?)
}

impl Run for RestoreUser {
    type Answer = User;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<User, DirectoryError> {
        if self.visible != Visible::All {
            return Err(DirectoryError::NotFound);
        }
        let before = found(trashed_held(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        within_reach(self.reach, self.id, context, connection).await?;
        // Among the living nobody may have taken a name like theirs meanwhile.
        let own = Some(self.id);
        if let Some(problem) = names::username_clash(&before.username, own, connection).await? {
            return Err(DirectoryError::Invalid(vec![problem]));
        }
        // What was dead with the user must not live again with them.
        tokens::revoke_all(self.id, context, connection).await?;
        sign_ins::end_all(self.id, context, connection).await?;
        diesel::update(users::table.find(self.id))
            .set((
                users::deleted_at.eq(None::<String>),
                users::version.eq(users::version + 1),
                users::modified.eq(context.now_text()),
                users::modified_by.eq(context.actor_id()),
            ))
            .lasting()
            .execute(connection)
            .await?;
        let after = found(living(self.id, connection).await?)?;
        let deleted = |at: Option<String>| [("deleted_at".to_owned(), Value::from(at))];
        let (old, new) = (deleted(before.deleted_at), deleted(None));
        let restored = happening(
            "restore",
            self.id,
            Some(old.into_iter().collect()),
            Some(new.into_iter().collect()),
        );
        record(context, connection, restored).await?;
        Ok(after)
    }
}

impl Run for PurgeUser {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        if self.visible != Visible::All {
            return Err(DirectoryError::NotFound);
        }
        let before = found(trashed_held(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        within_reach(self.reach, self.id, context, connection).await?;
        tokens::revoke_all(self.id, context, connection).await?;
        grants::record_end_of(Relation::UserRoles.of(self.id), context, connection).await?;
        // Grants, sign-ins and kept answers go with the row they refer to.
        diesel::delete(users::table.find(self.id))
            .execute(connection)
            .await?;
        let mut last = described(&before);
        // Nothing else will tell: the row is gone.
        last.insert("created".into(), before.created.into());
        last.insert("created_by".into(), before.created_by.into());
        last.insert("deleted_by".into(), before.modified_by.into());
        let purged = happening("purge", self.id, Some(last), None);
        record(context, connection, purged).await
    }
}
