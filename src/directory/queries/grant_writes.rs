//! Grants as resources: reading them, and every change of one.

use std::collections::BTreeSet;

use diesel::IntoSql;

use super::audit::{AuditEntry, append_audit, append_audit_entries};
use super::delegation::{Asked, effective_rules, may, partners};
use super::grants::some_administrator;
use super::outbox::about_grants;
use super::prelude::*;
use super::role_counters::all_grants;
use super::visibility::{ResolvedVisibility, resolve_visibility, sees_user};
use super::{env, found};
use crate::directory::delegation::{GrantScope, Verb};
use crate::directory::events::{described, difference};
use crate::directory::grants::{
    CreateGrant, DeleteGrant, FindGrant, GiveRoles, Grant, GrantChanges, GrantColumn, Grants,
    GrantsOf, NewGrant, RecordExpiredGrants, UpdateGrant, check_time,
};
use crate::directory::mail::{GrantChange, GrantNews};
use crate::directory::members::Authority;
use crate::directory::privileges::End;
use crate::directory::roles::ADMIN;
use crate::storage::schema::{clusters, grants, roles, users, workspaces};

columns!(grants, GrantColumn {
    Id: number id,
    User: number user_id,
    Role: number role_id,
    Workspace: maybe_number workspace_id,
    Cluster: maybe_number cluster_id,
    IsActive: flag is_active,
    ValidFrom: maybe_text valid_from,
    ValidUntil: maybe_text valid_until,
    Created: text created,
    Modified: text modified,
    CreatedBy: maybe_number created_by,
});
no_own!(grants);

impl Run for FindGrant {
    type Answer = Option<Grant>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Grant>, DirectoryError> {
        let row = grants::table
            .find(self.id)
            .inner_join(users::table)
            .filter(users::deleted_at.is_null())
            .select((Grant::as_select(), users::partner_id));
        let row: Option<(Grant, Option<i64>)> = row.first(connection).await.optional()?;
        let Some((grant, partner)) = row else {
            return Ok(None);
        };
        let visibility = resolve_visibility(self.visible, context, connection).await?;
        if visibility.sees(grant.user_id, partner)
            || reaches(self.visible, &grant, partner, context, connection).await?
        {
            return Ok(Some(grant));
        }
        Ok(None)
    }
}

/// Whether a rule lets the caller do anything to this grant, though they do
/// not see its user among all others.
async fn reaches(
    visible: Visibility,
    grant: &Grant,
    partner: Option<i64>,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let Visibility::Delegated(granter) = visible else {
        return Ok(false);
    };
    let effective_rules =
        effective_rules(granter, vec![grant.role_id], context, connection).await?;
    let people = partners(vec![granter], connection).await?;
    let own = people.get(&granter).and_then(|person| person.partner);
    let same_partner = own.is_some() && own == partner;
    Ok(effective_rules.iter().any(|power| {
        let covers = |verb| power.covers(verb, grant.role_id, grant.place(), same_partner);
        Verb::ALL.iter().any(|(verb, _)| covers(*verb))
    }))
}

impl Run for List<Grants> {
    type Answer = Listed<Grant>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<Grant>, DirectoryError> {
        let visibility = resolve_visibility(self.visible, context, connection).await?;
        let seen = || filtered(self, visibility, None, context);
        let among: Option<&dyn Fn() -> _> = match visibility {
            ResolvedVisibility::All => None,
            _ => Some(&seen),
        };
        let wanted = resolve_patterns(&self.condition, among, connection).await?;
        let matching = || filtered(self, visibility, wanted.as_ref(), context);
        let rows = page!(self, matching(), Grant, context, connection);
        let total = match self.is_everything() {
            true => total!(self, rows, all_grants(connection).await?),
            false => total!(self, rows, matching(), connection),
        };
        Ok(Listed { rows, total })
    }
}

fn filtered(
    list: &List<Grants>,
    visibility: ResolvedVisibility,
    wanted: Option<&Condition<GrantColumn>>,
    context: &Context,
) -> grants::BoxedQuery<'static, Db> {
    // Few are in the trash, and an index has them.
    let mut query = grants::table
        .filter(grants::user_id.ne_all(in_trash!()))
        .into_boxed::<Db>();
    query = match visibility {
        ResolvedVisibility::All => query,
        ResolvedVisibility::Own(user) => query.filter(grants::user_id.eq(user)),
        ResolvedVisibility::Partner(partner) => {
            let people = users::table
                .filter(users::partner_id.eq(partner))
                .select(users::id);
            query.filter(grants::user_id.eq_any(people))
        }
        ResolvedVisibility::Nothing => query.filter(grants::id.eq(0)),
    };
    query = match &list.parent {
        Some(GrantsOf::Users(users)) => query.filter(env::id_in(grants::user_id, users.clone())),
        Some(GrantsOf::Roles(roles)) => query.filter(env::id_in(grants::role_id, roles.clone())),
        Some(GrantsOf::Workspaces(ids)) => query.filter(env::id_in(
            grants::workspace_id.assume_not_null(),
            ids.clone(),
        )),
        Some(GrantsOf::Clusters(ids)) => query.filter(env::id_in(
            grants::cluster_id.assume_not_null(),
            ids.clone(),
        )),
        Some(GrantsOf::Ids(ids)) => query.filter(env::id_in(grants::id, ids.clone())),
        None => query,
    };
    match wanted {
        Some(wanted) => query.filter(condition(wanted, context)),
        None => query,
    }
}

