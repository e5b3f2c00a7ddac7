use super::super::delegation::{Asked, may, partners};
use super::super::granting::{end, held};
use super::super::prelude::*;
use super::super::{env, found};
use super::{RoleIds, refused};
use crate::directory::Expected;
use crate::directory::delegation::{Place, Verb};
use crate::directory::grants::{DeleteGrant, GiveRoles, Grant, GrantChanges, UpdateGrant};
use crate::directory::portal::{
    ChangePortalRole, DEACTIVATED, GivePortalRoles, PortalRole, RemovePortalRole, RoleGroup, Scope,
};
use crate::storage::schema::{clusters, grants, users, workspaces};

/// Whose roles nobody changes here, whatever their rights: one's own, and
/// those of who is switched off.
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

/// Every place that is named must be there; the first that is not is told.
async fn places_exist(
    roles: &[(PortalRole, Place)],
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let wanted = |at: fn(&Place) -> Option<i64>| roles.iter().filter_map(|(_, p)| at(p)).collect();
    let known: Vec<i64> = workspaces::table
        .filter(env::id_in(workspaces::id, wanted(|place| place.workspace)))
        .select(workspaces::id)
        .load(connection)
        .await?;
    let known_clusters: Vec<i64> = clusters::table
        .filter(env::id_in(clusters::id, wanted(|place| place.cluster)))
        .select(clusters::id)
        .load(connection)
        .await?;
    for (index, (_, place)) in roles.iter().enumerate() {
        let (kind, name) = match (place.workspace, place.cluster) {
            (Some(id), _) if !known.contains(&id) => ("workspaces", "workspace"),
            (_, Some(id)) if !known_clusters.contains(&id) => ("clusters", "cluster"),
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
        let user = env::held!(
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
        for (role, place) in &self.roles {
            roles.push((ids.id(*role)?, *place));
            if role.scope() == Scope::Everywhere {
                end_in_clusters(self.user, &ids, context, connection).await?;
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
    ids: &RoleIds,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let there = env::held!(
        grants::table
            .filter(grants::user_id.eq(user))
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
        if new.scope() != old.scope() {
            return Err(DirectoryError::Invalid(vec![Problem::invalid(
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
            visible: Visible::All,
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
            visible: Visible::All,
            authority: self.authority,
        };
        delete.run(context, connection).await
    }
}
