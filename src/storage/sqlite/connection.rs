//! One SQLite connection, set up as every one of ours is.

use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use diesel::connection::{CacheSize, SimpleConnection};
use diesel::{Connection, SqliteConnection};

use super::{busy_handler, deadline, faults, read_only_media, wal_file};
use crate::storage::StorageError;
use crate::storage::migrations::{HISTORY, Tables};
use crate::storage::statements::StatementCount;

/// How long a start waits for another process that migrates the same file.
pub const MIGRATION_WAIT: Duration = Duration::from_secs(30);

/// The options of every connection.
#[derive(Clone, Debug)]
pub struct Options {
    pub path: PathBuf,
    /// How long it waits for another process that writes.
    pub busy: Duration,
    /// The most statements that it caches.
    pub statements: usize,
}

/// A connection that empties its statement cache when it grows too large.
pub struct CachingConnection {
    connection: SqliteConnection,
    statement_count: StatementCount,
    most: usize,
}

impl CachingConnection {
    pub fn open(options: &Options) -> Result<Self, StorageError> {
        let mut connection = open(&options.path, options.busy)?;
        let statement_count = StatementCount::default();
        connection.set_instrumentation(statement_count.instrumentation());
        Ok(Self {
            connection,
            statement_count,
            most: options.statements,
        })
    }

    /// The connection, for one unit of work.
    pub fn lend(&mut self) -> &mut SqliteConnection {
        if self.statement_count.exceeds(self.most) {
            let connection = &mut self.connection;
            connection.set_prepared_statement_cache_size(CacheSize::Disabled);
            connection.set_prepared_statement_cache_size(CacheSize::Unbounded);
        }
        &mut self.connection
    }
}

/// What a file holds, without leaving marks in it.
pub fn tables(path: &Path) -> Result<Tables, StorageError> {
    #[derive(diesel::QueryableByName)]
    struct Named {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let not_ours =
        |why: String| StorageError::NotOurs(format!("this is not a rolecall database: {why}"));
    let mut connection = establish(path, MIGRATION_WAIT)?;
    let listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite|_%' ESCAPE '|'";
    let listed = diesel::RunQueryDsl::load(diesel::sql_query(listed), &mut connection);
    let names: Vec<Named> = listed.map_err(|error| match StorageError::from(error) {
        StorageError::Unavailable(why) if why.contains("not a database") => not_ours(why),
        other => other,
    })?;
    let names: Vec<String> = names.into_iter().map(|table| table.name).collect();
    let mut versions = Vec::new();
    if names.iter().any(|name| name == HISTORY) {
        let all = format!("SELECT version AS name FROM {HISTORY}");
        let all: Vec<Named> = diesel::RunQueryDsl::load(diesel::sql_query(all), &mut connection)?;
        versions = all.into_iter().map(|row| row.name).collect();
    }
    Ok(Tables { names, versions })
}

fn as_text(path: &Path) -> Result<&str, StorageError> {
    path.to_str().ok_or_else(|| {
        StorageError::Unavailable("the path of the database is not valid UTF-8".into())
    })
}

/// Opens `path`, creating the file when it is not there.
pub fn open(path: &Path, busy: Duration) -> Result<SqliteConnection, StorageError> {
    keep_private(path)?;
    let mut connection = establish(path, busy)?;
    connection.batch_execute(&format!(
        "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -65536;
         PRAGMA mmap_size = 1073741824;
         PRAGMA journal_size_limit = {};
         PRAGMA temp_store = MEMORY;",
        wal_file::LARGE
    ))?;
    let wal = super::retry_while_busy(busy, || {
        let done = connection.batch_execute("PRAGMA journal_mode = WAL");
        done.map_err(StorageError::from)
    });
    if let Err(error) = wal {
        // A backup on read-only media can still be read.
        if !error.to_string().contains("readonly") {
            return Err(error);
        }
    }
    Ok(connection)
}

/// Opens a file that is there, without a setting that would change it: for work
/// on whole files, which may be copies on read-only media.
pub fn open_existing(path: &Path, busy: Duration) -> Result<SqliteConnection, StorageError> {
    let refused = |error: std::io::Error| {
        let path = path.display();
        StorageError::Unavailable(format!("cannot open {path}: {error}"))
    };
    // SQLite would make it.
    std::fs::metadata(path).map_err(refused)?;
    establish(path, busy).map_err(|error| {
        // The system's own word is clearer. Only now: to close a file ends the
        // locks of all connections that this process has to it.
        match std::fs::File::open(path) {
            Err(why) => refused(why),
            Ok(_) => error,
        }
    })
}

/// `busy`: how long it waits for a lock.
fn establish(path: &Path, busy: Duration) -> Result<SqliteConnection, StorageError> {
    prepare_library();
    let mut address = as_text(path)?.to_owned();
    if read_only_media::is_at_rest(path) {
        address = read_only_media::immutable(&address);
    }
    busy_handler::with(busy, || Ok(SqliteConnection::establish(&address)?))
}

/// A new file is for its owner only: it holds password hashes. SQLite gives
/// the files beside it the same mode.
fn keep_private(path: &Path) -> Result<(), StorageError> {
    match create_private(path) {
        Err(_) if path.exists() => Ok(()),
        created => created,
    }
}

/// Makes an empty file for its owner only, where none is.
pub fn create_private(path: &Path) -> Result<(), StorageError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) => {
            let path = path.display();
            Err(StorageError::Unavailable(format!(
                "cannot create {path}: {error}"
            )))
        }
    }
}

