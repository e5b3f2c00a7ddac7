//! What the server is doing for our connections. A silent connection does not show
//! whether the server is working or gone, so the server is asked on another one.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::time::timeout;

use super::address::Address;
use super::dedicated::DedicatedConnection;
use crate::storage::StorageError;

/// Timeout of a query; after that the server counts as silent.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The state of the backend of one of our connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendState {
    Working,
    /// Waits for a table lock.
    WaitingForTable,
    WaitingForLock,
    /// Idle: our statement has not arrived, or its answer was sent.
    Nothing,
    /// The server did not report it.
    Unknown,
}

/// Asks one server.
pub struct Activity {
    address: Address,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connection: Option<DedicatedConnection>,
    last: Option<Look>,
}

struct Look {
    began: Instant,
    /// By the names of our connections.
    sessions: HashMap<String, BackendState>,
}

impl Activity {
    /// Connects at the first query.
    pub fn at(address: Address) -> Self {
        Self {
            address,
            state: Mutex::default(),
        }
    }

    /// The state of the connection of this name. Concurrent callers share a query.
    pub async fn of(&self, name: &str, limit: Duration) -> BackendState {
        let asked = Instant::now();
        let limit = limit.min(TIMEOUT);
        let looked = timeout(limit, self.look(name, asked, limit)).await;
        match looked {
            Ok(Ok(doing)) => doing,
            Ok(Err(error)) => {
                log::debug!("the server does not say what it is doing: {error}");
                BackendState::Unknown
            }
            Err(_) => BackendState::Unknown,
        }
    }

    async fn look(
        &self,
        name: &str,
        asked: Instant,
        limit: Duration,
    ) -> Result<BackendState, StorageError> {
        let mut state = self.state.lock().await;
        if state.last.as_ref().is_none_or(|last| last.began < asked) {
            let began = Instant::now();
            let statement = format!(
                "SELECT application_name, state, wait_event_type, wait_event FROM pg_stat_activity \
                 WHERE application_name LIKE '%{}.%' AND pid <> pg_backend_pid()",
                process()
            );
            let rows = self.ask(&mut state, &statement, limit).await?;
            let sessions = rows.iter().filter_map(|row| session(row)).collect();
            state.last = Some(Look { began, sessions });
        }
        let last = state.last.as_ref();
        let doing = last.and_then(|last| last.sessions.get(name).copied());
        Ok(doing.unwrap_or(BackendState::Nothing))
    }

    /// Cancels the lock wait of the connection of this name, which gets an error.
    pub async fn cancel(&self, name: &str, limit: Duration) {
        let condition = "AND wait_event_type = 'Lock'";
        self.end("pg_cancel_backend", name, condition, limit).await;
    }

    /// Terminates the session of an abandoned connection, which releases its locks.
    pub async fn terminate(&self, name: &str, limit: Duration) {
        self.end("pg_terminate_backend", name, "", limit).await;
    }

    async fn end(&self, function: &str, name: &str, condition: &str, limit: Duration) {
        let statement = format!(
            "SELECT {function}(pid) FROM pg_stat_activity \
             WHERE application_name = '{name}' {condition} AND pid <> pg_backend_pid()"
        );
        let ending = async {
            let mut state = self.state.lock().await;
            self.ask(&mut state, &statement, limit).await
        };
        if let Ok(Err(error)) = timeout(limit, ending).await {
            log::debug!("{name} could not be ended at the server: {error}");
        }
    }

    /// Runs a statement on the existing connection, or on a new one if that fails. The
    /// connection is taken out meanwhile, so that a dropped call leaves none behind in
    /// an unknown state.
    async fn ask(
        &self,
        state: &mut State,
        statement: &str,
        limit: Duration,
    ) -> Result<Vec<Vec<Option<String>>>, StorageError> {
        if let Some(connection) = state.connection.take()
            && let Ok(Ok(rows)) = timeout(limit / 4, connection.rows(statement)).await
        {
            state.connection = Some(connection);
            return Ok(rows);
        }
        let name = "rolecall: sees what its connections wait for";
        let connection = DedicatedConnection::open(&self.address, name, limit).await?;
        let rows = connection.rows(statement).await?;
        state.connection = Some(connection);
        Ok(rows)
    }
}

fn session(row: &[Option<String>]) -> Option<(String, BackendState)> {
    let column = |place: usize| row.get(place).and_then(Option::as_deref);
    let name = column(0)?.to_owned();
    let doing = match (column(1), column(2), column(3)) {
        (Some("active"), Some("Lock"), Some("relation")) => BackendState::WaitingForTable,
        (Some("active"), Some("Lock"), _) => BackendState::WaitingForLock,
        (Some("active"), Some("Client"), _) => BackendState::Nothing,
        // Not reported if `track_activities` is off.
        (Some("disabled") | None, _, _) => BackendState::Unknown,
        (Some("active" | "fastpath function call"), _, _) => BackendState::Working,
        _ => BackendState::Nothing,
    };
    Some((name, doing))
}

/// Distinguishes our connections from those of other processes.
fn process() -> &'static str {
    static PROCESS: OnceLock<String> = OnceLock::new();
    PROCESS.get_or_init(|| {
        // Without randomness two processes see each other's connections; the
        // numbers behind it and the process id make that harmless.
        let random = getrandom::u32().unwrap_or_else(|_| std::process::id());
        format!("{random:08x}")
    })
}

/// A name for one connection, by which the server knows it (`application_name`).
/// It holds nothing that SQL has to quote.
pub fn name(given: Option<&str>) -> Arc<str> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || " -:".contains(*letter);
    let given: String = given
        .unwrap_or("rolecall")
        .chars()
        .filter(is_plain)
        .collect();
    // The server keeps 63 bytes.
    let given = given.get(..32).unwrap_or(&given);
    format!("{given} {}.{number}", process()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_session_does_is_read_from_its_row() {
        let doing = |columns: [&str; 3]| {
            let columns = columns.iter().map(|text| Some((*text).to_owned()));
            let row: Vec<Option<String>> = std::iter::once(Some("a".to_owned()))
                .chain(columns)
                .collect();
            session(&row).unwrap().1
        };
        for (columns, expected) in [
            (
                ["active", "Lock", "relation"],
                BackendState::WaitingForTable,
            ),
            (["active", "Lock", "tuple"], BackendState::WaitingForLock),
            (["active", "IO", "DataFileRead"], BackendState::Working),
            (["active", "Client", "ClientWrite"], BackendState::Nothing),
            (["idle", "Client", "ClientRead"], BackendState::Nothing),
            (["disabled", "", ""], BackendState::Unknown),
        ] {
            assert_eq!(doing(columns), expected, "{columns:?}");
        }
    }

    #[test]
    fn names_need_no_quotes_and_differ() {
        let (one, other) = (name(Some("it's %_ \"mine\"")), name(None));
        assert!(one.starts_with("its  mine "), "{one}");
        assert!(other.starts_with("rolecall "), "{other}");
        assert_ne!(one, name(Some("it's %_ \"mine\"")));
        assert!(name(Some(&"long".repeat(30))).len() < 63);
    }
}
