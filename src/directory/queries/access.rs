use super::delegation::{effective_rules, partners};
use super::env;
use super::prelude::*;
use super::visibility::sees_user;
use crate::directory::access::{
    CheckAccess, Effective, FindOrigins, MAX_ORIGINS, MAX_REASONS, Origin, Question, Reason,
    RoleNamed, SeesAll, Verdict, path,
};
use crate::directory::delegation::{GrantScope, Verb};
use crate::directory::host_access::{FindHostAccess, HostAccess, RoleHostAccess};
use crate::directory::permissions::{Permission, names};
use crate::directory::roles::ADMIN;
use crate::storage::schema::{
    clusters, grants, role_closure, role_includes, roles, users, workspaces,
};

impl Run for CheckAccess {
    type Answer = Verdict;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Verdict, DirectoryError> {
        if !sees_user(self.visible, self.user_id, context, connection).await? {
            return Err(DirectoryError::no_such("users", "user"));
        }
        let workspace = workspace_of(self.place, self.sees_all, connection).await?;
        let active = users::table.find(self.user_id).select(users::is_active);
        let is_active: bool = active.get_result(connection).await?;
        if !is_active {
            return Ok(Verdict::of(Vec::new(), || {
                "The user is deactivated.".into()
            }));
        }
        match &self.question {
            Question::Hand { verb, role, target } => {
                let role = named(role, self.sees_all, connection).await?;
                if !sees_user(self.visible, *target, context, connection).await? {
                    return Err(DirectoryError::no_such("users", "target"));
                }
                by_rules(self, *verb, role, *target, context, connection).await
            }
            Question::Permission(name) => {
                by_permission(self, workspace, name, context, connection).await
            }
            Question::Role(role) => {
                let role = named(role, self.sees_all, connection).await?;
                by_role(self, workspace, role, context, connection).await
            }
        }
    }
}

/// The id of no role.
const NOBODYS: i64 = 0;

/// The grants in force whose place covers this one, with what they give.
macro_rules! held_grants {
    ($check:expr, $workspace:expr, $now:expr) => {
        grants::table
            .inner_join(role_closure::table.on(role_closure::role_id.eq(grants::role_id)))
            .filter(grants::user_id.eq($check.user_id))
            .filter(in_force!($now))
            // A place that is nowhere has the ids 0, which nothing has.
            .filter(
                un_scoped!()
                    .or(grants::workspace_id
                        .assume_not_null()
                        .eq($workspace.unwrap_or(0)))
                    .or(grants::cluster_id
                        .assume_not_null()
                        .eq($check.place.cluster.unwrap_or(0))),
            )
    };
}

impl Run for FindHostAccess {
    type Answer = HostAccess;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<HostAccess, DirectoryError> {
        if !sees_user(self.visible, self.user_id, context, connection).await? {
            return Err(DirectoryError::no_such("users", "user"));
        }
        let workspace = workspace_of(self.place, self.sees_all, connection).await?;
        let active = users::table.find(self.user_id).select(users::is_active);
        let is_active: bool = active.get_result(connection).await?;
        if !is_active {
            return Ok(HostAccess::default());
        }
        let now = context.now_text();
        type Row = (
            i64,
            Option<String>,
            Option<String>,
            Option<String>,
            Option<String>,
        );
        let rows: Vec<Row> = held_grants!(self, workspace, &now)
            .inner_join(roles::table.on(roles::id.eq(role_closure::part_id)))
            .order(roles::id.asc())
            .select((
                roles::id,
                roles::include_context,
                roles::exclude_context,
                roles::include_bundles,
                roles::exclude_bundles,
            ))
            .distinct()
            .load(connection)
            .await?;
        let role_access = |(role, in_context, ex_context, in_bundles, ex_bundles): Row| {
            RoleHostAccess::new(role, &[in_context, ex_context, in_bundles, ex_bundles])
        };
        Ok(HostAccess(rows.into_iter().map(role_access).collect()))
    }
}

