use super::audit::append_audit;
use super::ceiling::{Holders, is_held, require_roles, resolve_ceiling};
use super::grants;
use super::members::{add_users, replace_users};
use super::outbox::about_end_of;
use super::prelude::*;
use super::{env, found, name_conflicts, pair_relations};
use crate::directory::events::{described, difference};
use crate::directory::listing::Named;
use crate::directory::members::{Authority, Relation};
use crate::directory::names::{folded, skeleton};
use crate::directory::permissions::{Permission, PrivilegeCeiling, names};
use crate::directory::portal::PortalRole;
use crate::directory::privileges::{End, Holding, ResolvedCeiling};
use crate::directory::roles::{
    ADMIN, CreateRole, DeleteRole, FindRole, NewRole, Role, RoleChanges, RoleColumn, Roles,
    RolesOf, UpdateRole, closure,
};
use crate::storage::schema::{grant_rule_targets, role_closure, role_includes, roles};

columns!(roles, RoleColumn {
    Id: number id,
    Name: text name,
    Label: maybe_text label,
    Description: maybe_text description,
    Scope: text scope,
    Unchangeable: flag unchangeable,
    IsDefault: flag is_default,
    IncludeContext: maybe_text include_context,
    ExcludeContext: maybe_text exclude_context,
    IncludeBundles: maybe_text include_bundles,
    ExcludeBundles: maybe_text exclude_bundles,
    ExternalId: maybe_text external_id,
    Origin: text origin,
    Created: text created,
    Modified: text modified,
    CreatedBy: maybe_number created_by,
    ModifiedBy: maybe_number modified_by,
});
no_own!(roles);

impl Run for FindRole {
    type Answer = Option<Role>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Role>, DirectoryError> {
        if !sees(self.visible, self.id, context, connection).await? {
            return Ok(None);
        }
        by_id(self.id, connection).await
    }
}

/// Whoever may not see all roles sees those that they hold.
pub async fn sees(
    visible: Visibility,
    id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    match visible {
        Visibility::All => Ok(true),
        Visibility::Nothing => Ok(false),
        Visibility::Own(user) | Visibility::Delegated(user) => {
            Ok(grants::holds_anywhere(user, id, context, connection).await?)
        }
    }
}

