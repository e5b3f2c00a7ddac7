//! `rolecall health`: whether a running service is ready, as an exit code.

use super::error::CommandError;
use super::output;
use crate::config::Settings;
use crate::server;

pub fn run(url: Option<&str>, settings: &Settings) -> Result<(), CommandError> {
    server::probe(&settings.server, url)
        .map_err(|why| CommandError::failed(format!("not ready: {why}")))?;
    output::print("ready\n")
}
