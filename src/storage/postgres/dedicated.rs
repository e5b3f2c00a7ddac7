//! A dedicated connection beside the pools, for work that goes on as long as the
//! process does. It uses the simple query protocol, which leaves nothing in a
//! session, so it works through a pooler, too.

use std::future::poll_fn;
use std::time::Duration;

use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Client, SimpleQueryMessage, SimpleQueryRow};

use super::address::{Address, explained};
use crate::storage::StorageError;

pub struct DedicatedConnection {
    client: Client,
    /// The payloads of notifications. Unbounded: what arrives is short, and it
    /// is taken out by a task that does nothing else.
    notices: UnboundedReceiver<String>,
    driver: JoinHandle<()>,
    /// The longest time that an answer can take.
    timeout: Duration,
}

impl DedicatedConnection {
    /// `name` tells the server's administrator what the connection is for.
    pub async fn open(
        address: &Address,
        name: &str,
        timeout: Duration,
    ) -> Result<Self, StorageError> {
        let address = address.named(name);
        let connected = tokio::time::timeout(timeout, address.connect()).await;
        let connected = connected.map_err(|_| silent())?;
        let (client, mut wire) = connected.map_err(StorageError::Unavailable)?;
        let (sender, notices) = mpsc::unbounded_channel();
        let driver = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| wire.poll_message(context)).await {
                if let AsyncMessage::Notification(notice) = message
                    && sender.send(notice.payload().to_owned()).is_err()
                {
                    break;
                }
            }
        });
        Ok(Self {
            client,
            notices,
            driver,
            timeout,
        })
    }

    /// The columns of the last row that these statements return.
    pub async fn last_row(&self, statements: &str) -> Result<Vec<Option<String>>, StorageError> {
        let rows = self.rows(statements).await?;
        Ok(rows.into_iter().last().unwrap_or_default())
    }

    /// All rows that these statements return.
    pub async fn rows(&self, statements: &str) -> Result<Vec<Vec<Option<String>>>, StorageError> {
        let query = self.client.simple_query(statements);
        let answered = tokio::time::timeout(self.timeout, query).await;
        let messages = answered.map_err(|_| silent())?.map_err(unavailable)?;
        let columns = |row: &SimpleQueryRow| {
            let column = |place| row.get(place).map(ToOwned::to_owned);
            (0..row.len()).map(column).collect()
        };
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(columns(row)),
            _ => None,
        });
        Ok(rows.collect())
    }

    /// The next notification.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn notice(&mut self) -> Result<String, StorageError> {
        let notice = self.notices.recv().await;
        notice.ok_or_else(|| StorageError::Unavailable("the connection has ended".to_owned()))
    }
}

impl Drop for DedicatedConnection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

fn silent() -> StorageError {
    StorageError::Unavailable("no answer in time".to_owned())
}

fn unavailable(error: tokio_postgres::Error) -> StorageError {
    StorageError::Unavailable(explained(error))
}
