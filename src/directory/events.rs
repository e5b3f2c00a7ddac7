//! The audit log: who changed what, when, from what to what.

use diesel::{Queryable, Selectable};
use serde::Serialize;
use serde_json::{Map, Value};

use super::Operation;
use super::listing::{Entity, Visibility};
use crate::storage::schema::events;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = events)]
pub struct Event {
    pub id: i64,
    pub at: String,
    pub actor_id: Option<i64>,
    pub actor: Option<String>,
    pub token_id: Option<i64>,
    pub verb: String,
    pub subject_type: String,
    pub subject_id: i64,
    /// JSON objects; never a password, a hash or a token.
    pub before: Option<String>,
    pub after: Option<String>,
    pub request_id: String,
    /// Where the request came from; none for the program itself.
    pub source_address: Option<String>,
    /// What proved who acts: see [`Credential`](super::Credential).
    pub credential: Option<String>,
    /// How often it happened; more than once only for what is counted.
    pub count: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventColumn {
    Id,
    At,
    ActorId,
    Actor,
    TokenId,
    Verb,
    SubjectType,
    SubjectId,
    RequestId,
    SourceAddress,
    Credential,
    Count,
}

/// What a list of events can be confined to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventsOf {
    Ids(Vec<i64>),
}

#[derive(Debug)]
pub struct Events;

impl Entity for Events {
    type Row = Event;
    type Column = EventColumn;
    type Parent = EventsOf;
    const ID: EventColumn = EventColumn::Id;

    fn of_ids(ids: Vec<i64>) -> EventsOf {
        EventsOf::Ids(ids)
    }

    fn is_indexed(column: EventColumn) -> bool {
        use EventColumn::{ActorId, At, Id, RequestId, SubjectId};
        matches!(column, Id | At | ActorId | RequestId | SubjectId)
    }
}

#[derive(Debug)]
pub struct FindEvent {
    pub id: i64,
    pub visible: Visibility,
}

impl Operation for FindEvent {
    type Output = Option<Event>;
}

/// What the log says of a row: its members without the bookkeeping.
pub fn described<R: Serialize>(row: &R) -> Map<String, Value> {
    let mut members = match serde_json::to_value(row) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    for bookkeeping in [
        "id",
        "version",
        "created",
        "modified",
        "created_by",
        "modified_by",
        // Follows from what the role is, and changes with nothing.
        "origin",
    ] {
        members.remove(bookkeeping);
    }
    members
}

/// Only the members that differ, on both sides.
pub fn difference(
    before: Map<String, Value>,
    after: Map<String, Value>,
) -> (Map<String, Value>, Map<String, Value>) {
    let (mut old, mut new) = (Map::new(), after);
    for (name, value) in before {
        if new.get(&name) == Some(&value) {
            new.remove(&name);
        } else {
            old.insert(name, value);
        }
    }
    (old, new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_update_is_told_by_what_differs() {
        let side = |value: Value| value.as_object().cloned().unwrap_or_default();
        let (before, after) = difference(
            side(json!({"name": "John", "email": null, "gone": null})),
            side(json!({"name": "Jo", "email": null, "new": 1})),
        );
        assert_eq!(before, side(json!({"name": "John", "gone": null})));
        assert_eq!(after, side(json!({"name": "Jo", "new": 1})));
    }
}
