//! Periodic background work. No right depends on it, since everything expires by
//! itself: it records expired grants in the audit log and deletes expired rows.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use chrono::TimeDelta;

use crate::auth::Auth;
use crate::config::{DatabaseUrl, Settings};
use crate::directory::expired::{DeleteExpired, Expired, HasExpired};
use crate::directory::grants::RecordExpiredGrants;
use crate::directory::pruning::AddEventMonths;
use crate::directory::{Context, Directory, DirectoryError, RequestId, clock, log_limit};

/// The pause between two batches, so that other processes can write.
const BATCH_PAUSE: Duration = Duration::from_millis(20);
/// How long the state of a finished import is kept.
const IMPORT_RETENTION: TimeDelta = TimeDelta::days(30);

/// Runs until the actix system stops.
pub fn start(directory: Arc<Directory>, settings: &Settings) {
    let pause = Duration::from_secs(settings.limits.ended_grants_seconds);
    let is_postgres = matches!(settings.database.url, DatabaseUrl::Postgres(_));
    let retention = Expired::ALL.map(|what| (what, retention(what, settings)));
    rt::spawn(async move {
        loop {
            record_expired_grants(&directory).await;
            if is_postgres {
                add_months(&directory).await;
            }
            for (what, retention) in retention {
                if let Err(error) = delete_ended(&directory, what, retention).await {
                    log::warn!(
                        "could not delete expired {}, will retry: {error}",
                        what.name()
                    );
                    break;
                }
            }
            rt::time::sleep(pause).await;
        }
    });
}

/// How long expired rows are kept.
fn retention(what: Expired, settings: &Settings) -> TimeDelta {
    let seconds = match what {
        Expired::Answers => settings.server.idempotency_seconds,
        Expired::Tokens => settings.auth.expired_token_seconds,
        Expired::Mails => u64::from(settings.mail.keep_days) * 24 * 60 * 60,
        Expired::Imports => return IMPORT_RETENTION,
        Expired::SignIns | Expired::SigningKeys => 0,
    };
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX)
}

/// Flushes the log every second, until the system stops.
pub fn flush_log() {
    rt::spawn(async {
        loop {
            rt::time::sleep(Duration::from_secs(1)).await;
            log_limit::flush();
            log::logger().flush();
        }
    });
}

/// Follows the changes of other processes and the state of the replica, until the
/// system stops.
pub fn follow(directory: Arc<Directory>, unheard: Duration) {
    rt::spawn(async move { directory.follow(unheard).await });
}

/// Stores access events in the audit log, until the system stops.
pub fn run_access_log(auth: Arc<Auth>) {
    rt::spawn(async move { auth.access_log.run(&auth.directory).await });
}

/// Records expired grants in the audit log, in batches.
async fn record_expired_grants(directory: &Directory) {
    loop {
        match directory
            .write(&context(directory), RecordExpiredGrants)
            .await
        {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                log::warn!("could not record expired grants in the audit log: {error}");
                return;
            }
        }
    }
}

async fn add_months(directory: &Directory) {
    if let Err(error) = directory.write(&context(directory), AddEventMonths).await {
        log::warn!("could not create the partitions of the audit log for the next months: {error}");
    }
}

/// Deletes the expired rows of one kind, in batches. Reads first, so that nothing is
/// written if there are none.
async fn delete_ended(
    directory: &Directory,
    what: Expired,
    retention: TimeDelta,
) -> Result<(), DirectoryError> {
    let context = context(directory);
    let Some(until) = context.now.checked_sub_signed(retention).map(clock::text) else {
        return Ok(());
    };
    let look = HasExpired {
        what,
        until: until.clone(),
    };
    if !directory.read(&context, look).await? {
        return Ok(());
    }
    let clear = DeleteExpired { what, until };
    while directory.write(&context, clear.clone()).await? > 0 {
        rt::time::sleep(BATCH_PAUSE).await;
    }
    Ok(())
}

fn context(directory: &Directory) -> Context {
    Context::of_program(directory.clock().now(), RequestId(0))
}
