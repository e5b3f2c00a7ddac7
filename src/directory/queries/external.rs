//! Users of another directory: their records, and roles that follow groups.

use std::collections::{BTreeMap, BTreeSet};

use super::grants::{containing, is_last_administrator};
use super::prelude::*;
use super::{env, granting, names};
use crate::directory::delegation::Place;
use crate::directory::external::{Admit, Arrival, Changes, Foresee, IsTaken, Unwelcome, Welcome};
use crate::directory::grants::{CreateGrant, Grant, GrantChanges};
use crate::directory::members::Authority;
use crate::directory::names::Clash;
use crate::directory::permissions::Reach;
use crate::directory::roles::ADMIN;
use crate::directory::users::CreateUser;
use crate::storage::schema::{grants, roles, users};

/// Marks a grant that follows from a group, and goes with it.
const ORIGIN: &str = "ldap";

/// The record of a username: the living one, else the latest in the trash that
/// follows the other directory. The name of others there is free.
macro_rules! named_so {
    ($username:expr) => {
        users::table
            .filter(users::username.eq($username))
            .filter(users::deleted_at.is_null().or(users::external.eq(true)))
            .order((users::deleted_at.is_not_null().asc(), users::id.desc()))
            .limit(1)
            .select((
                users::id,
                users::external,
                users::is_active,
                users::deleted_at,
            ))
    };
}

/// Names that one query asks for.
const NAMES_AT_ONCE: usize = 500;

impl Run for IsTaken {
    type Answer = bool;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<bool, DirectoryError> {
        // PostgreSQL knows no NUL in text, and nobody is called so.
        if self.username.contains('\0') {
            return Ok(false);
        }
        let row: Option<UserRow> = named_so!(&self.username)
            .get_result(connection)
            .await
            .optional()?;
        if row.is_some() {
            return Ok(true);
        }
        let rival = names::username_rival(&self.username, None, connection).await?;
        Ok(rival.is_some_and(|rival| rival.clash == Clash::SameLetters))
    }
}

impl Run for Foresee {
    type Answer = Welcome;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Welcome, DirectoryError> {
        let row = named_so!(self.0.user.username());
        let user = match standing(row.get_result(connection).await.optional()?) {
            Err(unwelcome) => return Ok(Err(unwelcome)),
            Ok(user) => user,
        };
        if user.is_none() && is_unfit(self.0.user.username(), connection).await? {
            return Ok(Err(Unwelcome::Unfit));
        }
        let plan = plan(&self.0, user, context, connection).await?;
        Ok(Ok(plan.told(user.is_none())))
    }
}

impl Run for Admit {
    type Answer = Welcome;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Welcome, DirectoryError> {
        let username = self.0.user.username();
        // Held: two sign-ins of one user at the same time come one after the other.
        let row = env::held!(named_so!(username));
        let mut user = standing(row.get_result(connection).await.optional()?);
        if user == Ok(None) {
            // Of several who come first at the same time one makes the record.
            env::one_at_a_time(connection).await?;
            let row = env::held!(named_so!(username));
            user = standing(row.get_result(connection).await.optional()?);
        }
        let known = match user {
            Err(unwelcome) => return Ok(Err(unwelcome)),
            Ok(known) => known,
        };
        if known.is_none() && is_unfit(username, connection).await? {
            return Ok(Err(Unwelcome::Unfit));
        }
        let plan = plan(&self.0, known, context, connection).await?;
        let id = match known {
            Some(id) => id,
            None => create(&self.0, context, connection).await?,
        };
        for role in &plan.given {
            give(id, role, context, connection).await.map_err(raced)?;
        }
        for (grant, _) in &plan.taken {
            granting::end(grant, context, connection)
                .await
                .map_err(raced)?;
        }
        Ok(Ok(plan.told(known.is_none())))
    }
}

/// Somebody else gave or took the same at this moment: the plan is made anew.
fn raced(error: DirectoryError) -> DirectoryError {
    match error {
        DirectoryError::Invalid(_) | DirectoryError::NotFound | DirectoryError::Protected(_) => {
            DirectoryError::Again
        }
        error => error,
    }
}

async fn is_unfit(username: &str, connection: &mut Conn) -> Result<bool, DirectoryError> {
    let problem = names::username_problem(username, None, connection).await?;
    Ok(problem.is_some())
}

type UserRow = (i64, bool, bool, Option<String>);

/// The id, when it is a record of somebody who may come in; none when there is none.
fn standing(row: Option<UserRow>) -> Result<Option<i64>, Unwelcome> {
    match row {
        None => Ok(None),
        Some((_, _, _, Some(_))) => Err(Unwelcome::InTrash),
        Some((_, false, _, _)) => Err(Unwelcome::Internal),
        Some((_, true, false, _)) => Err(Unwelcome::Inactive),
        Some((id, true, true, _)) => Ok(Some(id)),
    }
}

