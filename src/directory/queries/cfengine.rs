use std::collections::BTreeMap;

use super::members::add_roles;
use super::names::other_spelling;
use super::prelude::*;
use super::{env, found};
use crate::directory::cfengine::{
    CreateNamedRole, CreateNamedUser, DeleteNamedRole, DeleteNamedUser, FindNamedRole,
    FindNamedUser, ListNamedRoles, ListNamedUsers, NamedUser, UpdateNamedRole, UpdateNamedUser,
    displayed_name,
};
use crate::directory::members::Authority;
use crate::directory::names::normalized_role_name;
use crate::directory::roles::{DeleteRole, Role, UpdateRole};
use crate::directory::users::{DeleteUser, FindUser, UpdateUser, User};
use crate::storage::schema::{grants, roles, users};

/// PostgreSQL knows no NUL in text, and nothing is called so.
fn can_be_a_name(name: &str) -> Result<(), DirectoryError> {
    match name.contains('\0') {
        true => Err(DirectoryError::NotFound),
        false => Ok(()),
    }
}

async fn user_named(username: &str, connection: &mut Conn) -> Result<i64, DirectoryError> {
    can_be_a_name(username)?;
    if let Some(id) = user_spelled(username, connection).await? {
        return Ok(id);
    }
    match other_spelling(username, connection).await? {
        Some(username) => found(user_spelled(&username, connection).await?),
        None => Err(DirectoryError::NotFound),
    }
}

async fn user_spelled(
    username: &str,
    connection: &mut Conn,
) -> Result<Option<i64>, DirectoryError> {
    let row = users::table
        .filter(users::username.eq(username))
        .filter(users::deleted_at.is_null())
        .select(users::id);
    Ok(row.get_result(connection).await.optional()?)
}

async fn role_named(name: &str, connection: &mut Conn) -> Result<i64, DirectoryError> {
    can_be_a_name(name)?;
    let spelled = [name.to_owned(), normalized_role_name(name).into_owned()];
    let row = roles::table
        .filter(roles::name.eq_any(spelled))
        // The very name goes before the spelling that names are kept in.
        .order(roles::name.eq(name).desc())
        .select(roles::id);
    found(row.first(connection).await.optional()?)
}

/// The ids of these roles, or a problem that names the first that is not there.
async fn ids_of(names: &[String], connection: &mut Conn) -> Result<Vec<i64>, DirectoryError> {
    let spelled = |name: &String| [name.clone(), normalized_role_name(name).into_owned()];
    let sought = names.iter().filter(|name| !name.contains('\0'));
    let sought = sought.flat_map(spelled);
    let rows: Vec<(String, i64)> = roles::table
        .filter(roles::name.eq_any(sought.collect::<Vec<_>>()))
        .select((roles::name, roles::id))
        .load(connection)
        .await?;
    let known: BTreeMap<String, i64> = rows.into_iter().collect();
    let id = |name: &String| {
        let problem = || FieldError::invalid("roles", format!("There is no role \"{name}\"."));
        let id = known.get(name);
        let id = id.or_else(|| known.get(&*normalized_role_name(name)));
        id.copied().ok_or_else(problem)
    };
    let ids: Result<Vec<i64>, FieldError> = names.iter().map(id).collect();
    ids.map_err(|problem| DirectoryError::Invalid(vec![problem]))
}

/// These users with what they hold now, by one more query for all of them.
async fn with_roles(
    found: Vec<User>,
    context: &Context,
    connection: &mut Conn,
) -> Result<Vec<NamedUser>, DirectoryError> {
    let now = context.now_text();
    let ids: Vec<i64> = found.iter().map(|user| user.id).collect();
    let pairs: Vec<(i64, String)> = grants::table
        .inner_join(roles::table)
        .filter(env::id_in(grants::user_id, ids))
        .filter(un_scoped!())
        .filter(in_force!(&now))
        .order((grants::user_id.asc(), roles::id.asc()))
        .select((grants::user_id, roles::name))
        .load(connection)
        .await?;
    let mut held: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (user, role) in pairs {
        held.entry(user).or_default().push(role);
    }
    let named = |user: User| NamedUser {
        roles: held.remove(&user.id).unwrap_or_default(),
        user,
    };
    Ok(found.into_iter().map(named).collect())
}

