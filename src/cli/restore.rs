//! `rolecall restore`.

use std::fs;
use std::path::{Path, PathBuf};

use super::backup::{sound, sqlite_file};
use super::check;
use super::failure::Failure;
use super::output;
use super::runtime::Session;
use crate::config::{DatabaseUrl, Settings};
use crate::directory::{Clock, SystemClock};
use crate::storage::StorageError;
use crate::storage::migrations;
use crate::storage::sqlite::copies;

pub fn run(file: &Path, replace: bool, settings: Settings) -> Result<(), Failure> {
    let to = sqlite_file("restore", &settings)?.to_owned();
    let shown = to.display();
    if to.exists() && !replace {
        return Err(Failure::failed(format!(
            "{shown} exists: stop the service, then restore with --replace"
        )));
    }
    let prepared = Prepared::new(file, &to)?;
    prepared.bring_up(settings)?;
    let old = set_aside(&to)?;
    prepared.put_in_place(&to)?;
    output::print(&format!("{shown} is restored from {}\n", file.display()))?;
    match old {
        Some(old) => output::print(&format!("what was there is {}\n", old.display())),
        None => Ok(()),
    }
}

/// A copy of the backup beside the place where it will be; removed unless it
/// gets there.
struct Prepared(PathBuf);

impl Prepared {
    fn new(backup: &Path, to: &Path) -> Result<Self, Failure> {
        sound(backup)?;
        if !migrations::made(backup).map_err(Failure::failed)? {
            let backup = backup.display();
            return Err(Failure::failed(format!("{backup} is no rolecall database")));
        }
        let copy = copies::beside(to, "restoring").map_err(Failure::failed)?;
        // What an interrupted restore left.
        let _ = fs::remove_file(&copy);
        copies::copy(backup, &copy).map_err(Failure::failed)?;
        Ok(Self(copy))
    }

    /// Brings the tables up to date, and puts right what can be derived.
    fn bring_up(&self, mut settings: Settings) -> Result<(), Failure> {
        settings.database.url = DatabaseUrl::Sqlite(self.0.clone());
        let session = Session::open(settings)?;
        session.run(async |session| {
            for (part, finding) in check::findings(session, true).await? {
                output::remark(&format!("{part}: {}: {}", finding.what, finding.remedy));
            }
            Ok(())
        })?;
        drop(session);
        copies::retire(&self.0).map_err(Failure::failed)
    }

    fn put_in_place(self, to: &Path) -> Result<(), Failure> {
        fs::rename(&self.0, to).map_err(Failure::failed)?;
        copies::sync_folder(to).map_err(Failure::failed)
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let mut name = self.0.clone().into_os_string();
            name.push(suffix);
            let _ = fs::remove_file(name);
        }
    }
}

/// Renames what is there, with its write-ahead log: an old log beside another
/// file would damage that.
fn set_aside(path: &Path) -> Result<Option<PathBuf>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    if let Err(error @ StorageError::Busy(_)) = copies::retire(path) {
        let path = path.display();
        return Err(Failure::failed(format!(
            "{path} is in use: stop the service first ({error})"
        )));
    }
    let moment = SystemClock.now().format("replaced-%Y%m%dT%H%M%S%.6fZ");
    let kept = copies::beside(path, &moment.to_string()).map_err(Failure::failed)?;
    for suffix in ["-wal", "-shm", ""] {
        let with = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        match fs::rename(with(path), with(&kept)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::failed(error));
            }
            _ => {}
        }
    }
    Ok(Some(kept))
}
