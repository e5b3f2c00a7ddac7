//! Completions for shells and manual pages, made from the same declarations as `--help`.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::arguments::Arguments;
use super::error::CommandError;

/// The script that the shell reads to complete rolecall's commands and options.
pub fn completions(shell: Shell) -> Result<String, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "rolecall", &mut script);
    String::from_utf8(script).map_err(CommandError::failed)
}

/// Writes `rolecall.1` and a page for each command below it, replacing earlier ones.
pub fn write_pages(folder: &Path) -> Result<(), CommandError> {
    clap_mangen::generate_to(Arguments::command(), folder).map_err(|error| {
        let folder = folder.display();
        CommandError::failed(format!("cannot write manual pages to {folder}: {error}"))
    })
}
