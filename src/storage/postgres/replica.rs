//! A streaming replica: what it may be asked, and whether it may be asked now.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{Either, join, select};
use tokio::sync::watch;

use super::Postgres;
use super::address::Address;
use super::dedicated::DedicatedConnection;
use super::listener::telling;
use super::recent_writers::RecentWriters;
use crate::storage::StorageError;

/// Between two looks at both servers.
const PAUSE: Duration = Duration::from_millis(50);
/// The same while the replica is away: each look opens a connection anew.
const PAUSE_AWAY: Duration = Duration::from_millis(500);
/// How long a server may be silent before it counts as gone.
const PATIENCE: Duration = Duration::from_secs(1);
/// Looks that a replica which serves alone may leave without an answer.
const FORGIVEN: u32 = 2;
/// States of the primary that are kept until the replica has them.
const MOST_SEEN: usize = 1024;

/// Whether reads go there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaStatus {
    /// Nobody has looked yet.
    Starting,
    Serving,
    /// Its state is older than it may be.
    Behind,
    /// It does not answer, or is no replica of this primary.
    Unreachable,
}

pub struct Replica {
    pub reads: Postgres,
    pub writers: RecentWriters,
    /// Told apart from other processes by this number.
    process: u64,
    address: Address,
    primary: Address,
    max_lag: Duration,
    /// How long it answers while the primary is gone.
    max_alone: Duration,
    status: watch::Sender<ReplicaStatus>,
    /// Whether it serves while the primary is gone.
    alone: watch::Sender<bool>,
    lag_ms: AtomicU64,
}

impl Replica {
    pub fn new(
        reads: Postgres,
        address: Address,
        primary: Address,
        settings: &crate::config::Database,
    ) -> Result<Self, StorageError> {
        let process = getrandom::u64()
            .map_err(|error| StorageError::Unavailable(format!("no randomness: {error}")))?;
        Ok(Self {
            reads,
            writers: RecentWriters::new(settings.replica_writers),
            process,
            address,
            primary,
            max_lag: Duration::from_millis(settings.replica_max_lag_ms),
            max_alone: Duration::from_secs(settings.replica_alone_seconds),
            status: watch::Sender::new(ReplicaStatus::Starting),
            alone: watch::Sender::new(false),
            lag_ms: AtomicU64::new(0),
        })
    }

    pub fn status(&self) -> ReplicaStatus {
        *self.status.borrow()
    }

    /// How long ago the primary was as the replica was when last looked at.
    pub fn lag_ms(&self) -> u64 {
        self.lag_ms.load(Ordering::Relaxed)
    }

    /// Whether it may answer this caller now.
    pub fn may_serve(&self, caller: Option<i64>) -> bool {
        self.status() == ReplicaStatus::Serving && self.writers.has_all_of(caller)
    }

    /// What `read` gives, or nothing when the replica is lost meanwhile.
    pub async fn while_there<T>(&self, read: impl Future<Output = T>) -> Option<T> {
        let mut status = self.status.subscribe();
        let lost = pin!(status.wait_for(|status| *status == ReplicaStatus::Unreachable));
        match select(pin!(read), lost).await {
            Either::Left((answer, _)) => Some(answer),
            Either::Right(_) => None,
        }
    }

    /// Whether it serves while the primary is gone.
    pub fn is_alone(&self) -> bool {
        *self.alone.borrow() && self.status() == ReplicaStatus::Serving
    }

    /// What `read` gives, or nothing when the primary is gone, or goes meanwhile,
    /// and this one serves.
    pub async fn while_accompanied<T>(&self, read: impl Future<Output = T>) -> Option<T> {
        if self.is_alone() {
            return None;
        }
        let mut alone = self.alone.subscribe();
        let left = pin!(async {
            // An error: the sender is gone, which is part of this.
            while alone.wait_for(|alone| *alone).await.is_ok() && !self.is_alone() {
                tokio::time::sleep(PAUSE).await;
            }
        });
        match select(pin!(read), left).await {
            Either::Left((answer, _)) => Some(answer),
            Either::Right(_) => None,
        }
    }

    /// Others may have written through another process, which tells us.
    pub fn heard(&self, process: u64, callers: &[i64]) {
        if process != self.process {
            self.writers.heard(callers);
        }
    }

    /// Looks after both servers, for as long as the process lives.
    pub async fn watch(&self) {
        let mut watch = Watch::default();
        loop {
            self.look(&mut watch).await;
            let is_away = self.status() == ReplicaStatus::Unreachable;
            tokio::time::sleep(if is_away { PAUSE_AWAY } else { PAUSE }).await;
        }
    }

