//! The members of relationships whose both sides are many: pages, changes, and
//! whom they lead to.

use std::collections::{BTreeMap, BTreeSet};

use super::audit::append_audit_entries;
use super::delegation::{Asked, may, refused};
use super::grants::{audit_entry, some_administrator};
use super::outbox::about_grants;
use super::prelude::*;
use super::role_counters::{COUNTED, digest, holders, numbers};
use super::visibility::{ResolvedVisibility, resolve_visibility, sees_user};
use super::{clusters, env, found, pair_relations, partners, roles, rules};
use crate::directory::Expected;
use crate::directory::delegation::{GrantScope, Verb};
use crate::directory::grants::{NewGrant, misplaced};
use crate::directory::mail::{GrantChange, GrantNews};
use crate::directory::members::{
    Authority, Change, ChangeMembers, FollowMembers, ListMembers, Members, Relation, Side,
};
use crate::directory::roles::ADMIN;
use crate::directory::versions::Digest;
use crate::storage::schema::{grants, roles as roles_table, users};

/// The ids of the part as they are read, or why they are not.
macro_rules! members {
    ($part:expr, $all:expr, $id:expr, $connection:expr) => {{
        let (least, most) = $part.seek.ids();
        let page = $all.filter($id.between(least, most)).select($id);
        let Slice { limit, offset } = $part.slice;
        if $part.seek.backwards {
            let page = env::limited(page.order($id.desc()), PlanMode::Generic, limit, offset);
            page.load::<i64>($connection).await
        } else {
            let page = env::limited(page.order($id.asc()), PlanMode::Generic, limit, offset);
            page.load::<i64>($connection).await
        }
    }};
}

impl Run for FollowMembers {
    type Answer = Vec<(i64, i64)>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Vec<(i64, i64)>, DirectoryError> {
        let now = context.now_text();
        let pairs = match self.relation {
            Relation::UserRoles => {
                let pairs = grants::table
                    .filter(env::id_in(grants::user_id, self.ids.clone()))
                    .filter(un_scoped!())
                    .filter(in_force!(&now))
                    .select((grants::user_id, grants::role_id));
                let pairs = env::limited(pairs, PlanMode::Generic, self.limit, 0);
                // There are too many when the limit is reached, whichever they
                // are; few are sorted here in less time than there.
                let mut pairs: Vec<(i64, i64)> = pairs.load(connection).await?;
                pairs.sort_unstable();
                pairs
            }
            Relation::RoleUsers => {
                let visibility =
                    resolve_visibility(self.visible_members, context, connection).await?;
                let pairs = grants::table
                    .inner_join(users::table)
                    .filter(env::id_in(grants::role_id, self.ids.clone()))
                    .filter(un_scoped!())
                    .filter(in_force!(&now))
                    .filter(users::deleted_at.is_null())
                    .filter(seen!(visibility))
                    .order((grants::role_id.asc(), grants::user_id.asc()))
                    .select((grants::role_id, grants::user_id));
                let pairs = env::limited(pairs, PlanMode::Generic, self.limit, 0);
                pairs.load(connection).await?
            }
            _ => pair_relations::follow(self, context, connection).await?,
        };
        Ok(pairs)
    }
}

