//! Matches an entry of the external directory with a record: the one with the
//! entry's id, or else the one of its name, in any case.

use super::super::names::{alike_in_trash, like_username};
use super::super::prelude::*;
use super::env;
use crate::directory::external::{EntryId, IsProvisioned, Provisioning, ProvisioningDenial};
use crate::directory::names::{folded, normalized};
use crate::storage::schema::users;

/// The columns of a record that decide about a match.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Record {
    pub id: i64,
    pub username: String,
    external: bool,
    is_active: bool,
    deleted_at: Option<String>,
    ldap_id: Option<String>,
}

pub enum RecordMatch {
    Own(Record),
    /// They have no record, and the name is free.
    None,
    /// With the record, if it is theirs.
    Rejected(ProvisioningDenial, Option<Record>),
}

macro_rules! records {
    ($test:expr) => {
        users::table.filter($test).select((
            users::id,
            users::username,
            users::external,
            users::is_active,
            users::deleted_at,
            users::ldap_id,
        ))
    };
}

/// `is_change`: locks the records until the change is committed.
pub async fn match_record(
    provisioning: &Provisioning,
    is_change: bool,
    connection: &mut Conn,
) -> Result<RecordMatch, DirectoryError> {
    if let EntryId::Is(id) = &provisioning.user.id {
        let row = records!(users::ldap_id.eq(id));
        let row: Option<Record> = match is_change {
            true => env::for_update!(row)
                .get_result(connection)
                .await
                .optional()?,
            false => row.get_result(connection).await.optional()?,
        };
        if let Some(record) = row {
            return Ok(check_state(record));
        }
    }
    let named = named(provisioning.user.username(), is_change, connection).await?;
    Ok(judge(named, provisioning))
}

/// The records of this name in any case, an exact match first.
async fn named(
    username: &str,
    is_change: bool,
    connection: &mut Conn,
) -> Result<Vec<Record>, DirectoryError> {
    let mut like = like_username(username, connection).await?;
    like.extend(alike_in_trash(username, connection).await?);
    let wanted = folded(username);
    let same = like.into_iter().filter(|(_, name)| folded(name) == wanted);
    let ids: Vec<i64> = same.map(|(id, _)| id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = records!(env::id_in(users::id, ids));
    let mut rows: Vec<Record> = match is_change {
        true => env::for_update!(rows).load(connection).await?,
        false => rows.load(connection).await?,
    };
    rows.sort_by_key(|row| (row.username != username, row.id));
    Ok(rows)
}

fn check_state(record: Record) -> RecordMatch {
    let denial = if !record.external {
        return RecordMatch::Rejected(ProvisioningDenial::Internal, None);
    } else if record.deleted_at.is_some() {
        ProvisioningDenial::InTrash
    } else if !record.is_active {
        ProvisioningDenial::Inactive
    } else {
        return RecordMatch::Own(record);
    };
    RecordMatch::Rejected(denial, Some(record))
}

/// Of records of one name those that decide who is called so: the living; where
/// there are none, external ones in the trash. Those who had their password here
/// leave their names free when they go there.
fn decisive(named: Vec<Record>) -> (bool, Vec<Record>) {
    let (living, mut gone): (Vec<_>, Vec<_>) = named
        .into_iter()
        .partition(|record| record.deleted_at.is_none());
    gone.retain(|record| record.external);
    match living.is_empty() {
        true => (false, gone),
        false => (true, living),
    }
}

/// Of records of the same name none of which names this entry.
fn judge(named: Vec<Record>, provisioning: &Provisioning) -> RecordMatch {
    let (is_living, decisive) = decisive(named);
    if decisive.iter().any(|record| !record.external) {
        return RecordMatch::Rejected(ProvisioningDenial::Internal, None);
    }
    let is_theirs = |record: &Record| match (&record.ldap_id, &provisioning.user.id) {
        (None, _) | (Some(_), EntryId::Unused) => true,
        (Some(_), EntryId::Hidden) => false,
        // The same: made since it was looked for by that id.
        (Some(known), EntryId::Is(id)) => known == id || provisioning.may_adopt,
    };
    let (theirs, others): (Vec<_>, Vec<_>) = decisive.into_iter().partition(is_theirs);
    // Of several from before, who is kept out is kept out in each spelling.
    let kept_out = theirs.iter().find(|record| !record.is_active);
    match kept_out.or(theirs.as_slice().first()) {
        Some(record) => check_state(record.clone()),
        None if others.is_empty() => RecordMatch::None,
        None if provisioning.user.id == EntryId::Hidden => {
            RecordMatch::Rejected(ProvisioningDenial::NoId, None)
        }
        None if is_living => {
            let is_active = others.iter().any(|record| record.is_active);
            let why = match is_active {
                true => ProvisioningDenial::Another,
                false => ProvisioningDenial::InactiveAnother,
            };
            RecordMatch::Rejected(why, None)
        }
        // Somebody else was called so, and is gone.
        None => RecordMatch::None,
    }
}

impl Record {
    /// Whether the record does not name this entry yet.
    pub fn lacks(&self, entry: &EntryId) -> bool {
        matches!(entry, EntryId::Is(id) if self.ldap_id.as_ref() != Some(id))
    }
}

impl Run for IsProvisioned {
    type Answer = bool;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<bool, DirectoryError> {
        // PostgreSQL knows no NUL in text, and nobody is called so.
        if self.username.contains('\0') {
            return Ok(false);
        }
        let named = named(&normalized(&self.username), false, connection).await?;
        let (_, decisive) = decisive(named);
        Ok(decisive.iter().any(|record| {
            let is_out = record.deleted_at.is_some() || !record.is_active;
            !record.external || (is_out && record.ldap_id.is_none())
        }))
    }
}
