//! `rolecall backup`.

use std::path::Path;

use super::error::CommandError;
use super::output;
use crate::config::{DatabaseUrl, Settings};
use crate::directory::plural::pluralize;
use crate::storage::Empty;
use crate::storage::migrations;
use crate::storage::sqlite::{copies, integrity, partial_copy};

pub fn run(file: &Path, settings: &Settings) -> Result<(), CommandError> {
    let from = sqlite_file("backup", settings)?;
    let shown = file.display();
    if file.exists() {
        return Err(CommandError::failed(format!("{shown} exists already")));
    }
    // Nothing is there, or nothing of ours.
    migrations::check_file(from, Empty::Refuse)
        .map_err(|error| CommandError::failed(format!("{}: {error}", from.display())))?;
    remove_left_over(file);
    copies::copy(from, file).map_err(|error| {
        CommandError::failed(format!(
            "cannot copy {} to {shown}: {error}",
            from.display()
        ))
    })?;
    if let Err(failure) = sound(file) {
        // Nobody may take it for a backup.
        let _ = std::fs::remove_file(file);
        return Err(failure);
    }
    let bytes = std::fs::metadata(file).map_err(CommandError::failed)?.len();
    output::print(&format!(
        "{shown}: {}, checked\n",
        pluralize(bytes, "byte", "bytes")
    ))
}

/// Takes away what was killed in the middle left in this folder.
pub fn remove_left_over(beside: &Path) {
    for path in partial_copy::remove_left_over(beside) {
        let path = path.display();
        output::remark(&format!(
            "removed {path}, left by a process that was killed"
        ));
    }
}

/// The file that is copied or replaced.
pub fn sqlite_file<'a>(command: &str, settings: &'a Settings) -> Result<&'a Path, CommandError> {
    match &settings.database.url {
        DatabaseUrl::Sqlite(path) => Ok(path),
        DatabaseUrl::Postgres(_) => Err(CommandError::usage(format!(
            "rolecall {command} is for SQLite; for PostgreSQL there are pg_dump, pg_basebackup and pg_restore (docs/guides/backup.md)"
        ))),
    }
}

/// # Errors
/// What SQLite's integrity check finds.
pub fn sound(file: &Path) -> Result<(), CommandError> {
    let shown = file.display();
    let damage = integrity::damage(file)
        .map_err(|error| CommandError::failed(format!("{shown}: {error}")))?;
    if damage.is_empty() {
        return Ok(());
    }
    Err(CommandError::failed(format!(
        "{shown} is damaged: {}",
        damage.join("; ")
    )))
}
