//! The command line: parse, load the settings, hand over to one command.
//!
//! A command acts as the program itself, so everything is within its reach. Its
//! result goes to standard output, remarks about it and failures to standard
//! error. Exit codes: 0, 1 for a failure, 2 for wrong usage or configuration.

mod arguments;
mod audit;
mod backup;
mod check;
mod config;
mod error;
mod export;
mod generate;
mod health;
mod import;
mod ldap;
mod list_pages;
mod logging;
mod lookup;
mod mail;
mod manual;
mod migrate;
mod moving;
mod outcome;
mod output;
mod password;
mod progress;
mod remote;
mod restore;
mod runtime;
mod serve;
mod settings;
mod shutdown;
mod token;
mod user;

use std::process::ExitCode;

use clap::Parser;

use crate::server;
use arguments::{Arguments, Command};
use error::CommandError;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    outlive_file_limits();
    let parsed = Arguments::try_parse().and_then(Arguments::into_parts);
    let (command, flags) = match parsed {
        Ok(parts) => parts,
        Err(error) => {
            // Help and version end up here too, with 0.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(command, &flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// A file that may not grow any more is an error of the one who writes, as a full
/// disk is, and not the end of the process.
#[cfg(unix)]
fn outlive_file_limits() {
    #[expect(unsafe_code, reason = "there is no safe face of signal(2) here")]
    // SAFETY: no code of ours runs when a signal is ignored.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

#[cfg(not(unix))]
fn outlive_file_limits() {}

fn run(command: Command, flags: &arguments::Flags) -> Result<(), CommandError> {
    start_log(&command);
    if let Some(service) = flags.service() {
        return remote::run(command, service);
    }
    match command {
        Command::Serve(_) => serve::run(settings::load(flags)?, flags),
        Command::Migrate { plan: true, .. } => migrate::plan(&settings::load(flags)?),
        Command::Migrate { back_to, new, .. } => {
            migrate::run(back_to.as_deref(), new, &settings::load(flags)?)
        }
        Command::User { command } => user::run(command, settings::load(flags)?),
        Command::Token { command } => token::run(command, settings::load(flags)?),
        Command::Mail { command } => mail::run(command, settings::load(flags)?),
        Command::Ldap { command } => ldap::run(command, settings::load(flags)?),
        Command::Import {
            file,
            flags: wanted,
        } => import::run(&file, &wanted, settings::load(flags)?),
        Command::Export(wanted) => export::run(&wanted, settings::load(flags)?),
        Command::Generate(wanted) => generate::run(&wanted, || settings::load(flags)),
        Command::Check { repair } => check::run(repair, settings::load(flags)?),
        Command::Backup { file } => backup::run(&file, &settings::load(flags)?),
        Command::Restore { file, replace } => restore::run(&file, replace, settings::load(flags)?),
        Command::Move { to } => moving::run(&to, settings::load(flags)?),
        Command::Audit { command } => audit::run(command, settings::load(flags)?),
        Command::Health { url } => health::run(url.as_deref(), &settings::load(flags)?),
        Command::Openapi => output::print(&server::openapi(&settings::load(flags)?)),
        Command::Completions { shell } => output::print(&manual::completions(shell)?),
        Command::Man { folder } => manual::write_pages(&folder),
        Command::Config { command } => config::run(&command, flags),
    }
}

/// Who serves tells what happens; a command that ends tells what went wrong.
fn start_log(command: &Command) {
    let default = match command {
        Command::Serve(_) => "info,actix_server=warn",
        _ => "warn",
    };
    logging::start(default);
}
