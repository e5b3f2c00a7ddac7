//! Whether the primary takes changes. Asked on a connection of its own, so that
//! neither a pool that is used up nor a lock is in the way of the answer.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::time::timeout;

use super::Postgres;
use super::address::Address;
use super::dedicated::DedicatedConnection;
use crate::storage::{Obstacle, Readiness, StorageError};

/// How long one connection may be silent.
const PATIENCE: Duration = Duration::from_millis(700);
/// The same altogether: for the connection that is there, and for a new one.
const ALTOGETHER: Duration = Duration::from_millis(1600);
/// How long an answer counts: whoever asks more often gets the same.
const FRESH: Duration = Duration::from_millis(200);
/// How long a connection is used: some settings reach new ones only.
const LIFETIME: Duration = Duration::from_secs(10);

/// Asks the primary, for health checks.
pub struct Primary {
    address: Address,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connection: Option<(Instant, DedicatedConnection)>,
    last: Option<(Instant, Option<Obstacle>)>,
}

impl Primary {
    pub fn at(address: Address) -> Self {
        Self {
            address,
            state: Mutex::default(),
        }
    }

    /// What stands in the way of changes; within two seconds, whatever happens.
    pub async fn obstacle(&self, pools: &Postgres, known: &Readiness) -> Option<Obstacle> {
        let looked = timeout(ALTOGETHER, self.look(pools, known)).await;
        looked.unwrap_or(Some(Obstacle::Unreachable))
    }

    async fn look(&self, pools: &Postgres, known: &Readiness) -> Option<Obstacle> {
        let mut state = self.state.lock().await;
        if let Some((at, obstacle)) = state.last
            && at.elapsed() < FRESH
        {
            return obstacle;
        }
        let refuses = matches!(
            known.obstacle(),
            Some(Obstacle::ReadOnly | Obstacle::Standby)
        );
        let old = state.connection.take();
        let old = old.filter(|(since, _)| !refuses && since.elapsed() < LIFETIME);
        let obstacle = match self.ask(&mut state, old, pools).await {
            Ok(obstacle) => obstacle,
            Err(error) => {
                log::debug!("the primary does not say whether it takes changes: {error}");
                Some(Obstacle::from(&error))
            }
        };
        if refuses && obstacle.is_none() {
            known.clear(Obstacle::ReadOnly);
            known.clear(Obstacle::Standby);
        }
        state.last = Some((Instant::now(), obstacle));
        obstacle
    }

    async fn ask(
        &self,
        state: &mut State,
        old: Option<(Instant, DedicatedConnection)>,
        pools: &Postgres,
    ) -> Result<Option<Obstacle>, StorageError> {
        let was_open = old.is_some();
        if let Some((since, connection)) = old
            && let Ok(obstacle) = asked(&connection).await
        {
            state.connection = Some((since, connection));
            return Ok(obstacle);
        }
        let name = "rolecall: sees whether changes are taken";
        let connection = DedicatedConnection::open(&self.address, name, PATIENCE).await?;
        let obstacle = asked(&connection).await?;
        if was_open {
            // It died without a word, and so may have those of the pools.
            pools.renew();
        }
        state.connection = Some((Instant::now(), connection));
        Ok(obstacle)
    }
}

async fn asked(connection: &DedicatedConnection) -> Result<Option<Obstacle>, StorageError> {
    let statement = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')";
    let answer = connection.last_row(statement).await?;
    let is = |place: usize, text: &str| {
        let column = answer.get(place).and_then(Option::as_deref);
        column == Some(text)
    };
    Ok(if is(0, "t") {
        Some(Obstacle::Standby)
    } else if is(1, "on") {
        Some(Obstacle::ReadOnly)
    } else {
        None
    })
}
