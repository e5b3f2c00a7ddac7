//! Notifications of changes by other processes, and the state of the replica.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join;

use super::Directory;
use crate::storage::postgres::{Address, Listener, Notice, Replica};
use crate::storage::{StorageError, Store};

/// Pause between two attempts to listen again: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// Interval of keep-alive queries, at least and at most.
const PULSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

impl Directory {
    /// Follows the others for as long as the process lives.
    ///
    /// `unheard`: how long callers may be believed while the others cannot be
    /// heard. A connection that has died without a word is found out in that time.
    pub async fn follow(&self, unheard: Duration) {
        let Store::Postgres(servers) = &self.store else {
            return;
        };
        let pulse = (unheard / 2).clamp(PULSES.0, PULSES.1);
        let hearing = async {
            match &servers.listen_address {
                Some(address) => self.hear(address, pulse).await,
                None => log::info!(
                    "changes of other processes are not heard of through the pooler: \
                     without database.direct_url callers are believed for auth.token_cache_seconds"
                ),
            }
        };
        let watching = async {
            if let Some(replica) = &servers.replica {
                replica.watch().await;
            }
        };
        join(hearing, watching).await;
    }

    async fn hear(&self, address: &Address, pulse: Duration) {
        let (mut pause, mut is_known) = (PAUSES.0, false);
        loop {
            let error = match Listener::open(address, pulse).await {
                Ok(listener) => {
                    (pause, is_known) = (PAUSES.0, false);
                    self.hear_from(listener).await
                }
                Err(error) => error,
            };
            if !is_known {
                log::warn!("changes of other processes are not heard of: {error}");
                is_known = true;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Hears until the connection is lost. What was remembered before it began
    /// is void, and what was remembered while it lasted is when it ends.
    async fn hear_from(&self, mut listener: Listener) -> StorageError {
        self.forget_all();
        self.hears.store(true, Ordering::Release);
        log::debug!("changes of other processes are heard of");
        let error = loop {
            match listener.next().await {
                Ok(notice) => self.heard(&notice),
                Err(error) => break error,
            }
        };
        self.hears.store(false, Ordering::Release);
        self.forget_all();
        error
    }

    fn heard(&self, notice: &Notice) {
        match notice {
            Notice::Credentials => {
                self.credential_version.fetch_add(1, Ordering::AcqRel);
            }
            Notice::Keys => {
                self.key_version.fetch_add(1, Ordering::AcqRel);
            }
            Notice::Wrote { process, callers } => {
                let replica: Option<&Replica> = self.replica();
                if let Some(replica) = replica {
                    replica.heard(*process, callers);
                }
            }
        }
    }

    fn forget_all(&self) {
        self.heard(&Notice::Credentials);
        self.heard(&Notice::Keys);
    }
}
