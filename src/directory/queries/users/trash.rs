//! The users that their own lists and look-ups leave out.

use serde_json::Value;

use super::super::audit::append_audit;
use super::super::ceiling::may_not_outrank;
use super::super::names::{self, Rival};
use super::super::prelude::*;
use super::super::visibility::ResolvedVisibility;
use super::super::{env, found, grants, sign_ins, tokens};
use super::{
    audit_entry, condition, find_user, free_uname, refuse_foreign, resolve_patterns, with_roles,
};
use crate::directory::events::described;
use crate::directory::members::Relation;
use crate::directory::names::{Clash, unfit};
use crate::directory::search::SearchedNames;
use crate::directory::trash::{
    FindTrashedUser, NewNames, PurgeUser, RestoreUser, TrashedUsers, TrashedUsersOf,
};
use crate::directory::users::{NameKeys, User, UserChanges, UserColumn, differing};
use crate::storage::schema::users;

impl Run for FindTrashedUser {
    type Answer = Option<User>;

    async fn run(
        &self,
        _: &Context,
        connection: &mut Conn,
    ) -> Result<Option<User>, DirectoryError> {
        if self.visible != Visibility::All {
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
        if self.visible != Visibility::All {
            return Ok(Listed {
                rows: Vec::new(),
                total: Some(0),
            });
        }
        let wanted = resolve_patterns(&self.condition, None, connection).await?;
        let wanted = with_roles(wanted, None, ResolvedVisibility::All, connection).await?;
        let matching = || {
            let mut query = users::table
                .filter(users::deleted_at.is_not_null())
                .into_boxed::<Db>();
            if let Some(TrashedUsersOf::Ids(ids)) = &self.parent {
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
async fn lock_trashed(id: i64, connection: &mut Conn) -> Result<Option<User>, DirectoryError> {
    let query = env::for_update!(
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
        if self.visible != Visibility::All {
            return Err(DirectoryError::NotFound);
        }
        let before = found(lock_trashed(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        may_not_outrank(self.ceiling, self.id, context, connection).await?;
        let mut changes = renamed(&self.names, &before);
        refuse_foreign(&before, &changes)?;
        let keeps_external_id = settle_names(&before, &mut changes, connection).await?;
        // What was dead with the user must not live again with them.
        tokens::revoke_all(self.id, context, connection).await?;
        sign_ins::end_all(self.id, context, connection).await?;
        let (username, uname) = names_of(&before, &changes);
        let called = SearchedNames {
            username,
            ..SearchedNames::from(&before)
        };
        diesel::update(users::table.find(self.id))
            .set((
                &changes,
                NameKeys::of_names(called, uname),
                (!keeps_external_id).then_some(users::external_id.eq(None::<String>)),
                users::deleted_at.eq(None::<String>),
                users::version.eq(users::version + 1),
                users::modified.eq(context.now_text()),
                users::modified_by.eq(context.actor_id()),
            ))
            .cached()
            .execute(connection)
            .await?;
        let after = found(find_user(self.id, connection).await?)?;
        let (mut old, mut new) = differing(&before, &after);
        old.insert("deleted_at".into(), Value::from(before.deleted_at));
        new.insert("deleted_at".into(), Value::Null);
        let restored = audit_entry("restore", self.id, Some(old), Some(new));
        append_audit(context, connection, restored).await?;
        Ok(after)
    }
}

/// The names that are others than before.
fn renamed(names: &NewNames, before: &User) -> UserChanges {
    let changes = UserChanges {
        username: names.username.clone(),
        uname: names.uname.clone(),
        ..UserChanges::default()
    };
    let changes = changes.without_unchanged(before);
    changes.normalized().without_unchanged(before)
}

fn names_of<'a>(before: &'a User, changes: &'a UserChanges) -> (&'a str, &'a str) {
    (
        changes.username.as_deref().unwrap_or(&before.username),
        changes.uname.as_deref().unwrap_or(&before.uname),
    )
}

/// Refuses names that the living do not let somebody have, and says whose they
/// are. With a new username the uname follows where it is taken, and an external
/// id that is somebody else's by now is given up; tells whether it is kept.
async fn settle_names(
    before: &User,
    changes: &mut UserChanges,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let own = Some(before.id);
    let is_renamed = changes.username.is_some();
    // Names from before are not judged anew, only compared.
    let new = |name: &Option<String>, field| name.as_deref().and_then(|name| unfit(field, name));
    let unfit = [
        new(&changes.username, "username"),
        new(&changes.uname, "uname"),
    ];
    let mut problems: Vec<FieldError> = unfit.into_iter().flatten().collect();
    let (username, uname) = names_of(before, changes);
    if let Some(rival) = names::username_rival(username, own, connection).await? {
        problems.push(taken("username", &rival));
    }
    if let Some(rival) = names::uname_rival(uname, own, connection).await? {
        if is_renamed && changes.uname.is_none() {
            changes.uname = Some(free_uname(username, connection).await?);
        } else {
            problems.push(taken("uname", &rival));
        }
    }
    let holder = holder_of(before.external_id.as_deref(), connection).await?;
    if let Some(id) = holder.filter(|_| !is_renamed) {
        let message = format!("The user {id} has this id now: restore with a new username.");
        problems.push(FieldError::taken("id", message));
    }
    match problems.is_empty() {
        true => Ok(holder.is_none()),
        false => Err(DirectoryError::Invalid(problems)),
    }
}

fn taken(field: &'static str, rival: &Rival) -> FieldError {
    let Rival { id, name, clash } = rival;
    let how = match clash {
        Clash::SameLetters => "is called",
        Clash::LooksAlike => "has a name that looks the same,",
    };
    let message = format!("The user {id} {how} \"{name}\" now: restore with another {field}.");
    FieldError::taken(field, message)
}

async fn holder_of(
    external_id: Option<&str>,
    connection: &mut Conn,
) -> Result<Option<i64>, DirectoryError> {
    let Some(external_id) = external_id else {
        return Ok(None);
    };
    let holder = users::table
        .filter(users::external_id.eq(external_id))
        .filter(users::deleted_at.is_null())
        .select(users::id);
    Ok(holder.first(connection).await.optional()?)
}

impl Run for PurgeUser {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        if self.visible != Visibility::All {
            return Err(DirectoryError::NotFound);
        }
        let before = found(lock_trashed(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        may_not_outrank(self.ceiling, self.id, context, connection).await?;
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
        let purged = audit_entry("purge", self.id, Some(last), None);
        append_audit(context, connection, purged).await
    }
}
