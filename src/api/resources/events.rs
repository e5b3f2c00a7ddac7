use crate::api::resource::{Attribute, Kind, Relationship, Resource, Revision};
use crate::directory;
use crate::directory::events::{Event, EventColumn, FindEvent};
use crate::jsonapi::write::Shown;

/// The audit log, read-only.
pub struct Events;

impl Resource for Events {
    const TYPE: &'static str = "events";
    const RELATIONSHIPS: &'static [Relationship] = &[];
    type Noun = directory::events::Events;
    const ID: EventColumn = EventColumn::Id;
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
    kind: Kind,
    column: Option<EventColumn>,
    show: for<'a> fn(&'a Event) -> Shown<'a>,
) -> Attribute<Events> {
    Attribute {
        name,
        kind,
        show: Some(show),
        column,
        read: None,
    }
}

const ATTRIBUTES: &[Attribute<Events>] = &[
    shown("at", Kind::Time, Some(EventColumn::At), |event| {
        Shown::Text(&event.at)
    }),
    shown(
        "actor_id",
        Kind::Number,
        Some(EventColumn::ActorId),
        |event| Shown::maybe_number(event.actor_id),
    ),
    shown("actor", Kind::Text, Some(EventColumn::Actor), |event| {
        Shown::maybe(&event.actor)
    }),
    shown("token_id", Kind::Number, None, |event| {
        Shown::maybe_number(event.token_id)
    }),
    shown("verb", Kind::Text, Some(EventColumn::Verb), |event| {
        Shown::Text(&event.verb)
    }),
    shown(
        "subject_type",
        Kind::Text,
        Some(EventColumn::SubjectType),
        |event| Shown::Text(&event.subject_type),
    ),
    shown(
        "subject_id",
        Kind::Number,
        Some(EventColumn::SubjectId),
        |event| Shown::Number(event.subject_id),
    ),
    shown("before", Kind::Structure, None, |event| {
        event.before.as_deref().map_or(Shown::Null, Shown::Json)
    }),
    shown("after", Kind::Structure, None, |event| {
        event.after.as_deref().map_or(Shown::Null, Shown::Json)
    }),
    shown(
        "request_id",
        Kind::Text,
        Some(EventColumn::RequestId),
        |event| Shown::Text(&event.request_id),
    ),
];