impl Run for ListMembers {
    type Answer = Members;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Members, DirectoryError> {
        let now = context.now_text();
        let id = self.side.id;
        let (exists, mut ids, total, digest): (bool, Vec<i64>, i64, Digest) =
            match self.side.relation {
                Relation::UserRoles => {
                    let roles = || {
                        grants::table
                            .filter(grants::user_id.eq(id))
                            .filter(un_scoped!())
                            .filter(in_force!(&now))
                    };
                    let (exists, digest, ids) = env::pipelined!(
                        connection,
                        exists(self.side, self.visible, context, connection).await,
                        roles()
                            .select(numbers(COUNTED))
                            .get_result::<(i64, i64, i64)>(connection)
                            .await
                            .map(digest),
                        members!(self.part, roles(), grants::role_id, connection),
                    );
                    (exists, ids, digest.count, digest)
                }
                Relation::RoleUsers => {
                    let those = || {
                        grants::table
                            .inner_join(users::table)
                            .filter(grants::role_id.eq(id))
                            .filter(un_scoped!())
                            .filter(in_force!(&now))
                            .filter(users::deleted_at.is_null())
                    };
                    let visibility =
                        resolve_visibility(self.visible_members, context, connection).await?;
                    // The version is one for everybody, whatever they see of it.
                    let (exists, digest, ids) = env::pipelined!(
                        connection,
                        exists(self.side, self.visible, context, connection).await,
                        holders(id, context, connection).await,
                        members!(
                            self.part,
                            those().filter(seen!(visibility)),
                            grants::user_id,
                            connection
                        ),
                    );
                    let total = match visibility {
                        ResolvedVisibility::All => digest.count,
                        _ => {
                            let seen = those().filter(seen!(visibility));
                            seen.count().get_result(connection).await?
                        }
                    };
                    (exists, ids, total, digest)
                }
                _ => {
                    let exists = exists(self.side, self.visible, context, connection).await?;
                    let (ids, total, digest) =
                        pair_relations::page(self, context, connection).await?;
                    (exists, ids, total, digest)
                }
            };
        if !exists {
            return Ok(Members {
                exists: false,
                ids: Vec::new(),
                total: None,
                version: None,
            });
        }
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
    visible: Visibility,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let id = side.id;
    match side.relation {
        Relation::UserRoles => sees_user(visible, id, context, connection).await,
        Relation::RoleUsers | Relation::RoleIncludes => {
            let row = roles_table::table.find(id).select(roles_table::id);
            Ok(roles::sees(visible, id, context, connection).await?
                && row.first::<i64>(connection).await.optional()?.is_some())
        }
        Relation::RuleTargets => rules::sees(visible, id, context, connection).await,
        Relation::PartnerClusters => partners::sees(visible, id, context, connection).await,
        Relation::ClusterPartners => clusters::sees(visible, id, context, connection).await,
    }
}

impl Run for ChangeMembers {
    type Answer = usize;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<usize, DirectoryError> {
        let is_of_grants = matches!(
            self.side.relation,
            Relation::UserRoles | Relation::RoleUsers
        );
        if is_of_grants && self.expected == Expected::Anything {
            let (exists, existing) = env::pipelined!(
                connection,
                exists(self.side, self.visible, context, connection).await,
                // Told only to whom it is about something that is there.
                Ok::<_, DirectoryError>(
                    known(
                        self.side,
                        self.change,
                        &self.members,
                        self.authority,
                        connection
                    )
                    .await
                ),
            );
            if !exists {
                return Err(DirectoryError::NotFound);
            }
            let named = self.members.iter().copied().collect();
            let plan = Plan {
                side: self.side,
                change: self.change,
                named: &named,
                authority: self.authority,
            };
            return carry_out(&plan, existing?, context, connection).await;
        }
        if !exists(self.side, self.visible, context, connection).await? {
            return Err(DirectoryError::NotFound);
        }
        if !is_of_grants {
            return pair_relations::change(self, context, connection).await;
        }
        let known = expected(self, context, connection).await?;
        apply_change(self, known, context, connection).await
    }
}

/// The grants of the side, all read by one statement, when their state is what
/// the caller expects. The change starts from these very rows: what others
/// change meanwhile then comes after it.
async fn expected(
    wanted: &ChangeMembers,
    context: &Context,
    connection: &mut Conn,
) -> Result<Vec<ExistingGrant>, DirectoryError> {
    let ((), existing) = env::pipelined!(
        connection,
        lock_row(wanted.side, connection).await,
        existing(wanted.side, None, connection).await,
    );
    let now = context.now_text();
    let in_force = existing.iter().filter(|grant| grant.is_in_force(&now));
    let version = Digest::of(in_force.map(|grant| grant.id)).version();
    wanted.expected.check(version)?;
    Ok(existing)
}

async fn apply_change(
    wanted: &ChangeMembers,
    known: Vec<ExistingGrant>,
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    let ChangeMembers {
        side,
        change,
        members,
        authority,
        ..
    } = wanted;
    if *change != Change::Remove {
        exist_for(*authority, *side, members, connection).await?;
    }
    let named: BTreeSet<i64> = members.iter().copied().collect();
    let touched = known
        .into_iter()
        .filter(|grant| *change == Change::Replace || named.contains(&grant.member(*side)));
    let plan = Plan {
        side: *side,
        change: *change,
        named: &named,
        authority: *authority,
    };
    carry_out(&plan, touched.collect(), context, connection).await
}

pub async fn add_roles(
    user: i64,
    roles: &[i64],
    authority: Authority,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    change(
        Relation::UserRoles.of(user),
        Change::Add,
        roles,
        authority,
        context,
        connection,
    )
    .await
    .map(drop)
}

pub async fn replace_roles(
    user: i64,
    roles: &[i64],
    authority: Authority,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    change(
        Relation::UserRoles.of(user),
        Change::Replace,
        roles,
        authority,
        context,
        connection,
    )
    .await
    .map(drop)
}

/// Replaces the roles of a user, but leaves this one as it is.
pub async fn replace_roles_beside(
    left: i64,
    user: i64,
    roles: &[i64],
    authority: Authority,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let side = Relation::UserRoles.of(user);
    let mut existing = known(side, Change::Replace, roles, authority, connection).await?;
    existing.retain(|grant| grant.role != left);
    let named = roles.iter().copied().filter(|role| *role != left).collect();
    let plan = Plan {
        side,
        change: Change::Replace,
        named: &named,
        authority,
    };
    carry_out(&plan, existing, context, connection)
        .await
        .map(drop)
}

pub async fn remove_roles(
    user: i64,
    roles: &[i64],
    authority: Authority,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    change(
        Relation::UserRoles.of(user),
        Change::Remove,
        roles,
        authority,
        context,
        connection,
    )
    .await
    .map(drop)
}

pub async fn add_users(
    role: i64,
    users: &[i64],
    authority: Authority,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    change(
        Relation::RoleUsers.of(role),
        Change::Add,
        users,
        authority,
        context,
        connection,
    )
    .await
    .map(drop)
}

pub async fn replace_users(
    role: i64,
    users: &[i64],
    authority: Authority,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    change(
        Relation::RoleUsers.of(role),
        Change::Replace,
        users,
        authority,
        context,
        connection,
    )
    .await
    .map(drop)
}

/// A grant between the two, as it stands.
#[derive(diesel::Queryable)]
struct ExistingGrant {
    id: i64,
    user: i64,
    role: i64,
    is_active: bool,
    valid_from: Option<String>,
    valid_until: Option<String>,
    lives: bool,
}

impl ExistingGrant {
    fn is_in_force(&self, now: &str) -> bool {
        self.lives
            && self.is_active
            && self.valid_from.as_deref().is_none_or(|from| from <= now)
            && self.valid_until.as_deref().is_none_or(|until| until > now)
    }