/// A living user's grant, which nobody else changes until this transaction ends.
pub async fn held(id: i64, connection: &mut Conn) -> Result<Grant, DirectoryError> {
    let row = env::for_update!(grants::table.find(id).select(Grant::as_select()));
    let grant: Grant = found(row.get_result(connection).await.optional()?)?;
    require_user_row(grant.user_id, connection).await?;
    Ok(grant)
}

async fn require_user_row(user: i64, connection: &mut Conn) -> Result<(), DirectoryError> {
    let row = users::table
        .find(user)
        .filter(users::deleted_at.is_null())
        .select(users::id);
    found(row.first::<i64>(connection).await.optional()?).map(drop)
}

/// What is named must be there, and the role one that is held in such a place.
async fn check_place(
    role: i64,
    place: GrantScope,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let scope = roles::table.find(role).select(roles::scope);
    let workspace = workspaces::table
        .find(place.workspace.unwrap_or_default())
        .select(workspaces::id);
    let cluster = clusters::table
        .find(place.cluster.unwrap_or_default())
        .select(clusters::id);
    let (scope, workspace, cluster) = env::pipelined!(
        connection,
        scope.get_result::<String>(connection).await.optional(),
        match place.workspace {
            Some(_) => workspace.first::<i64>(connection).await.optional(),
            None => Ok(None),
        },
        match place.cluster {
            Some(_) => cluster.first::<i64>(connection).await.optional(),
            None => Ok(None),
        },
    );
    let scope = scope.ok_or(DirectoryError::no_such("roles", "role"))?;
    if place.workspace != workspace {
        return Err(DirectoryError::no_such("workspaces", "workspace"));
    }
    if place.cluster != cluster {
        return Err(DirectoryError::no_such("clusters", "cluster"));
    }
    match crate::directory::grants::misplaced(&scope, place) {
        Some(problem) => Err(DirectoryError::Invalid(vec![problem])),
        None => Ok(()),
    }
}

impl Run for CreateGrant {
    type Answer = Grant;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<Grant, DirectoryError> {
        let asked = [Asked {
            user: self.user_id,
            role: self.role_id,
            place: self.place,
            verb: Verb::Give,
            end: End::at(self.changes.valid_until.clone().flatten()),
        }];
        let (sees, allowed, placed) = env::pipelined!(
            connection,
            sees_user(self.visible, self.user_id, context, connection).await,
            Ok::<_, DirectoryError>(may(self.authority, &asked, context, connection).await),
            Ok::<_, DirectoryError>(check_place(self.role_id, self.place, connection).await),
        );
        if !sees {
            return Err(DirectoryError::no_such("users", "user"));
        }
        check_force(&self.changes, None)?;
        // What may not be given to them is not told from what there is not.
        allowed?;
        placed?;
        insert(self, context, connection).await?.ok_or_else(|| {
            DirectoryError::taken("role", "The user holds this role in this place already.")
        })
    }
}

fn check_force(changes: &GrantChanges, before: Option<&Grant>) -> Result<(), DirectoryError> {
    let one = |change: &Option<Option<String>>, old: Option<&String>| match change {
        Some(new) => new.clone(),
        None => old.cloned(),
    };
    let from = one(
        &changes.valid_from,
        before.and_then(|g| g.valid_from.as_ref()),
    );
    let until = one(
        &changes.valid_until,
        before.and_then(|g| g.valid_until.as_ref()),
    );
    match check_time(from.as_deref(), until.as_deref()) {
        Some(problem) => Err(DirectoryError::Invalid(vec![problem])),
        None => Ok(()),
    }
}