impl Run for ListNamedUsers {
    type Answer = Listed<NamedUser>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<NamedUser>, DirectoryError> {
        let Listed { rows, total } = self.0.run(context, connection).await?;
        let rows = with_roles(rows, context, connection).await?;
        Ok(Listed { rows, total })
    }
}

impl Run for FindNamedUser {
    type Answer = Option<NamedUser>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<NamedUser>, DirectoryError> {
        let id = match user_named(&self.username, connection).await {
            Err(DirectoryError::NotFound) => return Ok(None),
            id => id?,
        };
        let find = FindUser {
            id,
            visible: self.visible,
        };
        let user = find.run(context, connection).await?;
        let named = with_roles(user.into_iter().collect(), context, connection).await?;
        Ok(named.into_iter().next())
    }
}

impl Run for CreateNamedUser {
    type Answer = User;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<User, DirectoryError> {
        // The name first: who asks for one that is taken hears that.
        let user = self.create.run(context, connection).await?;
        let roles = ids_of(&self.roles, connection).await?;
        let authority = Authority::Permission(self.create.ceiling);
        add_roles(user.id, &roles, authority, context, connection).await?;
        Ok(user)
    }
}

impl Run for UpdateNamedUser {
    type Answer = User;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<User, DirectoryError> {
        let id = user_named(&self.username, connection).await?;
        let roles = match &self.roles {
            Some(names) => Some(ids_of(names, connection).await?),
            None => None,
        };
        let mut update = UpdateUser {
            id,
            roles,
            ..self.update.clone()
        };
        if let Some(sent) = &update.changes.full_name {
            let user = users::table.find(id).select(User::as_select());
            let user: User = user.get_result(connection).await?;
            // An entry that was read and is sent back joins the parts of the name.
            if *sent == displayed_name(&user) {
                update.changes.full_name = None;
            }
        }
        update.run(context, connection).await
    }
}

impl Run for DeleteNamedUser {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        let id = user_named(&self.username, connection).await?;
        let external = users::table.find(id).select(users::external);
        if external.get_result(connection).await? {
            return Err(DirectoryError::Protected(
                "External users are deleted where they come from.",
            ));
        }
        let delete = DeleteUser {
            id,
            ..self.delete.clone()
        };
        delete.run(context, connection).await
    }
}

impl Run for ListNamedRoles {
    type Answer = Listed<Role>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<Role>, DirectoryError> {
        self.0.run(context, connection).await
    }
}

impl Run for FindNamedRole {
    type Answer = Option<Role>;

    async fn run(
        &self,
        _: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Role>, DirectoryError> {
        let id = match role_named(&self.name, connection).await {
            Err(DirectoryError::NotFound) => return Ok(None),
            id => id?,
        };
        let row = roles::table.find(id).select(Role::as_select());
        Ok(row.get_result(connection).await.optional()?)
    }
}

impl Run for CreateNamedRole {
    type Answer = Role;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<Role, DirectoryError> {
        self.0.run(context, connection).await
    }
}

impl Run for UpdateNamedRole {
    type Answer = Role;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<Role, DirectoryError> {
        let mut update = UpdateRole {
            id: role_named(&self.name, connection).await?,
            ..self.update.clone()
        };
        if update.changes.description == Some(None) {
            let description = roles::table.find(update.id).select(roles::description);
            let description: Option<String> = description.get_result(connection).await?;
            // An entry shows an empty text where there is none, too.
            if description.is_some_and(|text| text.is_empty()) {
                update.changes.description = None;
            }
        }
        update.run(context, connection).await
    }
}

impl Run for DeleteNamedRole {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        let delete = DeleteRole {
            id: role_named(&self.name, connection).await?,
            ..self.delete.clone()
        };
        delete.run(context, connection).await
    }
}
