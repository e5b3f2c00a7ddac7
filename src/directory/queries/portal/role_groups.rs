use super::super::delegation::{Asked, may, partners};
use super::super::grant_writes::{TAKEN, end, held, put};
use super::super::prelude::*;
use super::super::{env, found};
use super::{RoleIds, refused};
use crate::directory::Expected;
use crate::directory::delegation::Verb;
use crate::directory::grants::{DeleteGrant, GiveRoles, Grant, GrantChanges, UpdateGrant};
use crate::directory::portal::{
    ChangePortalRole, DEACTIVATED, GivePortalRoles, PortalRole, RemovePortalRole, RoleGroup, Scope,
    WantedRole,
};
use crate::directory::privileges::End;
use crate::storage::schema::{clusters, grants, users, workspaces};

/// Rejects users whose roles cannot be changed here with any permission: the
/// caller and inactive users.
async fn changeable(
    user: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let person = found(partners(vec![user], connection).await?.remove(&user))?;
    if !person.is_active {
        return Err(DirectoryError::Protected(DEACTIVATED));
    }
    if context.actor_id() == Some(user) {
        return Err(refused());
    }
    Ok(())
}

/// Every place that is named must be there, and a workspace beside a cluster that
/// of the cluster; the first that is not is told.
async fn places_exist(roles: &[WantedRole], connection: &mut Conn) -> Result<(), DirectoryError> {
    let named = |role: &WantedRole| role.place.workspace.or(role.workspace_of_cluster);
    let known: Vec<i64> = workspaces::table
        .filter(env::id_in(
            workspaces::id,
            roles.iter().filter_map(named).collect(),
        ))
        .select(workspaces::id)
        .load(connection)
        .await?;
    let wanted = roles.iter().filter_map(|role| role.place.cluster).collect();
    let known_clusters: Vec<(i64, i64)> = clusters::table
        .filter(env::id_in(clusters::id, wanted))
        .select((clusters::id, clusters::workspace_id))
        .load(connection)
        .await?;
    for (index, role) in roles.iter().enumerate() {
        let cluster = known_clusters
            .iter()
            .find(|(id, _)| Some(*id) == role.place.cluster);
        let (kind, name) = match (named(role), role.place.cluster) {
            (Some(id), _) if !known.contains(&id) => ("workspaces", "workspace"),
            (_, Some(_)) if cluster.is_none() => ("clusters", "cluster"),
            (Some(id), Some(_)) if cluster.map(|(_, own)| *own) != Some(id) => {
                ("clusters", "workspace")
            }
            _ => continue,
        };
        return Err(DirectoryError::RelatedNotFound {
            kind,
            relationship: Some(name),
            place: index,
        });
    }
    Ok(())
}

impl Run for GivePortalRoles {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        // Two that give roles to one user at the same time must see each other.
        let user = env::for_update!(
            users::table
                .find(self.user)
                .filter(users::deleted_at.is_null())
                .select(users::id)
        );
        let user: Option<i64> = user.get_result(connection).await.optional()?;
        user.ok_or(DirectoryError::no_such("users", "user"))?;
        places_exist(&self.roles, connection).await?;
        changeable(self.user, context, connection).await?;
        let ids = RoleIds::load(connection).await?;
        let mut roles = Vec::with_capacity(self.roles.len());
        for WantedRole { role, place, .. } in &self.roles {
            roles.push((ids.id(*role)?, *place));
            if role.scope() == Scope::Everywhere {
                end_in_clusters(self.user, None, &ids, context, connection).await?;
            }
        }
        let give = GiveRoles {
            user_id: self.user,
            roles,
            alone_among: ids.all(),
            authority: self.authority,
        };
        give.run(context, connection).await.map(drop)
    }
}

/// A system admin of clusters needs no role in single ones. Undone with the
/// rest when the new role may not be given.
async fn end_in_clusters(
    user: i64,
    but: Option<i64>,
    ids: &RoleIds,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let there = env::for_update!(
        grants::table
            .filter(grants::user_id.eq(user))
            .filter(grants::id.ne(but.unwrap_or_default()))
            .filter(grants::cluster_id.is_not_null())
            .filter(env::id_in(grants::role_id, ids.all()))
            .order(grants::id.asc())
            .select(Grant::as_select())
    );
    let there: Vec<Grant> = there.load(connection).await?;
    for grant in &there {
        end(grant, context, connection).await?;
    }
    Ok(())
}

