//! `rolecall move`.

use super::backup::sqlite_file;
use super::error::CommandError;
use super::output::{self, Table};
use crate::config::{Database, DatabaseUrl, Settings};
use crate::directory::plural::pluralize;
use crate::storage::{StorageError, moving};

pub fn run(to: &str, settings: Settings) -> Result<(), CommandError> {
    let from = sqlite_file("move", &settings)?.to_owned();
    let url = DatabaseUrl::parse(to)
        .map_err(|problem| CommandError::usage(format!("--to: {problem}")))?;
    if matches!(url, DatabaseUrl::Sqlite(_)) {
        return Err(CommandError::usage("--to: must be a postgres:// address"));
    }
    let there = Database {
        url: url.clone(),
        ..settings.database
    };
    let shown = from.display();
    let moved = moving::to_postgres(&from, &there).map_err(|error| match error {
        StorageError::Busy(why) => {
            CommandError::failed(format!("{shown} is in use: stop the service first ({why})"))
        }
        error => CommandError::failed(format!("cannot move {shown} to {url}: {error}")),
    })?;
    let mut table = Table::on_stdout(&["TABLE", "ROWS"]);
    for (name, rows) in &moved {
        table.write(&[vec![name.clone(), rows.to_string()]])?;
    }
    let rows = moved.iter().map(|(_, rows)| rows).sum::<i64>();
    output::remark(&format!(
        "{} are in {url}: set database.url to it, and keep {shown} away from the service",
        pluralize(rows, "row", "rows")
    ));
    Ok(())
}
