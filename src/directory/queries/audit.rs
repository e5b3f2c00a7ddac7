//! Writing the audit log, in the transaction of the change itself.

use serde_json::{Map, Value};

use super::prelude::*;
use crate::directory::source::{Credential, shown};
use crate::storage::events::NewEvent;

/// What happened to which thing.
pub struct Happening<'a> {
    pub verb: &'a str,
    pub subject_type: &'a str,
    pub subject_id: i64,
    pub before: Option<Map<String, Value>>,
    pub after: Option<Map<String, Value>>,
}

/// Defines `happening`: what happened to a thing of this type.
macro_rules! tells_of {
    ($subject_type:literal) => {
        fn happening(
            verb: &'static str,
            id: i64,
            before: Option<serde_json::Map<String, serde_json::Value>>,
            after: Option<serde_json::Map<String, serde_json::Value>>,
        ) -> super::audit::Happening<'static> {
            super::audit::Happening {
                verb,
                subject_type: $subject_type,
                subject_id: id,
                before,
                after,
            }
        }
    };
}

pub async fn record(
    context: &Context,
    connection: &mut Conn,
    happening: Happening<'_>,
) -> Result<(), DirectoryError> {
    record_all(context, connection, vec![happening]).await
}

pub async fn record_all(
    context: &Context,
    connection: &mut Conn,
    happenings: Vec<Happening<'_>>,
) -> Result<(), DirectoryError> {
    let at = context.now_text();
    let request_id = context.request_id.to_string();
    let source_address = context.source.address.map(shown);
    let actor = context.actor.as_ref();
    let json = |side: Option<Map<String, Value>>| side.map(|side| Value::Object(side).to_string());
    let rows = happenings.into_iter().map(|happening| NewEvent {
        at: at.clone(),
        actor_id: actor.map(|actor| actor.id),
        actor: actor
            .map_or(context.program, |actor| Some(actor.username.as_ref()))
            .map(str::to_owned),
        token_id: actor.and_then(|actor| actor.token_id),
        verb: happening.verb.to_owned(),
        subject_type: happening.subject_type.to_owned(),
        subject_id: happening.subject_id,
        before: json(happening.before),
        after: json(happening.after),
        request_id: request_id.clone(),
        source_address: source_address.clone(),
        credential: context.source.credential.map(Credential::name),
        count: 1,
    });
    Ok(super::env::append_audit(rows.collect(), connection).await?)
}
