use serde_json::{Map, Value};

use super::env;
use super::prelude::*;
use crate::directory::pruning::{CountPrunable, PruneEvents, Pruned};
use crate::directory::source::{Credential, shown};
use crate::storage::events::NewEvent;
use crate::storage::schema::{event_pruning, events};

impl Run for CountPrunable {
    type Answer = i64;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<i64, DirectoryError> {
        let old = events::table.filter(events::at.lt(&self.before));
        Ok(old.count().get_result(connection).await?)
    }
}

impl Run for PruneEvents {
    type Answer = Pruned;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Pruned, DirectoryError> {
        let old: Vec<(i64, String)> = events::table
            .filter(events::at.lt(&self.before))
            .order(events::at.asc())
            .limit(self.most)
            .select((events::id, events::at))
            .load(connection)
            .await?;
        let Some((_, newest)) = old.last() else {
            return Ok(self.so_far.clone());
        };
        let mut pruned = Pruned {
            rows: self.so_far.rows + i64::try_from(old.len()).unwrap_or_default(),
            up_to_id: self.so_far.up_to_id,
            up_to: newest.clone(),
            event_id: None,
        };
        let mut gone: Vec<i64> = old.into_iter().map(|(id, _)| id).collect();
        pruned.up_to_id = gone.iter().copied().fold(pruned.up_to_id, i64::max);
        gone.extend(self.so_far.event_id);
        allow(true, connection).await?;
        diesel::delete(events::table.filter(env::id_in(events::id, gone)))
            .execute(connection)
            .await?;
        allow(false, connection).await?;
        let event: i64 = diesel::insert_into(events::table)
            .values(told(self, &pruned, context))
            .returning(events::id)
            .get_result(connection)
            .await?;
        pruned.event_id = Some(event);
        Ok(pruned)
    }
}

/// The database refuses to delete events in every other transaction.
async fn allow(is_allowed: bool, connection: &mut Conn) -> Result<(), DirectoryError> {
    diesel::update(event_pruning::table.find(1))
        .set(event_pruning::is_allowed.eq(is_allowed))
        .execute(connection)
        .await?;
    Ok(())
}

fn told(prune: &PruneEvents, pruned: &Pruned, context: &Context) -> NewEvent {
    let mut after = Map::new();
    after.insert("before".into(), prune.before.clone().into());
    after.insert("events".into(), pruned.rows.into());
    after.insert("up_to_id".into(), pruned.up_to_id.into());
    after.insert("up_to".into(), pruned.up_to.clone().into());
    after.insert("by".into(), prune.by.clone().into());
    NewEvent {
        at: context.now_text(),
        actor_id: None,
        actor: context.program.map(str::to_owned),
        token_id: None,
        verb: "prune".to_owned(),
        subject_type: "events".to_owned(),
        subject_id: pruned.up_to_id,
        before: None,
        after: Some(Value::Object(after).to_string()),
        request_id: context.request_id.to_string(),
        source_address: context.source.address.map(shown),
        credential: context.source.credential.map(Credential::name),
        count: 1,
    }
}
