//! Roles: few, each taken in by the operations that everybody's changes go through.
//!
//! The roles of the portal come with a directory. A row is about one of them when it
//! says so, whatever that is called. While nobody has changed or given one, it becomes
//! what its row says: so a new directory takes the roles of another as they are there.

use super::super::ceiling::{Holders, is_held};
use super::super::prelude::*;
use super::super::roles::{Making, Predefined, make, update};
use super::entity_rows::{At, changed, taken};
use super::{Batch, guarded, names};
use crate::directory::Expected;
use crate::directory::bulk::{Kind, RoleRow, RowProblem};
use crate::directory::names::{normalized_role_name, skeleton};
use crate::directory::permissions::PrivilegeCeiling;
use crate::directory::portal::PortalRole;
use crate::directory::roles::{CreateRole, DeleteRole, Role, RoleChanges, UpdateRole};
use crate::storage::schema::{role_includes, roles};

const KIND: Kind = Kind::Roles;

pub async fn take(
    at: At,
    row: RoleRow,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let portal = portal_role(&row);
    if row.is_gone == Some(true) {
        return take_away(at.line, portal, batch, context, connection).await;
    }
    let includes = match &row.includes {
        None => None,
        Some(wanted) => {
            let all = wanted.iter().cloned().collect();
            let (known, _) = names::roles(all, connection).await?;
            match known.find_all("includes", wanted) {
                Ok(ids) => Some(ids),
                Err(problems) => {
                    batch.outcome.refuse(KIND, at.line, problems);
                    return Ok(());
                }
            }
        }
    };
    let there = match portal {
        Some(portal) => predefined(portal, connection).await?,
        None => named(&row, connection).await?,
    };
    let problems = at.remaining(there.as_ref());
    if !problems.is_empty() {
        batch.outcome.refuse(KIND, at.line, problems);
        return Ok(());
    }
    let name = row.changes.name.clone().unwrap_or_default();
    let comes_from_an_export = row.origin.is_some() || portal.is_some();
    if comes_from_an_export && there.as_ref().is_none_or(|there| there.name != name) {
        make_way(&name, there.as_ref(), batch, context, connection).await?;
    }
    match there {
        None => create(at.line, row, portal, includes, batch, context, connection).await,
        Some(there) => {
            let is_untouched = is_untouched(&there, batch, context, connection).await?;
            let changes = match is_untouched && row.origin.is_some() {
                true => whole(row.changes),
                false => row.changes,
            };
            let wanted = Wanted {
                changes,
                includes,
                is_untouched,
                keeps_name: row.keeps_name,
                is_renamed: portal.is_some(),
            };
            change(at.line, there, wanted, batch, context, connection).await
        }
    }
}

/// Which role of the portal the row is about. Files from before say it by the name.
fn portal_role(row: &RoleRow) -> Option<PortalRole> {
    let name = match (&row.predefined, row.origin.as_deref()) {
        (Some(predefined), _) => Some(predefined),
        (None, Some("portal")) => row.changes.name.as_ref(),
        (None, _) => None,
    };
    name.and_then(|name| PortalRole::named(name))
}

async fn predefined(
    portal: PortalRole,
    connection: &mut Conn,
) -> Result<Option<Role>, DirectoryError> {
    let role = roles::table.filter(roles::predefined.eq(portal.name()));
    let role = role.select(Role::as_select());
    Ok(role.first(connection).await.optional()?)
}

/// The role of the row's name. One of the portal is another than a role that
/// somebody has made, whatever they are called.
async fn named(row: &RoleRow, connection: &mut Conn) -> Result<Option<Role>, DirectoryError> {
    let name = row.changes.name.clone().unwrap_or_default();
    let spellings = vec![name.clone(), normalized_role_name(&name).into_owned()];
    let there: Option<Role> = roles::table
        .filter(roles::name.eq_any(spellings))
        // The very name goes before another spelling of it.
        .order(roles::name.eq(name).desc())
        .select(Role::as_select())
        .first(connection)
        .await
        .optional()?;
    let is_ours = row.origin.as_deref() == Some("directory");
    Ok(there.filter(|there| !is_ours || there.origin != "portal"))
}

/// Whether nobody has changed a role that came with the directory, or holds it.
async fn is_untouched(
    role: &Role,
    batch: &Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let is_as_made = role.version == 1 && role.modified_by.is_none();
    if role.origin != "portal" || !(is_as_made || batch.moved.contains(&role.id)) {
        return Ok(false);
    }
    let part = role_includes::table
        .filter(role_includes::role_id.eq(role.id))
        .select(role_includes::part_id);
    let part: Option<i64> = part.first(connection).await.optional()?;
    Ok(part.is_none() && !is_held(role.id, None, Holders::All, context, connection).await?)
}

