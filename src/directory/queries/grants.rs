//! Who holds which role. `in force` is: active, begun, not ended.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::{count_star, sql};
use diesel::sql_types::BigInt;
use serde_json::{Map, Value};

use super::audit::{Happening, record_all};
use super::credentials::roles_within_reach;
use super::outbox::about_grants;
use super::prelude::*;
use super::{env, found, roles};
use crate::directory::Expected;
use crate::directory::grants::{
    Change, ChangeMembers, ListMembers, Members, NewGrant, RolesOfUsers, Side, UsersOfRoles,
};
use crate::directory::listing::Named;
use crate::directory::mail::{GrantChange, GrantNews};
use crate::directory::permissions::Reach;
use crate::directory::roles::ADMIN;
use crate::directory::versions::Digest;
use crate::storage::schema::{grants, roles as roles_table, users};

/// Held everywhere, not in a workspace or a cluster.
macro_rules! un_scoped {
    () => {
        grants::workspace_id
            .is_null()
            .and(grants::cluster_id.is_null())
    };
}

macro_rules! in_force {
    ($now:expr) => {
        grants::is_active
            .eq(true)
            .and(grants::valid_from.is_null().or(grants::valid_from.le($now)))
            .and(
                grants::valid_until
                    .is_null()
                    .or(grants::valid_until.gt($now)),
            )
    };
}

/// The ids of the part as they are read.
macro_rules! members {
    ($part:expr, $all:expr, $id:expr, $connection:expr) => {{
        let (least, most) = $part.seek.ids();
        let page = $all
            .filter($id.between(least, most))
            .select($id)
            .limit($part.slice.limit)
            .offset($part.slice.offset);
        if $part.seek.backwards {
            page.order($id.desc()).load($connection).await?
        } else {
            page.order($id.asc()).load($connection).await?
        }
    }};
}

/// The digest of the grants of a query, in one pass over them. As [`Digest::of`].
macro_rules! digest {
    ($grants:expr, $connection:expr) => {{
        let (count, sum, squares): (i64, i64, i64) = $grants
            .select((count_star(), sql::<BigInt>(SUM), sql::<BigInt>(SQUARES)))
            .get_result($connection)
            .await?;
        Digest {
            count,
            sum,
            squares,
        }
    }};
}

const SUM: &str = "CAST(COALESCE(SUM(grants.id % 2147483647), 0) AS BIGINT)";
const SQUARES: &str = "CAST(COALESCE(SUM((grants.id % 2147483647) * (grants.id % 2147483647) \
     % 2147483647), 0) AS BIGINT)";

pub type Ids = diesel::helper_types::IntoBoxed<
    'static,
    diesel::dsl::Select<grants::table, grants::user_id>,
    Db,
>;
pub type RoleIds = diesel::helper_types::IntoBoxed<
    'static,
    diesel::dsl::Select<grants::table, grants::role_id>,
    Db,
>;

/// The users who hold `role` without a scope; some may be in the trash.
pub fn holders(role: i64, context: &Context) -> Ids {
    let now = context.now_text();
    grants::table
        .select(grants::user_id)
        .into_boxed::<Db>()
        .filter(grants::role_id.eq(role))
        .filter(un_scoped!())
        .filter(in_force!(now.clone()))
}

/// The users who hold one of these roles without a scope, or any role.
pub fn holders_of_any(named: Option<&Named>, context: &Context) -> Ids {
    let now = context.now_text();
    let holders = grants::table
        .select(grants::user_id)
        .into_boxed::<Db>()
        .filter(un_scoped!())
        .filter(in_force!(now.clone()));
    let Some(named) = named else { return holders };
    let roles = roles_table::table
        .filter(
            roles_table::id
                .eq_any(named.ids.clone())
                .or(roles_table::name.eq_any(named.names.clone())),
        )
        .select(roles_table::id);
    holders.filter(grants::role_id.eq_any(roles))
}

/// The roles that `user` holds without a scope.
pub fn held(user: i64, context: &Context) -> RoleIds {
    let now = context.now_text();
    grants::table
        .select(grants::role_id)
        .into_boxed::<Db>()
        .filter(grants::user_id.eq(user))
        .filter(un_scoped!())
        .filter(in_force!(now.clone()))
}

