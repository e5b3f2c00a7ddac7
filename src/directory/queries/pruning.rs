use serde_json::{Map, Value};

use super::env;
use super::prelude::*;
use crate::directory::pruning::{AddEventMonths, CountPrunable, PruneEvents, Pruned};
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
        allow(true, connection).await?;
        let gone = match a_month(&self.before, connection).await? {
            Some(month) => Some(month),
            None => some_rows(self, connection).await?,
        };
        if let (Some(_), Some(event)) = (&gone, self.so_far.event_id) {
            diesel::delete(events::table.find(event))
                .execute(connection)
                .await?;
        }
        allow(false, connection).await?;
        let Some(gone) = gone else {
            return Ok(self.so_far.clone());
        };
        let mut pruned = Pruned {
            rows: self.so_far.rows + gone.rows,
            up_to_id: self.so_far.up_to_id.max(gone.up_to_id),
            up_to: gone.up_to.max(self.so_far.up_to.clone()),
            event_id: None,
        };
        let event: i64 = diesel::insert_into(events::table)
            .values(told(self, &pruned, context))
            .returning(events::id)
            .get_result(connection)
            .await?;
        pruned.event_id = Some(event);
        Ok(pruned)
    }
}

/// What one step takes out.
struct Gone {
    rows: i64,
    up_to_id: i64,
    up_to: String,
}

/// A whole month at once, where the log is kept by months; empty ones on the way.
async fn a_month(before: &str, connection: &mut Conn) -> Result<Option<Gone>, DirectoryError> {
    while let Some(month) = env::drop_event_month(before, connection).await? {
        if let (Some(up_to_id), Some(up_to)) = (month.up_to_id, month.up_to) {
            return Ok(Some(Gone {
                rows: month.gone,
                up_to_id,
                up_to,
            }));
        }
    }
    Ok(None)
}

async fn some_rows(
    prune: &PruneEvents,
    connection: &mut Conn,
) -> Result<Option<Gone>, DirectoryError> {
    let old: Vec<(i64, String)> = events::table
        .filter(events::at.lt(&prune.before))
        .order(events::at.asc())
        .limit(prune.most)
        .select((events::id, events::at))
        .load(connection)
        .await?;
    let Some((_, up_to)) = old.last().cloned() else {
        return Ok(None);
    };
    let ids: Vec<i64> = old.iter().map(|(id, _)| *id).collect();
    let gone = Gone {
        rows: i64::try_from(ids.len()).unwrap_or_default(),
        up_to_id: ids.iter().copied().max().unwrap_or_default(),
        up_to,
    };
    // By time as well: then only the months of these are looked into.
    let old = events::table
        .filter(events::at.lt(&prune.before))
        .filter(env::id_in(events::id, ids));
    diesel::delete(old).execute(connection).await?;
    Ok(Some(gone))
}

impl Run for AddEventMonths {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        Ok(env::add_event_months(&context.now_text(), connection).await?)
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
