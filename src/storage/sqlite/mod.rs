//! SQLite: a reader on every thread, one writer for the process, and a small
//! pool for reads that take long.

mod busy_handler;
pub mod connection;
pub mod copies;
mod deadline;
pub mod env;
mod fairness;
pub(super) mod faults;
pub mod integrity;
pub mod marker;
pub mod partial_copy;
mod read_only_media;
mod replaced_file;
mod search_index;
mod session;
mod snapshot;
mod static_statement;
mod statistics;
mod wal_file;
mod wal_index;
mod watch;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::SqliteConnection;

use super::per_thread::PerThread;
use super::wait_budget::WaitBudget;
use super::{Readiness, StorageError};
use crate::config::Database as DatabaseSettings;
use connection::{CachingConnection, Options};
pub use session::Session;
pub use snapshot::snapshot;
use watch::{Watch, Watched};
use writer::Writer;

/// One SQLite file. Cheap to share behind an `Arc`.
pub struct Sqlite {
    options: Options,
    /// The time limit of a read.
    limit: Option<Duration>,
    readers: PerThread<CachingConnection>,
    slow: r2d2::Pool<Manager>,
    writer: Writer,
    /// Dropped last: it keeps the file open.
    watch: Watch,
}

impl Sqlite {
    /// Opens the file and starts the writer thread.
    pub fn open(path: &Path, settings: &DatabaseSettings) -> Result<Self, StorageError> {
        let options = Options {
            path: path.to_owned(),
            busy: Duration::from_millis(settings.busy_timeout_ms),
            statements: settings.statements,
        };
        let watch = Watch::start(path, anchor(&options)?)?;
        let file = watch.file.clone();
        let slow = r2d2::Pool::builder()
            .max_size(u32::try_from(settings.slow_readers).unwrap_or(u32::MAX))
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(Duration::from_millis(settings.acquire_timeout_ms))
            .build(Manager(options.clone(), file.clone()))
            .map_err(|error| StorageError::Unavailable(error.to_string()))?;
        let limit = settings.statement_timeout_ms;
        Ok(Self {
            limit: (limit > 0).then(|| Duration::from_millis(limit)),
            readers: PerThread::new(),
            slow,
            writer: Writer::start(options.clone(), file, settings.write_queue)?,
            options,
            watch,
        })
    }

    /// Checks whether the file is still in place.
    pub fn look(&self) -> Result<(), StorageError> {
        self.watch.file.look()
    }

    /// Whether the next change would be refused.
    pub fn is_write_queue_full(&self) -> bool {
        let counts = &self.writer.counts;
        counts.depth() >= counts.capacity as u64
    }

    /// Whether it takes changes.
    pub fn readiness(&self) -> &Readiness {
        &self.watch.file.readiness
    }

    fn open_reader(&self) -> Result<CachingConnection, StorageError> {
        open_watched(&self.options, &self.watch.file)
    }

    /// Reads on this thread, with its own connection.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> T,
    ) -> Result<T, StorageError> {
        let file = &self.watch.file;
        file.is_in_place()?;
        self.readers.with(
            || self.open_reader(),
            |connection| {
                watched(file, || {
                    deadline::within(self.limit, || work(connection.lend()))
                })
            },
        )
    }

    /// Drops this thread's connection; the next read opens a new one.
    pub fn forget(&self) {
        self.readers.forget();
    }

    /// Reads on another thread: for reads that may take longer than a few milliseconds
    /// and must not delay other requests.
    pub async fn read_slow<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
    ) -> Result<T, StorageError> {
        let (pool, limit) = (self.slow.clone(), self.limit);
        let file = self.watch.file.clone();
        file.is_in_place()?;
        let task = tokio::task::spawn_blocking(move || {
            let mut connection = pool
                .get()
                .map_err(|error| StorageError::Busy(error.to_string()))?;
            Ok(watched(&file, || {
                deadline::within(limit, || work(connection.lend()))
            }))
        });
        match task.await {
            Ok(answer) => answer,
            Err(_) => Err(StorageError::Unavailable("a slow read panicked".into())),
        }
    }

    /// Hands `work` to the writer and returns its result after the commit.
    ///
    /// An error of `work` rolls back its own changes only. It can be called again,
    /// after its changes were rolled back.
    pub async fn write<T, E>(
        &self,
        waited: &WaitBudget,
        work: impl Fn(&mut SqliteConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let began = Instant::now();
        let until = began + waited.left(self.options.busy);
        let answer = self.writer.write(until, work).await;
        waited.add(began.elapsed());
        answer
    }
}

/// Retries while another process has the file locked. SQLite's busy handler is not
/// called for a change of the journal mode, the recovery after a crash, and the
/// closing of another process's last connection.
pub fn retry_while_busy<T>(
    timeout: Duration,
    mut work: impl FnMut() -> Result<T, StorageError>,
) -> Result<T, StorageError> {
    let until = Instant::now() + timeout;
    loop {
        match work() {
            Err(StorageError::Busy(_)) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

/// The connection that keeps the file open. It waits only while it opens, for another
/// process that migrates or closes the file.
fn anchor(options: &Options) -> Result<SqliteConnection, StorageError> {
    let mut connection = retry_while_busy(options.busy, || {
        connection::open(&options.path, Duration::ZERO)
    })?;
    // An older version or an administrator may have left some.
    if let Err(error) = statistics::forget_small(&mut connection) {
        log::debug!("the statistics of small tables stay: {error}");
    }
    Ok(connection)
}

/// Opens a connection to the watched file, not to another one that has its name by
/// now.
fn open_watched(options: &Options, file: &Watched) -> Result<CachingConnection, StorageError> {
    file.look()?;
    let opened = watched(file, || CachingConnection::open(options))?;
    file.look()?;
    Ok(opened)
}

/// Reports faults of the file that SQLite notes during `work`.
fn watched<T>(file: &Watched, work: impl FnOnce() -> T) -> T {
    faults::clear();
    let answer = work();
    file.take_faults();
    answer
}

/// Opens connections for r2d2 with our options.
struct Manager(Options, Arc<Watched>);

impl r2d2::ManageConnection for Manager {
    type Connection = CachingConnection;
    type Error = StorageError;

    fn connect(&self) -> Result<CachingConnection, StorageError> {
        open_watched(&self.0, &self.1)
    }

    fn is_valid(&self, _: &mut CachingConnection) -> Result<(), StorageError> {
        Ok(())
    }

    fn has_broken(&self, _: &mut CachingConnection) -> bool {
        std::thread::panicking()
    }
}
