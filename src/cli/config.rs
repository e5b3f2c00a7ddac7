//! `rolecall config`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::arguments::{ConfigCommand, Flags};
use super::error::CommandError;
use super::output::{self, Table};
use super::runtime::block_on;
use super::settings;
use crate::auth::ldap::Ldap;
use crate::config::{self, Database, DatabaseUrl, Settings};
use crate::directory::plural::pluralize;
use crate::mail::Mailer;
use crate::server;
use crate::storage::migrations;

pub fn run(command: &ConfigCommand, flags: &Flags) -> Result<(), CommandError> {
    match command {
        ConfigCommand::Sample => output::print(&config::sample()),
        ConfigCommand::Table => output::print(&config::markdown_table()),
        ConfigCommand::Check { connect } => check(*connect, flags),
    }
}

fn check(connect: bool, flags: &Flags) -> Result<(), CommandError> {
    let (settings, mut problems) = settings::examine(flags);
    problems.extend(unreadable_files(&settings));
    for problem in &problems {
        output::print(&format!("{problem}\n"))?;
    }
    if !problems.is_empty() {
        let untried = match connect {
            true => "; nothing was tried",
            false => "",
        };
        let count = pluralize(problems.len(), "problem", "problems");
        return Err(CommandError::failed(format!("{count}{untried}")));
    }
    output::print("The settings are right.\n")?;
    match connect {
        true => try_all(&settings),
        false => Ok(()),
    }
}

/// Files that settings name and that cannot be read, and the folder of the database.
fn unreadable_files(settings: &Settings) -> Vec<String> {
    let files = [
        ("server.tls_certificate", &settings.server.tls_certificate),
        ("server.tls_key", &settings.server.tls_key),
        ("database.tls_ca", &settings.database.tls_ca),
        ("ldap.ca_file", &settings.ldap.ca_file),
        (
            "auth.refused_passwords_file",
            &settings.auth.refused_passwords_file,
        ),
    ];
    let named = files
        .into_iter()
        .filter_map(|(key, path): (_, &Option<PathBuf>)| Some((key, path.as_deref()?)));
    let mut problems: Vec<String> = named
        .filter_map(|(key, path)| {
            let error = read_some(path).err()?;
            Some(format!(
                "{key}: {} cannot be read ({error})",
                path.display()
            ))
        })
        .collect();
    if let Some(folder) = settings
        .backup
        .folder
        .as_ref()
        .filter(|path| !path.is_dir())
    {
        let folder = folder.display();
        problems.push(format!("backup.folder: there is no folder {folder}"));
    }
    if let DatabaseUrl::Sqlite(path) = &settings.database.url {
        let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            problems.push(format!(
                "database.url: there is no folder {}",
                folder.display()
            ));
        }
    }
    problems
}

/// A folder can be opened, but not read.
fn read_some(path: &Path) -> io::Result<()> {
    File::open(path)?.read(&mut [0]).map(drop)
}

/// What became of a part that was tried: a text, or none where it is not configured.
type Tried = Result<Option<String>, String>;

/// Tries one part.
type Attempt = fn(&Settings) -> Tried;

fn try_all(settings: &Settings) -> Result<(), CommandError> {
    let mut table = Table::on_stdout(&["PART", "RESULT", "DETAIL"]);
    let mut failed = 0;
    let parts: [(&str, Attempt); 5] = [
        ("certificate", certificate),
        ("database", database),
        ("replica", replica),
        ("ldap", ldap),
        ("mail", mail),
    ];
    for (name, attempt) in parts {
        let (result, detail) = match attempt(settings) {
            Ok(Some(detail)) => ("right", detail),
            Ok(None) => ("off", String::new()),
            Err(why) => {
                failed += 1;
                ("failed", why)
            }
        };
        table.write(&[vec![name.to_owned(), result.to_owned(), detail]])?;
    }
    match failed {
        0 => Ok(()),
        _ => Err(CommandError::failed(format!(
            "{} cannot be used",
            pluralize(failed, "part", "parts")
        ))),
    }
}

fn certificate(settings: &Settings) -> Tried {
    let is_there = server::has_certificate(settings)?;
    let path = settings.server.tls_certificate.as_ref();
    Ok(path
        .filter(|_| is_there)
        .map(|path| format!("{} and its key", path.display())))
}

/// Looks at its tables; makes and changes none.
fn database(settings: &Settings) -> Tried {
    let url = &settings.database.url;
    let pending = migrations::plan(&settings.database)
        .map_err(|error| format!("{url}: {error}"))?
        .len();
    Ok(Some(match pending {
        0 => format!("{url} is up to date"),
        _ => format!(
            "{url}: {} to apply",
            pluralize(pending, "migration", "migrations")
        ),
    }))
}

fn replica(settings: &Settings) -> Tried {
    let Some(url) = &settings.database.replica_url else {
        return Ok(None);
    };
    let there = Database {
        url: url.clone(),
        direct_url: None,
        ..settings.database.clone()
    };
    migrations::plan(&there).map_err(|error| format!("{url}: {error}"))?;
    Ok(Some(url.to_string()))
}

fn ldap(settings: &Settings) -> Tried {
    let Some(ldap) = Ldap::new(&settings.ldap)? else {
        return Ok(None);
    };
    let explained = block_on(async { Ok(ldap.explain(None, &mut |_| {}).await) });
    explained
        .map_err(|_| "there is no runtime".to_owned())?
        .map_err(|stopped| format!("{}: {}", stopped.name, stopped.why))?;
    Ok(settings.ldap.url.as_ref().map(ToString::to_string))
}

fn mail(settings: &Settings) -> Tried {
    let Some(mailer) = Mailer::new(&settings.mail)? else {
        return Ok(None);
    };
    let connected = block_on(async { Ok(mailer.connect().await) });
    connected.map_err(|_| "there is no runtime".to_owned())??;
    Ok(settings.mail.smtp_url.as_ref().map(ToString::to_string))
}
