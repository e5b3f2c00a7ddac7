//! Migrating PostgreSQL beside processes that use it.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::migration::Migration;
use diesel::pg::Pg;
use diesel::{Connection, ConnectionError, RunQueryDsl};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::MigrationHarness;

use super::{
    APPLIED, Empty, Failed, HISTORY, Named, OURS, POSTGRES, Tables, concurrent_indexes, is_current,
    known,
};
use crate::storage::StorageError;
use crate::storage::postgres::{Address, for_commands, to_pooler};

/// Chosen once, only to keep two processes from migrating at the same time.
const MIGRATION_LOCK: i64 = 0x726f_6c65_6361_6c6c;

/// How long a step waits for those who use a table. While it does, all others
/// wait behind it: so it gives in soon, and tries again a little later.
const LOCK_TIMEOUT_MS: u32 = 2000;
const PAUSE: Duration = Duration::from_millis(500);
const ATTEMPTS: usize = 60;

pub type Blocking = AsyncConnectionWrapper<AsyncPgConnection>;

/// What migrations are applied over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Direct,
    Pooler,
}

pub fn migrate(address: Address, way: Way, empty: Empty) -> Result<Vec<String>, StorageError> {
    with_connection(address, way, move |connection| {
        // Needs no lock, and works where nothing can be written. Through a
        // pooler each statement needs a transaction.
        if way == Way::Direct
            && is_current::<Pg>(
                RunQueryDsl::load(diesel::sql_query(APPLIED), connection),
                POSTGRES,
            )?
        {
            return Ok(Vec::new());
        }
        let (mut applied, mut built) = (Vec::new(), BTreeSet::new());
        loop {
            let step = retry_while_busy(connection, |connection| step(connection, empty, &built))?;
            match step {
                Step::Applied(names) => applied.extend(names),
                Step::Build(version) => {
                    let statements = concurrent_indexes::of(&version).unwrap_or_default();
                    concurrent_indexes::build(connection, statements)?;
                    built.insert(version);
                }
                Step::Done => return Ok(applied),
            }
        }
    })
}

/// The versions of what was applied.
pub fn applied(address: Address, way: Way) -> Result<Vec<String>, StorageError> {
    with_connection(address, way, move |connection| {
        let tables = connection.transaction(|connection| check(connection, Empty::Fill));
        Ok(tables.map_err(Failed::into_storage)?.applied())
    })
}

/// Undoes what was applied after this version, the newest first.
pub fn revert_to(address: Address, way: Way, version: String) -> Result<Vec<String>, StorageError> {
    with_connection(address, way, move |connection| {
        let mut undone = Vec::new();
        loop {
            let step = retry_while_busy(connection, |connection| {
                lock(connection)?;
                check(connection, Empty::Refuse)?;
                super::revert::step::<_, Pg>(connection, POSTGRES, &version)
            });
            match step? {
                Some(name) => undone.push(name),
                None => return Ok(undone),
            }
        }
    })
}

/// What one transaction has done.
enum Step {
    Applied(Vec<String>),
    /// Nothing: what is built before this version comes first.
    Build(String),
    Done,
}

/// One migration a transaction, so that none holds its locks for longer than it
/// takes itself. A new database gets all at once.
fn step(connection: &mut Blocking, empty: Empty, built: &BTreeSet<String>) -> Result<Step, Failed> {
    lock(connection)?;
    let is_ours = check(connection, empty)?.is_ours();
    if is_ours {
        let applied = RunQueryDsl::load(diesel::sql_query(APPLIED), connection);
        if is_current::<Pg>(applied, POSTGRES)? {
            return Ok(Step::Done);
        }
    }
    let pending: Vec<Box<dyn Migration<Pg>>> = connection.pending_migrations(POSTGRES)?;
    if !is_ours {
        let applied = connection.run_migrations(&pending)?;
        return Ok(Step::Applied(known(applied)));
    }
    let Some(next) = pending.first() else {
        return Ok(Step::Done);
    };
    let version = next.name().version().to_string();
    if concurrent_indexes::of(&version).is_some() && !built.contains(&version) {
        return Ok(Step::Build(version));
    }
    // From here on: the lock above is waited for as long as it takes.
    let limit = format!("SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}");
    RunQueryDsl::execute(diesel::sql_query(limit), connection)?;
    let applied = connection.run_migration(next)?;
    Ok(Step::Applied(vec![applied.to_string()]))
}

/// In a transaction, which is begun anew while others hold what it needs.
fn retry_while_busy<T>(
    connection: &mut Blocking,
    work: impl Fn(&mut Blocking) -> Result<T, Failed>,
) -> Result<T, StorageError> {
    let mut attempt = 1;
    loop {
        let done = connection.transaction(|connection| work(connection));
        match done.map_err(Failed::into_storage) {
            Err(error) if attempt < ATTEMPTS && is_in_use(&error) => {
                attempt += 1;
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

fn is_in_use(error: &StorageError) -> bool {
    let text = error.to_string();
    ["due to lock timeout", "deadlock detected"]
        .iter()
        .any(|known| text.contains(known))
}

fn lock(connection: &mut Blocking) -> Result<(), diesel::result::Error> {
    let statement = format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})");
    RunQueryDsl::execute(diesel::sql_query(statement), connection)?;
    Ok(())
}

/// Refuses a database that is another program's, and one that holds nothing
/// unless it is to be filled.
fn check(connection: &mut Blocking, empty: Empty) -> Result<Tables, Failed> {
    let listed =
        "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()";
    let listed: Vec<Named> = RunQueryDsl::load(diesel::sql_query(listed), connection)?;
    let names: Vec<String> = listed.into_iter().map(|table| table.name).collect();
    let mut versions = Vec::new();
    if names.iter().any(|name| name == HISTORY) {
        let all = format!("SELECT version::text AS name FROM {HISTORY}");
        let all: Vec<Named> = RunQueryDsl::load(diesel::sql_query(all), connection)?;
        versions = all.into_iter().map(|row| row.name).collect();
    }
    let tables = Tables { names, versions };
    // Others may keep their tables beside ours.
    tables.check(empty, |name| OURS.contains(&name))?;
    Ok(tables)
}

/// Drives a connection on a runtime of its own while `work` blocks, on a thread
/// of its own: each brings a runtime, and must not meet another on its thread.
pub fn with_connection<T: Send + 'static>(
    address: Address,
    way: Way,
    work: impl FnOnce(&mut Blocking) -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    let joined = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let _inside = runtime.enter();
        let opened: Result<AsyncPgConnection, ConnectionError> = match way {
            Way::Direct => runtime.block_on(for_commands(&address)),
            Way::Pooler => runtime.block_on(to_pooler(&address)),
        };
        work(&mut Blocking::from(opened?))
    });
    let joined = joined.join();
    joined.unwrap_or_else(|_| Err(StorageError::Unavailable("the migration panicked".into())))
}
