//! What the audit log tells of the door: who came in, who did not, and who was
//! refused. Unlike changes, such events are told after the fact and counted, so
//! that a flood of them is few rows.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::source::Credential;
use super::{Actor, Operation, RequestId};

/// What happened there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessVerb {
    /// A password was right.
    SignIn,
    /// Credentials were wrong.
    SignInFailed,
    /// An attempt came too early after wrong ones: 429.
    Throttled,
    /// The caller may not do what was asked: 403.
    Refused,
    /// An API token was used from an address where it was not used before.
    TokenUsed,
    SignOut,
}

impl AccessVerb {
    /// As the audit log says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignInFailed => "sign_in_failed",
            Self::Throttled => "throttled",
            Self::Refused => "refused",
            Self::TokenUsed => "token_used",
            Self::SignOut => "sign_out",
        }
    }
}

/// One or several of the same kind.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessEvent {
    pub verb: AccessVerb,
    /// In stored form: when the first of them happened.
    pub at: String,
    /// Of the first of them.
    pub request_id: RequestId,
    /// The caller, where one is known.
    pub actor: Option<Actor>,
    /// The username that was tried. Its user becomes the subject.
    pub username: Option<String>,
    /// An address, or a network when they came from several of its addresses.
    pub source_address: Option<String>,
    pub credential: Option<Credential>,
    pub details: Map<String, Value>,
    pub count: u64,
}

/// Writes these down, in their order. Cheap to try again.
#[derive(Clone, Debug)]
pub struct RecordAccess(pub Arc<Vec<AccessEvent>>);

impl Operation for RecordAccess {
    type Output = ();

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// Remembers that a token was used from the context's address, and tells the
/// audit log when that is new.
#[derive(Clone, Debug)]
pub struct NoteTokenAddress {
    pub token_id: i64,
    /// How many networks are remembered for a token; the longest unused go.
    pub most: i64,
}

impl Operation for NoteTokenAddress {
    type Output = ();

    fn touches_credentials(&self) -> bool {
        false
    }

    fn is_of_the_caller(&self) -> bool {
        false
    }
}
