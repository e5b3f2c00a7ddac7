//! rolecall: a directory of people and the roles they hold, served as JSON:API 1.1.
//!
//! The map of the house, a line per room; `tests/api/architecture.rs` checks who
//! may import whom.
//!
//! - [`config`]: what the service was told at start
//! - [`storage`]: the databases: connections, pools, schema, migrations
//! - [`directory`]: the core: nouns, queries, rules; without HTTP
//! - [`auth`]: who is asking, and what they may
//! - [`jsonapi`]: the specification without our nouns
//! - [`mail`]: sending what changes have queued, beside the requests
//! - [`api`]: the native surface: JSON:API at the root
//! - [`dialects`]: surfaces that speak as other systems do
//! - [`server`]: the surfaces assembled: routes, limits, health, shutdown
//! - [`cli`]: the commands

pub mod api;
pub mod auth;
pub mod cli;
pub mod config;
pub mod dialects;
pub mod directory;
pub mod jsonapi;
pub mod mail;
pub mod server;
pub mod storage;