/// The workspace of the place; to who does not see all places, a place that is
/// not there is one where nobody holds anything.
async fn workspace_of(
    place: GrantScope,
    sees_all: SeesAll,
    connection: &mut Conn,
) -> Result<Option<i64>, DirectoryError> {
    if let Some(id) = place.cluster {
        let row = clusters::table.find(id).select(clusters::workspace_id);
        let workspace: Option<i64> = row.get_result(connection).await.optional()?;
        return match workspace {
            Some(workspace) => Ok(Some(workspace)),
            // Nothing ever has such an id, so that it is not there tells nothing.
            None if sees_all.clusters || id < 1 => {
                Err(DirectoryError::no_such("clusters", "cluster"))
            }
            None => Ok(None),
        };
    }
    let Some(id) = place.workspace else {
        return Ok(None);
    };
    let row = workspaces::table.find(id).select(workspaces::id);
    match row.first::<i64>(connection).await.optional()? {
        Some(id) => Ok(Some(id)),
        None if sees_all.workspaces || id < 1 => {
            Err(DirectoryError::no_such("workspaces", "workspace"))
        }
        None => Ok(None),
    }
}

/// The id of the role. To who does not see all roles one that is not there is one
/// that nobody holds.
async fn named(
    role: &RoleNamed,
    sees_all: SeesAll,
    connection: &mut Conn,
) -> Result<i64, DirectoryError> {
    let id: Option<i64> = match role {
        RoleNamed::Id(id) => {
            let row = roles::table.find(id).select(roles::id);
            row.get_result(connection).await.optional()?
        }
        RoleNamed::Name(name) => {
            let row = roles::table.filter(roles::name.eq(name)).select(roles::id);
            row.get_result(connection).await.optional()?
        }
    };
    match id {
        None if !sees_all.roles && !matches!(role, RoleNamed::Id(..1)) => Ok(NOBODYS),
        id => id.ok_or(DirectoryError::no_such("roles", "role")),
    }
}

/// A grant with a role that it gives: itself or one within.
type Held = (i64, i64, i64, Option<i64>, Option<i64>, Option<String>);

