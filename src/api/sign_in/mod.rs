//! `/auth`: where people sign in and out, `/auth/user`: their own record, and
//! the keys with which other services verify the tokens that are given here.

mod grant;
mod keys;
mod own;
mod pair;

pub use keys::key_set;
pub use own::{get_own, update_own};
pub use pair::{sign_in, sign_out};