pub async fn holds(
    user: i64,
    role: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let now = context.now_text();
    let grant = grants::table
        .filter(grants::user_id.eq(user))
        .filter(grants::role_id.eq(role))
        .filter(un_scoped!())
        .filter(in_force!(&now))
        .select(grants::id);
    Ok(grant.first::<i64>(connection).await.optional()?.is_some())
}

impl Run for RolesOfUsers {
    type Answer = Vec<(i64, i64)>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Vec<(i64, i64)>, DirectoryError> {
        let now = context.now_text();
        let pairs = grants::table
            .filter(env::id_in(grants::user_id, self.users.clone()))
            .filter(un_scoped!())
            .filter(in_force!(&now))
            .order((grants::user_id.asc(), grants::role_id.asc()))
            .select((grants::user_id, grants::role_id));
        Ok(pairs.load(connection).await?)
    }
}

impl Run for UsersOfRoles {
    type Answer = Vec<(i64, i64)>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Vec<(i64, i64)>, DirectoryError> {
        let now = context.now_text();
        let (least, most) = bounds(self.visible);
        let pairs = grants::table
            .inner_join(users::table)
            .filter(env::id_in(grants::role_id, self.roles.clone()))
            .filter(un_scoped!())
            .filter(in_force!(&now))
            .filter(users::deleted_at.is_null())
            .filter(grants::user_id.between(least, most))
            .order((grants::role_id.asc(), grants::user_id.asc()))
            .limit(self.limit)
            .select((grants::role_id, grants::user_id));
        Ok(pairs.load(connection).await?)
    }
}

/// Visibility of users as a range of ids, so that the query keeps its text.
fn bounds(visible: Visible) -> (i64, i64) {
    match visible {
        Visible::All => (0, i64::MAX),
        Visible::Own(own) => (own, own),
        Visible::Nothing => (0, -1),
    }
}

impl Run for ListMembers {
    type Answer = Members;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Members, DirectoryError> {
        if !exists(self.side, self.visible, context, connection).await? {
            return Ok(Members {
                exists: false,
                ids: Vec::new(),
                total: None,
                version: None,
            });
        }
        let now = context.now_text();
        let (mut ids, total, digest): (Vec<i64>, i64, Digest) = match self.side {
            Side::OfUser(user) => {
                let roles = grants::table
                    .filter(grants::user_id.eq(user))
                    .filter(un_scoped!())
                    .filter(in_force!(&now));
                let digest = digest!(roles, connection);
                let ids = members!(self.part, roles, grants::role_id, connection);
                (ids, digest.count, digest)
            }
            Side::OfRole(role) => {
                let (least, most) = bounds(self.visible_users);
                let holders = grants::table
                    .inner_join(users::table)
                    .filter(grants::role_id.eq(role))
                    .filter(un_scoped!())
                    .filter(in_force!(&now))
                    .filter(users::deleted_at.is_null());
                // The version is one for everybody, whatever they see of it.
                let digest = digest!(holders, connection);
                let seen = holders.filter(grants::user_id.between(least, most));
                let total = match self.visible_users {
                    Visible::All => digest.count,
                    _ => seen.count().get_result(connection).await?,
                };
                let ids = members!(self.part, seen, grants::user_id, connection);
                (ids, total, digest)
            }
        };
        if self.part.seek.backwards {
            ids.reverse();
        }
        Ok(Members {
            exists: true,
            ids,
            total: Some(total).filter(|_| self.part.count != Count::None),
            version: Some(digest.version()),
        })
    }
}

async fn exists(
    side: Side,
    visible: Visible,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    match side {
        Side::OfUser(user) => {
            let sees = match visible {
                Visible::All => true,
                Visible::Own(own) => own == user,
                Visible::Nothing => false,
            };
            let row = users::table
                .find(user)
                .filter(users::deleted_at.is_null())
                .select(users::id);
            Ok(sees && row.first::<i64>(connection).await.optional()?.is_some())
        }
        Side::OfRole(role) => {
            let row = roles_table::table.find(role).select(roles_table::id);
            Ok(roles::sees(visible, role, context, connection).await?
                && row.first::<i64>(connection).await.optional()?.is_some())
        }
    }
}

impl Run for ChangeMembers {
    type Answer = usize;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<usize, DirectoryError> {
        if !exists(self.side, self.visible, context, connection).await? {
            return Err(DirectoryError::NotFound);
        }
        if self.expected != Expected::Anything {
            let known = expected(self, context, connection).await?;
            return settle(self, known, context, connection).await;
        }
        change(
            self.side,
            self.change,
            &self.members,
            self.reach,
            context,
            connection,
        )
        .await
    }
}

