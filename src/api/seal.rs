//! Encrypts the versions of linkage. A version is a digest of all members, including
//! those that the caller cannot see; encrypted in an entity tag it reveals nothing
//! about them, and can still be decrypted to check the precondition of a change.
//!
//! A Feistel network over 64 bits, whose round function is SHA-256 keyed with the
//! secret of the directory and the name of the linkage: two linkages with equal
//! members have different tags.

use sha2::{Digest, Sha256};

use super::call::Call;
use super::error::ApiError;
use super::resource::Resource;
use super::resources::ToMany;

const ROUNDS: u8 = 6;

/// Encrypts and decrypts the versions of one linkage.
#[derive(Clone, Debug)]
pub struct Seal {
    keyed: Sha256,
}

impl Seal {
    pub fn new(secret: &str, kind: &str, id: i64, name: &str) -> Self {
        let mut keyed = Sha256::new();
        for part in [secret, kind, &id.to_string(), name] {
            keyed.update(part.len().to_le_bytes());
            keyed.update(part);
        }
        Self { keyed }
    }

    pub fn close(&self, version: i64) -> u64 {
        let (left, right) = halves(version.cast_unsigned());
        let (left, right) = (0..ROUNDS).fold((left, right), |(left, right), round| {
            (right, left ^ self.round(round, right))
        });
        whole(left, right)
    }

    pub fn open(&self, sealed: u64) -> i64 {
        let (left, right) = halves(sealed);
        let (left, right) = (0..ROUNDS)
            .rev()
            .fold((left, right), |(left, right), round| {
                (right ^ self.round(round, left), left)
            });
        whole(left, right).cast_signed()
    }

    fn round(&self, round: u8, half: u32) -> u32 {
        let mut hash = self.keyed.clone();
        hash.update([round]);
        hash.update(half.to_le_bytes());
        let hash = hash.finalize();
        let bytes = hash.iter().take(4);
        bytes.fold(0, |number, byte| (number << 8) | u32::from(*byte))
    }
}

fn halves(number: u64) -> (u32, u32) {
    let low = u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default();
    let high = u32::try_from(number >> 32).unwrap_or_default();
    (high, low)
}

fn whole(high: u32, low: u32) -> u64 {
    (u64::from(high) << 32) | u64::from(low)
}

impl Call<'_> {
    /// The seal of the linkage at this URL.
    pub async fn seal<L: ToMany>(&self) -> Result<Seal, ApiError> {
        let secret = self.linkage_secret().await?;
        Ok(Seal::new(secret, L::From::TYPE, self.id(), L::NAME))
    }

    pub async fn linkage_secret(&self) -> Result<&str, ApiError> {
        let directory = &self.guard.auth().directory;
        Ok(directory.linkage_secret(self.guard.context()).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_again_by_the_same_linkage_alone() {
        let seal = Seal::new("secret", "clusters", 1, "partners");
        let others = [
            Seal::new("another", "clusters", 1, "partners"),
            Seal::new("secret", "clusters", 2, "partners"),
            Seal::new("secret", "partners", 1, "clusters"),
        ];
        for version in [0, 1, -1, i64::MAX, i64::MIN, 0x1234_5678_9abc_def0] {
            let sealed = seal.close(version);
            assert_eq!(seal.open(sealed), version);
            for other in &others {
                assert_ne!(other.close(version), sealed);
            }
        }
    }
}