/// A grant of a predefined role, with that role.
async fn role_group(
    id: i64,
    ids: &RoleIds,
    connection: &mut Conn,
) -> Result<(Grant, PortalRole), DirectoryError> {
    let grant = held(id, connection).await?;
    let role = found(ids.role(grant.role_id))?;
    Ok((grant, role))
}

impl Run for ChangePortalRole {
    type Answer = RoleGroup;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<RoleGroup, DirectoryError> {
        let ids = RoleIds::load(connection).await?;
        let (before, old) = role_group(self.id, &ids, connection).await?;
        let new = self.role.unwrap_or(old);
        if (old.scope(), new.scope()) == (Scope::Cluster, Scope::Everywhere) {
            return promote(self, &before, &ids, context, connection).await;
        }
        if new.scope() != old.scope() {
            return Err(DirectoryError::Invalid(vec![FieldError::invalid(
                "role",
                format!("{} is not held in such a place.", new.name()),
            )]));
        }
        changeable(before.user_id, context, connection).await?;
        let new_id = ids.id(new)?;
        let asked = asked(self, &before, new_id);
        may(self.authority, &asked, context, connection).await?;
        let update = UpdateGrant {
            id: self.id,
            expected: Expected::Anything,
            visible: Visibility::All,
            changes: GrantChanges {
                role_id: self.role.map(|_| new_id),
                is_active: self.is_active,
                ..GrantChanges::default()
            },
            authority: self.authority,
        };
        let after = update.run(context, connection).await?;
        Ok(RoleGroup {
            role: new,
            is_active: after.is_in_force(&context.now_text()),
        })
    }
}

/// Makes a grant in a cluster that of the system admin, who has none, and no other
/// role in clusters either.
async fn promote(
    change: &ChangePortalRole,
    before: &Grant,
    ids: &RoleIds,
    context: &Context,
    connection: &mut Conn,
) -> Result<RoleGroup, DirectoryError> {
    let (user, role) = (before.user_id, PortalRole::ClusterSystemAdmin);
    changeable(user, context, connection).await?;
    let new_id = ids.id(role)?;
    let until = End::at(before.valid_until.clone());
    let mut asked = vec![
        Asked {
            place: before.place(),
            ..Asked::un_scoped(user, before.role_id, Verb::Change)
        },
        Asked {
            end: until.clone(),
            ..Asked::un_scoped(user, new_id, Verb::Give)
        },
    ];
    if change.is_active.is_some() {
        asked.push(Asked {
            end: until,
            ..Asked::un_scoped(user, new_id, Verb::Toggle)
        });
    }
    may(change.authority, &asked, context, connection).await?;
    // Two that do so at the same time must see each other.
    let row = env::for_update!(users::table.find(user).select(users::id));
    found(row.get_result::<i64>(connection).await.optional()?)?;
    let same = grants::table
        .filter(grants::user_id.eq(user))
        .filter(grants::role_id.eq(new_id))
        .filter(un_scoped!())
        .select(grants::id);
    if same.first::<i64>(connection).await.optional()?.is_some() {
        return Err(TAKEN);
    }
    end_in_clusters(user, Some(before.id), ids, context, connection).await?;
    let changes = GrantChanges {
        role_id: Some(new_id),
        is_active: change.is_active,
        ..GrantChanges::default()
    };
    let changes = changes.without_unchanged(before);
    let after = put(before, &changes, true, context, connection).await?;
    Ok(RoleGroup {
        role,
        is_active: after.is_in_force(&context.now_text()),
    })
}

/// Whoever asks needs the right even where nothing would change: else the
/// answer would tell what somebody holds.
fn asked(change: &ChangePortalRole, before: &Grant, new: i64) -> Vec<Asked> {
    let ask = |role, verb| Asked {
        place: before.place(),
        ..Asked::un_scoped(before.user_id, role, verb)
    };
    let mut asked = Vec::new();
    if change.role.is_some() {
        asked.push(ask(before.role_id, Verb::Change));
        asked.push(ask(new, Verb::Give));
    }
    if change.is_active.is_some() || change.role.is_none() {
        asked.push(ask(new, Verb::Toggle));
    }
    asked
}

impl Run for RemovePortalRole {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        let ids = RoleIds::load(connection).await?;
        let (before, _) = role_group(self.id, &ids, connection).await?;
        changeable(before.user_id, context, connection).await?;
        let delete = DeleteGrant {
            id: self.id,
            expected: Expected::Anything,
            visible: Visibility::All,
            authority: self.authority,
        };
        delete.run(context, connection).await
    }
}
