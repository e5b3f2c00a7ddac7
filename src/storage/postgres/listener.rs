//! Hearing what other processes at the same database have changed.
//!
//! Triggers notify the channel when something changes that processes remember
//! (migration `told_changes`); a payload is the word for what has changed.

use std::time::Duration;

use super::address::Address;
use super::dedicated::DedicatedConnection;
use crate::storage::StorageError;

const CHANNEL: &str = "rolecall";
/// Before the payload by which a process tells who has written through it.
const WROTE: &str = "wrote ";

/// What was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Who callers are or what they may.
    Credentials,
    /// The keys that sign access tokens.
    Keys,
    /// These callers have written, through the process of this number.
    Wrote { process: u64, callers: Vec<i64> },
}

impl Notice {
    /// `None`: of a newer version, or not ours.
    fn read(payload: &str) -> Option<Self> {
        match payload {
            "credentials" => Some(Self::Credentials),
            "keys" => Some(Self::Keys),
            payload => {
                let (process, callers) = payload.strip_prefix(WROTE)?.split_once(' ')?;
                let callers = callers.split(',').map(str::parse);
                Some(Self::Wrote {
                    process: process.parse().ok()?,
                    callers: callers.collect::<Result<_, _>>().ok()?,
                })
            }
        }
    }
}

/// Statements that tell the other processes who has written through this one.
/// Who loses such a notice in a crash has lost the process with it, so nobody
/// waits for a disk.
pub fn telling(process: u64, callers: &[i64]) -> String {
    use std::fmt::Write;
    let mut statements = "BEGIN; SET LOCAL synchronous_commit = off; ".to_owned();
    // A payload has at most 7999 bytes, an id at most 20.
    for some in callers.chunks(350) {
        let ids: Vec<String> = some.iter().map(ToString::to_string).collect();
        // Writing to a String cannot fail.
        let _ = write!(
            statements,
            "SELECT pg_notify('{CHANNEL}', '{WROTE}{process} {}'); ",
            ids.join(",")
        );
    }
    statements.push_str("COMMIT");
    statements
}

pub struct Listener {
    connection: DedicatedConnection,
    pulse: Duration,
}

impl Listener {
    /// Hears everything that is committed from when this is done. A connection
    /// that is silent for `pulse` is asked whether it is alive, and has as long
    /// again to answer.
    pub async fn open(address: &Address, pulse: Duration) -> Result<Self, StorageError> {
        let connection =
            DedicatedConnection::open(address, "rolecall: hears of changes", pulse).await?;
        connection.last_row(&format!("LISTEN {CHANNEL}")).await?;
        Ok(Self { connection, pulse })
    }

    /// The next thing that is heard.
    ///
    /// # Errors
    /// When the connection is lost: something may be missed from then on.
    pub async fn next(&mut self) -> Result<Notice, StorageError> {
        loop {
            match tokio::time::timeout(self.pulse, self.connection.notice()).await {
                Ok(payload) => match Notice::read(&payload?) {
                    Some(notice) => return Ok(notice),
                    None => log::debug!("a notification that means nothing here"),
                },
                Err(_) => drop(self.connection.last_row("SELECT 1").await?),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_what_is_heard() {
        let statements = telling(7, &[1, 23]);
        let payload = statements.split('\'').nth(3).unwrap();
        let heard = Notice::Wrote {
            process: 7,
            callers: vec![1, 23],
        };
        assert_eq!(Notice::read(payload), Some(heard));
        assert_eq!(Notice::read("credentials"), Some(Notice::Credentials));
    }

    #[test]
    fn what_means_nothing_is_not_heard() {
        for payload in ["", "wrote", "wrote x 1", "wrote 1 x", "weather"] {
            assert_eq!(Notice::read(payload), None, "{payload}");
        }
    }

    #[test]
    fn many_callers_take_several_payloads_that_fit() {
        let callers = vec![i64::MAX; 1000];
        let statements = telling(u64::MAX, &callers);
        let payloads = statements
            .split('\'')
            .filter(|part| part.starts_with(WROTE));
        let lengths: Vec<usize> = payloads.map(str::len).collect();
        assert_eq!(lengths.len(), 3);
        assert!(lengths.iter().all(|length| *length < 8000), "{lengths:?}");
    }
}