/// The ids of those that there are, each once: two queries, since one that asks
/// for either would look at every role.
pub async fn ids_of(named: &Named, connection: &mut Conn) -> Result<Vec<i64>, DirectoryError> {
    let mut ids: Vec<i64> = Vec::new();
    if !named.ids.is_empty() {
        let query = roles::table.filter(env::id_in(roles::id, named.ids.clone()));
        ids = query.select(roles::id).load(connection).await?;
    }
    if !named.names.is_empty() {
        let query = roles::table.filter(env::text_in(roles::name, &named.names));
        let others: Vec<i64> = query.select(roles::id).load(connection).await?;
        ids.extend(others);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

async fn by_id(id: i64, connection: &mut Conn) -> Result<Option<Role>, DirectoryError> {
    let query = roles::table.find(id).select(Role::as_select());
    Ok(query.get_result(connection).await.optional()?)
}

/// Before a change: what is recorded as the state before it must be that.
async fn lock_by_id(id: i64, connection: &mut Conn) -> Result<Option<Role>, DirectoryError> {
    let query = env::for_update!(roles::table.find(id).select(Role::as_select()));
    Ok(query.get_result(connection).await.optional()?)
}

impl Run for List<Roles> {
    type Answer = Listed<Role>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<Role>, DirectoryError> {
        let seen = || filtered(self, None, context);
        let among: Option<&dyn Fn() -> _> = match self.visible {
            Visibility::All => None,
            _ => Some(&seen),
        };
        let wanted = resolve_patterns(&self.condition, among, connection).await?;
        let matching = || filtered(self, wanted.as_ref(), context);
        let rows = page!(self, matching(), Role, context, connection);
        let total = total!(self, rows, matching(), connection);
        Ok(Listed { rows, total })
    }
}

fn filtered(
    list: &List<Roles>,
    wanted: Option<&Condition<RoleColumn>>,
    context: &Context,
) -> roles::BoxedQuery<'static, Db> {
    let mut query = roles::table.into_boxed::<Db>();
    query = match list.visible {
        Visibility::All => query,
        Visibility::Own(own) | Visibility::Delegated(own) => {
            query.filter(roles::id.eq_any(grants::held_anywhere(own, context)))
        }
        Visibility::Nothing => query.filter(roles::id.eq(0)),
    };
    query = match &list.parent {
        Some(RolesOf::User(user)) => query.filter(roles::id.eq_any(grants::held(*user, context))),
        Some(RolesOf::Effective(user)) => {
            query.filter(roles::id.eq_any(grants::held_anywhere(*user, context)))
        }
        Some(RolesOf::PartsOf(role)) => {
            let parts = role_includes::table
                .filter(role_includes::role_id.eq(*role))
                .select(role_includes::part_id);
            query.filter(roles::id.eq_any(parts))
        }
        Some(RolesOf::TargetsOf(rule)) => {
            let targets = grant_rule_targets::table
                .filter(grant_rule_targets::rule_id.eq(*rule))
                .select(grant_rule_targets::role_id);
            query.filter(roles::id.eq_any(targets))
        }
        Some(RolesOf::Ids(ids)) => query.filter(env::id_in(roles::id, ids.clone())),
        None => query,
    };
    match wanted {
        Some(wanted) => query.filter(condition(wanted, context)),
        None => query,
    }
}

impl Run for CreateRole {
    type Answer = Role;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<Role, DirectoryError> {
        make(self, Making::default(), context, connection).await
    }
}

/// What an import knows of a role.
#[derive(Clone, Copy, Default)]
pub struct Making {
    /// Its name has stood beside those of others elsewhere, and is not looked at.
    pub keeps_name: bool,
    pub predefined: Predefined,
}

/// Which role of a system that is served here it becomes.
#[derive(Clone, Copy, Default)]
pub enum Predefined {
    /// The one of its name, where there is none and an administrator makes it.
    #[default]
    ByName,
    As(PortalRole),
    None,
}

/// Makes a role.
pub async fn make(
    create: &CreateRole,
    making: Making,
    context: &Context,
    connection: &mut Conn,
) -> Result<Role, DirectoryError> {
    may_protect(create.ceiling, create.changes.unchangeable == Some(true))?;
    let keeps_name = making.keeps_name;
    let ceiling = resolve_ceiling(create.ceiling, context, connection).await?;
    let mut changes = create.changes.clone();
    if !keeps_name {
        changes = changes.normalized();
        name_conflicts::refuse(name_conflicts::of_role(&changes, None, connection).await?)?;
    }
    let mut role = insert(changes, keeps_name, context, connection).await?;
    let id = role.id;
    require_roles(
        &ceiling,
        vec![Holding::of_role(id, End::past())],
        connection,
    )
    .await?;
    let predefined = match making.predefined {
        Predefined::ByName => PortalRole::named(&role.name),
        Predefined::As(portal) => Some(portal),
        Predefined::None => None,
    };
    if create.ceiling == PrivilegeCeiling::Everything
        && predefine(&role, predefined, connection).await?
    {
        role = found(by_id(id, connection).await?)?;
    }
    let after = Some(described(&role));
    append_audit(context, connection, audit_entry("create", id, None, after)).await?;
    if let Some(parts) = &create.includes {
        let side = Relation::RoleIncludes.of(id);
        let authority = Authority::Permission(create.ceiling);
        pair_relations::replace(side, parts, authority, context, connection).await?;
    }
    if let Some(users) = &create.users {
        add_users(
            id,
            users,
            Authority::Permission(create.ceiling),
            context,
            connection,
        )
        .await?;
    }
    Ok(role)
}

async fn insert(
    changes: RoleChanges,
    keeps_name: bool,
    context: &Context,
    connection: &mut Conn,
) -> Result<Role, DirectoryError> {
    let now = context.now_text();
    let name = changes.name.as_deref().unwrap_or_default();
    let letters = folded(name);
    let is_twin = keeps_name && has_letters(&letters, connection).await?;
    let new = NewRole {
        name,
        name_skeleton: skeleton(name),
        name_folded: (!is_twin).then_some(letters),
        created: &now,
        modified: &now,
        created_by: context.actor_id(),
        modified_by: context.actor_id(),
    };
    let role: Role = diesel::insert_into(roles::table)
        .values(new)
        .returning(Role::as_returning())
        .get_result(connection)
        .await?;
    let rest = RoleChanges {
        name: None,
        ..changes
    };
    if rest.is_empty() {
        return Ok(role);
    }
    let role = diesel::update(roles::table.find(role.id))
        .set(&rest)
        .returning(Role::as_returning())
        .cached()
        .get_result(connection)
        .await?;
    Ok(role)
}

/// Whether a role has these letters, in whatever case.
async fn has_letters(letters: &str, connection: &mut Conn) -> Result<bool, DirectoryError> {
    let twin = roles::table
        .filter(roles::name_folded.eq(letters))
        .select(roles::id);
    let twin: Option<i64> = twin.first(connection).await.optional()?;
    Ok(twin.is_some())
}

audit_entry_for!("roles");

pub async fn is_changeable(id: i64, connection: &mut Conn) -> Result<(), DirectoryError> {
    let row = roles::table.find(id).select(roles::unchangeable);
    match found(row.first::<bool>(connection).await.optional()?)? {
        true => Err(UNCHANGEABLE),
        false => Ok(()),
    }
}

/// The role of a system that is served here, when an administrator makes one
/// of that name and there is none: by the name alone nobody else gets what it does.
/// Tells whether it is that.
async fn predefine(
    role: &Role,
    portal: Option<PortalRole>,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let Some(portal) = portal.map(PortalRole::name) else {
        return Ok(false);
    };
    let same = roles::table
        .filter(roles::predefined.eq(portal))
        .select(roles::id);
    if same.first::<i64>(connection).await.optional()?.is_some() {
        return Ok(false);
    }
    diesel::update(roles::table.find(role.id))
        .set(roles::predefined.eq(portal))
        .execute(connection)
        .await?;
    Ok(true)
}

/// Protection from changes binds everybody, so only administrators decide on it.
fn may_protect(ceiling: PrivilegeCeiling, changes: bool) -> Result<(), DirectoryError> {
    match changes && ceiling != PrivilegeCeiling::Everything {
        true => Err(DirectoryError::Protected(
            "Only administrators make a role unchangeable, or changeable again.",
        )),
        false => Ok(()),
    }
}

/// What a role gives changes for all who hold it: that is giving, too.
async fn lock_and_may_change(
    ceiling: &ResolvedCeiling,
    role: i64,
    except: Option<i64>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    if ceiling.has(Permission::GrantsWrite)
        || !is_held(role, except, Holders::All, context, connection).await?
    {
        return Ok(());
    }
    Err(DirectoryError::Protected(
        match is_held(role, except, Holders::Living, context, connection).await? {
            true => {
                "Somebody holds this role: such a change also needs the permission grants:write."
            }
            false => {
                "Users in the trash hold this role: such a change also needs the permission grants:write, unless they are purged."
            }
        },
    ))
}

/// Until when a role gives what it gives: without an end to those who hold it,
/// to nobody else.
async fn end_of(
    role: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<End, DirectoryError> {
    match is_held(role, None, Holders::All, context, connection).await? {
        true => Ok(End::NEVER),
        false => Ok(End::past()),
    }
}

/// Refuses a role that permits, with all that it contains and lets be given,
/// more than the caller may. After a change with the ceiling from before it.
pub async fn within_ceiling(
    ceiling: &ResolvedCeiling,
    id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    if matches!(ceiling, ResolvedCeiling::Everything) {
        return Ok(());
    }
    let end = end_of(id, context, connection).await?;
    require_roles(ceiling, vec![Holding::of_role(id, end)], connection).await
}

/// Settles anew which roles are in which, from what each contains directly.
pub async fn rebuild_closure(connection: &mut Conn) -> Result<(), DirectoryError> {
    let direct: Vec<(i64, i64)> = role_includes::table
        .select((role_includes::role_id, role_includes::part_id))
        .load(connection)
        .await?;
    let wanted = closure(&direct)?;
    let known: Vec<(i64, i64)> = role_closure::table
        .filter(role_closure::role_id.ne(role_closure::part_id))
        .select((role_closure::role_id, role_closure::part_id))
        .load(connection)
        .await?;
    let known: std::collections::BTreeSet<_> = known.into_iter().collect();
    for (role, part) in known.difference(&wanted) {
        diesel::delete(role_closure::table.find((role, part)))
            .execute(connection)
            .await?;
    }
    for (role, part) in wanted.difference(&known) {
        diesel::insert_into(role_closure::table)
            .values((
                role_closure::role_id.eq(role),
                role_closure::part_id.eq(part),
            ))
            .execute(connection)
            .await?;
    }
    Ok(())
}

const UNCHANGEABLE: DirectoryError = DirectoryError::Protected("This role is unchangeable.");

/// Whether an administrator gives up the protection of a role with this. That
/// of the administrators' own role stays.
fn unprotects(update: &UpdateRole) -> bool {
    update.ceiling == PrivilegeCeiling::Everything
        && update.changes.unchangeable == Some(false)
        && update.id != ADMIN
}

/// What needs more than the permission to change roles.
async fn may_change(
    ceiling: &ResolvedCeiling,
    before: &Role,
    changes: &RoleChanges,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let gains = changes.permissions.as_ref().is_some_and(|after| {
        let before = names(&before.permissions);
        names(after).iter().any(|name| !before.contains(name))
    });
    // Services know a role by its name.
    if gains || changes.scope.is_some() || changes.name.is_some() {
        lock_and_may_change(ceiling, before.id, None, context, connection).await?;
    }
    Ok(())
}

impl Run for UpdateRole {
    type Answer = Role;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<Role, DirectoryError> {
        update(self, false, context, connection).await
    }
}

/// Changes a role; perhaps to a name that is not looked at, as [`Making`] has it.
pub async fn update(
    wanted: &UpdateRole,
    keeps_name: bool,
    context: &Context,
    connection: &mut Conn,
) -> Result<Role, DirectoryError> {
    if !sees(wanted.visible, wanted.id, context, connection).await? {
        return Err(DirectoryError::NotFound);
    }
    let before = found(lock_by_id(wanted.id, connection).await?)?;
    wanted.expected.check(before.version)?;
    if before.unchangeable && !unprotects(wanted) {
        return Err(UNCHANGEABLE);
    }
    let ceiling = resolve_ceiling(wanted.ceiling, context, connection).await?;
    let untouched = Holding::of_role(wanted.id, End::past());
    require_roles(&ceiling, vec![untouched], connection).await?;
    // A name from before that is sent back as it stands is no change.
    let mut changes = wanted.changes.clone().without_unchanged(&before);
    if !keeps_name {
        changes = changes.normalized().without_unchanged(&before);
    }
    may_protect(wanted.ceiling, changes.unchangeable.is_some())?;
    may_change(&ceiling, &before, &changes, context, connection).await?;
    let authority = Authority::Permission(wanted.ceiling);
    if let Some(parts) = &wanted.includes {
        let side = Relation::RoleIncludes.of(wanted.id);
        pair_relations::replace(side, parts, authority, context, connection).await?;
    }
    if let Some(users) = &wanted.users {
        replace_users(wanted.id, users, authority, context, connection).await?;
    }
    if changes.is_empty() {
        return Ok(before);
    }
    if !keeps_name {
        name_conflicts::refuse(
            name_conflicts::of_role(&changes, Some(wanted.id), connection).await?,
        )?;
    }
    let after = write(&changes, &before, keeps_name, context, connection).await?;
    if changes.permissions.is_some() {
        within_ceiling(&ceiling, wanted.id, context, connection).await?;
    }
    let (old, new) = difference(described(&before), described(&after));
    append_audit(
        context,
        connection,
        audit_entry("update", wanted.id, Some(old), Some(new)),
    )
    .await?;
    Ok(after)
}

async fn write(
    changes: &RoleChanges,
    before: &Role,
    keeps_name: bool,
    context: &Context,
    connection: &mut Conn,
) -> Result<Role, DirectoryError> {
    let letters = changes.name.as_deref().map(folded);
    let is_twin = match &letters {
        Some(letters) if keeps_name && *letters != folded(&before.name) => {
            has_letters(letters, connection).await?
        }
        _ => false,
    };
    let role = diesel::update(roles::table.find(before.id))
        .set((
            changes,
            changes.name.as_deref().map(|name| {
                (
                    roles::name_skeleton.eq(skeleton(name)),
                    roles::name_folded.eq(letters.filter(|_| !is_twin)),
                )
            }),
            roles::version.eq(roles::version + 1),
            roles::modified.eq(context.now_text()),
            roles::modified_by.eq(context.actor_id()),
        ))
        .returning(Role::as_returning())
        .cached()
        .get_result(connection)
        .await?;
    Ok(role)
}

impl Run for DeleteRole {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        if !sees(self.visible, self.id, context, connection).await? {
            return Err(DirectoryError::NotFound);
        }
        let before = found(lock_by_id(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        if before.unchangeable {
            return Err(UNCHANGEABLE);
        }
        let ceiling = resolve_ceiling(self.ceiling, context, connection).await?;
        let gone = Holding::of_role(self.id, End::past());
        require_roles(&ceiling, vec![gone], connection).await?;
        lock_and_may_change(&ceiling, self.id, context.actor_id(), context, connection).await?;
        let side = Relation::RoleUsers.of(self.id);
        grants::record_end_of(side, context, connection).await?;
        about_end_of(self.id, context, connection).await?;
        // Nobody changes what a role contains while it is settled anew.
        env::serialize(connection).await?;
        // What others contain only through this role they lose with it.
        let contained = role_includes::table
            .filter(role_includes::part_id.eq(self.id))
            .select(role_includes::role_id);
        let contained: Option<i64> = contained.first(connection).await.optional()?;
        let deleted = diesel::delete(roles::table.find(self.id))
            .execute(connection)
            .await?;
        if deleted == 0 {
            return Err(DirectoryError::NotFound);
        }
        if contained.is_some() {
            rebuild_closure(connection).await?;
        }
        let before = Some(described(&before));
        append_audit(
            context,
            connection,
            audit_entry("delete", self.id, before, None),
        )
        .await
    }
}