/// A role that is given, and whether a group gives it.
struct Given {
    role: i64,
    name: String,
    follows: bool,
}

#[derive(Default)]
struct Plan {
    given: Vec<Given>,
    taken: Vec<(Grant, String)>,
    passed_over: Vec<(String, &'static str)>,
}

impl Plan {
    fn told(self, is_new: bool) -> Changes {
        Changes {
            is_new,
            given: self.given.into_iter().map(|role| role.name).collect(),
            taken: self.taken.into_iter().map(|(_, name)| name).collect(),
            passed_over: self.passed_over,
        }
    }
}

type RoleRow = (i64, String, String);

async fn plan(
    arrival: &Arrival,
    user: Option<i64>,
    context: &Context,
    connection: &mut Conn,
) -> Result<Plan, DirectoryError> {
    let mut plan = Plan::default();
    let groups = arrival.groups.as_ref();
    let groups = groups.filter(|groups| groups.always || user.is_none());
    let default = arrival.default_role.iter().filter(|_| user.is_none());
    let names: BTreeSet<&String> = default
        .clone()
        .chain(groups.iter().flat_map(|groups| &groups.names))
        .collect();
    let named = named(&names, connection).await?;
    let mighty = containing(ADMIN, connection).await?;
    let mut wanted = BTreeMap::new();
    for (id, name, scope) in named {
        let follows = groups.is_some_and(|groups| groups.names.contains(&name));
        if scope != "none" {
            let why = "it is held in a workspace or a cluster, not everywhere";
            plan.passed_over.push((name, why));
        } else if mighty.contains(&id) && !arrival.may_grant_admin {
            let why = "it makes an administrator, which ldap.grant_admin does not allow";
            plan.passed_over.push((name, why));
        } else {
            let is_default = default.clone().any(|default| *default == name);
            // What everybody has from the beginning does not go with a group.
            let follows = follows && !is_default;
            wanted.insert(
                id,
                Given {
                    role: id,
                    name,
                    follows,
                },
            );
        }
    }
    let held = match user {
        Some(user) if groups.is_some() => held(user, connection).await?,
        _ => Vec::new(),
    };
    for (grant, origin, name) in held {
        let is_wanted = wanted.remove(&grant.role_id).is_some();
        let may_go = groups.is_some_and(|groups| groups.are_all);
        if is_wanted || origin.as_deref() != Some(ORIGIN) || !may_go {
            continue;
        }
        if is_last_administrator(&grant, context, connection).await? {
            let why = "the last administrator must remain one";
            plan.passed_over.push((name, why));
        } else {
            plan.taken.push((grant, name));
        }
    }
    plan.given = wanted.into_values().collect();
    Ok(plan)
}

/// The roles of these names; those that there are.
async fn named(
    names: &BTreeSet<&String>,
    connection: &mut Conn,
) -> Result<Vec<RoleRow>, DirectoryError> {
    // PostgreSQL knows no NUL in text, and no role is called so.
    let names: Vec<&String> = names
        .iter()
        .copied()
        .filter(|name| !name.contains('\0'))
        .collect();
    let mut found = Vec::new();
    for names in names.chunks(NAMES_AT_ONCE) {
        let rows = roles::table
            .filter(roles::name.eq_any(names.iter().map(|name| name.as_str()).collect::<Vec<_>>()))
            .order(roles::name.asc())
            .select((roles::id, roles::name, roles::scope));
        found.extend(rows.load::<RoleRow>(connection).await?);
    }
    Ok(found)
}

/// What the user holds everywhere, in force or not: what is switched off here stays off.
async fn held(
    user: i64,
    connection: &mut Conn,
) -> Result<Vec<(Grant, Option<String>, String)>, DirectoryError> {
    let rows = grants::table
        .inner_join(roles::table)
        .filter(grants::user_id.eq(user))
        .filter(un_scoped!())
        .order(grants::id.asc())
        .select((Grant::as_select(), grants::origin, roles::name));
    Ok(rows.load(connection).await?)
}

async fn create(
    arrival: &Arrival,
    context: &Context,
    connection: &mut Conn,
) -> Result<i64, DirectoryError> {
    let create = CreateUser {
        changes: arrival.user.record(),
        roles: None,
        reach: Reach::Everything,
    };
    Ok(create.run(context, connection).await?.id)
}

async fn give(
    user: i64,
    given: &Given,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let create = CreateGrant {
        visible: Visible::All,
        user_id: user,
        role_id: given.role,
        place: Place::UN_SCOPED,
        changes: GrantChanges::default(),
        authority: Authority::Reach(Reach::Everything),
    };
    let grant = create.run(context, connection).await?;
    if given.follows {
        diesel::update(grants::table.find(grant.id))
            .set(grants::origin.eq(ORIGIN))
            .lasting()
            .execute(connection)
            .await?;
    }
    Ok(())
}
