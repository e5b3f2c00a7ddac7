//! One SQLite connection, set up as every one of ours is.

use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use crate::storage::StorageError;

/// How long a start waits for another process that migrates the same file.
pub const MIGRATION_WAIT: Duration = Duration::from_secs(30);

/// Opens `path`, creating the file when it is not there.
pub fn open(path: &Path, busy: Duration) -> Result<SqliteConnection, StorageError> {
    keep_plans();
    keep_private(path)?;
    let path = path.to_str().ok_or_else(|| {
        StorageError::Unavailable("the path of the database is not valid UTF-8".into())
    })?;
    let mut connection = SqliteConnection::establish(path)?;
    connection.batch_execute(&format!(
        "PRAGMA busy_timeout = {};
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -65536;
         PRAGMA mmap_size = 1073741824;
         PRAGMA temp_store = MEMORY;",
        busy.as_millis()
    ))?;
    fold_case_utils::register_impl(&mut connection, folded)?;
    Ok(connection)
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// Small letters of every alphabet, under the name that PostgreSQL's has.
    fn fold_case(
        words: diesel::sql_types::Nullable<diesel::sql_types::Text>,
    ) -> diesel::sql_types::Nullable<diesel::sql_types::Text>;
}

fn folded(words: Option<String>) -> Option<String> {
    words.map(|words| words.to_lowercase().replace('ς', "σ"))
}

/// A new file is for its owner only: it holds password hashes. SQLite gives
/// the files beside it the same mode.
fn keep_private(path: &Path) -> Result<(), StorageError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let created = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        match created {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                let path = path.display();
                return Err(StorageError::Unavailable(format!(
                    "cannot create {path}: {error}"
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Turns the query planner stability guarantee on for every connection that
/// this process opens. Without it the bundled build, made with STAT4, plans a
/// kept statement again whenever a bound value changes.
fn keep_plans() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[expect(unsafe_code, reason = "Diesel does not hand out the raw connection")]
        // SAFETY: the entry point has the signature that SQLite calls it with,
        // lives as long as the program and touches nothing but its argument.
        unsafe {
            libsqlite3_sys::sqlite3_auto_extension(Some(enable_stable_plans));
        }
    });
}

#[expect(unsafe_code, reason = "an entry point that SQLite calls")]
unsafe extern "C" fn enable_stable_plans(
    database: *mut libsqlite3_sys::sqlite3,
    _error: *mut *mut std::os::raw::c_char,
    _api: *const libsqlite3_sys::sqlite3_api_routines,
) -> std::os::raw::c_int {
    // SAFETY: SQLite hands over the connection that it has just opened.
    unsafe {
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
}
