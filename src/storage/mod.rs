//! The databases: connections, pools, the writer, the schema, the migrations,
//! and whatever differs between SQLite and PostgreSQL.
//!
//! Not here: what the tables mean, and every query that has a meaning; those
//! are written once in `directory` and compiled for each `env`.

mod error;
pub mod events;
pub mod measurements;
pub mod migrations;
pub mod moving;
mod per_thread;
pub mod postgres;
mod readiness;
pub mod schema;
pub mod sql_fragment;
pub mod sqlite;
mod startup;
pub mod statements;
pub mod wait_budget;

pub use error::{ABORTED, StorageError};
pub use migrations::Empty;
pub use readiness::{Obstacle, Readiness};
pub use startup::wait_until_reachable;

use crate::config::{Database as DatabaseSettings, DatabaseUrl};

/// An open database of either kind.
pub enum Store {
    Sqlite(sqlite::Sqlite),
    Postgres(Box<postgres::Servers>),
}

impl Store {
    /// Opens the database and brings its schema up to date.
    ///
    /// Blocks: call it before serving.
    pub fn open(settings: &DatabaseSettings, empty: Empty) -> Result<Self, StorageError> {
        migrations::migrate(settings, empty)?;
        match &settings.url {
            DatabaseUrl::Sqlite(path) => Ok(Self::Sqlite(sqlite::Sqlite::open(path, settings)?)),
            DatabaseUrl::Postgres(url) => {
                let primary = postgres::Address::of(url, settings)?;
                let servers = postgres::Servers::open(primary, settings)?;
                Ok(Self::Postgres(Box::new(servers)))
            }
        }
    }
}
