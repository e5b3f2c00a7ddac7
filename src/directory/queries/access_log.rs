use std::collections::HashMap;

use serde_json::{Map, Value};

use super::audit::{AuditEntry, append_audit};
use super::env;
use super::prelude::*;
use crate::directory::access_log::{AccessEvent, AccessVerb, NoteTokenAddress, RecordAccess};
use crate::directory::names::folded;
use crate::directory::source::{Credential, shown_network};
use crate::storage::events::NewEvent;
use crate::storage::schema::{token_addresses, tokens, users};

/// Addresses beyond the bound that one note forgets, as after a lower setting.
const FORGOTTEN_AT_ONCE: i64 = 1000;

impl Run for RecordAccess {
    type Answer = ();

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        let owners = owners(&self.0, connection).await?;
        let rows = self.0.iter().map(|event| row(event, &owners)).collect();
        Ok(env::append_audit(rows, connection).await?)
    }
}

/// A username, or its letters, and whose it is.
type Owner = (String, i64);

/// The users with the names that were tried. Looked up here, so that an attempt
/// takes the same time whether or not the name exists.
async fn owners(
    events: &[AccessEvent],
    connection: &mut Conn,
) -> Result<HashMap<String, i64>, DirectoryError> {
    let tried = events.iter().filter(|event| event.actor.is_none());
    // PostgreSQL knows no NUL in text, and nobody is called so.
    let mut names: Vec<String> = tried
        .filter_map(|event| event.username.clone())
        .filter(|name| !name.contains('\0'))
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    // As at the door: in whatever case, and the very name before others.
    let letters: Vec<String> = names.iter().map(|name| folded(name)).collect();
    let living = || users::table.filter(users::deleted_at.is_null());
    let (exactly, known): (Vec<Owner>, Vec<Owner>) = env::pipelined!(
        connection,
        living()
            .filter(env::text_in(users::username, &names))
            .select((users::username, users::id))
            .load(connection)
            .await,
        living()
            .filter(env::text_in(
                users::username_folded.assume_not_null(),
                &letters
            ))
            .select((users::username_folded.assume_not_null(), users::id))
            .load(connection)
            .await,
    );
    let known: HashMap<String, i64> = known.into_iter().collect();
    let owner = |name: String| Some((known.get(&folded(&name)).copied()?, name));
    let mut owners: HashMap<String, i64> = names
        .into_iter()
        .filter_map(owner)
        .map(|(id, name)| (name, id))
        .collect();
    owners.extend(exactly);
    Ok(owners)
}

/// The subject is the user whom it is about; 0 when that is nobody here.
fn row(event: &AccessEvent, owners: &HashMap<String, i64>) -> NewEvent {
    let actor = event.actor.as_ref();
    let owner = || owners.get(event.username.as_ref()?).copied();
    let mut after = event.details.clone();
    if let Some(username) = &event.username {
        after.insert("username".into(), username.clone().into());
    }
    NewEvent {
        at: event.at.clone(),
        actor_id: actor.map(|actor| actor.id),
        actor: actor.map(|actor| actor.username.as_ref().to_owned()),
        token_id: actor.and_then(|actor| actor.token_id),
        verb: event.verb.name().to_owned(),
        subject_type: "users".to_owned(),
        subject_id: actor
            .map(|actor| actor.id)
            .or_else(owner)
            .unwrap_or_default(),
        before: None,
        after: (!after.is_empty()).then(|| Value::Object(after).to_string()),
        request_id: event.request_id.to_string(),
        source_address: event.source_address.clone(),
        credential: event.credential.map(Credential::name),
        count: i64::try_from(event.count).unwrap_or(i64::MAX),
    }
}

impl Run for NoteTokenAddress {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        let Some(address) = context.source.address.map(shown_network) else {
            return Ok(());
        };
        let token = env::for_update!(tokens::table.find(self.token_id).select(tokens::user_id));
        let owner: Option<i64> = token.get_result(connection).await.optional()?;
        if owner.is_none() {
            return Ok(());
        }
        let now = context.now_text();
        let known = token_addresses::table.find((self.token_id, &address));
        let is_known = diesel::update(known)
            .set(token_addresses::seen.eq(&now))
            .cached()
            .execute(connection)
            .await?;
        if is_known > 0 {
            return Ok(());
        }
        diesel::insert_into(token_addresses::table)
            .values((
                token_addresses::token_id.eq(self.token_id),
                token_addresses::address.eq(&address),
                token_addresses::seen.eq(&now),
            ))
            .execute(connection)
            .await?;
        forget_oldest(self, connection).await?;
        let mut after = Map::new();
        after.insert("address".into(), address.into());
        let audit_entry = AuditEntry {
            verb: AccessVerb::TokenUsed.name(),
            subject_type: "tokens",
            subject_id: self.token_id,
            before: None,
            after: Some(after),
        };
        append_audit(context, connection, audit_entry).await
    }
}

async fn forget_oldest(
    note: &NoteTokenAddress,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let of_token = || token_addresses::table.filter(token_addresses::token_id.eq(note.token_id));
    let beyond: Vec<String> = of_token()
        .order((token_addresses::seen.desc(), token_addresses::address.asc()))
        .offset(note.most.max(1))
        .limit(FORGOTTEN_AT_ONCE)
        .select(token_addresses::address)
        .load(connection)
        .await?;
    if !beyond.is_empty() {
        let old = of_token().filter(env::text_in(token_addresses::address, &beyond));
        diesel::delete(old).execute(connection).await?;
    }
    Ok(())
}
