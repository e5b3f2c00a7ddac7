//! Which record is that of an entry of the other directory: the one that names
//! the entry's id, else the one of its name, in whichever case.

use super::super::names::{alike_in_trash, like_username};
use super::super::prelude::*;
use super::env;
use crate::directory::external::{Arrival, EntryId, IsSettledHere, Unwelcome};
use crate::directory::names::{folded, normalized};
use crate::storage::schema::users;

/// A record, as far as it decides who comes in.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Record {
    pub id: i64,
    pub username: String,
    external: bool,
    is_active: bool,
    deleted_at: Option<String>,
    ldap_id: Option<String>,
}

pub enum Whose {
    Theirs(Record),
    /// There is no record of theirs, and the name is free.
    Nobodys,
    /// With the record, where it is theirs.
    Refused(Unwelcome, Option<Record>),
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

/// `is_change`: the records are held, so that they stay as they are until the
/// change is done.
pub async fn whose(
    arrival: &Arrival,
    is_change: bool,
    connection: &mut Conn,
) -> Result<Whose, DirectoryError> {
    if let EntryId::Is(id) = &arrival.user.id {
        let row = records!(users::ldap_id.eq(id));
        let row: Option<Record> = match is_change {
            true => env::for_update!(row)
                .get_result(connection)
                .await
                .optional()?,
            false => row.get_result(connection).await.optional()?,
        };
        if let Some(record) = row {
            return Ok(standing(record));
        }
    }
    let named = named(arrival.user.username(), is_change, connection).await?;
    Ok(judge(named, arrival))
}

/// The records of this name in whichever case, the one that is written so first.
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

fn standing(record: Record) -> Whose {
    let unwelcome = if !record.external {
        return Whose::Refused(Unwelcome::Internal, None);
    } else if record.deleted_at.is_some() {
        Unwelcome::InTrash
    } else if !record.is_active {
        Unwelcome::Inactive
    } else {
        return Whose::Theirs(record);
    };
    Whose::Refused(unwelcome, Some(record))
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
fn judge(named: Vec<Record>, arrival: &Arrival) -> Whose {
    let (is_living, decisive) = decisive(named);
    if decisive.iter().any(|record| !record.external) {
        return Whose::Refused(Unwelcome::Internal, None);
    }
    let is_theirs = |record: &Record| match (&record.ldap_id, &arrival.user.id) {
        (None, _) | (Some(_), EntryId::Unused) => true,
        (Some(_), EntryId::Hidden) => false,
        // The same: made since it was looked for by that id.
        (Some(known), EntryId::Is(id)) => known == id || arrival.may_adopt,
    };
    let (theirs, others): (Vec<_>, Vec<_>) = decisive.into_iter().partition(is_theirs);
    // Of several from before, who is kept out is kept out in each spelling.
    let kept_out = theirs.iter().find(|record| !record.is_active);
    match kept_out.or(theirs.as_slice().first()) {
        Some(record) => standing(record.clone()),
        None if others.is_empty() => Whose::Nobodys,
        None if arrival.user.id == EntryId::Hidden => Whose::Refused(Unwelcome::NoId, None),
        None if is_living => {
            let is_active = others.iter().any(|record| record.is_active);
            let why = match is_active {
                true => Unwelcome::Another,
                false => Unwelcome::InactiveAnother,
            };
            Whose::Refused(why, None)
        }
        // Somebody else was called so, and is gone.
        None => Whose::Nobodys,
    }
}

impl Record {
    /// Whether the record does not name this entry yet.
    pub fn lacks(&self, entry: &EntryId) -> bool {
        matches!(entry, EntryId::Is(id) if self.ldap_id.as_ref() != Some(id))
    }
}

impl Run for IsSettledHere {
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
