//! PostgreSQL at scale: a replica, a pooler, several processes. With real ones.

mod pooler;
mod processes;
mod replica;

use crate::support::{TestApp, eventually, is_postgres};

/// Whether this run has no PostgreSQL; told, since a test that was not run proves nothing.
pub fn is_skipped() -> bool {
    if !is_postgres() {
        eprintln!("SKIPPED: SQLite lives on one machine");
    }
    !is_postgres()
}

/// Waits until this process hears of what others change.
pub fn hears(app: &TestApp) {
    eventually("others are heard", || app.directory.sees_every_change());
}