/// Sets SQLite up for every connection that this process opens.
///
/// Each connection is used by one thread at a time (Diesel's is not `Sync`), so
/// SQLite need not lock it with every call; that alone is a tenth of a page of
/// users. Nobody asks how much memory it uses, so it need not count that under
/// a lock of all threads.
///
/// And the query planner stability guarantee is turned on: without it the
/// bundled build, made with STAT4, plans a kept statement again whenever a
/// bound value changes. Last, every connection looks at the clock while it works,
/// waits for locks in our way, and what SQLite reports of damage is noted.
fn prepare_library() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[expect(unsafe_code, reason = "SQLite's own settings have no safe face")]
        // SAFETY: the options take the arguments that are given. Too late, once
        // SQLite is in use, they are refused and change nothing.
        unsafe {
            libsqlite3_sys::sqlite3_config(libsqlite3_sys::SQLITE_CONFIG_MULTITHREAD);
            libsqlite3_sys::sqlite3_config(libsqlite3_sys::SQLITE_CONFIG_MEMSTATUS, 0_i32);
            libsqlite3_sys::sqlite3_config(
                libsqlite3_sys::SQLITE_CONFIG_LOG,
                faults::log as unsafe extern "C" fn(_, _, _),
                std::ptr::null_mut::<std::os::raw::c_void>(),
            );
        }
        #[expect(unsafe_code, reason = "Diesel does not hand out the raw connection")]
        // SAFETY: the entry point has the signature that SQLite calls it with,
        // lives as long as the program and touches nothing but its argument.
        unsafe {
            libsqlite3_sys::sqlite3_auto_extension(Some(set_up));
        }
    });
}

#[expect(unsafe_code, reason = "an entry point that SQLite calls")]
unsafe extern "C" fn set_up(
    database: *mut libsqlite3_sys::sqlite3,
    _error: *mut *mut std::os::raw::c_char,
    _api: *const libsqlite3_sys::sqlite3_api_routines,
) -> std::os::raw::c_int {
    // SAFETY: SQLite hands over the connection that it has just opened; what it
    // shall call has the signature for that and lives as long as the program.
    unsafe {
        libsqlite3_sys::sqlite3_progress_handler(
            database,
            deadline::STEPS,
            Some(deadline::is_over),
            std::ptr::null_mut(),
        );
        busy_handler::install(database);
        libsqlite3_sys::sqlite3_db_config(
            database,
            libsqlite3_sys::SQLITE_DBCONFIG_ENABLE_QPSG,
            1_i32,
            std::ptr::null_mut::<std::os::raw::c_int>(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::prelude::*;
    use diesel::sql_types::Text;

    #[test]
    fn every_connection_keeps_its_plans_and_waits_for_the_disk() {
        let folder = std::env::temp_dir().join(format!("rolecall-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut connection = open(&folder.join("pragmas.db"), Duration::from_secs(1)).unwrap();
        let mode: String = diesel::select(diesel::dsl::sql::<Text>(
            "(SELECT journal_mode FROM pragma_journal_mode)",
        ))
        .get_result(&mut connection)
        .unwrap();
        assert_eq!(mode, "wal");
        let synchronous: String = diesel::select(diesel::dsl::sql::<Text>(
            "(SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous)",
        ))
        .get_result(&mut connection)
        .unwrap();
        assert_eq!(synchronous, "2", "FULL");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn statements_of_ever_new_kinds_do_not_pile_up() {
        let folder = std::env::temp_dir().join(format!("rolecall-kept-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut connection = CachingConnection::open(&Options {
            path: folder.join("kept.db"),
            busy: Duration::from_secs(1),
            statements: 10,
        })
        .unwrap();
        let mut read = |number: i32| {
            let text = crate::storage::sql_fragment::fragment::<Text>(format!("'{number}'"));
            let read: String = diesel::select(text).get_result(connection.lend()).unwrap();
            assert_eq!(read, number.to_string());
            connection.statement_count.count()
        };
        let kept: Vec<usize> = (0..30).map(&mut read).collect();
        assert_eq!(kept[10], 11, "one more than may be: {kept:?}");
        assert_eq!(kept[11], 1, "begun anew: {kept:?}");
        assert_eq!(kept.iter().max(), Some(&11));
        assert_eq!(read(29), *kept.last().unwrap(), "kept, not prepared again");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
