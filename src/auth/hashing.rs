//! Hashing of passwords: argon2id, and whatever hashes were brought along, on threads of its own, so that a sign-in
//! never holds up the requests beside it, behind a queue with an end.

pub mod foreign;
mod queue;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash as Phc;
use tokio::sync::oneshot;

use self::queue::FairQueue;
use super::place::Place;
use crate::directory::DirectoryError;
use crate::directory::users::PasswordHash;

/// A hash that no password has, with the cost of ours (19 MiB, two passes, one
/// lane): what a password for an unknown user is compared with.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$\
    bm9ib2R5LWlzLWhlcmUtMTY$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

type Work = Box<dyn FnOnce(Turn) + Send>;

/// What becomes of work in the queue.
enum Turn {
    Come,
    /// It had to give way to somebody with less in the queue.
    Displaced,
}

/// Hashes and verifies passwords. Threads end when the last handle is dropped.
#[derive(Clone)]
pub struct Hasher {
    queue: Arc<Opened>,
}

/// The queue, until it is dropped.
struct Opened(Arc<FairQueue<Work>>);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Hasher {
    /// `threads`: as many as there are cores, by default.
    pub fn start(threads: usize, queue: usize) -> std::io::Result<Self> {
        let queue = Arc::new(FairQueue::new(queue));
        let hasher = Self {
            queue: Arc::new(Opened(queue.clone())),
        };
        for number in 0..threads {
            let queue = queue.clone();
            std::thread::Builder::new()
                .name(format!("rolecall-hash-{number}"))
                .spawn(move || work(&queue))?;
        }
        Ok(hasher)
    }

    pub async fn hash(&self, password: &str, place: Place) -> Result<PasswordHash, DirectoryError> {
        let password = password.to_owned();
        self.run(place, move || hash(&password)).await?
    }

    /// Compares; without a hash it fails after the time that one of ours takes.
    pub async fn verify(
        &self,
        password: &str,
        hash: Option<&PasswordHash>,
        place: Place,
    ) -> Result<bool, DirectoryError> {
        let password = password.to_owned();
        let phc = hash.map(|hash| hash.expose().to_owned());
        self.run(place, move || {
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

    /// Does what takes long on one of the threads, when it is this place's turn.
    /// What nobody waits for any more is passed over.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, DirectoryError> {
        let (sender, receiver) = oneshot::channel();
        let work: Work = Box::new(move |turn| match turn {
            Turn::Come if sender.is_closed() => {}
            Turn::Come => drop(sender.send(Some(work()))),
            Turn::Displaced => drop(sender.send(None)),
        });
        match self.queue.0.push(place, work) {
            Ok(None) => {}
            Ok(Some(displaced)) => displaced(Turn::Displaced),
            Err(_) => return Err(full()),
        }
        receiver
            .await
            .map_err(|_| DirectoryError::internal("a password thread panicked"))?
            .ok_or_else(full)
    }
}

fn full() -> DirectoryError {
    DirectoryError::Busy("too many passwords wait to be checked".into())
}

fn work(queue: &FairQueue<Work>) {
    while let Some(next) = queue.pop() {
        // A panic drops the sender of the answer, and the thread lives on.
        drop(catch_unwind(AssertUnwindSafe(|| next(Turn::Come))));
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
