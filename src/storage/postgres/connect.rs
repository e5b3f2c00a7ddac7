//! How a connection for queries is opened.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::ConnectionError;
use diesel::connection::CacheSize;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::{Either, select};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::activity::{self, Activity, BackendState};
use super::address::{Address, Wire};

/// How long a statement may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of it, waiting for somebody else's lock. Milliseconds; 0: as long as it takes.
    pub lock: u64,
    /// Altogether. Milliseconds; 0: what the server has set for us.
    pub statement: u64,
}

impl Limits {
    /// The statements that set them: `SET`, or `SET LOCAL` for one transaction.
    pub fn by(&self, set: &str) -> String {
        let lock = format!("{set} lock_timeout = {}", self.lock);
        match self.statement {
            0 => lock,
            statement => format!("{lock}; {set} statement_timeout = {statement}"),
        }
    }
}

/// With a session of its own, where settings stay.
pub async fn to_server(
    address: &Address,
    limits: Limits,
) -> Result<AsyncPgConnection, ConnectionError> {
    let (client, wire) = connected(address).await?;
    let mut connection = AsyncPgConnection::try_from_client_and_connection(client, wire).await?;
    let done = connection.batch_execute(&limits.by("SET")).await;
    done.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Through a pooler that gives each transaction another session. No statement
/// may outlive its transaction there: the driver names each that it prepares,
/// and closes it when it is dropped, so nothing is kept.
pub async fn through_pooler(address: &Address) -> Result<AsyncPgConnection, ConnectionError> {
    let (client, mut wire) = connected(address).await?;
    // diesel-async prepares statements of its own when it takes a connection
    // over: they need a transaction around them like all others.
    in_one(&client, &mut wire).await?;
    let connection = AsyncPgConnection::try_from_client_and_connection(client, wire).await?;
    without_cache(connection).await
}

async fn without_cache(
    mut connection: AsyncPgConnection,
) -> Result<AsyncPgConnection, ConnectionError> {
    connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    let done = connection.batch_execute("COMMIT").await;
    done.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// For commands, whose statements take as long as they do: without limits, but
/// closed when the server is silent.
pub async fn for_commands(address: &Address) -> Result<AsyncPgConnection, ConnectionError> {
    let opening = async {
        let (client, watched) = watched(address).await?;
        let connection = AsyncPgConnection::try_from(client).await?;
        watched.start();
        Ok(connection)
    };
    within(address.limit, opening).await
}

/// The same through a pooler.
pub async fn to_pooler(address: &Address) -> Result<AsyncPgConnection, ConnectionError> {
    let opening = async {
        let (client, watched) = watched(address).await?;
        client.batch_execute("BEGIN").await.map_err(failed)?;
        let connection = without_cache(AsyncPgConnection::try_from(client).await?).await?;
        watched.start();
        Ok(connection)
    };
    within(address.limit, opening).await
}

pub async fn within<T>(
    limit: Duration,
    opening: impl Future<Output = Result<T, ConnectionError>>,
) -> Result<T, ConnectionError> {
    let opened = tokio::time::timeout(limit, opening).await;
    opened.unwrap_or_else(|_| {
        let why = "the server does not answer".to_owned();
        Err(ConnectionError::BadConnection(why))
    })
}

/// A connection that is driven here, so that it can be closed from here while
/// somebody waits for an answer on it.
struct Watched {
    address: Address,
    name: Arc<str>,
    driver: JoinHandle<()>,
}

async fn watched(address: &Address) -> Result<(Client, Watched), ConnectionError> {
    let name = activity::name(address.name());
    let (client, wire) = connected(&address.named(&name)).await?;
    let driver = tokio::spawn(async move {
        if let Err(error) = wire.await {
            log::debug!("a connection has ended: {error}");
        }
    });
    let address = address.clone();
    Ok((
        client,
        Watched {
            address,
            name,
            driver,
        },
    ))
}

impl Watched {
    /// Closes the connection when the server does nothing for it for as long as
    /// connecting may take, or does not say.
    fn start(self) {
        tokio::spawn(async move {
            let (limit, activity) = (self.address.limit, Activity::at(self.address));
            let mut proof = Instant::now();
            while !self.driver.is_finished() {
                tokio::time::sleep(limit / 4).await;
                let left = limit.saturating_sub(proof.elapsed());
                match activity.of(&self.name, left).await {
                    BackendState::Nothing | BackendState::Unknown if proof.elapsed() < limit => {}
                    BackendState::Nothing | BackendState::Unknown => return self.driver.abort(),
                    _ => proof = Instant::now(),
                }
            }
        });
    }
}

async fn connected(address: &Address) -> Result<(Client, Wire), ConnectionError> {
    address
        .connect()
        .await
        .map_err(ConnectionError::BadConnection)
}

/// Opens a transaction on a connection that nobody drives yet.
async fn in_one(client: &Client, wire: &mut Wire) -> Result<(), ConnectionError> {
    let begin = pin!(client.batch_execute("BEGIN"));
    let mut wire = pin!(poll_fn(|context| wire.poll_message(context)));
    let mut begin = begin;
    loop {
        match select(begin, wire.as_mut()).await {
            Either::Left((done, _)) => return done.map_err(failed),
            // Notices of the server; an end is told by the other future as well.
            Either::Right((Some(Ok(_)), unfinished)) => begin = unfinished,
            Either::Right((Some(Err(error)), _)) => return Err(failed(error)),
            Either::Right((None, _)) => return Err(gone()),
        }
    }
}

fn failed(error: tokio_postgres::Error) -> ConnectionError {
    ConnectionError::CouldntSetupConfiguration(diesel::result::Error::QueryBuilderError(Box::new(
        error,
    )))
}

fn gone() -> ConnectionError {
    ConnectionError::BadConnection("the connection closed before it began".to_owned())
}
