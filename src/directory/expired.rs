//! Expired rows, which are deleted in small batches. The audit log keeps its entries
//! about them.

use super::Operation;

/// A kind of rows that expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// Stored for an `Idempotency-Key`.
    Answers,
    Tokens,
    SignIns,
    /// E-mails that were sent or have failed.
    Mails,
    /// The progress of finished imports.
    Imports,
    /// Retired keys, by which no token is valid any more.
    SigningKeys,
}

impl Expired {
    pub const ALL: [Self; 6] = [
        Self::Answers,
        Self::Tokens,
        Self::SignIns,
        Self::Mails,
        Self::Imports,
        Self::SigningKeys,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Answers => "kept answers",
            Self::Tokens => "API tokens",
            Self::SignIns => "sign-ins",
            Self::Mails => "e-mails",
            Self::Imports => "marks of imports",
            Self::SigningKeys => "signing keys",
        }
    }
}

/// Whether a row of this kind expired up to a time, in stored form.
#[derive(Clone, Debug)]
pub struct HasExpired {
    pub what: Expired,
    pub until: String,
}

impl Operation for HasExpired {
    type Output = bool;
}

/// Deletes some of it; answers how many were found, so 0 when all are gone.
#[derive(Clone, Debug)]
pub struct DeleteExpired {
    pub what: Expired,
    pub until: String,
}

impl Operation for DeleteExpired {
    type Output = usize;

    fn touches_credentials(&self) -> bool {
        matches!(self.what, Expired::Tokens | Expired::SignIns)
    }
}
