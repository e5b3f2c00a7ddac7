//! Who is asking, and what they may.
//!
//! [`Auth::authenticate`] turns an `Authorization` header into a [`Principal`];
//! a [`Guard`] is the directory as that principal may use it, and the only
//! thing that a surface is handed. What a principal may is decided in `policy`
//! alone.

mod access_log;
mod authenticate;
mod budget;
mod cache;
mod external;
mod guard;
mod hashing;
mod header;
mod issue;
mod jws;
pub mod keys;
pub mod ldap;
pub mod passwords;
mod place;
mod policy;
mod principal;
pub mod secret;
mod sign_in;
mod single_flight;
mod throttle;
mod turns;

pub use access_log::AccessLog;
pub use authenticate::{Auth, AuthError};
pub use guard::{Guard, PolicyError};
pub use hashing::foreign::check as check_hash;
pub use hashing::{Hasher, hash as hash_password};
pub use header::{carries_password, carries_token};
pub use issue::Issued;
pub use policy::Authorize;
pub use principal::{Principal, SignInUse};
pub use sign_in::Pair;
