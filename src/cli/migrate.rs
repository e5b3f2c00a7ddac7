//! `rolecall migrate`.

use super::failure::Failure;
use super::output;
use crate::config::Settings;
use crate::storage::migrations;

pub fn run(settings: &Settings) -> Result<(), Failure> {
    let url = &settings.database.url;
    let applied = migrations::bring_up(&settings.database)
        .map_err(|error| Failure::failed(format!("cannot migrate {url}: {error}")))?;
    if applied.is_empty() {
        return output::print(&format!("{url} is up to date\n"));
    }
    let lines: String = applied
        .iter()
        .map(|name| format!("applied {name}\n"))
        .collect();
    output::print(&lines)
}
