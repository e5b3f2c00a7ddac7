//! rolecall: a directory of people and the roles they hold, served as JSON:API 1.1.
//!
//! The map of the house. Who may import whom is checked by `tests/api/architecture.rs`.

/// The native surface: JSON:API at the root.
pub mod api;
/// Who is asking, and what they may.
pub mod auth;
/// The commands: serve, migrate, user, token, config.
pub mod cli;
/// What the service was told at start: flags, environment, file, defaults.
pub mod config;
/// The core: nouns, queries, rules; without HTTP.
pub mod directory;
/// The specification of JSON:API without our nouns.
pub mod jsonapi;
/// The surfaces assembled: routes, limits, health, shutdown.
pub mod server;
/// The databases: connections, pools, schema, migrations.
pub mod storage;
