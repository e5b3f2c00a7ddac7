//! What has ended and is of no use to anybody any more: it leaves the database
//! some at a time. The audit log keeps what it says of it.

use super::Operation;

/// A kind of things that end by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Kept for an `Idempotency-Key`.
    Answers,
    Tokens,
    SignIns,
    /// E-mails that were sent or have failed.
    Mails,
    /// Marks of imports that have come to their end.
    Imports,
    /// Retired keys, which nothing is believed by any more.
    SigningKeys,
}

impl Ended {
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

/// Whether anything of this kind ended up to a moment, in stored form.
#[derive(Clone, Debug)]
pub struct HasEnded {
    pub what: Ended,
    pub until: String,
}

impl Operation for HasEnded {
    type Output = bool;
}

/// Deletes some of it; answers how many were found, so 0 when all are gone.
#[derive(Clone, Debug)]
pub struct ClearEnded {
    pub what: Ended,
    pub until: String,
}

impl Operation for ClearEnded {
    type Output = usize;

    fn touches_credentials(&self) -> bool {
        matches!(self.what, Ended::Tokens | Ended::SignIns)
    }
}
