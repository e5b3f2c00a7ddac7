use super::prelude::*;
use crate::directory::events::{Event, EventColumn, Events, EventsOf, FindEvent};
use crate::storage::schema::events;

columns!(events, EventColumn {
    Id: number id,
    At: text at,
    ActorId: maybe_number actor_id,
    Actor: maybe_text actor,
    TokenId: maybe_number token_id,
    Verb: text verb,
    SubjectType: text subject_type,
    SubjectId: number subject_id,
    RequestId: text request_id,
    SourceAddress: maybe_text source_address,
    Credential: maybe_text credential,
    Count: number count,
});
no_own!(events);

impl Run for FindEvent {
    type Answer = Option<Event>;

    async fn run(
        &self,
        _: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Event>, DirectoryError> {
        if self.visible != Visibility::All {
            return Ok(None);
        }
        let query = events::table.find(self.id).select(Event::as_select());
        Ok(query.first(connection).await.optional()?)
    }
}

impl Run for List<Events> {
    type Answer = Listed<Event>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<Event>, DirectoryError> {
        if self.visible != Visibility::All {
            return Ok(Listed {
                rows: Vec::new(),
                total: Some(0),
            });
        }
        let wanted = resolve_patterns(&self.condition, None, connection).await?;
        let matching = || {
            let mut query = events::table.into_boxed::<Db>();
            if let Some(EventsOf::Ids(ids)) = &self.parent {
                query = query.filter(super::env::id_in(events::id, ids.clone()));
            }
            match &wanted {
                Some(wanted) => query.filter(condition(wanted, context)),
                None => query,
            }
        };
        let rows = page!(self, matching(), Event, context, connection);
        let total = match self.count {
            Count::Estimated if self.condition.is_none() => Some(spread(connection).await?),
            _ => total!(self, rows, matching(), connection),
        };
        Ok(Listed { rows, total })
    }
}

/// The log only grows: its first and last id tell roughly how long it is.
async fn spread(connection: &mut Conn) -> Result<i64, DirectoryError> {
    use diesel::dsl::{max, min};
    let ends = events::table.select((min(events::id), max(events::id)));
    let (first, last): (Option<i64>, Option<i64>) = ends.get_result(connection).await?;
    Ok(first.zip(last).map_or(0, |(first, last)| last - first + 1))
}