    /// One look: how far the primary is, how far the replica, and what follows.
    async fn look(&self, watch: &mut Watch) {
        let tick = self.writers.tick();
        let at = Instant::now();
        let untold = self.writers.untold();
        let primary = watch
            .primary
            .position(&self.primary, &self.process, &untold);
        let replica = watch.replica.position(&self.address);
        let (primary, replica) = join(primary, replica).await;
        match primary {
            Ok(place) => {
                watch.seen.note(Seen { tick, at, place });
                watch.met = Some(at);
                self.is_left(false);
            }
            Err(error) => {
                log::debug!("the primary was not seen: {error}");
                let met = watch.met;
                self.is_left(met.is_some_and(|met| met.elapsed() < self.max_alone));
            }
        }
        match replica {
            Ok(place) if watch.are_of_one_cluster() => {
                watch.missed = 0;
                self.writers.reached(place);
                if let Some(seen) = watch.seen.reached(place) {
                    self.writers.replayed(seen.tick);
                    watch.fresh = Some(seen.at);
                }
                // While the primary is gone there is nothing newer to be had.
                let now = watch.met.filter(|_| *self.alone.borrow());
                self.judge(watch.fresh, now.unwrap_or_else(Instant::now));
            }
            Ok(_) if watch.primary.cluster.is_none() => {
                self.set_status(ReplicaStatus::Unreachable, "the primary was not seen yet");
            }
            Ok(_) => self.set_status(
                ReplicaStatus::Unreachable,
                "it is no replica of database.url",
            ),
            // There is no other to ask: one look that took long is forgiven.
            Err(error) if self.is_alone() && watch.missed < FORGIVEN => {
                watch.missed += 1;
                log::debug!("the replica was not seen: {error}");
            }
            Err(error) => self.set_status(ReplicaStatus::Unreachable, &error.to_string()),
        }
    }

    /// Who was behind has to come half as near as who serves may be away, so
    /// that reads do not go to and fro.
    fn judge(&self, fresh: Option<Instant>, now: Instant) {
        let Some(lag) = fresh.map(|fresh| now.saturating_duration_since(fresh)) else {
            return self.set_status(ReplicaStatus::Behind, "has not caught up yet");
        };
        let milliseconds = u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
        self.lag_ms.store(milliseconds, Ordering::Relaxed);
        let allowed = match self.status() {
            ReplicaStatus::Serving => self.max_lag,
            _ => self.max_lag / 2,
        };
        if lag <= allowed {
            self.set_status(ReplicaStatus::Serving, "has caught up");
        } else {
            self.set_status(
                ReplicaStatus::Behind,
                &format!("is {milliseconds} ms behind"),
            );
        }
    }

    fn is_left(&self, now: bool) {
        if self.alone.send_replace(now) != now {
            match now {
                true => log::warn!("the primary is gone: the replica answers reads alone"),
                false => log::info!("the replica does not answer reads alone any more"),
            }
        }
    }

    fn set_status(&self, now: ReplicaStatus, why: &str) {
        let before = self.status.send_replace(now);
        if before == now {
            return;
        }
        match now {
            ReplicaStatus::Serving => log::info!("the replica {why}: reads go there"),
            ReplicaStatus::Behind => log::warn!("the replica {why}: reads go to the primary"),
            ReplicaStatus::Starting | ReplicaStatus::Unreachable => {
                log::warn!("the replica cannot be used: {why}; reads go to the primary");
                // Whatever its connections wait for: nobody shall wait with them.
                self.reads.renew();
            }
        }
    }
}

/// What the watching task knows.
#[derive(Default)]
struct Watch {
    primary: Primary,
    replica: Follower,
    seen: AllSeen,
    /// When the primary was in the last state that the replica is known to have.
    fresh: Option<Instant>,
    /// When the primary was last seen.
    met: Option<Instant>,
    /// Looks in a row that a replica which serves alone did not answer.
    missed: u32,
}

impl Watch {
    /// Positions of different clusters say nothing about each other.
    fn are_of_one_cluster(&self) -> bool {
        self.primary.cluster.is_some() && self.primary.cluster == self.replica.cluster
    }
}

#[derive(Default)]
struct Primary {
    connection: Option<DedicatedConnection>,
    cluster: Option<String>,
}

impl Primary {
    /// Behind everything that was committed before this was called. On the way
    /// the other processes are told who has written here.
    async fn position(
        &mut self,
        address: &Address,
        process: &u64,
        writers: &[i64],
    ) -> Result<u64, StorageError> {
        let connection = opened(&mut self.connection, &mut self.cluster, address).await?;
        let asked = async {
            let answer = connection
                .last_row(
                    "SELECT pg_current_wal_insert_lsn(), current_setting('wal_block_size'), \
                     pg_size_bytes(current_setting('wal_segment_size'))",
                )
                .await?;
            if !writers.is_empty() {
                connection.last_row(&telling(*process, writers)).await?;
            }
            let size = |column: usize| answer.get(column)?.as_ref()?.parse().ok();
            let place = position(answer.first())?;
            Ok(end_of_records(place, size(1), size(2)))
        };
        let place = asked.await;
        if place.is_err() {
            self.connection = None;
        }
        place
    }
}

#[derive(Default)]
struct Follower {
    connection: Option<DedicatedConnection>,
    cluster: Option<String>,
}

impl Follower {
    /// What has been replayed.
    async fn position(&mut self, address: &Address) -> Result<u64, StorageError> {
        let connection = opened(&mut self.connection, &mut self.cluster, address).await?;
        let asked = async {
            let answer = connection
                .last_row("SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn()")
                .await?;
            if answer.first().is_some_and(|is| is.as_deref() == Some("f")) {
                let why = "it takes changes itself, so it follows nobody";
                return Err(StorageError::Unavailable(why.to_owned()));
            }
            position(answer.get(1))
        };
        let place = asked.await;
        if place.is_err() {
            self.connection = None;
        }
        place
    }
}

