//! The whole suite in one binary: its tree mirrors the addresses of the service.
//!
//! Each test starts a server of its own on a database of its own: SQLite, or
//! PostgreSQL when `ROLECALL_TEST_DATABASE=postgres` says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![allow(
    clippy::allow_attributes,
    reason = "tests may fail loudly everywhere, helpers included"
)]

mod architecture;
mod bad_input;
mod home;
mod migrations;
mod races;
mod storage;
mod support;
