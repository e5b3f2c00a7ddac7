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

mod access_checks;
mod addresses;
mod architecture;
mod astray;
mod audit;
mod auth;
mod authors;
mod backup;
mod bad_input;
mod book;
mod browsers;
mod bulk;
mod caching;
mod cfengine;
mod clusters;
mod conditional;
mod config_check;
mod connections;
mod content_coding;
mod crashes;
mod cross_origin;
mod delegation;
mod description;
mod ended;
mod events;
mod files;
mod grant_rules;
mod grants;
mod home;
mod idempotency;
mod language;
mod ldap;
mod limits;
mod mail;
mod migrations;
mod moving;
mod names;
mod nosniff;
mod openl2m;
mod oracles;
mod packaging;
mod partners;
mod passwords;
mod privileges;
mod probes;
mod production;
mod program;
mod prp;
mod races;
mod reliability;
mod reloading;
mod remote;
mod rights;
mod roles;
mod scaling;
mod security_docs;
mod signing_in;
mod specification;
mod start_stop;
mod storage;
mod stories;
mod support;
mod surfaces;
mod timeouts;
mod tokens;
mod totals;
mod tour;
mod transactions;
mod trash;
mod unknown_names;
mod upgrades;
mod users;
mod values;
mod workspaces;