    /// Whether being named makes it lasting. Whoever adds the role asks for
    /// that; whoever sends back what they read does not.
    fn is_lifted_by(&self, change: Change, now: &str) -> bool {
        match change {
            Change::Add => !self.is_unlimited(),
            Change::Replace => !self.is_in_force(now),
            Change::Remove => false,
        }
    }

    /// Whether the change ends it. Whoever replaces what is held speaks of what
    /// they were shown: not of grants that are switched off, have not begun or
    /// are over, nor of those of deleted users.
    fn is_ended_by(&self, change: Change, is_named: bool, now: &str) -> bool {
        match change {
            Change::Add => false,
            Change::Remove => is_named,
            Change::Replace => !is_named && self.is_in_force(now),
        }
    }

    fn is_unlimited(&self) -> bool {
        self.is_active && self.valid_from.is_none() && self.valid_until.is_none()
    }

    fn member(&self, side: Side) -> i64 {
        match side.relation {
            Relation::UserRoles => self.role,
            _ => self.user,
        }
    }
}

async fn change(
    side: Side,
    change: Change,
    members: &[i64],
    authority: Authority,
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    let existing = known(side, change, members, authority, connection).await?;
    let named = members.iter().copied().collect();
    let plan = Plan {
        side,
        change,
        named: &named,
        authority,
    };
    carry_out(&plan, existing, context, connection).await
}

/// The grants that a change is about, as they stand, when all that it names is
/// there.
async fn known(
    side: Side,
    change: Change,
    members: &[i64],
    authority: Authority,
    connection: &mut Conn,
) -> Result<Vec<ExistingGrant>, DirectoryError> {
    let named = members.iter().copied().collect();
    match change {
        Change::Remove => existing(side, Some(&named), connection).await,
        Change::Add => {
            let ((), existing) = env::pipelined!(
                connection,
                exist_for(authority, side, members, connection).await,
                existing(side, Some(&named), connection).await,
            );
            Ok(existing)
        }
        Change::Replace => {
            // Of two replacements at the same time one must come after the other.
            let ((), (), existing) = env::pipelined!(
                connection,
                exist_for(authority, side, members, connection).await,
                lock_row(side, connection).await,
                existing(side, None, connection).await,
            );
            Ok(existing)
        }
    }
}

/// What shall become of the grants of one side.
struct Plan<'a> {
    side: Side,
    change: Change,
    named: &'a BTreeSet<i64>,
    authority: Authority,
}