async fn by_role(
    check: &CheckAccess,
    workspace: Option<i64>,
    role: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<Verdict, DirectoryError> {
    let now = context.now_text();
    let held: Vec<Held> = held_grants!(check, workspace, &now)
        .filter(role_closure::part_id.eq(role))
        .order(grants::id.asc())
        .limit(i64::try_from(MAX_REASONS).unwrap_or(i64::MAX))
        .select((
            grants::id,
            grants::role_id,
            role_closure::part_id,
            grants::workspace_id,
            grants::cluster_id,
            grants::valid_until,
        ))
        .load(connection)
        .await?;
    let reasons = reasons(held, connection).await?;
    Ok(Verdict::of(reasons, || {
        "The user has no grant in force that gives this role there.".into()
    }))
}

async fn by_permission(
    check: &CheckAccess,
    workspace: Option<i64>,
    permission: &str,
    context: &Context,
    connection: &mut Conn,
) -> Result<Verdict, DirectoryError> {
    let now = context.now_text();
    let rows: Vec<(Held, String)> = held_grants!(check, workspace, &now)
        .inner_join(roles::table.on(roles::id.eq(role_closure::part_id)))
        .order(grants::id.asc())
        .select((
            (
                grants::id,
                grants::role_id,
                role_closure::part_id,
                grants::workspace_id,
                grants::cluster_id,
                grants::valid_until,
            ),
            roles::permissions,
        ))
        .load(connection)
        .await?;
    let is_ours = Permission::named(permission).is_some();
    let gives = |(held, permissions): &(Held, String)| {
        // Administrators may all that this service knows of, without a scope.
        let (_, _, part, workspace, cluster, _) = held;
        let all = *part == ADMIN && workspace.is_none() && cluster.is_none();
        (all && is_ours) || names(permissions).iter().any(|name| name == permission)
    };
    let held = rows.into_iter().filter(gives).map(|(held, _)| held);
    let reasons = reasons(held.take(MAX_REASONS).collect(), connection).await?;
    if reasons.is_empty() && everybody(permission) {
        return Ok(Verdict {
            allowed: true,
            reasons: Vec::new(),
            missing: None,
        });
    }
    Ok(Verdict::of(reasons, || {
        format!("No role that the user has there carries the permission {permission}.")
    }))
}

/// What needs no role.
fn everybody(permission: &str) -> bool {
    let permission = Permission::named(permission);
    matches!(
        permission,
        Some(Permission::SelfRead | Permission::SelfWrite)
    )
}

async fn reasons(held: Vec<Held>, connection: &mut Conn) -> Result<Vec<Reason>, DirectoryError> {
    let direct = direct(held.iter().any(|held| held.1 != held.2), connection).await?;
    let reason = |(grant, role, part, workspace, cluster, valid_until): Held| Reason {
        grant,
        path: path(role, part, &direct),
        place: GrantScope { workspace, cluster },
        valid_until,
        rule: None,
    };
    Ok(held.into_iter().map(reason).collect())
}

/// What roles contain directly, when somebody asks.
async fn direct(wanted: bool, connection: &mut Conn) -> Result<Vec<(i64, i64)>, DirectoryError> {
    if !wanted {
        return Ok(Vec::new());
    }
    let all = role_includes::table
        .order((role_includes::role_id.asc(), role_includes::part_id.asc()))
        .select((role_includes::role_id, role_includes::part_id));
    Ok(all.load(connection).await?)
}

async fn by_rules(
    check: &CheckAccess,
    verb: Verb,
    role: i64,
    target: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<Verdict, DirectoryError> {
    let missing = |why: &str| Ok(Verdict::of(Vec::new(), || why.to_owned()));
    let everywhere = CheckAccess {
        place: GrantScope::UN_SCOPED,
        ..check.clone()
    };
    let name = Permission::GrantsWrite.name();
    let verdict = by_permission(&everywhere, None, name, context, connection).await?;
    if verdict.allowed {
        return Ok(verdict);
    }
    if target == check.user_id {
        return missing("Nobody gives, takes or changes their own roles by a grant rule.");
    }
    let people = partners(vec![check.user_id, target], connection).await?;
    let partner = |id: i64| people.get(&id).and_then(|person| person.partner);
    if !people.get(&target).is_some_and(|person| person.is_active) {
        return missing("The user whose grant it is is deactivated.");
    }
    let same_partner = partner(target).is_some() && partner(target) == partner(check.user_id);
    let effective_rules = effective_rules(check.user_id, vec![role], context, connection).await?;
    let reasons = effective_rules
        .iter()
        .filter(|power| power.covers(verb, role, check.place, same_partner))
        .take(MAX_REASONS)
        .map(|power| Reason {
            grant: power.grant,
            path: Vec::new(),
            place: power.held,
            valid_until: None,
            rule: Some(power.rule),
        });
    Ok(Verdict::of(reasons.collect(), || {
        "No grant rule of a role that the user has lets them do this there.".into()
    }))
}

impl Run for FindOrigins {
    type Answer = Vec<Origin>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Vec<Origin>, DirectoryError> {
        let now = context.now_text();
        let held = grants::table
            .inner_join(role_closure::table.on(role_closure::role_id.eq(grants::role_id)))
            .filter(in_force!(now.clone()))
            .order((role_closure::part_id.asc(), grants::id.asc()))
            .limit(MAX_ORIGINS)
            .select((
                grants::user_id,
                (
                    grants::id,
                    grants::role_id,
                    role_closure::part_id,
                    grants::workspace_id,
                    grants::cluster_id,
                    grants::valid_until,
                ),
            ))
            .into_boxed::<Db>();
        let members = self.members.clone();
        let held = match self.of {
            Effective::RolesOf(user) => held
                .filter(grants::user_id.eq(user))
                .filter(env::id_in(role_closure::part_id, members)),
            Effective::UsersOf(role) => held
                .filter(role_closure::part_id.eq(role))
                .filter(env::id_in(grants::user_id, members)),
        };
        let rows: Vec<(i64, Held)> = held.load(connection).await?;
        let of = |(user, held): &(i64, Held)| match self.of {
            Effective::RolesOf(_) => held.2,
            Effective::UsersOf(_) => *user,
        };
        let members: Vec<i64> = rows.iter().map(of).collect();
        let reasons = reasons(rows.into_iter().map(|(_, held)| held).collect(), connection);
        let origins = members.into_iter().zip(reasons.await?);
        Ok(origins
            .map(|(member, reason)| Origin { member, reason })
            .collect())
    }
}
