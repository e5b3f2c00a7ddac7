use crate::api::resource::{Attribute, Form, Kind, Relationship, Resource, Revision};
use crate::directory;
use crate::directory::events::{Event, EventColumn, FindEvent};
use crate::jsonapi::write::Shown;

/// The audit log, read-only.
pub struct Events;

impl Resource for Events {
    const TYPE: &'static str = "events";
    const DOC: &'static str =
        "The audit log: every change with who, when, what, before and after. Read-only.";
    const RELATIONSHIPS: &'static [Relationship] = &[];
    type Noun = directory::events::Events;
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
            seen: None,
        }
    }

    fn find(id: i64) -> FindEvent {
        FindEvent {
            id,
            visible: Default::default(),
        }
    }
}

const fn shown(
    name: &'static str,
    doc: &'static str,
    form: Form,
    kind: Kind,
    column: Option<EventColumn>,
    show: for<'a> fn(&'a Event) -> Shown<'a>,
) -> Attribute<Events> {
    Attribute {
        name,
        doc,
        form,
        kind,
        show: Some(show),
        column,
        read: None,
    }
}

const ATTRIBUTES: &[Attribute<Events>] = &[
    shown(
        "at",
        "When it happened.",
        Form::PLAIN,
        Kind::Time,
        Some(EventColumn::At),
        |event| Shown::Text(&event.at),
    ),
    shown(
        "actor_id",
        "The id of the user who did it; null for the program itself.",
        Form::PLAIN.or_null(),
        Kind::Number,
        Some(EventColumn::ActorId),
        |event| Shown::maybe_number(event.actor_id),
    ),
    shown(
        "actor",
        "The username of that user at that time.",
        Form::PLAIN.or_null(),
        Kind::Text,
        Some(EventColumn::Actor),
        |event| Shown::maybe(&event.actor),
    ),
    shown(
        "token_id",
        "The id of the API token that was used, if one was.",
        Form::PLAIN.or_null(),
        Kind::Number,
        Some(EventColumn::TokenId),
        |event| Shown::maybe_number(event.token_id),
    ),
    shown(
        "verb",
        "What was done: create, update, delete, ...",
        Form::PLAIN,
        Kind::Text,
        Some(EventColumn::Verb),
        |event| Shown::Text(&event.verb),
    ),
    shown(
        "subject_type",
        "The type of what was changed.",
        Form::PLAIN,
        Kind::Text,
        Some(EventColumn::SubjectType),
        |event| Shown::Text(&event.subject_type),
    ),
    shown(
        "subject_id",
        "The id of what was changed.",
        Form::PLAIN,
        Kind::Number,
        Some(EventColumn::SubjectId),
        |event| Shown::Number(event.subject_id),
    ),
    shown(
        "before",
        "The changed attributes as they were; null for something new.",
        Form::PLAIN.or_null(),
        Kind::Structure,
        None,
        |event| event.before.as_deref().map_or(Shown::Null, Shown::Json),
    ),
    shown(
        "after",
        "The changed attributes as they are since; null for something deleted.",
        Form::PLAIN.or_null(),
        Kind::Structure,
        None,
        |event| event.after.as_deref().map_or(Shown::Null, Shown::Json),
    ),
    shown(
        "request_id",
        "The X-Request-Id of the answer to the request that did it.",
        Form::PLAIN,
        Kind::Text,
        Some(EventColumn::RequestId),
        |event| Shown::Text(&event.request_id),
    ),
];
