//! `rolecall restore`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::backup::{remove_left_over, sound, sqlite_file};
use super::check;
use super::error::CommandError;
use super::output;
use super::runtime::Session;
use crate::config::{DatabaseUrl, Settings};
use crate::directory::{Clock, SystemClock};
use crate::storage::migrations;
use crate::storage::sqlite::copies::{self, with_suffix};
use crate::storage::sqlite::{marker, partial_copy};
use crate::storage::{Empty, StorageError};

pub fn run(file: &Path, replace: bool, settings: Settings) -> Result<(), CommandError> {
    let to = resolved(sqlite_file("restore", &settings)?)?;
    let shown = to.display();
    if !file.is_file() {
        let file = file.display();
        return Err(CommandError::failed(format!("{file} is no file")));
    }
    if to.exists() && !replace {
        return Err(CommandError::failed(format!(
            "{shown} exists: stop the service, then restore with --replace"
        )));
    }
    let prepared = Prepared::new(file, &to)?;
    prepared.bring_up(settings)?;
    let old = set_aside(&to)?;
    if let Err(failure) = prepared.put_in_place(&to) {
        // What was there is better than nothing.
        if let Some(old) = old {
            rename_all(&old, &to)?;
        }
        return Err(failure);
    }
    marker::put(&to);
    output::print(&format!("{shown} is restored from {}\n", file.display()))?;
    match old {
        Some(old) => output::print(&format!("what was there is {}\n", old.display())),
        None => Ok(()),
    }
}

/// The file itself, where the path is a link to it.
fn resolved(path: &Path) -> Result<PathBuf, CommandError> {
    if path.is_symlink() {
        let link = path.display();
        return fs::canonicalize(path).map_err(|error| {
            CommandError::failed(format!("the link {link} leads nowhere: {error}"))
        });
    }
    Ok(path.to_owned())
}

/// A copy of the backup beside the place where it will be; removed unless it
/// gets there.
struct Prepared {
    path: PathBuf,
    /// Keeps other restores from taking it for left over.
    _lock: File,
}

impl Prepared {
    fn new(backup: &Path, to: &Path) -> Result<Self, CommandError> {
        sound(backup)?;
        migrations::check_file(backup, Empty::Refuse)
            .map_err(|error| CommandError::failed(format!("{}: {error}", backup.display())))?;
        remove_left_over(to);
        // A name of its own: two restores at the same time do not meet.
        let path = partial_copy::restoring(to).map_err(CommandError::failed)?;
        let lock = copies::copy(backup, &path).map_err(CommandError::failed)?;
        Ok(Self { path, _lock: lock })
    }

    /// Brings the tables up to date, and puts right what can be derived.
    fn bring_up(&self, mut settings: Settings) -> Result<(), CommandError> {
        settings.database.url = DatabaseUrl::Sqlite(self.path.clone());
        let session = Session::open(settings)?;
        session.run(async |session| {
            for (part, finding) in check::findings(session, true).await? {
                output::remark(&format!("{part}: {}: {}", finding.what, finding.remedy));
            }
            Ok(())
        })?;
        drop(session);
        copies::retire(&self.path).map_err(CommandError::failed)
    }

    fn put_in_place(&self, to: &Path) -> Result<(), CommandError> {
        fs::rename(&self.path, to).map_err(CommandError::failed)?;
        copies::sync_folder(to).map_err(CommandError::failed)
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", ".marker"] {
            let _ = fs::remove_file(with_suffix(&self.path, suffix));
        }
    }
}

/// Renames what is there, with its write-ahead log: an old log beside another
/// file would damage that.
fn set_aside(path: &Path) -> Result<Option<PathBuf>, CommandError> {
    if !path.exists() {
        return Ok(None);
    }
    let shown = path.display();
    match copies::retire(path) {
        Ok(()) => {}
        Err(error @ StorageError::Busy(_)) => {
            return Err(CommandError::failed(format!(
                "{shown} is in use: stop the service first ({error})"
            )));
        }
        // A damaged file cannot be asked. While a service has one, this is beside it.
        Err(error) if with_suffix(path, "-shm").exists() => {
            return Err(CommandError::failed(format!(
                "{shown} may be in use, its state cannot be read ({error}): make sure that the service is stopped, remove {shown}-shm, and restore again"
            )));
        }
        Err(_) => {}
    }
    let moment = SystemClock.now().format(".replaced-%Y%m%dT%H%M%S%.6fZ");
    let kept = with_suffix(path, &moment.to_string());
    rename_all(path, &kept)?;
    Ok(Some(kept))
}

/// Renames a database with what belongs to it.
fn rename_all(from: &Path, to: &Path) -> Result<(), CommandError> {
    for suffix in ["-wal", "-shm", ""] {
        match fs::rename(with_suffix(from, suffix), with_suffix(to, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(CommandError::failed(error));
            }
            _ => {}
        }
    }
    Ok(())
}
