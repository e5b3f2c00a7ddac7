//! `--server`: the commands for users and tokens through a running service, over
//! its JSON:API, with the rights of an API token. They print what they print on
//! the database itself.

mod client;
mod lookup;
mod tokens;
mod users;

use super::arguments::{Command, ServiceFlags};
use super::error::CommandError;
use client::Client;

pub fn run(command: Command, flags: &ServiceFlags) -> Result<(), CommandError> {
    match command {
        Command::User { command } => users::run(command, &Client::new(flags)?),
        Command::Token { command } => tokens::run(command, &Client::new(flags)?),
        _ => Err(CommandError::usage(
            "--server is for `rolecall user` and `rolecall token` only",
        )),
    }
}
