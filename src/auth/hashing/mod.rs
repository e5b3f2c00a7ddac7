//! Password hashing: argon2id, and imported hashes of other programs. Runs on
//! threads of its own behind a bounded queue, so that sign-ins do not block other
//! requests.

mod fair_queue;
pub mod foreign;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash as Phc;
use tokio::sync::oneshot;

use self::fair_queue::FairQueue;
use super::client_network::ClientNetwork;
use crate::directory::DirectoryError;
use crate::directory::users::PasswordHash;

/// A hash that no password matches, with the cost of ours (19 MiB, two passes, one
/// lane). Passwords of unknown users are compared with it, to take the same time.
const DUMMY_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$\
    bm9ib2R5LWlzLWhlcmUtMTY$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

type Work = Box<dyn FnOnce(Dispatch) + Send>;

/// How work leaves the queue.
enum Dispatch {
    Run,
    /// It made room for a network with fewer items.
    Displaced,
}

/// Hashes and verifies passwords. Threads end when the last handle is dropped.
#[derive(Clone)]
pub struct Hasher {
    queue: Arc<QueueHandle>,
}

/// Closes the queue when it is dropped.
struct QueueHandle(Arc<FairQueue<Work>>);

impl Drop for QueueHandle {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Hasher {
    /// Starts `threads` threads behind a queue of `queue` items.
    pub fn start(threads: usize, queue: usize) -> std::io::Result<Self> {
        let queue = Arc::new(FairQueue::new(queue));
        let hasher = Self {
            queue: Arc::new(QueueHandle(queue.clone())),
        };
        for number in 0..threads {
            let queue = queue.clone();
            std::thread::Builder::new()
                .name(format!("rolecall-hash-{number}"))
                .spawn(move || run_worker(&queue))?;
        }
        Ok(hasher)
    }

    pub async fn hash(
        &self,
        password: &str,
        network: ClientNetwork,
    ) -> Result<PasswordHash, DirectoryError> {
        let password = password.to_owned();
        self.run(network, move || hash(&password)).await?
    }

    /// Whether the password matches. Without a hash the answer is no, after the time
    /// that one of ours takes.
    pub async fn verify(
        &self,
        password: &str,
        hash: Option<&PasswordHash>,
        network: ClientNetwork,
    ) -> Result<bool, DirectoryError> {
        let password = password.to_owned();
        let phc = hash.map(|hash| hash.expose().to_owned());
        self.run(network, move || {
            let known = phc.as_deref().is_some_and(|phc| !phc.is_empty());
            let matches = foreign::verify(
                &password,
                phc.as_deref().filter(|_| known).unwrap_or(DUMMY_HASH),
            );
            known && matches
        })
        .await
    }

    /// Whether the hash comes from another program or has another cost than ours.
    pub fn is_foreign(hash: &PasswordHash) -> bool {
        !hash.expose().is_empty() && !foreign::is_ours(hash.expose())
    }

    /// Runs slow work on one of the threads when it is this network's turn. Skips it
    /// if the caller has gone away.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        network: ClientNetwork,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, DirectoryError> {
        let (sender, receiver) = oneshot::channel();
        let work: Work = Box::new(move |dispatch| match dispatch {
            Dispatch::Run if sender.is_closed() => {}
            Dispatch::Run => drop(sender.send(Some(work()))),
            Dispatch::Displaced => drop(sender.send(None)),
        });
        match self.queue.0.push(network, work) {
            Ok(None) => {}
            Ok(Some(displaced)) => displaced(Dispatch::Displaced),
            Err(_) => return Err(queue_full()),
        }
        receiver
            .await
            .map_err(|_| DirectoryError::internal("a password thread panicked"))?
            .ok_or_else(queue_full)
    }
}

fn queue_full() -> DirectoryError {
    DirectoryError::Busy("too many passwords are waiting to be checked".into())
}

fn run_worker(queue: &FairQueue<Work>) {
    while let Some(next) = queue.pop() {
        // A panic drops the sender of the answer; the thread goes on.
        drop(catch_unwind(AssertUnwindSafe(|| next(Dispatch::Run))));
    }
}

/// Hashes on the current thread, for the command line.
pub fn hash(password: &str) -> Result<PasswordHash, DirectoryError> {
    let hash: Phc = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| DirectoryError::internal(format!("argon2: {error}")))?;
    Ok(PasswordHash::new(hash.to_string()))
}

#[cfg(test)]
mod tests {
    use super::foreign::verify;
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let phc = hash("j04nd0e").unwrap();
        assert!(
            phc.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            phc.expose()
        );
        assert!(verify("j04nd0e", phc.expose()));
        assert!(!verify("j04nd0", phc.expose()));
        assert!(!verify("", phc.expose()));
    }

    #[test]
    fn the_dummy_hash_has_the_cost_of_a_real_one_and_matches_nothing() {
        let parsed = Phc::new(DUMMY_HASH).unwrap();
        let real = Phc::new(hash("x").unwrap().expose())
            .unwrap()
            .params
            .clone();
        assert_eq!(parsed.params, real);
        assert!(!verify("", DUMMY_HASH));
    }
}
