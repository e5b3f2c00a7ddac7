//! All servers of one directory on PostgreSQL.

use futures_util::FutureExt;

use super::primary::Primary;
use super::{Address, Postgres, Replica};
use crate::config::{Database as DatabaseSettings, DatabaseUrl, Pooler};
use crate::storage::{Obstacle, Readiness, StorageError};

pub struct Servers {
    pub primary: Postgres,
    pub replica: Option<Replica>,
    /// Where changes of other processes can be heard of: not through a pooler
    /// that takes the session away.
    pub listen_address: Option<Address>,
    /// Whether the primary takes changes.
    pub readiness: Readiness,
    asked: Primary,
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
            let reads = Postgres::open(address.clone(), None, settings);
            Replica::new(reads, address, primary.clone(), settings)
        });
        let has_sessions = settings.pooler == Pooler::None;
        Ok(Self {
            listen_address: direct
                .clone()
                .or_else(|| has_sessions.then(|| primary.clone())),
            asked: Primary::at(primary.clone()),
            primary: Postgres::open(primary, direct, settings),
            replica: replica.transpose()?,
            readiness: Readiness::default(),
        })
    }

    /// What stands in the way of changes; within two seconds.
    pub async fn obstacle(&self) -> Option<Obstacle> {
        let asked = self.asked.obstacle(&self.primary, &self.readiness);
        let asked = asked.boxed().await;
        asked.or_else(|| self.readiness.obstacle())
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
