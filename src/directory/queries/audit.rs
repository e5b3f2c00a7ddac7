//! Writing the audit log, in the transaction of the change itself.

use serde_json::{Map, Value};

use super::prelude::*;
use crate::directory::source::{Credential, shown};
use crate::storage::events::NewEvent;

/// An entry of the audit log: which change, of which record.
pub struct AuditEntry<'a> {
    pub verb: &'a str,
    pub subject_type: &'a str,
    pub subject_id: i64,
    pub before: Option<Map<String, Value>>,
    pub after: Option<Map<String, Value>>,
}

/// Defines `audit_entry`, which builds the entries of a type of records.
macro_rules! audit_entry_for {
    ($subject_type:literal) => {
        fn audit_entry(
            verb: &'static str,
            id: i64,
            before: Option<serde_json::Map<String, serde_json::Value>>,
            after: Option<serde_json::Map<String, serde_json::Value>>,
        ) -> super::audit::AuditEntry<'static> {
            super::audit::AuditEntry {
                verb,
                subject_type: $subject_type,
                subject_id: id,
                before,
                after,
            }
        }
    };
}

pub async fn append_audit(
    context: &Context,
    connection: &mut Conn,
    audit_entry: AuditEntry<'_>,
) -> Result<(), DirectoryError> {
    append_audit_entries(context, connection, vec![audit_entry]).await
}

pub async fn append_audit_entries(
    context: &Context,
    connection: &mut Conn,
    audit_entries: Vec<AuditEntry<'_>>,
) -> Result<(), DirectoryError> {
    let at = context.now_text();
    let request_id = context.request_id.to_string();
    let source_address = context.source.address.map(shown);
    let actor = context.actor.as_ref();
    let json = |side: Option<Map<String, Value>>| side.map(|side| Value::Object(side).to_string());
    let rows = audit_entries.into_iter().map(|audit_entry| NewEvent {
        at: at.clone(),
        actor_id: actor.map(|actor| actor.id),
        actor: actor
            .map_or(context.program, |actor| Some(actor.username.as_ref()))
            .map(str::to_owned),
        token_id: actor.and_then(|actor| actor.token_id),
        verb: audit_entry.verb.to_owned(),
        subject_type: audit_entry.subject_type.to_owned(),
        subject_id: audit_entry.subject_id,
        before: json(audit_entry.before),
        after: json(audit_entry.after),
        request_id: request_id.clone(),
        source_address: source_address.clone(),
        credential: context.source.credential.map(Credential::name),
        count: 1,
    });
    Ok(super::env::append_audit(rows.collect(), connection).await?)
}