/// The grants of the side, all read by one statement, when their state is what
/// the caller expects. The change starts from these very rows: what others
/// change meanwhile then comes after it.
async fn expected(
    wanted: &ChangeMembers,
    context: &Context,
    connection: &mut Conn,
) -> Result<Vec<Standing>, DirectoryError> {
    hold(wanted.side, connection).await?;
    let standing = standing(wanted.side, None, connection).await?;
    let now = context.now_text();
    let in_force = standing.iter().filter(|grant| grant.is_in_force(&now));
    let version = Digest::of(in_force.map(|grant| grant.id)).version();
    wanted.expected.check(version)?;
    Ok(standing)
}

async fn settle(
    wanted: &ChangeMembers,
    known: Vec<Standing>,
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    let ChangeMembers {
        side,
        change,
        members,
        reach,
        ..
    } = wanted;
    if *change != Change::Remove {
        all_exist(*side, members, connection).await?;
    }
    let named: BTreeSet<i64> = members.iter().copied().collect();
    let touched = known
        .into_iter()
        .filter(|grant| *change == Change::Replace || named.contains(&grant.member(*side)));
    let plan = Plan {
        side: *side,
        change: *change,
        named: &named,
        reach: *reach,
    };
    carry_out(&plan, touched.collect(), context, connection).await
}

pub async fn add_roles(
    user: i64,
    roles: &[i64],
    reach: Reach,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    change(
        Side::OfUser(user),
        Change::Add,
        roles,
        reach,
        context,
        connection,
    )
    .await
    .map(drop)
}

pub async fn replace_roles(
    user: i64,
    roles: &[i64],
    reach: Reach,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    change(
        Side::OfUser(user),
        Change::Replace,
        roles,
        reach,
        context,
        connection,
    )
    .await
    .map(drop)
}

pub async fn add_users(
    role: i64,
    users: &[i64],
    reach: Reach,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    change(
        Side::OfRole(role),
        Change::Add,
        users,
        reach,
        context,
        connection,
    )
    .await
    .map(drop)
}

pub async fn replace_users(
    role: i64,
    users: &[i64],
    reach: Reach,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    change(
        Side::OfRole(role),
        Change::Replace,
        users,
        reach,
        context,
        connection,
    )
    .await
    .map(drop)
}

/// A grant between the two, as it stands.
#[derive(diesel::Queryable)]
struct Standing {
    id: i64,
    user: i64,
    role: i64,
    is_active: bool,
    valid_from: Option<String>,
    valid_until: Option<String>,
    lives: bool,
}

impl Standing {
    fn is_in_force(&self, now: &str) -> bool {
        self.lives
            && self.is_active
            && self.valid_from.as_deref().is_none_or(|from| from <= now)
            && self.valid_until.as_deref().is_none_or(|until| until > now)
    }

    fn is_unlimited(&self) -> bool {
        self.is_active && self.valid_from.is_none() && self.valid_until.is_none()
    }

    fn member(&self, side: Side) -> i64 {
        match side {
            Side::OfUser(_) => self.role,
            Side::OfRole(_) => self.user,
        }
    }
}

async fn change(
    side: Side,
    change: Change,
    members: &[i64],
    reach: Reach,
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    if change != Change::Remove {
        all_exist(side, members, connection).await?;
    }
    let named: BTreeSet<i64> = members.iter().copied().collect();
    if change == Change::Replace {
        // Of two replacements at the same time one must come after the other.
        hold(side, connection).await?;
    }
    let standing = match change {
        Change::Replace => standing(side, None, connection).await?,
        Change::Add | Change::Remove => standing(side, Some(&named), connection).await?,
    };
    let plan = Plan {
        side,
        change,
        named: &named,
        reach,
    };
    carry_out(&plan, standing, context, connection).await
}

/// What shall become of the grants of one side.
struct Plan<'a> {
    side: Side,
    change: Change,
    named: &'a BTreeSet<i64>,
    reach: Reach,
}