/// None: there is such a grant already.
async fn insert(
    create: &CreateGrant,
    context: &Context,
    connection: &mut Conn,
) -> Result<Option<Grant>, DirectoryError> {
    let now = context.now_text();
    let new = NewGrant {
        user_id: create.user_id,
        role_id: create.role_id,
        workspace_id: create.place.workspace,
        cluster_id: create.place.cluster,
        is_active: create.changes.is_active.unwrap_or(true),
        valid_from: create
            .changes
            .valid_from
            .as_ref()
            .and_then(|t| t.as_deref()),
        valid_until: create
            .changes
            .valid_until
            .as_ref()
            .and_then(|t| t.as_deref()),
        created: &now,
        modified: &now,
        created_by: context.actor_id(),
        modified_by: context.actor_id(),
        origin: None,
    };
    let grant: Option<Grant> = diesel::insert_into(grants::table)
        .values(new)
        .on_conflict_do_nothing()
        .returning(Grant::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    if let Some(grant) = &grant {
        append_audit(
            context,
            connection,
            told("create", grant.id, None, Some(grant)),
        )
        .await?;
        mail(None, Some(grant), context, connection).await?;
    }
    Ok(grant)
}

/// Writes to the holder of what begins, changes or ends by this change; what
/// gives no right is no news.
async fn mail(
    before: Option<&Grant>,
    after: Option<&Grant>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let now = context.now_text();
    let before = before.filter(|grant| grant.is_in_force(&now));
    let after = after.filter(|grant| grant.is_in_force(&now));
    let (grant, what) = match (before, after) {
        (Some(before), Some(after)) if before.role_id != after.role_id => {
            let from_role = before.role_id;
            (after, GrantChange::Changed { from_role })
        }
        (Some(_), Some(_)) | (None, None) => return Ok(()),
        (None, Some(after)) => (after, GrantChange::Granted),
        (Some(before), None) => (before, GrantChange::Removed),
    };
    let news = GrantNews {
        grant_id: grant.id,
        user_id: grant.user_id,
        what,
        role_id: grant.role_id,
        workspace_id: grant.workspace_id,
        cluster_id: grant.cluster_id,
    };
    about_grants(&[news], context, connection).await
}

fn told(
    verb: &'static str,
    id: i64,
    before: Option<&Grant>,
    after: Option<&Grant>,
) -> AuditEntry<'static> {
    AuditEntry {
        verb,
        subject_type: "grants",
        subject_id: id,
        before: before.map(described),
        after: after.map(described),
    }
}

impl Run for UpdateGrant {
    type Answer = Grant;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<Grant, DirectoryError> {
        let before = held(self.id, connection).await?;
        let changes = self.changes.clone().without_unchanged(&before);
        let asked: Vec<Asked> = self
            .asked(&before, &changes)
            .into_iter()
            .map(|(role, verb, end)| Asked {
                user: before.user_id,
                role,
                place: before.place(),
                verb,
                end,
            })
            .collect();
        allowed(
            self.id,
            self.visible,
            self.authority,
            &asked,
            context,
            connection,
        )
        .await?;
        self.expected.check(before.version)?;
        if let Some(role) = changes.role_id {
            check_place(role, before.place(), connection).await?;
        }
        check_force(&changes, Some(&before))?;
        if changes.is_empty() {
            return Ok(before);
        }
        put(&before, &changes, false, context, connection).await
    }
}

/// Writes what shall change of a grant, whoever may; perhaps it is then held
/// everywhere, and not in a place.
pub async fn put(
    before: &Grant,
    changes: &GrantChanges,
    drops_place: bool,
    context: &Context,
    connection: &mut Conn,
) -> Result<Grant, DirectoryError> {
    let nowhere = drops_place.then(|| {
        (
            grants::workspace_id.eq(None::<i64>),
            grants::cluster_id.eq(None::<i64>),
        )
    });
    let after: Grant = diesel::update(grants::table.find(before.id))
        .set((
            changes,
            nowhere,
            // Only another end is told again.
            grants::end_told.eq(grants::end_told.and(
                changes
                    .valid_until
                    .is_none()
                    .into_sql::<diesel::sql_types::Bool>(),
            )),
            // Whoever changes it makes it theirs: it no longer goes with a group.
            grants::origin.eq(None::<String>),
            grants::version.eq(grants::version + 1),
            grants::modified.eq(context.now_text()),
            grants::modified_by.eq(context.actor_id()),
        ))
        .returning(Grant::as_returning())
        .cached()
        .get_result(connection)
        .await
        .map_err(same_grant)?;
    let (old, new) = difference(described(before), described(&after));
    let audit_entry = AuditEntry {
        before: Some(old),
        after: Some(new),
        ..told("update", before.id, None, None)
    };
    append_audit(context, connection, audit_entry).await?;
    mail(Some(before), Some(&after), context, connection).await?;
    if before.role_id == ADMIN {
        some_administrator(context, connection).await?;
    }
    Ok(after)
}

/// The only unique index of the table.
fn same_grant(error: diesel::result::Error) -> DirectoryError {
    use diesel::result::{DatabaseErrorKind, Error};
    match error {
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            DirectoryError::taken("role", "The user holds this role in this place already.")
        }
        error => error.into(),
    }
}

