//! Waits for PostgreSQL, which may start at the same time as this program.

use std::time::{Duration, Instant};

use super::StorageError;
use super::postgres::Address;
use crate::config::{Database, DatabaseUrl};

const PAUSE: Duration = Duration::from_millis(200);
/// Timeout of one attempt.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Returns when the servers accept connections. Blocks.
///
/// # Errors
/// If one does not within `database.start_wait_seconds`, or rejects them for a
/// permanent reason.
pub fn wait_until_reachable(settings: &Database) -> Result<(), StorageError> {
    let until = Instant::now() + Duration::from_secs(settings.start_wait_seconds);
    let servers = [Some(&settings.url), settings.direct_url.as_ref()];
    for url in servers.into_iter().flatten() {
        let DatabaseUrl::Postgres(secret) = url else {
            continue;
        };
        let address = Address::of(secret, settings)?;
        let mut is_logged = false;
        while let Some(why) = unreachable_reason(&address)? {
            if Instant::now() >= until {
                return Err(StorageError::Unavailable(format!(
                    "no connection in {} s (database.start_wait_seconds): {why}",
                    settings.start_wait_seconds
                )));
            }
            if !is_logged {
                let seconds = settings.start_wait_seconds;
                log::warn!("waiting up to {seconds} s for {url}: {why}");
                is_logged = true;
            }
            std::thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// Why this server cannot be connected to now, if so.
fn unreachable_reason(address: &Address) -> Result<Option<String>, StorageError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let attempt = async { tokio::time::timeout(ATTEMPT, address.connect()).await };
    match runtime.block_on(attempt) {
        Ok(Ok(_)) => Ok(None),
        Ok(Err(why)) if is_temporary(&why) => Ok(Some(why)),
        Ok(Err(why)) => Err(StorageError::Unavailable(why)),
        Err(_) => Ok(Some("no answer".to_owned())),
    }
}

fn is_temporary(why: &str) -> bool {
    StorageError::describe(why).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_waited_for_and_what_does_not_is_reported_at_once() {
        for (why, is_waited_for) in [
            (
                "error connecting to server: Connection refused (os error 111)",
                true,
            ),
            ("db error: FATAL: the database system is starting up", true),
            ("db error: FATAL: sorry, too many clients already", true),
            ("connection closed", true),
            (
                "db error: FATAL: password authentication failed for user \"me\"",
                false,
            ),
            ("db error: FATAL: database \"people\" does not exist", false),
        ] {
            assert_eq!(is_temporary(why), is_waited_for, "{why}");
        }
    }
}
