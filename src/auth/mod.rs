//! Authentication and authorization.
//!
//! [`Auth::authenticate`] turns an `Authorization` header into a [`Principal`]. A
//! [`Guard`] gives that principal access to the directory, and surfaces have no
//! other. The module `policy` alone decides what a principal may do.

mod access_log;
mod accounts;
mod authenticate;
mod cache;
mod client_network;
mod error;
mod external;
mod guard;
mod hashing;
mod header;
mod issue;
mod jws;
pub mod ldap;
mod password_check;
pub mod passwords;
mod pattern_limit;
mod policy;
mod principal;
mod rate_limiter;
pub mod secret;
mod sign_in;
pub mod signing_keys;
mod single_flight;
mod throttle;

pub use access_log::AccessLog;
pub use authenticate::Auth;
pub use error::AuthError;
pub use guard::{Guard, PolicyError};
pub use hashing::foreign::check as check_hash;
pub use hashing::{Hasher, hash as hash_password};
pub use header::{carries_password, carries_token};
pub use issue::IssuedToken;
pub use policy::Authorize;
pub use principal::{Principal, SignInUse};
pub use sign_in::TokenPair;
