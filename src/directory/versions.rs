//! What a caller believes about a thing before they change it.

use super::{DirectoryError, Operation};

/// The versions that a thing may have for a change to be carried out. Compared
/// inside the transaction of the change, so nothing comes between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    #[default]
    Anything,
    /// One of these; of none, when the caller named versions that cannot be.
    OneOf(Vec<i64>),
}

impl Expected {
    pub fn check(&self, version: i64) -> Result<(), DirectoryError> {
        match self {
            Self::OneOf(versions) if !versions.contains(&version) => Err(DirectoryError::Stale),
            Self::Anything | Self::OneOf(_) => Ok(()),
        }
    }
}

/// Stands for the state of a linkage: moves with every grant that comes, goes,
/// begins or ends. Counters on users and roles would miss the grants that time
/// alone begins and ends, and would make every grant of a role wait for the
/// others at one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    pub count: i64,
    /// Of the ids, each modulo [`Digest::MODULUS`].
    pub sum: i64,
    /// Of their squares, each modulo the same.
    pub squares: i64,
}

impl Digest {
    /// A prime below 2^31: a square fits 64 bits, and so does the sum of many.
    pub const MODULUS: i64 = 2_147_483_647;

    pub fn of(ids: impl Iterator<Item = i64>) -> Self {
        ids.fold(Self::default(), |digest, id| {
            let rest = id % Self::MODULUS;
            Self {
                count: digest.count + 1,
                sum: digest.sum + rest,
                squares: digest.squares + rest * rest % Self::MODULUS,
            }
        })
    }

    /// That of both together; of one that counts downwards, that of the rest.
    pub fn with(self, more: Self) -> Self {
        Self {
            count: self.count + more.count,
            sum: self.sum + more.sum,
            squares: self.squares + more.squares,
        }
    }

    /// As one number.
    pub fn version(self) -> i64 {
        const PRIME: i64 = 0x0100_0000_01b3;
        [self.count, self.sum, self.squares]
            .into_iter()
            .fold(0x4bf2_9ce4_8422_2325, |hash: i64, part| {
                (hash ^ part).wrapping_mul(PRIME)
            })
    }
}

/// The secret of this directory that seals versions of linkage, as it is stored.
#[derive(Debug)]
pub struct FindLinkageSecret;

impl Operation for FindLinkageSecret {
    type Output = String;

    fn touches_credentials(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_is_fine_unless_versions_are_named() {
        assert!(Expected::Anything.check(7).is_ok());
        assert!(Expected::OneOf(vec![3, 7]).check(7).is_ok());
        for stale in [vec![], vec![8]] {
            let checked = Expected::OneOf(stale).check(7);
            assert!(matches!(checked, Err(DirectoryError::Stale)));
        }
    }

    #[test]
    fn sets_are_put_together_and_taken_apart() {
        let of = |ids: &[i64]| Digest::of(ids.iter().copied());
        assert_eq!(of(&[1, 4]).with(of(&[9])), of(&[1, 4, 9]));
        let Digest {
            count,
            sum,
            squares,
        } = of(&[4]);
        let gone = Digest {
            count: -count,
            sum: -sum,
            squares: -squares,
        };
        assert_eq!(of(&[1, 4, 9]).with(gone), of(&[1, 9]));
    }

    #[test]
    fn different_sets_have_different_versions() {
        let version = |ids: &[i64]| Digest::of(ids.iter().copied()).version();
        assert_eq!(version(&[1, 4]), version(&[4, 1]));
        assert_ne!(version(&[1, 4]), version(&[2, 3]));
        assert_ne!(version(&[]), version(&[Digest::MODULUS]));
    }
}
