//! `rolecall migrate`.

use super::error::CommandError;
use super::output;
use super::runtime::Session;
use crate::config::Settings;
use crate::storage::migrations::Pending;
use crate::storage::sqlite::marker;
use crate::storage::{Empty, migrations};

/// `rolecall migrate --plan`: changes nothing.
pub fn plan(settings: &Settings) -> Result<(), CommandError> {
    let url = &settings.database.url;
    let pending = migrations::plan(&settings.database)
        .map_err(|error| CommandError::failed(format!("cannot migrate {url}: {error}")))?;
    if pending.is_empty() {
        return output::print(&format!("{url} is up to date\n"));
    }
    let line = |migration: &Pending| {
        let first = match migration.builds_indexes {
            true => ", after building its indexes beside the service",
            false => "",
        };
        format!("would apply {}{first}\n", migration.name)
    };
    output::print(&pending.iter().map(line).collect::<String>())
}

pub fn run(back_to: Option<&str>, new: bool, settings: &Settings) -> Result<(), CommandError> {
    if new {
        forget_former(settings)?;
    }
    let url = &settings.database.url;
    if let Some(name) = back_to {
        let undone = migrations::revert_to(&settings.database, name)
            .map_err(|error| CommandError::failed(format!("cannot migrate {url}: {error}")))?;
        let lines: String = undone
            .iter()
            .map(|name| format!("undid {name}\n"))
            .collect();
        return output::print(&format!("{lines}{url} is as {name} left it\n"));
    }
    let applied = migrations::migrate(&settings.database, Empty::Fill)
        .map_err(|error| CommandError::failed(format!("cannot migrate {url}: {error}")))?;
    if applied.is_empty() {
        return output::print(&format!("{url} is up to date\n"));
    }
    // What SQL cannot fill in.
    Session::open(settings.clone())?;
    let lines: String = applied
        .iter()
        .map(|name| format!("applied {name}\n"))
        .collect();
    output::print(&lines)
}

/// Lets a directory be made where there was one.
fn forget_former(settings: &Settings) -> Result<(), CommandError> {
    let path = super::backup::sqlite_file("migrate --new", settings)?;
    let shown = path.display();
    if std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        return Err(CommandError::failed(format!(
            "{shown} exists: move it away to begin anew"
        )));
    }
    marker::remove(path).map_err(|error| CommandError::failed(format!("{shown}.marker: {error}")))
}
