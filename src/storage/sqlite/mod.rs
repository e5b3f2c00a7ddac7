//! SQLite: a reader on every thread, one writer for the process, and a small
//! pool for reads that take long.

pub mod connection;
pub mod copies;
mod deadline;
pub mod env;
mod fixed;
mod session;
mod snapshot;
mod statistics;
mod writer;

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::SqliteConnection;

use super::local::Local;
use super::{Readiness, StorageError};
use crate::config::Database as DatabaseSettings;
use connection::{Lasting, Options};
pub use session::Session;
pub use snapshot::snapshot;
use writer::Writer;

/// One SQLite file. Cheap to share behind an `Arc`.
pub struct Sqlite {
    options: Options,
    /// How long a read may take.
    limit: Option<Duration>,
    readers: Local<Lasting>,
    slow: r2d2::Pool<Manager>,
    writer: Writer,
    /// Whether it takes changes.
    pub readiness: Readiness,
}

impl Sqlite {
    /// Opens the file and starts the writer thread.
    pub fn open(path: &Path, settings: &DatabaseSettings) -> Result<Self, StorageError> {
        let options = Options {
            path: path.to_owned(),
            busy: Duration::from_millis(settings.busy_timeout_ms),
            statements: settings.statements,
        };
        let slow = r2d2::Pool::builder()
            .max_size(u32::try_from(settings.slow_readers).unwrap_or(u32::MAX))
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(Duration::from_millis(settings.acquire_timeout_ms))
            .build(Manager(options.clone()))
            .map_err(|error| StorageError::Unavailable(error.to_string()))?;
        // An older rolecall or somebody's own hand may have left some.
        let mut connection = Lasting::open(&options)?;
        if let Err(error) = statistics::forget_small(connection.lend()) {
            log::warn!("the statistics of small tables stay: {error}");
        }
        let limit = settings.statement_timeout_ms;
        Ok(Self {
            limit: (limit > 0).then(|| Duration::from_millis(limit)),
            readers: Local::new(),
            slow,
            writer: Writer::start(options.clone(), settings.write_queue)?,
            readiness: Readiness::default(),
            options,
        })
    }

    /// Reads here and now, on this thread's own connection.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> T,
    ) -> Result<T, StorageError> {
        self.readers.with(
            || Lasting::open(&self.options),
            |connection| deadline::within(self.limit, || work(connection.lend())),
        )
    }

    /// Drops this thread's connection; the next read opens a new one.
    pub fn forget(&self) {
        self.readers.forget();
    }

    /// Reads on another thread: for what may take longer than a few
    /// milliseconds and must not hold up the requests beside it.
    pub async fn read_slow<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
    ) -> Result<T, StorageError> {
        let (pool, limit) = (self.slow.clone(), self.limit);
        let task = tokio::task::spawn_blocking(move || {
            let mut connection = pool
                .get()
                .map_err(|error| StorageError::Busy(error.to_string()))?;
            Ok(deadline::within(limit, || work(connection.lend())))
        });
        match task.await {
            Ok(answer) => answer,
            Err(_) => Err(StorageError::Unavailable("a slow read panicked".into())),
        }
    }

    /// Hands `work` to the writer; the answer comes after the commit.
    ///
    /// `Err` from `work` undoes what it did and nothing else. It may be called
    /// again, after all that it did was undone.
    pub async fn write<T, E>(
        &self,
        work: impl Fn(&mut SqliteConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        self.writer.write(work).await
    }
}

/// Tries again for so long while another process has the file. SQLite's own
/// waiting leaves some of that out: a change of the journal's mode, the recovery
/// after a crash, and the last connection of another process that closes.
pub fn patiently<T>(
    patience: Duration,
    mut work: impl FnMut() -> Result<T, StorageError>,
) -> Result<T, StorageError> {
    let until = Instant::now() + patience;
    loop {
        match work() {
            Err(StorageError::Busy(_)) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

/// Makes connections for r2d2 with our own set-up.
struct Manager(Options);

impl r2d2::ManageConnection for Manager {
    type Connection = Lasting;
    type Error = StorageError;

    fn connect(&self) -> Result<Lasting, StorageError> {
        Lasting::open(&self.0)
    }

    fn is_valid(&self, _: &mut Lasting) -> Result<(), StorageError> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Lasting) -> bool {
        std::thread::panicking()
    }
}
