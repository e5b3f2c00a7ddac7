use std::collections::BTreeMap;

use super::prelude::*;
use super::{env, sign_ins};
use crate::directory::expired::{DeleteExpired, Expired, HasExpired};
use crate::storage::schema::{idempotency, imports, outbox, signing_keys, tokens};

/// Rows that one transaction deletes at most.
const SOME: i64 = 200;

impl Run for HasExpired {
    type Answer = bool;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<bool, DirectoryError> {
        let until = &self.until;
        Ok(match self.what {
            Expired::Answers => !answers(until, 1, connection).await?.is_empty(),
            what => !ids(what, until, 1, connection).await?.is_empty(),
        })
    }
}

impl Run for DeleteExpired {
    type Answer = usize;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<usize, DirectoryError> {
        // Two processes that delete the same rows would wait for each other.
        env::serialize(connection).await?;
        if self.what == Expired::Answers {
            return clear_answers(&self.until, connection).await;
        }
        let ended = ids(self.what, &self.until, SOME, connection).await?;
        let found = ended.len();
        if found > 0 {
            delete(self.what, ended, context, connection).await?;
        }
        Ok(found)
    }
}

/// Of what has an id, the first that ended.
async fn ids(
    what: Expired,
    until: &str,
    most: i64,
    connection: &mut Conn,
) -> Result<Vec<i64>, DirectoryError> {
    Ok(match what {
        // Their key is another: see `answers`.
        Expired::Answers => Vec::new(),
        Expired::Tokens => {
            let ended = tokens::table.filter(tokens::expires.le(until));
            let ended = ended.order(tokens::expires.asc()).limit(most);
            ended.select(tokens::id).load(connection).await?
        }
        Expired::SignIns => sign_ins::ended(until, most, connection).await?,
        Expired::Mails => {
            let sent = outbox::table.filter(outbox::sent_at.le(until));
            let sent = sent.limit(most).select(outbox::id);
            let mut sent: Vec<i64> = sent.load(connection).await?;
            let failed = outbox::table.filter(outbox::failed_at.le(until));
            let failed = failed.limit(most).select(outbox::id);
            sent.extend(failed.load::<i64>(connection).await?);
            sent
        }
        Expired::Imports => {
            let finished = imports::table.filter(imports::finished.le(until));
            let finished = finished.order(imports::finished.asc()).limit(most);
            finished.select(imports::id).load(connection).await?
        }
        Expired::SigningKeys => {
            let retired = signing_keys::table.filter(signing_keys::retired_at.le(until));
            let retired = retired.limit(most).select(signing_keys::id);
            retired.load(connection).await?
        }
    })
}

async fn delete(
    what: Expired,
    ids: Vec<i64>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    match what {
        Expired::Answers => 0,
        Expired::Tokens => {
            let ended = tokens::table.filter(env::id_in(tokens::id, ids));
            diesel::delete(ended).execute(connection).await?
        }
        Expired::SignIns => sign_ins::end(ids, context, connection).await?,
        Expired::Mails => {
            let ended = outbox::table.filter(env::id_in(outbox::id, ids));
            diesel::delete(ended).execute(connection).await?
        }
        Expired::Imports => {
            let ended = imports::table.filter(env::id_in(imports::id, ids));
            diesel::delete(ended).execute(connection).await?
        }
        Expired::SigningKeys => {
            let ended = signing_keys::table.filter(env::id_in(signing_keys::id, ids));
            diesel::delete(ended).execute(connection).await?
        }
    };
    Ok(())
}

/// By whose they are.
type Keys = BTreeMap<i64, Vec<String>>;

async fn answers(until: &str, most: i64, connection: &mut Conn) -> Result<Keys, DirectoryError> {
    let expired: Vec<(i64, String)> = idempotency::table
        .filter(idempotency::at.le(until))
        .order(idempotency::at.asc())
        .limit(most)
        .select((idempotency::caller_id, idempotency::idempotency_key))
        .load(connection)
        .await?;
    let mut keys = Keys::new();
    for (caller, key) in expired {
        keys.entry(caller).or_default().push(key);
    }
    Ok(keys)
}

async fn clear_answers(until: &str, connection: &mut Conn) -> Result<usize, DirectoryError> {
    let expired = answers(until, SOME, connection).await?;
    for (caller, keys) in &expired {
        let theirs = idempotency::table
            .filter(idempotency::caller_id.eq(*caller))
            .filter(env::text_in(idempotency::idempotency_key, keys))
            // One may have been taken anew meanwhile.
            .filter(idempotency::at.le(until));
        diesel::delete(theirs).execute(connection).await?;
    }
    Ok(expired.values().map(Vec::len).sum())
}
