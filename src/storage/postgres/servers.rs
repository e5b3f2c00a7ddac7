//! All servers of one directory on PostgreSQL.

use super::{Address, Postgres, Replica};
use crate::config::{Database as DatabaseSettings, DatabaseUrl, Pooler};
use crate::storage::{Readiness, StorageError};

pub struct Servers {
    pub primary: Postgres,
    pub replica: Option<Replica>,
    /// Where changes of other processes can be heard of: not through a pooler
    /// that takes the session away.
    pub hears_at: Option<Address>,
    /// Whether the primary takes changes.
    pub readiness: Readiness,
}

impl Servers {
    /// Connects to nothing yet.
    pub fn open(primary: Address, settings: &DatabaseSettings) -> Result<Self, StorageError> {
        let address = |url: &Option<DatabaseUrl>| match url {
            Some(DatabaseUrl::Postgres(url)) => Address::of(url, settings).map(Some),
            Some(DatabaseUrl::Sqlite(_)) | None => Ok(None),
        };
        let replica = address(&settings.replica_url)?;
        let direct = address(&settings.direct_url)?;
        warn("database.url", Some(&primary));
        warn("database.direct_url", direct.as_ref());
        warn("database.replica_url", replica.as_ref());
        let replica = replica.map(|address| {
            let reads = Postgres::open(address.clone(), settings);
            Replica::new(reads, address, primary.clone(), settings)
        });
        let has_sessions = settings.pooler == Pooler::None;
        Ok(Self {
            hears_at: direct.or_else(|| has_sessions.then(|| primary.clone())),
            primary: Postgres::open(primary, settings),
            replica: replica.transpose()?,
            readiness: Readiness::default(),
        })
    }
}

fn warn(setting: &str, address: Option<&Address>) {
    if address.is_some_and(Address::is_exposed) {
        log::warn!(
            "{setting}: what is said with that server goes through the network in the clear, \
             passwords' hashes included; ?sslmode=verify-full encrypts it"
        );
    }
}