/// Whoever may do it may know of it; whoever may not hears that there is no
/// such grant, unless they see it.
async fn allowed(
    id: i64,
    visible: Visibility,
    authority: Authority,
    asked: &[Asked],
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let refusal = match may(authority, asked, context, connection).await {
        Ok(()) if !asked.is_empty() => return Ok(()),
        Ok(()) => None,
        Err(refusal) => Some(refusal),
    };
    let seen = FindGrant { id, visible }.run(context, connection).await?;
    found(seen)?;
    refusal.map_or(Ok(()), Err)
}

impl Run for DeleteGrant {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        let before = held(self.id, connection).await?;
        let asked = [Asked {
            user: before.user_id,
            role: before.role_id,
            place: before.place(),
            verb: Verb::Remove,
            end: End::past(),
        }];
        allowed(
            self.id,
            self.visible,
            self.authority,
            &asked,
            context,
            connection,
        )
        .await?;
        self.expected.check(before.version)?;
        end(&before, context, connection).await
    }
}

/// Takes a role away, whoever may.
pub async fn end(
    before: &Grant,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let deleted = diesel::delete(grants::table.find(before.id))
        .execute(connection)
        .await?;
    if deleted == 0 {
        return Err(DirectoryError::NotFound);
    }
    let audit_entry = told("delete", before.id, Some(before), None);
    append_audit(context, connection, audit_entry).await?;
    mail(Some(before), None, context, connection).await?;
    if before.role_id == ADMIN {
        some_administrator(context, connection).await?;
    }
    Ok(())
}

impl Run for GiveRoles {
    type Answer = Vec<Grant>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Vec<Grant>, DirectoryError> {
        // Two that give roles in one place at the same time must see each other.
        let user = env::for_update!(
            users::table
                .find(self.user_id)
                .filter(users::deleted_at.is_null())
                .select(users::id)
        );
        let user: Option<i64> = user.get_result(connection).await.optional()?;
        user.ok_or(DirectoryError::no_such("users", "user"))?;
        let asked: Vec<Asked> = self
            .roles
            .iter()
            .map(|(role, place)| Asked {
                user: self.user_id,
                role: *role,
                place: *place,
                verb: Verb::Give,
                end: End::NEVER,
            })
            .collect();
        may(self.authority, &asked, context, connection).await?;
        for (role, place) in &self.roles {
            check_place(*role, *place, connection).await?;
        }
        refuse_company(self, connection).await?;
        let mut given = Vec::with_capacity(self.roles.len());
        for (role, place) in &self.roles {
            let create = CreateGrant {
                visible: Visibility::All,
                user_id: self.user_id,
                role_id: *role,
                place: *place,
                changes: GrantChanges::default(),
                authority: self.authority,
            };
            given.push(insert(&create, context, connection).await?.ok_or(TAKEN)?);
        }
        Ok(given)
    }
}

pub const TAKEN: DirectoryError =
    DirectoryError::Protected("Role already exists in cluster or workspace.");

/// One of these roles in each place, and with one that is held everywhere no other.
async fn refuse_company(give: &GiveRoles, connection: &mut Conn) -> Result<(), DirectoryError> {
    let held: Vec<(Option<i64>, Option<i64>)> = grants::table
        .filter(grants::user_id.eq(give.user_id))
        .filter(env::id_in(grants::role_id, give.alone_among.clone()))
        .select((grants::workspace_id, grants::cluster_id))
        .load(connection)
        .await?;
    let held: BTreeSet<_> = held.into_iter().collect();
    let mut taken = give
        .roles
        .iter()
        .filter(|(role, _)| give.alone_among.contains(role))
        .map(|(_, place)| (place.workspace, place.cluster));
    if held.contains(&(None, None)) || taken.any(|place| held.contains(&place)) {
        return Err(TAKEN);
    }
    Ok(())
}

/// Expired grants that one transaction records at most.
const SOME: i64 = 200;

impl Run for RecordExpiredGrants {
    type Answer = usize;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<usize, DirectoryError> {
        let now = context.now_text();
        let ended = env::for_update!(
            grants::table
                .filter(grants::valid_until.le(&now))
                // In the words of the index `grants_ending`: a bound value would
                // have every grant looked at.
                .filter(diesel::dsl::not(grants::end_told))
                .order(grants::valid_until.asc())
                .limit(SOME)
                .select(Grant::as_select())
        );
        let ended: Vec<Grant> = ended.load(connection).await?;
        let ids = ended.iter().map(|grant| grant.id).collect();
        diesel::update(grants::table.filter(env::id_in(grants::id, ids)))
            .set(grants::end_told.eq(true))
            .cached()
            .execute(connection)
            .await?;
        let audit_entries = ended
            .iter()
            .map(|grant| told("expire", grant.id, Some(grant), None))
            .collect();
        append_audit_entries(context, connection, audit_entries).await?;
        Ok(ended.len())
    }
}