/// An untouched role of the portal leaves its name to another role that has it
/// where the rows come from; a row of its own says what it is called.
async fn make_way(
    name: &str,
    own: Option<&Role>,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let alike: Vec<(Role, Option<String>)> = roles::table
        .filter(roles::name_skeleton.eq(skeleton(name)))
        .filter(roles::predefined.is_not_null())
        .select((Role::as_select(), roles::predefined))
        .load(connection)
        .await?;
    for (role, predefined) in alike {
        if own.is_some_and(|own| own.id == role.id)
            || !is_untouched(&role, batch, context, connection).await?
        {
            continue;
        }
        let changes = RoleChanges {
            name: Some(format!("{} (portal)", predefined.unwrap_or_default())),
            ..RoleChanges::default()
        };
        let aside = updated(role.id, changes, None);
        match guarded(&aside, context, connection).await {
            Ok(_) => drop(batch.moved.insert(role.id)),
            // The row will be refused, which says why.
            Err(DirectoryError::Invalid(_) | DirectoryError::Protected(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn updated(id: i64, changes: RoleChanges, includes: Option<Vec<i64>>) -> UpdateRole {
    UpdateRole {
        id,
        expected: Expected::Anything,
        visible: Visibility::All,
        changes,
        includes,
        users: None,
        ceiling: PrivilegeCeiling::Everything,
    }
}

async fn create(
    line: u64,
    row: RoleRow,
    portal: Option<PortalRole>,
    includes: Option<Vec<i64>>,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let predefined = match (portal, row.origin.as_deref()) {
        (Some(portal), _) => Predefined::As(portal),
        (None, Some("directory")) => Predefined::None,
        (None, _) => Predefined::ByName,
    };
    let new = NewRole {
        changes: row.changes,
        includes,
        making: Making {
            keeps_name: row.keeps_name,
            predefined,
        },
    };
    let answer = guarded(&new, context, connection).await;
    if batch.record_result(KIND, line, answer)?.is_some() {
        batch.outcome.of(KIND).created += 1;
    }
    Ok(())
}

/// An export leaves out what is empty, which a role that comes with the directory
/// need not be.
fn whole(changes: RoleChanges) -> RoleChanges {
    RoleChanges {
        label: changes.label.or(Some(None)),
        description: changes.description.or(Some(None)),
        include_context: changes.include_context.or(Some(None)),
        exclude_context: changes.exclude_context.or(Some(None)),
        include_bundles: changes.include_bundles.or(Some(None)),
        exclude_bundles: changes.exclude_bundles.or(Some(None)),
        ..changes
    }
}

/// What a role shall be.
struct Wanted {
    changes: RoleChanges,
    includes: Option<Vec<i64>>,
    keeps_name: bool,
    /// Nobody has changed or given the role that there is.
    is_untouched: bool,
    /// It was not found by its name, which therefore may differ.
    is_renamed: bool,
}

async fn change(
    line: u64,
    there: Role,
    wanted: Wanted,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let parts: Vec<i64> = role_includes::table
        .filter(role_includes::role_id.eq(there.id))
        .select(role_includes::part_id)
        .load(connection)
        .await?;
    let includes = changed(wanted.includes, &parts);
    let mut changes = wanted.changes.without_unchanged(&there);
    if !wanted.is_renamed {
        // It was found by its name, perhaps in another spelling.
        changes.name = None;
    }
    if changes.external_id == there.external_id {
        changes.external_id = None;
    }
    if changes.is_empty() && includes.is_none() {
        batch.outcome.of(KIND).unchanged += 1;
        return Ok(());
    }
    if !batch.updates(KIND) && !wanted.is_untouched {
        batch.refuse(KIND, line, taken("name"));
        return Ok(());
    }
    let change = ChangedRole {
        update: updated(there.id, changes, includes),
        keeps_name: wanted.keeps_name,
    };
    let answer = guarded(&change, context, connection).await;
    if batch.record_result(KIND, line, answer)?.is_some() {
        batch.outcome.of(KIND).updated += 1;
    }
    Ok(())
}

/// Removes a role of the portal that is not there where the rows come from.
async fn take_away(
    line: u64,
    portal: Option<PortalRole>,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let there = match portal {
        Some(portal) => predefined(portal, connection).await?,
        None => None,
    };
    let Some(there) = there else {
        batch.outcome.of(KIND).unchanged += 1;
        return Ok(());
    };
    let is_held = is_held(there.id, None, Holders::All, context, connection).await?;
    let may_go = batch.updates(KIND) || is_untouched(&there, batch, context, connection).await?;
    if is_held || !may_go {
        let message = "This role is gone where the file comes from, and held or changed here: delete it by hand.";
        batch.refuse(KIND, line, RowProblem::new("is_gone", message));
        return Ok(());
    }
    let delete = DeleteRole {
        id: there.id,
        expected: Expected::Anything,
        visible: Visibility::All,
        ceiling: PrivilegeCeiling::Everything,
    };
    let answer = guarded(&delete, context, connection).await;
    if batch.record_result(KIND, line, answer)?.is_some() {
        batch.outcome.of(KIND).updated += 1;
    }
    Ok(())
}

struct ChangedRole {
    update: UpdateRole,
    keeps_name: bool,
}

impl Run for ChangedRole {
    type Answer = Role;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<Role, DirectoryError> {
        update(&self.update, self.keeps_name, context, connection).await
    }
}

/// A role, made unchangeable only when it contains what it shall.
struct NewRole {
    changes: RoleChanges,
    includes: Option<Vec<i64>>,
    making: Making,
}

impl Run for NewRole {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        let is_sealed = self.changes.unchangeable == Some(true);
        let create = CreateRole {
            changes: RoleChanges {
                unchangeable: None,
                ..self.changes.clone()
            },
            includes: self.includes.clone().filter(|parts| !parts.is_empty()),
            users: None,
            ceiling: PrivilegeCeiling::Everything,
        };
        let role = make(&create, self.making, context, connection).await?;
        if is_sealed {
            let changes = RoleChanges {
                unchangeable: Some(true),
                ..RoleChanges::default()
            };
            let seal = updated(role.id, changes, None);
            seal.run(context, connection).await?;
        }
        Ok(())
    }
}
