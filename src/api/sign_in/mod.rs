//! `/auth`: where people sign in and out, `/auth/user`: their own record, and
//! the keys with which other services verify the tokens that are given here.

mod keys;
mod own_user;
mod token_request;
mod tokens;

pub use keys::key_set;
pub use own_user::{get_own, update_own};
pub use tokens::{sign_in, sign_out};
