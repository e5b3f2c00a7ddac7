use crate::api::resource::{
    Attribute, AttributeKind, Constraints, Relationship, Resource, Revision,
};
use crate::directory;
use crate::directory::events::{Event, EventColumn, FindEvent};
use crate::jsonapi::write::AttributeValue;

/// The audit log, read-only.
pub struct Events;

impl Resource for Events {
    const TYPE: &'static str = "events";
    const DOC: &'static str = "The audit log: every change with actor, time, old and new values, and every sign-in and refused request. Read-only.";
    const RELATIONSHIPS: &'static [Relationship] = &[];
    type Entity = directory::events::Events;
    type Find = FindEvent;
    type Draft = ();

    fn attributes() -> &'static [Attribute<Self>] {
        ATTRIBUTES
    }

    fn id(row: &Event) -> i64 {
        row.id
    }

    /// The log is append-only.
    fn revision(_: &Event) -> Revision<'_> {
        Revision {
            version: 1,
            last_activity: None,
        }
    }

    fn find(id: i64) -> FindEvent {
        FindEvent {
            id,
            visible: Default::default(),
        }
    }
}

const ATTRIBUTES: &[Attribute<Events>] = &[
    attribute!(read_only time at, Some(EventColumn::At), "When it happened."),
    attribute!(
        read_only nullable_number actor_id,
        Some(EventColumn::ActorId),
        "The id of the user who did it; null for the program itself and for unknown callers."
    ),
    attribute!(
        read_only nullable_text actor,
        Some(EventColumn::Actor),
        "The username of that user at that time."
    ),
    attribute!(
        read_only nullable_number token_id,
        Some(EventColumn::TokenId),
        "The id of the API token that was used, if one was."
    ),
    attribute!(
        read_only text verb,
        Some(EventColumn::Verb),
        "What was done: create, update, delete, expire, sign_in, sign_in_failed, throttled, refused, token_used, sign_out, ..."
    ),
    attribute!(
        read_only text subject_type,
        Some(EventColumn::SubjectType),
        "The type of the changed resource, or of the user that the event is about."
    ),
    Attribute {
        name: "subject_id",
        doc: "The id of the changed resource; 0 if there is none, as for an unknown username.",
        constraints: Constraints::PLAIN,
        kind: AttributeKind::Number,
        get: Some(|event| AttributeValue::Number(event.subject_id)),
        column: Some(EventColumn::SubjectId),
        set: None,
    },
    side(
        "before",
        "The old values of the changed attributes; null for a creation.",
        |event| {
            event
                .before
                .as_deref()
                .map_or(AttributeValue::Null, AttributeValue::Json)
        },
    ),
    side(
        "after",
        "The new values of the changed attributes; null for a deletion.",
        |event| {
            event
                .after
                .as_deref()
                .map_or(AttributeValue::Null, AttributeValue::Json)
        },
    ),
    attribute!(
        read_only text request_id,
        Some(EventColumn::RequestId),
        "The X-Request-Id of the request; for several counted together, of the first."
    ),
    attribute!(
        read_only nullable_text source_address,
        Some(EventColumn::SourceAddress),
        "The client's address, from the connection or a trusted proxy; an IPv6 network when several of its addresses are counted together. Null for the program itself."
    ),
    attribute!(
        read_only nullable_text credential,
        Some(EventColumn::Credential),
        "The kind of credential: password, api_token, access_token, refresh_token, or command for the command line; null without credentials."
    ),
    Attribute {
        name: "count",
        doc: "How often it happened: more than 1 only for events that are counted together, such as failed sign-ins.",
        constraints: Constraints::PLAIN,
        kind: AttributeKind::Number,
        get: Some(|event| AttributeValue::Number(event.count)),
        column: Some(EventColumn::Count),
        set: None,
    },
];

/// The attributes before or after a change.
const fn side(
    name: &'static str,
    doc: &'static str,
    get: for<'a> fn(&'a Event) -> AttributeValue<'a>,
) -> Attribute<Events> {
    Attribute {
        name,
        doc,
        constraints: Constraints::PLAIN.or_null(),
        kind: AttributeKind::Structure,
        get: Some(get),
        column: None,
        set: None,
    }
}
