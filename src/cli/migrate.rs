//! `rolecall migrate`.

use super::failure::Failure;
use super::output;
use super::runtime::Session;
use crate::config::Settings;
use crate::storage::{Empty, migrations};

pub fn run(back_to: Option<&str>, settings: &Settings) -> Result<(), Failure> {
    let url = &settings.database.url;
    if let Some(name) = back_to {
        let undone = migrations::back_to(&settings.database, name)
            .map_err(|error| Failure::failed(format!("cannot migrate {url}: {error}")))?;
        let lines: String = undone
            .iter()
            .map(|name| format!("undid {name}\n"))
            .collect();
        return output::print(&format!("{lines}{url} is as {name} left it\n"));
    }
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