async fn carry_out(
    plan: &Plan<'_>,
    existing: Vec<ExistingGrant>,
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    let Plan {
        side,
        change,
        named,
        authority,
    } = *plan;
    let existing: BTreeMap<i64, ExistingGrant> = existing
        .into_iter()
        .map(|grant| (grant.member(side), grant))
        .collect();
    guard(
        side, change, named, &existing, authority, context, connection,
    )
    .await?;
    let mut changed = 0;
    if change != Change::Remove {
        changed += give(side, change, named, &existing, context, connection).await?;
    }
    let now = context.now_text();
    let gone: Vec<&ExistingGrant> = existing
        .values()
        .filter(|grant| grant.is_ended_by(change, named.contains(&grant.member(side)), &now))
        .collect();
    changed += take(&gone, context, connection).await?;
    Ok(changed)
}

/// Only roles that the caller may give or take change hands; those that stay may stay.
async fn guard(
    side: Side,
    change: Change,
    named: &BTreeSet<i64>,
    existing: &BTreeMap<i64, ExistingGrant>,
    authority: Authority,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let held = |member: &i64| existing.contains_key(member);
    let now = context.now_text();
    let lifted = |member: &&i64| {
        let grant = existing.get(member);
        grant.is_some_and(|grant| grant.is_lifted_by(change, &now))
    };
    let one = |member: &i64, verb| {
        let (user, role) = side.pair(*member);
        Asked::un_scoped(user, role, verb)
    };
    let given = named
        .iter()
        .filter(|member| change != Change::Remove && !held(member));
    let taken = existing
        .iter()
        .filter(|(member, grant)| grant.is_ended_by(change, named.contains(member), &now))
        .map(|(member, _)| member);
    let asked: Vec<Asked> = given
        .map(|member| one(member, Verb::Give))
        .chain(
            named
                .iter()
                .filter(lifted)
                .map(|member| one(member, Verb::Toggle)),
        )
        .chain(taken.map(|member| one(member, Verb::Remove)))
        .collect();
    if asked.is_empty() && matches!(authority, Authority::Rules(_)) {
        // Nothing would change; but whoever may not do it hears so.
        let kept: Vec<Asked> = named.iter().map(|member| one(member, Verb::Give)).collect();
        if kept.is_empty() {
            return Err(refused());
        }
        return may(authority, &kept, context, connection).await;
    }
    may(authority, &asked, context, connection).await
}

async fn lock_row(side: Side, connection: &mut Conn) -> Result<(), DirectoryError> {
    let held: Option<i64> = match side.relation {
        Relation::UserRoles => {
            let row = env::for_update!(users::table.find(side.id).select(users::id));
            row.get_result(connection).await.optional()?
        }
        _ => {
            let row = env::for_update!(roles_table::table.find(side.id).select(roles_table::id));
            row.get_result(connection).await.optional()?
        }
    };
    found(held).map(drop)
}

/// To whoever has only rules, what is not there looks like what may not be given.
async fn exist_for(
    authority: Authority,
    side: Side,
    members: &[i64],
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    match (all_exist(side, members, connection).await, authority) {
        (Err(DirectoryError::RelatedNotFound { .. }), Authority::Rules(_)) => Err(refused()),
        (checked, _) => checked,
    }
}

/// Every named member must be there, else the place of the first that is not.
async fn all_exist(
    side: Side,
    members: &[i64],
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let known: Vec<i64> = match side.relation {
        Relation::UserRoles => {
            let query = roles_table::table
                .filter(env::id_in(roles_table::id, members.to_vec()))
                .select((roles_table::id, roles_table::scope));
            let roles: Vec<(i64, String)> = query.load(connection).await?;
            for (_, scope) in &roles {
                un_scoped(scope)?;
            }
            roles.into_iter().map(|(id, _)| id).collect()
        }
        _ => {
            let scope = roles_table::table.find(side.id).select(roles_table::scope);
            let scope: Option<String> = scope.get_result(connection).await.optional()?;
            un_scoped(&found(scope)?)?;
            let query = users::table
                .filter(env::id_in(users::id, members.to_vec()))
                .filter(users::deleted_at.is_null())
                .select(users::id);
            query.load(connection).await?
        }
    };
    let known: BTreeSet<i64> = known.into_iter().collect();
    match members.iter().position(|member| !known.contains(member)) {
        None => Ok(()),
        Some(place) => Err(DirectoryError::RelatedNotFound {
            kind: side.relation.other(),
            relationship: None,
            place,
        }),
    }
}

/// A role that is held somewhere is given by a grant that says where.
fn un_scoped(scope: &str) -> Result<(), DirectoryError> {
    match misplaced(scope, GrantScope::UN_SCOPED) {
        None => Ok(()),
        Some(_) => Err(DirectoryError::Invalid(vec![FieldError::invalid(
            "roles",
            format!("A role whose scope is {scope} is given by a grant that names the {scope}."),
        )])),
    }
}

