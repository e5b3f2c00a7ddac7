use crate::directory::DirectoryError;

/// Why a caller could not be authenticated.
#[derive(Debug)]
pub enum AuthError {
    /// The request has no credentials.
    Missing,
    /// They are wrong; the caller does not learn in which way.
    Wrong,
    /// Too many wrong passwords; `seconds` until the next attempt.
    Throttled {
        seconds: u64,
    },
    /// They are right, but do not belong to a sign-in that could be ended.
    NoSignIn,
    /// The LDAP directory, which has the passwords of external users, does not
    /// answer; `seconds` until the next attempt.
    Unreachable {
        seconds: u64,
    },
    Directory(DirectoryError),
}

impl From<DirectoryError> for AuthError {
    fn from(error: DirectoryError) -> Self {
        Self::Directory(error)
    }
}
