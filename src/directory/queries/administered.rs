use std::collections::BTreeSet;

use super::members::{add_roles, remove_roles, replace_roles_beside};
use super::prelude::*;
use super::{env, found};
use crate::directory::Expected;
use crate::directory::administered::{
    Administered, CheckAdministered, Conflicts, CreateAdministered, FindAdministered,
    ListAdministered, Memberships, Record, UpdateAdministered,
};
use crate::directory::members::{Authority, FollowMembers, Relation};
use crate::directory::permissions::PrivilegeCeiling;
use crate::directory::roles::ADMIN;
use crate::directory::users::{CreateUser, UpdateUser};
use crate::storage::schema::{roles, users};

/// Only administrators come here.
const ALL: Authority = Authority::Permission(PrivilegeCeiling::Everything);

impl Run for ListAdministered {
    type Answer = Vec<Administered>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Vec<Administered>, DirectoryError> {
        let records = users::table
            .filter(users::id.gt(self.after))
            .filter(users::deleted_at.is_null())
            .order(users::id.asc())
            .select(Record::as_select());
        let records = env::limited(records, PlanMode::Generic, self.limit, 0);
        let records: Vec<Record> = records.load(connection).await?;
        with_roles(records, context, connection).await
    }
}

/// One query for the roles of all of them.
async fn with_roles(
    records: Vec<Record>,
    context: &Context,
    connection: &mut Conn,
) -> Result<Vec<Administered>, DirectoryError> {
    let follow = FollowMembers {
        relation: Relation::UserRoles,
        ids: records.iter().map(|record| record.id).collect(),
        visible_members: Visibility::All,
        limit: i64::MAX,
    };
    let pairs = follow.run(context, connection).await?;
    // Both are in the order of the users' ids.
    let mut pairs = pairs.into_iter().peekable();
    let together = records.into_iter().map(|record| {
        let mut one = Administered {
            record,
            is_administrator: false,
            groups: Vec::new(),
        };
        while let Some((_, role)) = pairs.next_if(|(user, _)| *user <= one.record.id) {
            if role == ADMIN {
                one.is_administrator = true;
            } else {
                one.groups.push(role);
            }
        }
        one
    });
    Ok(together.collect())
}

impl Run for FindAdministered {
    type Answer = Option<Administered>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Administered>, DirectoryError> {
        let record = users::table
            .find(self.id)
            .filter(users::deleted_at.is_null())
            .select(Record::as_select());
        let record: Option<Record> = record.get_result(connection).await.optional()?;
        let records = record.into_iter().collect();
        let found = with_roles(records, context, connection).await?;
        Ok(found.into_iter().next())
    }
}

impl Run for CheckAdministered {
    type Answer = Conflicts;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<Conflicts, DirectoryError> {
        let mut conflicts = Conflicts::default();
        if let Some(id) = self.id {
            let living = users::table
                .find(id)
                .filter(users::deleted_at.is_null())
                .select(Record::as_select());
            conflicts.record = living.get_result(connection).await.optional()?;
        }
        if let Some(username) = &self.username {
            let holder = users::table
                .filter(users::username.eq(username))
                .filter(users::deleted_at.is_null())
                .select(users::id);
            let holder: Option<i64> = holder.get_result(connection).await.optional()?;
            conflicts.is_username_taken = holder.is_some() && holder != self.id;
        }
        if let Some(groups) = &self.groups {
            let place = missing_group(groups, connection).await?;
            conflicts.missing_group = place.and_then(|place| groups.get(place).copied());
        }
        Ok(conflicts)
    }
}

/// The place of the first that is no role for everywhere, or is that of the
/// administrators.
async fn missing_group(
    groups: &[i64],
    connection: &mut Conn,
) -> Result<Option<usize>, DirectoryError> {
    if groups.is_empty() {
        return Ok(None);
    }
    let known: Vec<i64> = roles::table
        .filter(env::id_in(roles::id, groups.to_vec()))
        .filter(roles::scope.eq("none"))
        .filter(roles::id.ne(ADMIN))
        .select(roles::id)
        .load(connection)
        .await?;
    let known: BTreeSet<i64> = known.into_iter().collect();
    Ok(groups.iter().position(|group| !known.contains(group)))
}

async fn groups_exist(
    memberships: &Memberships,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let groups = memberships.groups.as_deref().unwrap_or_default();
    match missing_group(groups, connection).await? {
        None => Ok(()),
        Some(place) => Err(DirectoryError::RelatedNotFound {
            kind: "roles",
            relationship: None,
            place,
        }),
    }
}

impl Run for CreateAdministered {
    type Answer = Administered;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Administered, DirectoryError> {
        groups_exist(&self.memberships, connection).await?;
        let mut roles = self.memberships.groups.clone().unwrap_or_default();
        if self.memberships.is_administrator == Some(true) {
            roles.push(ADMIN);
        }
        let create = CreateUser {
            changes: self.changes.clone(),
            roles: Some(roles),
            ceiling: PrivilegeCeiling::Everything,
        };
        let id = create.run(context, connection).await?.id;
        found(FindAdministered { id }.run(context, connection).await?)
    }
}

impl Run for UpdateAdministered {
    type Answer = Administered;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Administered, DirectoryError> {
        groups_exist(&self.memberships, connection).await?;
        let id = self.id;
        let update = UpdateUser {
            id,
            expected: Expected::Anything,
            visible: Visibility::All,
            changes: self.changes.clone(),
            roles: None,
            ceiling: PrivilegeCeiling::Everything,
            may_set_flags: true,
            may_rename: true,
            is_password_confirmed: self.is_password_confirmed,
            end_tokens: None,
        };
        update.run(context, connection).await?;
        if let Some(groups) = &self.memberships.groups {
            replace_roles_beside(ADMIN, id, groups, ALL, context, connection).await?;
        }
        match self.memberships.is_administrator {
            Some(true) => add_roles(id, &[ADMIN], ALL, context, connection).await?,
            Some(false) => remove_roles(id, &[ADMIN], ALL, context, connection).await?,
            None => {}
        }
        found(FindAdministered { id }.run(context, connection).await?)
    }
}