/// The connection, opened where there is none, and the number of its cluster.
async fn opened<'a>(
    connection: &'a mut Option<DedicatedConnection>,
    cluster: &mut Option<String>,
    address: &Address,
) -> Result<&'a DedicatedConnection, StorageError> {
    let open = match connection.take() {
        Some(open) => open,
        None => {
            let open =
                DedicatedConnection::open(address, "rolecall: looks after the replica", PATIENCE)
                    .await?;
            let asked = "SELECT system_identifier FROM pg_control_system()";
            *cluster = open.last_row(asked).await?.into_iter().next().flatten();
            open
        }
    };
    Ok(connection.insert(open))
}

/// A position in the write-ahead log: two hexadecimal numbers with a slash.
pub(super) fn position(text: Option<&Option<String>>) -> Result<u64, StorageError> {
    let read = || {
        let (high, low) = text?.as_ref()?.split_once('/')?;
        let high = u64::from_str_radix(high, 16).ok()?;
        let low = u64::from_str_radix(low, 16).ok()?;
        Some((high << 32) | low)
    };
    read().ok_or_else(|| StorageError::Unavailable("it tells no position".to_owned()))
}

/// Where the last record ends, given where the next will begin. Between the two
/// there may be the head of a page or of a segment, which is written with the
/// next record only: who waits for it on a quiet server waits for ever.
fn end_of_records(next: u64, page: Option<u64>, segment: Option<u64>) -> u64 {
    // `SizeOfXLogLongPHD` and `SizeOfXLogShortPHD` of a 64-bit server.
    for (size, head) in [(segment, 40), (page, 24)] {
        if size.is_some_and(|size| size > 0 && next % size == head) {
            return next - head;
        }
    }
    next
}

/// What the primary was like at a tick.
#[derive(Clone, Copy)]
struct Seen {
    tick: u64,
    at: Instant,
    place: u64,
}

/// What the replica is still to reach, the oldest first.
#[derive(Default)]
struct AllSeen(VecDeque<Seen>);

impl AllSeen {
    fn note(&mut self, seen: Seen) {
        // A primary that went back, restored from a backup, begins anew.
        if self.0.back().is_some_and(|last| seen.place < last.place) {
            self.0.clear();
        }
        if self.0.len() >= MOST_SEEN {
            // Every second one will do: what it stood for, the next stands for too.
            let mut keep = false;
            self.0.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.0.push_back(seen);
    }

    /// The last of those that a replica at this place has.
    fn reached(&mut self, place: u64) -> Option<Seen> {
        let mut last = None;
        while self.0.front().is_some_and(|seen| seen.place <= place) {
            last = self.0.pop_front();
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(tick: u64, place: u64) -> Seen {
        let at = Instant::now();
        Seen { tick, at, place }
    }

    #[test]
    fn a_position_is_two_hexadecimal_numbers() {
        let text = Some("16/B374D848".to_owned());
        assert_eq!(position(Some(&text)).unwrap(), 0x16_B374_D848);
        for wrong in [Some(&None), None, Some(&Some("16".to_owned()))] {
            assert!(position(wrong).is_err());
        }
    }

    #[test]
    fn the_head_of_a_page_is_no_record() {
        let end = |next| end_of_records(next, Some(0x2000), Some(0x0100_0000));
        assert_eq!(end(0x0300_0028), 0x0300_0000);
        assert_eq!(end(0x0300_2018), 0x0300_2000);
        // With 16 bytes of a record behind the head of the page.
        assert_eq!(end(0x0300_2028), 0x0300_2028);
        assert_eq!(end(0x0300_4000), 0x0300_4000);
    }

    #[test]
    fn the_last_state_that_was_reached_counts() {
        let mut all = AllSeen::default();
        for (tick, place) in [(1, 10), (2, 10), (3, 20)] {
            all.note(seen(tick, place));
        }
        assert_eq!(all.reached(9).map(|seen| seen.tick), None);
        assert_eq!(all.reached(15).map(|seen| seen.tick), Some(2));
        assert_eq!(all.reached(15).map(|seen| seen.tick), None);
        assert_eq!(all.reached(20).map(|seen| seen.tick), Some(3));
    }

    #[test]
    fn states_do_not_pile_up_behind_a_replica_that_stands_still() {
        let mut all = AllSeen::default();
        for tick in 0..10_000 {
            all.note(seen(tick, tick));
        }
        assert!(all.0.len() <= MOST_SEEN);
        assert_eq!(all.reached(u64::MAX).map(|seen| seen.tick), Some(9_999));
    }

    #[test]
    fn a_primary_that_went_back_is_followed_from_there() {
        let mut all = AllSeen::default();
        all.note(seen(1, 100));
        all.note(seen(2, 50));
        assert_eq!(all.reached(60).map(|seen| seen.tick), Some(2));
    }
}