async fn carry_out(
    plan: &Plan<'_>,
    standing: Vec<Standing>,
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    let Plan {
        side,
        change,
        named,
        reach,
    } = *plan;
    let standing: BTreeMap<i64, Standing> = standing
        .into_iter()
        .map(|grant| (grant.member(side), grant))
        .collect();
    guard(side, change, named, &standing, reach, connection).await?;
    let mut changed = 0;
    if change != Change::Remove {
        changed += give(side, named, &standing, context, connection).await?;
    }
    if change != Change::Add {
        let gone: Vec<&Standing> = standing
            .values()
            .filter(|grant| named.contains(&grant.member(side)) == (change == Change::Remove))
            .collect();
        changed += take(&gone, context, connection).await?;
    }
    Ok(changed)
}

/// Only roles within the caller's reach change hands; those that stay may stay.
async fn guard(
    side: Side,
    change: Change,
    named: &BTreeSet<i64>,
    standing: &BTreeMap<i64, Standing>,
    reach: Reach,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let roles: Vec<i64> = match (side, change) {
        (Side::OfRole(role), _) => vec![role],
        (Side::OfUser(_), Change::Add | Change::Remove) => named.iter().copied().collect(),
        (Side::OfUser(_), Change::Replace) => {
            let held: BTreeSet<i64> = standing.keys().copied().collect();
            named.symmetric_difference(&held).copied().collect()
        }
    };
    roles_within_reach(reach, &roles, connection).await
}

async fn hold(side: Side, connection: &mut Conn) -> Result<(), DirectoryError> {
    let held: Option<i64> = match side {
        Side::OfUser(user) => {
            let row = env::held!(users::table.find(user).select(users::id));
            row.get_result(connection).await.optional()?
        }
        Side::OfRole(role) => {
            let row = env::held!(roles_table::table.find(role).select(roles_table::id));
            row.get_result(connection).await.optional()?
        }
    };
    found(held).map(drop)
}

/// Every named member must be there, else the place of the first that is not.
async fn all_exist(
    side: Side,
    members: &[i64],
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let found: Vec<i64> = match side {
        Side::OfUser(_) => {
            let query = roles_table::table
                .filter(env::id_in(roles_table::id, members.to_vec()))
                .select(roles_table::id);
            query.load(connection).await?
        }
        Side::OfRole(_) => {
            let query = users::table
                .filter(env::id_in(users::id, members.to_vec()))
                .filter(users::deleted_at.is_null())
                .select(users::id);
            query.load(connection).await?
        }
    };
    let found: BTreeSet<i64> = found.into_iter().collect();
    match members.iter().position(|member| !found.contains(member)) {
        None => Ok(()),
        Some(place) => Err(DirectoryError::RelatedNotFound {
            kind: side.other(),
            place,
        }),
    }
}

/// The un-scoped grants of one side, of the named members or of all.
async fn standing(
    side: Side,
    named: Option<&BTreeSet<i64>>,
    connection: &mut Conn,
) -> Result<Vec<Standing>, DirectoryError> {
    let mut query = grants::table
        .inner_join(users::table)
        .filter(un_scoped!())
        .select((
            grants::id,
            grants::user_id,
            grants::role_id,
            grants::is_active,
            grants::valid_from,
            grants::valid_until,
            users::deleted_at.is_null(),
        ))
        .into_boxed::<Db>();
    let named = named.map(|named| named.iter().copied().collect::<Vec<_>>());
    query = match (side, named) {
        (Side::OfUser(user), None) => query.filter(grants::user_id.eq(user)),
        (Side::OfUser(user), Some(named)) => query
            .filter(grants::user_id.eq(user))
            .filter(env::id_in(grants::role_id, named)),
        (Side::OfRole(role), None) => query.filter(grants::role_id.eq(role)),
        (Side::OfRole(role), Some(named)) => query
            .filter(grants::role_id.eq(role))
            .filter(env::id_in(grants::user_id, named)),
    };
    Ok(query.load(connection).await?)
}

