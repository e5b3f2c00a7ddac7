use super::prelude::*;
use crate::directory::events::{Event, EventColumn, Events, FindEvent};
use crate::storage::schema::events;

columns!(events, EventColumn {
    Id: number id,
    At: text at,
    ActorId: maybe_number actor_id,
    Actor: maybe_text actor,
    Verb: text verb,
    SubjectType: text subject_type,
    SubjectId: number subject_id,
    RequestId: text request_id,
});

impl Run for FindEvent {
    type Answer = Option<Event>;

    async fn run(
        &self,
        _: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Event>, DirectoryError> {
        if self.visible != Visible::All {
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
        _: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<Event>, DirectoryError> {
        if self.visible != Visible::All {
            return Ok(Listed {
                rows: Vec::new(),
                total: Some(0),
            });
        }
        let filtered = || {
            let query = events::table.into_boxed::<Db>();
            match &self.condition {
                Some(wanted) => query.filter(condition(wanted)),
                None => query,
            }
        };
        let total = match self.counted {
            true => Some(filtered().count().get_result(connection).await?),
            false => None,
        };
        let rows = ordered!(filtered(), &self.sort)
            .select(Event::as_select())
            .offset(self.slice.offset)
            .limit(self.slice.limit)
            .load(connection)
            .await?;
        Ok(Listed { rows, total })
    }
}
