//! Whether the database takes changes, as far as the service knows: what the
//! last changes met, and what is known of the database's files or server.
//! `/health` reports it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::StorageError;

/// How long a failed change counts for the following ones. After that the service
/// is ready again, so that a load balancer sends the next change.
const BELIEVED: Duration = Duration::from_secs(10);

/// Pause between two test changes.
const TRIED: Duration = Duration::from_secs(1);

/// Why no change can be made. Of several the first in this order is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// SQLite: the file was deleted, or another one is in its place.
    Replaced,
    /// What is stored is not a database any more, or parts of it contradict others.
    Damaged,
    /// SQLite: the disk refuses to read or write.
    DiskError,
    Unreachable,
    /// PostgreSQL: the server follows another one.
    Standby,
    ReadOnly,
    DiskFull,
}

impl Obstacle {
    /// For programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Damaged => "damaged",
            Self::DiskError => "disk_error",
            Self::Unreachable => "unreachable",
            Self::Standby => "standby",
            Self::ReadOnly => "read_only",
            Self::DiskFull => "disk_full",
        }
    }

    /// For people: one sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Replaced => "The database file was deleted or replaced.",
            Self::Damaged => "The database file is damaged.",
            Self::DiskError => "The disk of the database cannot be read or written.",
            Self::Unreachable => "The database does not answer.",
            Self::Standby => "The database server is a standby and takes no changes.",
            Self::ReadOnly => "The database is read-only.",
            Self::DiskFull => "The disk of the database is full.",
        }
    }

    /// What a failure implies for the changes after it, if anything.
    pub fn of(why: &str) -> Option<Self> {
        const MEANINGS: &[(&str, Obstacle)] = &[
            ("disk image is malformed", Obstacle::Damaged),
            ("file is not a database", Obstacle::Damaged),
            ("does not allow writes", Obstacle::Standby),
            ("during recovery", Obstacle::Standby),
            ("disk I/O error", Obstacle::DiskError),
            ("read-only transaction", Obstacle::ReadOnly),
            ("readonly database", Obstacle::ReadOnly),
            ("disk is full", Obstacle::DiskFull),
            ("o space left on device", Obstacle::DiskFull),
            ("could not extend file", Obstacle::DiskFull),
        ];
        let known = MEANINGS.iter().find(|(part, _)| why.contains(part));
        known.map(|(_, obstacle)| *obstacle)
    }

    /// The same for a failure that prevents changes in any case.
    pub fn from_text(why: &str) -> Self {
        Self::of(why).unwrap_or(Self::Unreachable)
    }

    /// Whether it stays until it is cleared, instead of expiring.
    fn is_lasting(self) -> bool {
        matches!(self, Self::Replaced | Self::Damaged)
    }
}

/// The readiness of one database, shared by those who change it and by `/health`.
#[derive(Debug, Default)]
pub struct Readiness {
    /// Whether anything is reported: a change that succeeds takes no lock.
    is_hindered: AtomicBool,
    reported: Mutex<BTreeMap<Obstacle, Instant>>,
    /// When a test change was last made.
    tried: Mutex<Option<Instant>>,
}

impl Readiness {
    /// Reports an obstacle. `Replaced` and `Damaged` stay until they are cleared, others
    /// until a change succeeds or ten seconds have passed.
    pub fn report(&self, obstacle: Obstacle) {
        let mut reported = self.lock();
        reported.insert(obstacle, Instant::now());
        self.is_hindered.store(true, Ordering::Release);
    }

    /// Clears an obstacle.
    pub fn clear(&self, obstacle: Obstacle) {
        let mut reported = self.lock();
        reported.remove(&obstacle);
        self.is_hindered
            .store(!reported.is_empty(), Ordering::Release);
    }

    /// A change succeeded.
    pub fn changed(&self) {
        if self.is_hindered.load(Ordering::Acquire) {
            let mut reported = self.lock();
            reported.retain(|obstacle, _| obstacle.is_lasting());
            self.is_hindered
                .store(!reported.is_empty(), Ordering::Release);
        }
    }

    /// A statement failed, for any reason.
    pub fn failed(&self, why: &str) {
        if let Some(obstacle) = Obstacle::of(why) {
            self.report(obstacle);
        }
    }

    /// Whether a test change is due: once a second at most.
    pub fn is_due(&self) -> bool {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = tried.is_none_or(|tried| tried.elapsed() >= TRIED);
        if is_due {
            *tried = Some(Instant::now());
        }
        is_due
    }

    /// The current obstacle.
    pub fn obstacle(&self) -> Option<Obstacle> {
        if !self.is_hindered.load(Ordering::Acquire) {
            return None;
        }
        self.known_at(Instant::now())
    }

    fn known_at(&self, now: Instant) -> Option<Obstacle> {
        let is_believed = |obstacle: Obstacle, since: Instant| {
            obstacle.is_lasting() || now.duration_since(since) < BELIEVED
        };
        let reported = self.lock();
        let mut known = reported.iter();
        let first = known.find(|(obstacle, since)| is_believed(**obstacle, **since));
        first.map(|(obstacle, _)| *obstacle)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Obstacle, Instant>> {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<&StorageError> for Obstacle {
    fn from(error: &StorageError) -> Self {
        Self::from_text(&error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_succeeds_clears_what_changes_met_but_no_damage() {
        let readiness = Readiness::default();
        assert_eq!(readiness.obstacle(), None);
        readiness.failed("database or disk is full");
        assert_eq!(readiness.obstacle(), Some(Obstacle::DiskFull));
        readiness.failed("database disk image is malformed");
        assert_eq!(readiness.obstacle(), Some(Obstacle::Damaged));
        readiness.changed();
        assert_eq!(readiness.obstacle(), Some(Obstacle::Damaged));
        readiness.clear(Obstacle::Damaged);
        assert_eq!(readiness.obstacle(), None);
    }

    #[test]
    fn a_full_disk_is_believed_for_a_while_only() {
        let readiness = Readiness::default();
        readiness.report(Obstacle::DiskFull);
        let later = Instant::now() + BELIEVED;
        assert_eq!(readiness.known_at(later), None);
        readiness.report(Obstacle::Replaced);
        assert_eq!(readiness.known_at(later), Some(Obstacle::Replaced));
    }

    #[test]
    fn what_says_nothing_about_other_changes_is_no_obstacle() {
        for why in ["database is locked", "deadlock detected", "no such table"] {
            assert_eq!(Obstacle::of(why), None, "{why}");
        }
        for why in [
            "could not extend file \"base/1/2\": No space left on device",
            "No space left on device",
        ] {
            assert_eq!(Obstacle::of(why), Some(Obstacle::DiskFull), "{why}");
        }
    }
}