/// The un-scoped grants of one side, of the named members or of all.
async fn existing(
    side: Side,
    named: Option<&BTreeSet<i64>>,
    connection: &mut Conn,
) -> Result<Vec<ExistingGrant>, DirectoryError> {
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
    let id = side.id;
    query = match (side.relation, named) {
        (Relation::UserRoles, None) => query.filter(grants::user_id.eq(id)),
        (Relation::UserRoles, Some(named)) => query
            .filter(grants::user_id.eq(id))
            .filter(env::id_in(grants::role_id, named)),
        (_, None) => query.filter(grants::role_id.eq(id)),
        (_, Some(named)) => query
            .filter(grants::role_id.eq(id))
            .filter(env::id_in(grants::user_id, named)),
    };
    Ok(query.load(connection).await?)
}

async fn give(
    side: Side,
    change: Change,
    named: &BTreeSet<i64>,
    existing: &BTreeMap<i64, ExistingGrant>,
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    let now = context.now_text();
    let mut audit_entries = Vec::new();
    let mut news = Vec::new();
    for member in named {
        let (user, role) = side.pair(*member);
        match existing.get(member) {
            Some(grant) if !grant.is_lifted_by(change, &now) => {}
            Some(grant) => {
                lift_limits(grant.id, context, connection).await?;
                audit_entries.push(audit_entry("update", grant.id, user, role));
                if !grant.is_in_force(&now) {
                    let what = GrantChange::Granted;
                    news.push(GrantNews::everywhere(grant.id, user, role, what));
                }
            }
            None => {
                let new = NewGrant {
                    user_id: user,
                    role_id: role,
                    workspace_id: None,
                    cluster_id: None,
                    is_active: true,
                    valid_from: None,
                    valid_until: None,
                    created: &now,
                    modified: &now,
                    created_by: context.actor_id(),
                    modified_by: context.actor_id(),
                    origin: None,
                };
                // Somebody may give the same at the same time: both succeed.
                let id: Option<i64> = diesel::insert_into(grants::table)
                    .values(new)
                    .on_conflict_do_nothing()
                    .returning(grants::id)
                    .get_result(connection)
                    .await
                    .optional()?;
                audit_entries.extend(id.map(|id| audit_entry("create", id, user, role)));
                let what = GrantChange::Granted;
                news.extend(id.map(|id| GrantNews::everywhere(id, user, role, what)));
            }
        }
    }
    let changed = audit_entries.len();
    append_audit_entries(context, connection, audit_entries).await?;
    about_grants(&news, context, connection).await?;
    Ok(changed)
}

/// Makes a limited or inactive grant what this relationship stands for.
async fn lift_limits(
    id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    diesel::update(grants::table.find(id))
        .set((
            grants::is_active.eq(true),
            grants::valid_from.eq(None::<String>),
            grants::valid_until.eq(None::<String>),
            grants::end_told.eq(false),
            grants::version.eq(grants::version + 1),
            grants::modified.eq(context.now_text()),
            grants::modified_by.eq(context.actor_id()),
        ))
        .cached()
        .execute(connection)
        .await?;
    Ok(())
}

async fn take(
    gone: &[&ExistingGrant],
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    if gone.is_empty() {
        return Ok(0);
    }
    let ids = gone.iter().map(|grant| grant.id).collect();
    // Somebody may take the same at the same time: only one of them did it.
    let delete =
        diesel::delete(grants::table.filter(env::id_in(grants::id, ids))).returning(grants::id);
    let (taken, ()) = env::pipelined!(
        connection,
        delete.load::<i64>(connection).await,
        match gone.iter().any(|grant| grant.role == ADMIN) {
            true => some_administrator(context, connection).await,
            false => Ok(()),
        },
    );
    let taken: BTreeSet<i64> = taken.into_iter().collect();
    let audit_entries = gone
        .iter()
        .filter(|grant| taken.contains(&grant.id))
        .map(|grant| audit_entry("delete", grant.id, grant.user, grant.role))
        .collect();
    append_audit_entries(context, connection, audit_entries).await?;
    let now = context.now_text();
    let what = GrantChange::Removed;
    let news: Vec<GrantNews> = gone
        .iter()
        .filter(|grant| taken.contains(&grant.id) && grant.is_in_force(&now))
        .map(|grant| GrantNews::everywhere(grant.id, grant.user, grant.role, what))
        .collect();
    about_grants(&news, context, connection).await?;
    Ok(taken.len())
}
