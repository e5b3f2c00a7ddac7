//! `rolecall migrate`.

use super::failure::Failure;
use super::output;
use super::runtime::Session;
use crate::config::Settings;
use crate::storage::{Empty, migrations};

pub fn run(settings: &Settings) -> Result<(), Failure> {
    let url = &settings.database.url;
    let applied = migrations::bring_up(&settings.database, Empty::Fill)
        .map_err(|error| Failure::failed(format!("cannot migrate {url}: {error}")))?;
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
