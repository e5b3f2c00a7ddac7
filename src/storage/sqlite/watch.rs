//! Watches whether the path still refers to the file that was opened. A file that
//! was moved, deleted or replaced stays open here, and changes to it would be lost;
//! the write-ahead log, which belongs to its file by name only, would be applied to
//! the next file of that name. So the service stops using the database.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::SqliteConnection;

use super::copies::with_suffix;
use super::faults::{self, Fault};
use super::wal_index::{Progress, WalIndex};
use super::{replaced_file, wal_file};
use crate::storage::{Obstacle, Readiness, StorageError};

/// How often the file is checked while nobody writes.
const PAUSE: Duration = Duration::from_millis(250);
/// Pause between two log lines about disk errors.
const LOG_PAUSE: Duration = Duration::from_secs(10);

/// Device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity(u64, u64);

impl Identity {
    /// The identity of the file with this name, if there is one and the system has
    /// identities.
    pub fn of(path: &Path) -> Option<Self> {
        Self::from(&fs::metadata(path).ok()?)
    }

    #[cfg(unix)]
    fn from(file: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self(file.dev(), file.ino()))
    }

    #[cfg(not(unix))]
    fn from(_: &Metadata) -> Option<Self> {
        None
    }
}

/// What happened to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Gone,
    Replaced,
    /// The same file with other contents.
    Overwritten,
    /// The file is there, and its write-ahead log or the index of that is not.
    LogGone,
}

/// The file as it was opened, and what has happened since.
pub struct Watched {
    pub path: PathBuf,
    file: Option<Identity>,
    pub log: Option<Identity>,
    pub index: Option<Identity>,
    wal_index: Option<WalIndex>,
    written: Mutex<Written>,
    lost: OnceLock<(Change, String)>,
    is_damage_logged: AtomicBool,
    io_logged: Mutex<Option<Instant>>,
    pub readiness: Readiness,
    /// Wakes the watching thread.
    wake: SyncSender<()>,
    is_over: AtomicBool,
}

/// When the file itself was last written, and how far the log was copied then.
struct Written {
    at: Option<std::time::SystemTime>,
    progress: Option<Progress>,
}

impl Watched {
    /// A connection to the file must be open: it creates the log and its index.
    fn new(path: &Path, wake: SyncSender<()>) -> Self {
        let index = with_suffix(path, "-shm");
        let wal_index = WalIndex::open(&index);
        let progress = wal_index.as_ref().and_then(WalIndex::progress);
        let file = fs::metadata(path).ok();
        Self {
            path: path.to_owned(),
            file: file.as_ref().and_then(Identity::from),
            log: Identity::of(&with_suffix(path, "-wal")),
            index: Identity::of(&index),
            wal_index,
            written: Mutex::new(Written {
                at: file.and_then(|file| file.modified().ok()),
                progress,
            }),
            lost: OnceLock::new(),
            is_damage_logged: AtomicBool::new(false),
            io_logged: Mutex::default(),
            readiness: Readiness::default(),
            wake,
            is_over: AtomicBool::new(false),
        }
    }

    /// Whether the file was in place at the last check.
    pub fn is_in_place(&self) -> Result<(), StorageError> {
        match self.lost.get() {
            Some((_, why)) => Err(StorageError::Unavailable(why.clone())),
            None => Ok(()),
        }
    }

    /// Checks now.
    pub fn look(&self) -> Result<(), StorageError> {
        self.is_in_place()?;
        let Some(change) = self.change() else {
            return Ok(());
        };
        let why = self.sentence(change);
        if self.lost.set((change, why.clone())).is_ok() {
            self.readiness.report(Obstacle::Replaced);
            log::error!("{why}");
            // The thread secures the log; it would also wake by itself.
            let _ = self.wake.try_send(());
        }
        self.is_in_place()
    }

