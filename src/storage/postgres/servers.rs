//! All servers of one directory on PostgreSQL.

use super::{Postgres, Replica};
use crate::config::{Database as DatabaseSettings, DatabaseUrl, Pooler};
use crate::storage::StorageError;

pub struct Servers {
    pub primary: Postgres,
    pub replica: Option<Replica>,
    /// Where changes of other processes can be heard of: not through a pooler
    /// that takes the session away.
    pub hears_at: Option<String>,
}

impl Servers {
    pub fn open(url: &str, settings: &DatabaseSettings) -> Result<Self, StorageError> {
        let open = |url: &str| Postgres::open(url, settings);
        let address = |url: &DatabaseUrl| match url {
            DatabaseUrl::Postgres(url) => Some(url.expose().to_owned()),
            DatabaseUrl::Sqlite(_) => None,
        };
        let replica = settings.replica_url.as_ref().and_then(address);
        let replica = replica
            .map(|replica| Replica::new(open(&replica), replica, url.to_owned(), settings))
            .transpose()?;
        let direct = settings.direct_url.as_ref().and_then(address);
        let has_sessions = settings.pooler == Pooler::None;
        Ok(Self {
            primary: open(url),
            replica,
            hears_at: direct.or_else(|| has_sessions.then(|| url.to_owned())),
        })
    }
}
