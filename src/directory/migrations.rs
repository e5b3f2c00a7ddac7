//! Whether the tables are those that this program knows.

use super::Operation;

/// Whether all migrations of this program were applied, and are still.
#[derive(Debug)]
pub struct AreMigrationsApplied;

impl Operation for AreMigrationsApplied {
    type Output = bool;
}