    fn change(&self) -> Option<Change> {
        let opened = self.file?;
        // Read before the time: what is copied later shows at the next check.
        let progress = self.wal_index.as_ref().and_then(WalIndex::progress);
        match fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Some(Change::Gone),
            // Unknown: the folder cannot be read any more.
            Err(_) => return None,
            Ok(file) if Identity::from(&file) != Some(opened) => return Some(Change::Replaced),
            Ok(file) if self.is_overwritten(&file, progress) => return Some(Change::Overwritten),
            Ok(_) => {}
        }
        // Two processes with two indexes of one log do not see each other's locks.
        let is_other = |suffix, opened: Option<Identity>| {
            opened.is_some() && Identity::of(&with_suffix(&self.path, suffix)) != opened
        };
        let is_gone = is_other("-wal", self.log) || is_other("-shm", self.index);
        is_gone.then_some(Change::LogGone)
    }

    /// SQLite writes the file only during a checkpoint.
    fn is_overwritten(&self, file: &Metadata, progress: Option<Progress>) -> bool {
        let at = file.modified().ok();
        let mut before = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Written { at, progress };
        let before = std::mem::replace(&mut *before, now);
        let (Some(then), Some(now)) = (before.progress, progress) else {
            return false;
        };
        let is_by_sqlite = then != now || then.is_under_way() || now.is_under_way();
        at != before.at && !is_by_sqlite
    }

    fn sentence(&self, change: Change) -> String {
        let path = self.path.display();
        let what = match change {
            Change::Gone => format!("{path} was deleted or moved away"),
            Change::Replaced => format!("{path} was replaced by another file"),
            Change::Overwritten => format!("{path} was overwritten by another program"),
            Change::LogGone => format!("the write-ahead log of {path} was deleted or replaced"),
        };
        format!(
            "{what} while it was in use: nothing is read or changed any more until a restart (docs/guides/reliability.md)"
        )
    }

    /// Reports the faults that SQLite noted on this thread as those of this file.
    pub fn take_faults(&self) {
        let path = self.path.display();
        match faults::take() {
            None => {}
            Some(Fault::Damage(what)) => {
                self.readiness.report(Obstacle::Damaged);
                if !self.is_damage_logged.swap(true, Ordering::AcqRel) {
                    log::error!(
                        "{path} is damaged ({what}): stop the service, look with `rolecall check`, and restore a backup (docs/guides/backup.md)"
                    );
                }
            }
            Some(Fault::Io(what)) => {
                self.readiness
                    .report(Obstacle::of(&what).unwrap_or(Obstacle::DiskError));
                if self.is_time_to_log() {
                    log::error!(
                        "{path} cannot be read or written ({what}): look at the disk and at the system's log"
                    );
                }
            }
        }
    }

    /// Disk errors come with each request, so they are not all logged.
    fn is_time_to_log(&self) -> bool {
        let mut logged = self
            .io_logged
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_time = logged.is_none_or(|at| at.elapsed() > LOG_PAUSE);
        if is_time {
            *logged = Some(Instant::now());
        }
        is_time
    }
}

/// Watches a file until it is dropped.
pub struct Watch {
    pub file: Arc<Watched>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// `anchor` is a connection that has read from the file.
    pub fn start(path: &Path, anchor: SqliteConnection) -> Result<Self, StorageError> {
        let (wake, woken) = sync_channel(1);
        let file = Arc::new(Watched::new(path, wake));
        let watched = file.clone();
        let thread = std::thread::Builder::new()
            .name("rolecall-file".into())
            .spawn(move || watch(&watched, anchor, &woken))
            .map_err(|error| StorageError::Unavailable(error.to_string()))?;
        Ok(Self {
            file,
            thread: Some(thread),
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.file.is_over.store(true, Ordering::Release);
        // If the channel is full, the thread is awake already.
        let _ = self.file.wake.try_send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// If the file was lost, this connection stays open as long as the process: the last
/// connection to close would apply the log.
fn watch(file: &Watched, mut anchor: SqliteConnection, woken: &Receiver<()>) {
    let mut is_secured = false;
    loop {
        // Woken, or the pause is over.
        let _ = woken.recv_timeout(PAUSE);
        let is_over = file.is_over.load(Ordering::Acquire);
        if file.look().is_err()
            && let Some((change, _)) = file.lost.get()
            && !std::mem::replace(&mut is_secured, true)
        {
            replaced_file::secure(file, *change, &mut anchor);
        }
        if is_over {
            break;
        }
        if !is_secured {
            wal_file::shorten(&file.path, &mut anchor);
        }
    }
    if is_secured {
        std::mem::forget(anchor);
    }
}
