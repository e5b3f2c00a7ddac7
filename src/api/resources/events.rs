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
    const DOC: &'static str = "The audit log: every change with who, when, what, before and after, and who came in or was refused. Read-only.";
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
        "The id of the user who did it; null for the program itself, and where nobody is known."
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
        "The type of what was changed, or of whom it is about."
    ),
    Attribute {
        name: "subject_id",
        doc: "The id of what was changed; 0 for nothing that is here, as for an unknown username.",
        constraints: Constraints::PLAIN,
        kind: AttributeKind::Number,
        get: Some(|event| AttributeValue::Number(event.subject_id)),
        column: Some(EventColumn::SubjectId),
        set: None,
    },
    side(
        "before",
        "The changed attributes as they were; null for something new.",
        |event| {
            event
                .before
                .as_deref()
                .map_or(AttributeValue::Null, AttributeValue::Json)
        },
    ),
    side(
        "after",
        "The changed attributes as they are since; null for something deleted.",
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
        "The X-Request-Id of the answer to the request that did it; of the first of several."
    ),
    attribute!(
        read_only nullable_text source_address,
        Some(EventColumn::SourceAddress),
        "Where the request came from: the peer, or what a trusted proxy says of it; a network of IPv6 when several of its addresses are counted together. Null for the program itself."
    ),
    attribute!(
        read_only nullable_text credential,
        Some(EventColumn::Credential),
        "What was sent to prove who acts: password, api_token, access_token, refresh_token, or command for the command line; null for nothing."
    ),
    Attribute {
        name: "count",
        doc: "How often it happened: more than once only for what is counted, such as failed sign-ins.",
        constraints: Constraints::PLAIN,
        kind: AttributeKind::Number,
        get: Some(|event| AttributeValue::Number(event.count)),
        column: Some(EventColumn::Count),
        set: None,
    },
];

/// What is told of a change, on one side of it.
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
