//! `/auth` to sign in and out, `/auth/user` for the caller's own record, and the keys
//! with which other services verify access tokens.

mod keys;
mod own_user;
mod token_request;
mod tokens;

pub use keys::key_set;
pub use own_user::{get_own, update_own};
pub use tokens::{sign_in, sign_out};
