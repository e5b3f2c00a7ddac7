//! Errors of the native API.

mod http;
mod pointers;

use std::io;

use actix_web::error::PayloadError;

use super::kinds;
use crate::auth::{AuthError, PolicyError};
use crate::directory::DirectoryError;
use crate::jsonapi::{Error, Errors};

pub use http::{forbid_cross_origin, not_found, not_ready, read_only, refuse_content_coding};
pub use pointers::RequestDocument;

/// Why a request fails.
#[derive(Debug)]
pub enum ApiError {
    Errors(Errors),
    /// Credentials are missing or invalid: 401.
    Unauthenticated {
        sent_credentials: bool,
    },
    /// Invalid credentials in a sign-in: 401 without the Basic challenge, which would
    /// make browsers open their own password dialog.
    SignInRejected,
    /// The path has only these methods: 405.
    MethodNotAllowed {
        allow: String,
    },
    /// Too many wrong passwords: 429.
    Throttled {
        seconds: u64,
    },
    /// The LDAP directory that verifies the passwords of external users does not
    /// respond: 503.
    LdapUnreachable {
        seconds: u64,
    },
    /// This attribute does not contain the caller's current password: 403.
    WrongPassword(&'static str),
    /// The memory limit for request bodies is reached: 503.
    BodyMemoryExhausted,
    Policy(PolicyError),
}

impl From<Errors> for ApiError {
    fn from(errors: Errors) -> Self {
        Self::Errors(errors)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Errors(error.into())
    }
}

impl From<PolicyError> for ApiError {
    fn from(error: PolicyError) -> Self {
        Self::Policy(error)
    }
}

impl From<DirectoryError> for ApiError {
    fn from(error: DirectoryError) -> Self {
        Self::Policy(error.into())
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Missing => Self::Unauthenticated {
                sent_credentials: false,
            },
            AuthError::Wrong => Self::Unauthenticated {
                sent_credentials: true,
            },
            AuthError::Throttled { seconds } => Self::Throttled { seconds },
            AuthError::Unreachable { seconds } => Self::LdapUnreachable { seconds },
            AuthError::NoSignIn => kinds::NO_SIGN_IN
                .error("Send the access or refresh token that the sign-in gave; API tokens are revoked at /tokens.")
                .at_header("Authorization")
                .into(),
            AuthError::Directory(error) => error.into(),
        }
    }
}

pub fn body_too_large(limit: usize) -> ApiError {
    let detail = format!("The body may have at most {limit} bytes.");
    kinds::BODY_TOO_LARGE.error(detail).into()
}

/// The error of a body that could not be read: timed out, beyond the memory limit,
/// or malformed.
pub fn body_not_read(error: &PayloadError) -> ApiError {
    let kind = match error {
        PayloadError::Io(error) => Some(error.kind()),
        _ => None,
    };
    match kind {
        Some(io::ErrorKind::TimedOut) => kinds::BODY_TIMED_OUT
            .error("The body did not arrive in time.")
            .into(),
        Some(io::ErrorKind::QuotaExceeded) => ApiError::BodyMemoryExhausted,
        _ => kinds::BAD_REQUEST
            .error(format!("The body broke off or was malformed: {error}."))
            .into(),
    }
}

impl ApiError {
    /// Whether a permission is missing.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Policy(PolicyError::Forbidden(_)))
    }

    /// The index of the step of a batch that failed, and its error.
    pub fn into_batch_step(self) -> Result<(usize, DirectoryError), Self> {
        match self {
            Self::Policy(PolicyError::Directory(DirectoryError::Step { place, error })) => {
                Ok((place, *error))
            }
            other => Err(other),
        }
    }
}
