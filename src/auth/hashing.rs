//! Hashing of passwords: argon2id, and whatever hashes were brought along, on threads of its own, so that a sign-in
//! never holds up the requests beside it, behind a queue with an end.

pub mod foreign;

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash as Phc;
use tokio::sync::oneshot;

use crate::directory::DirectoryError;
use crate::directory::users::PasswordHash;

/// A hash that no password has, with the cost of ours (19 MiB, two passes, one
/// lane): what a password for an unknown user is compared with.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$\
    bm9ib2R5LWlzLWhlcmUtMTY$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

type Work = Box<dyn FnOnce() + Send>;

/// Hashes and verifies passwords. Threads end when the last handle is dropped.
#[derive(Clone)]
pub struct Hasher {
    queue: SyncSender<Work>,
}

impl Hasher {
    /// `threads`: as many as there are cores, by default.
    pub fn start(threads: usize, queue: usize) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel::<Work>(queue);
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads {
            let receiver = receiver.clone();
            std::thread::Builder::new()
                .name(format!("rolecall-hash-{number}"))
                .spawn(move || work(&receiver))?;
        }
        Ok(Self { queue: sender })
    }

    pub async fn hash(&self, password: &str) -> Result<PasswordHash, DirectoryError> {
        let password = password.to_owned();
        self.run(move || hash(&password)).await?
    }

    /// Compares; without a hash it fails after the same time.
    pub async fn verify(
        &self,
        password: &str,
        hash: Option<&PasswordHash>,
    ) -> Result<bool, DirectoryError> {
        let password = password.to_owned();
        let phc = hash.map(|hash| hash.expose().to_owned());
        self.run(move || {
            let known = phc.as_deref().is_some_and(|phc| !phc.is_empty());
            let matches = foreign::verify(
                &password,
                phc.as_deref().filter(|_| known).unwrap_or(NOBODY),
            );
            known && matches
        })
        .await
    }

    /// Whether another program made it, or we did at another cost.
    pub fn is_foreign(hash: &PasswordHash) -> bool {
        !hash.expose().is_empty() && !foreign::is_ours(hash.expose())
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, DirectoryError> {
        let (sender, receiver) = oneshot::channel();
        let work: Work = Box::new(move || {
            let _ = sender.send(work());
        });
        self.queue.try_send(work).map_err(|error| {
            DirectoryError::Busy(match error {
                TrySendError::Full(_) => "too many passwords wait to be checked".into(),
                TrySendError::Disconnected(_) => "the password threads have stopped".into(),
            })
        })?;
        receiver
            .await
            .map_err(|_| DirectoryError::internal("a password thread panicked"))
    }
}

fn work(queue: &Mutex<Receiver<Work>>) {
    loop {
        let next = match queue.lock() {
            Ok(queue) => queue.recv(),
            Err(_) => return,
        };
        match next {
            // A panic drops the sender of the answer, and the thread lives on.
            Ok(work) => drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))),
            Err(_) => return,
        }
    }
}

/// Hashes on this thread: for the command line.
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
    fn the_hash_of_nobody_costs_what_a_real_one_costs_and_fits_nothing() {
        let parsed = Phc::new(NOBODY).unwrap();
        let real = Phc::new(hash("x").unwrap().expose())
            .unwrap()
            .params
            .clone();
        assert_eq!(parsed.params, real);
        assert!(!verify("", NOBODY));
    }
}