async fn give(
    side: Side,
    named: &BTreeSet<i64>,
    standing: &BTreeMap<i64, Standing>,
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    let now = context.now_text();
    let mut happenings = Vec::new();
    let mut news = Vec::new();
    for member in named {
        let (user, role) = match side {
            Side::OfUser(user) => (user, *member),
            Side::OfRole(role) => (*member, role),
        };
        match standing.get(member) {
            Some(grant) if grant.is_unlimited() => {}
            Some(grant) => {
                lift_limits(grant.id, &now, connection).await?;
                happenings.push(happening("update", grant.id, user, role));
                if !grant.is_in_force(&now) {
                    let what = GrantChange::Granted;
                    news.push(GrantNews::everywhere(grant.id, user, role, what));
                }
            }
            None => {
                let new = NewGrant {
                    user_id: user,
                    role_id: role,
                    created: &now,
                    modified: &now,
                    created_by: context.actor_id(),
                };
                // Somebody may give the same at the same time: both succeed.
                let id: Option<i64> = diesel::insert_into(grants::table)
                    .values(new)
                    .on_conflict_do_nothing()
                    .returning(grants::id)
                    .get_result(connection)
                    .await
                    .optional()?;
                happenings.extend(id.map(|id| happening("create", id, user, role)));
                let what = GrantChange::Granted;
                news.extend(id.map(|id| GrantNews::everywhere(id, user, role, what)));
            }
        }
    }
    let changed = happenings.len();
    record_all(context, connection, happenings).await?;
    about_grants(&news, context, connection).await?;
    Ok(changed)
}

/// Makes a limited or inactive grant what this relationship stands for.
async fn lift_limits(id: i64, now: &str, connection: &mut Conn) -> Result<(), DirectoryError> {
    diesel::update(grants::table.find(id))
        .set((
            grants::is_active.eq(true),
            grants::valid_from.eq(None::<String>),
            grants::valid_until.eq(None::<String>),
            grants::version.eq(grants::version + 1),
            grants::modified.eq(now),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

async fn take(
    gone: &[&Standing],
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    if gone.is_empty() {
        return Ok(0);
    }
    let ids = gone.iter().map(|grant| grant.id).collect();
    // Somebody may take the same at the same time: only one of them did it.
    let taken: Vec<i64> = diesel::delete(grants::table.filter(env::id_in(grants::id, ids)))
        .returning(grants::id)
        .load(connection)
        .await?;
    let taken: BTreeSet<i64> = taken.into_iter().collect();
    let happenings = gone
        .iter()
        .filter(|grant| taken.contains(&grant.id))
        .map(|grant| happening("delete", grant.id, grant.user, grant.role))
        .collect();
    record_all(context, connection, happenings).await?;
    let now = context.now_text();
    let what = GrantChange::Removed;
    let news: Vec<GrantNews> = gone
        .iter()
        .filter(|grant| taken.contains(&grant.id) && grant.is_in_force(&now))
        .map(|grant| GrantNews::everywhere(grant.id, grant.user, grant.role, what))
        .collect();
    about_grants(&news, context, connection).await?;
    if gone.iter().any(|grant| grant.role == ADMIN) {
        some_administrator(context, connection).await?;
    }
    Ok(taken.len())
}

/// Tells the log that a role which is about to go takes its grants along.
pub async fn record_end_of(
    role: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let grants: Vec<(i64, i64)> = grants::table
        .filter(grants::role_id.eq(role))
        .order(grants::id.asc())
        .select((grants::id, grants::user_id))
        .load(connection)
        .await?;
    let happenings = grants
        .into_iter()
        .map(|(id, user)| happening("delete", id, user, role))
        .collect();
    record_all(context, connection, happenings).await
}

fn happening(verb: &'static str, id: i64, user: i64, role: i64) -> Happening<'static> {
    let pair: Map<String, Value> = [
        ("user".to_owned(), Value::from(user)),
        ("role".to_owned(), Value::from(role)),
    ]
    .into_iter()
    .collect();
    let (before, after) = if verb == "delete" {
        (Some(pair), None)
    } else {
        (None, Some(pair))
    };
    Happening {
        verb,
        subject_type: "grants",
        subject_id: id,
        before,
        after,
    }
}

/// Refuses a change after which nobody is an administrator, when it touched one.
pub async fn administrators_remain(
    touched: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    if holds(touched, ADMIN, context, connection).await? {
        some_administrator(context, connection).await?;
    }
    Ok(())
}

async fn some_administrator(
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    // Two that remove the last two at the same time must see each other.
    env::one_at_a_time(connection).await?;
    let now = context.now_text();
    let lasting = grants::table
        .inner_join(users::table)
        .filter(grants::role_id.eq(ADMIN))
        .filter(un_scoped!())
        .filter(in_force!(&now))
        .filter(grants::valid_until.is_null())
        .filter(users::is_active.eq(true))
        .filter(users::deleted_at.is_null())
        .select(grants::id);
    match lasting.first::<i64>(connection).await.optional()? {
        Some(_) => Ok(()),
        None => Err(DirectoryError::Protected(
            "The last administrator must remain one.",
        )),
    }
}
