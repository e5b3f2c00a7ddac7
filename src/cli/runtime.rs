//! An open directory, and a place to wait for its answers outside the server.

use std::sync::Arc;

use super::error::CommandError;
use crate::config::{DatabaseUrl, Settings};
use crate::directory::names::{FillNameKeys, LacksNameKeys};
use crate::directory::{
    Context, Credential, Directory, DirectoryError, Execute, RequestId, SystemClock,
};
use crate::mail;
use crate::storage::{self, Empty, Obstacle, StorageError, Store};

pub struct Session {
    pub settings: Settings,
    pub directory: Arc<Directory>,
    /// The program itself, at the moment when it started.
    pub context: Context,
}

impl Session {
    /// Opens a database that is there, migrating it where needed. Its statements
    /// take as long as they do.
    pub fn open(settings: Settings) -> Result<Self, CommandError> {
        Self::for_command(settings, Empty::Refuse)
    }

    /// The same of one that may have to be made.
    pub fn make(settings: Settings) -> Result<Self, CommandError> {
        Self::for_command(settings, Empty::Fill)
    }

    fn for_command(mut settings: Settings, empty: Empty) -> Result<Self, CommandError> {
        settings.database.statement_timeout_ms = 0;
        let session = Self::with(settings, empty)?;
        Ok(Self {
            context: session.context.with_credential(Credential::Command),
            ..session
        })
    }

    /// The same with the limits of the server, which waits for its database.
    pub fn to_serve(settings: Settings) -> Result<Self, CommandError> {
        storage::wait_until_reachable(&settings.database)
            .map_err(|error| cannot_open(&settings, &error))?;
        let session = Self::opened(settings, Empty::Fill)?;
        session.run(takes_changes)?;
        session.run(fill_name_keys)?;
        Ok(session)
    }

    fn with(settings: Settings, empty: Empty) -> Result<Self, CommandError> {
        let session = Self::opened(settings, empty)?;
        session.run(fill_name_keys)?;
        Ok(session)
    }

    fn opened(settings: Settings, empty: Empty) -> Result<Self, CommandError> {
        let store = Store::open(&settings.database, empty)
            .map_err(|error| cannot_open(&settings, &error))?;
        let directory = Arc::new(Directory::new(store, Arc::new(SystemClock)));
        let number = getrandom::u64().map_err(|error| {
            CommandError::failed(format!("the system has no randomness: {error}"))
        })?;
        let context = Context::of_program(directory.clock().now(), RequestId(number));
        Ok(Self {
            settings,
            directory,
            context,
        })
    }

    /// Lets changes queue the mails that the server sends.
    pub fn with_mail(mut self) -> Self {
        self.context.mail = mail::policy(&self.settings.mail);
        self
    }

    /// Runs `work` to its end, on a thread of its own: the connections that the
    /// database keeps for each thread end with it.
    pub fn run<T: Send>(
        &self,
        work: impl AsyncFnOnce(&Self) -> Result<T, CommandError> + Send,
    ) -> Result<T, CommandError> {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| block_on(work(self)));
            let panicked = |_| {
                Err(CommandError::failed(
                    "a defect of rolecall: a command panicked",
                ))
            };
            thread.join().unwrap_or_else(panicked)
        })
    }

    pub async fn read<O: Execute>(&self, operation: O) -> Result<O::Output, DirectoryError> {
        self.directory.read(&self.context, operation).await
    }

    pub async fn write<O: Execute>(&self, operation: O) -> Result<O::Output, DirectoryError> {
        self.directory.write(&self.context, operation).await
    }
}

fn cannot_open(settings: &Settings, error: &StorageError) -> CommandError {
    CommandError::failed(format!("cannot open {}: {error}", settings.database.url))
}

/// A PostgreSQL that refuses changes is not the one to serve: most likely
/// another was promoted, and the address is that of the former primary.
async fn takes_changes(session: &Session) -> Result<(), CommandError> {
    let url = &session.settings.database.url;
    if matches!(url, DatabaseUrl::Sqlite(_)) {
        return Ok(());
    }
    let why = match session.directory.obstacle(&session.context).await {
        Some(Obstacle::Standby) => "the server is a standby and takes no changes",
        Some(Obstacle::ReadOnly) => "the database is read-only",
        _ => return Ok(()),
    };
    Err(CommandError::failed(format!("cannot serve {url}: {why}")))
}

/// Fills in what names are told apart by, where it is missing.
async fn fill_name_keys(session: &Session) -> Result<(), CommandError> {
    let mut filled = 0;
    while session.read(LacksNameKeys).await? {
        filled += session.write(FillNameKeys).await?;
    }
    if filled > 0 {
        log::debug!("made the keys of {filled} names, by which look-alikes are found");
    }
    Ok(())
}

/// Waits for `work` on this thread.
pub fn block_on<T>(work: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CommandError::failed)?;
    runtime.block_on(work)
}

/// An empty directory in a file that vanishes, for the tests of the commands.
#[cfg(test)]
pub mod testing {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    pub struct Scratch(PathBuf);

    impl Scratch {
        pub fn new() -> Self {
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("rolecall-cli-{}-{number}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        /// With a database in it that holds nothing yet.
        pub fn filled() -> Self {
            let scratch = Self::new();
            Session::make(scratch.settings()).unwrap();
            scratch
        }

        pub fn settings(&self) -> Settings {
            let mut settings = Settings::default();
            settings.database.url = DatabaseUrl::Sqlite(self.0.join("rolecall.db"));
            settings
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
