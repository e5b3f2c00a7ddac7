//! What is done beside the requests, now and then. No right depends on it: what
//! ends does so by itself; here the audit log gets the ends of grants, and what is
//! of no use any more leaves the database.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use chrono::TimeDelta;

use crate::auth::Auth;
use crate::config::{DatabaseUrl, Settings};
use crate::directory::ended::{ClearEnded, Ended, HasEnded};
use crate::directory::grants::TellEnds;
use crate::directory::pruning::AddEventMonths;
use crate::directory::{Context, Directory, DirectoryError, RequestId, clock, log_limit};

/// Between two steps of clearing, so that other processes come in between.
const BREATH: Duration = Duration::from_millis(20);
/// How long it is known that an import has come to its end.
const IMPORTS_KEPT: TimeDelta = TimeDelta::days(30);

/// Works until the system stops.
pub fn start(directory: Arc<Directory>, settings: &Settings) {
    let pause = Duration::from_secs(settings.limits.ended_grants_seconds);
    let is_postgres = matches!(settings.database.url, DatabaseUrl::Postgres(_));
    let kept = Ended::ALL.map(|what| (what, kept(what, settings)));
    rt::spawn(async move {
        loop {
            tell_ends(&directory).await;
            if is_postgres {
                add_months(&directory).await;
            }
            for (what, kept) in kept {
                if let Err(error) = clear(&directory, what, kept).await {
                    log::warn!("{} that have ended stay for now: {error}", what.name());
                    break;
                }
            }
            rt::time::sleep(pause).await;
        }
    });
}

/// How long something is kept after it has ended.
fn kept(what: Ended, settings: &Settings) -> TimeDelta {
    let seconds = match what {
        Ended::Answers => settings.server.idempotency_seconds,
        Ended::Tokens => settings.auth.expired_token_seconds,
        Ended::Mails => u64::from(settings.mail.keep_days) * 24 * 60 * 60,
        Ended::Imports => return IMPORTS_KEPT,
        Ended::SignIns | Ended::SigningKeys => 0,
    };
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX)
}

/// Writes what the log held back, until the system stops.
pub fn flush_log() {
    rt::spawn(async {
        loop {
            rt::time::sleep(Duration::from_secs(1)).await;
            log_limit::flush();
            log::logger().flush();
        }
    });
}

/// Keeps up with other processes and the replica until the system stops.
pub fn follow(directory: Arc<Directory>, unheard: Duration) {
    rt::spawn(async move { directory.follow(unheard).await });
}

/// Writes down who came in and who did not until the system stops.
pub fn keep_access_log(auth: Arc<Auth>) {
    rt::spawn(async move { auth.access_log.run(&auth.directory).await });
}

/// All that have ended, some in each transaction.
async fn tell_ends(directory: &Directory) {
    loop {
        match directory.write(&context(directory), TellEnds).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                log::warn!("could not tell the audit log of grants that have ended: {error}");
                return;
            }
        }
    }
}

async fn add_months(directory: &Directory) {
    if let Err(error) = directory.write(&context(directory), AddEventMonths).await {
        log::warn!("could not make room in the audit log for the months to come: {error}");
    }
}

/// All of one kind, some in each transaction. Where there is nothing to do it is
/// only looked for.
async fn clear(directory: &Directory, what: Ended, kept: TimeDelta) -> Result<(), DirectoryError> {
    let context = context(directory);
    let Some(until) = context.now.checked_sub_signed(kept).map(clock::text) else {
        return Ok(());
    };
    let look = HasEnded {
        what,
        until: until.clone(),
    };
    if !directory.read(&context, look).await? {
        return Ok(());
    }
    let clear = ClearEnded { what, until };
    while directory.write(&context, clear.clone()).await? > 0 {
        rt::time::sleep(BREATH).await;
    }
    Ok(())
}

fn context(directory: &Directory) -> Context {
    Context::of_program(directory.clock().now(), RequestId(0))
}
