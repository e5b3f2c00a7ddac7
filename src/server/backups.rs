//! Backups on a schedule: copies of the SQLite database, one at a time, on a thread of
//! their own. A copy holds up no writer. When the last one was made is in its name, so a
//! restart makes none too many.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::probes::Probes;
use crate::config::{Database, DatabaseUrl, Settings};
use crate::directory::bulk::{Check, Part};
use crate::directory::{Clock, Context, Directory, RequestId, clock};
use crate::storage::sqlite::copies::{self, with_suffix};
use crate::storage::sqlite::{integrity, partial_copy};
use crate::storage::{Empty, Store};

/// Between two looks at the clock.
const TICK: Duration = Duration::from_secs(1);
/// After a failure, unless a backup is made more often.
const RETRY: TimeDelta = TimeDelta::minutes(10);
const NAME: &str = "rolecall-%Y%m%dT%H%M%SZ.db";
/// Of a copy before it is known to be good.
const UNCHECKED: &str = ".unchecked";
const HASH: &str = ".sha256";

/// What became of the last backups, for `/health`.
#[derive(Debug, Default)]
pub struct BackupStatus(Mutex<Option<Status>>);

#[derive(Clone, Debug)]
struct Status {
    word: &'static str,
    last: Option<DateTime<Utc>>,
}

impl BackupStatus {
    /// A JSON object; `None` without a schedule.
    pub fn json(&self) -> Option<String> {
        let status = self.status().clone()?;
        let last = status.last.map(clock::text);
        let last = last.map_or_else(String::new, |last| format!(r#","last":"{last}""#));
        Some(format!(r#"{{"status":"{}"{last}}}"#, status.word))
    }

    fn set(&self, word: &'static str, last: Option<DateTime<Utc>>) {
        let mut status = self.status();
        let last = last.or_else(|| status.as_ref()?.last);
        *status = Some(Status { word, last });
    }

    fn status(&self) -> MutexGuard<'_, Option<Status>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No backup is begun once this is dropped. One that is being made is left to the end of
/// the process, which a later one clears up after.
pub struct BackupSchedule(#[expect(dead_code, reason = "its end is the message")] Sender<()>);

/// Starts the thread, if the settings ask for backups.
pub fn start(
    settings: &Settings,
    directory: &Directory,
    probes: Arc<Probes>,
) -> io::Result<Option<BackupSchedule>> {
    let backup = &settings.backup;
    let (Some(every), Some(folder), DatabaseUrl::Sqlite(path)) =
        (backup.every, &backup.folder, &settings.database.url)
    else {
        return Ok(None);
    };
    let work = Work {
        from: path.clone(),
        folder: folder.clone(),
        every: TimeDelta::from_std(every).map_err(io::Error::other)?,
        keep: backup.keep,
        database: settings.database.clone(),
        clock: directory.shared_clock(),
        probes,
    };
    let (sender, receiver) = channel();
    std::thread::Builder::new()
        .name("backups".to_owned())
        .spawn(move || work.run(&receiver))?;
    Ok(Some(BackupSchedule(sender)))
}

struct Work {
    from: PathBuf,
    folder: PathBuf,
    every: TimeDelta,
    keep: usize,
    database: Database,
    clock: Arc<dyn Clock>,
    probes: Arc<Probes>,
}

impl Work {
    fn run(&self, stopped: &Receiver<()>) {
        let status = &self.probes.backups;
        let now = self.clock.now();
        // A clock that was put back leaves names of the future, which tell nothing.
        let times = self.backups().into_iter().map(|(at, _)| at);
        let last = times.filter(|at| *at <= now).max();
        status.set(if last.is_some() { "ok" } else { "waiting" }, last);
        let mut next = last.map_or(now, |last| last + self.every);
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(TICK) {
            let now = self.clock.now();
            if now < next {
                continue;
            }
            match self.make(now) {
                Ok(path) => {
                    log::info!("made the backup {}", path.display());
                    status.set("ok", Some(now));
                    next = now + self.every;
                    self.remove_old();
                }
                Err(why) => {
                    log::error!("could not make a backup, will retry: {why}");
                    status.set("failed", None);
                    next = now + self.every.min(RETRY);
                }
            }
        }
    }

    /// The backups that are there, the oldest first.
    fn backups(&self) -> Vec<(DateTime<Utc>, PathBuf)> {
        let mut found: Vec<_> = self.files(time_of).collect();
        found.sort();
        found
    }

    /// Of the files in the folder those whose names tell something.
    fn files<T>(&self, tells: impl Fn(&str) -> Option<T>) -> impl Iterator<Item = (T, PathBuf)> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries.filter_map(move |entry| {
            let told = tells(entry.file_name().to_str()?)?;
            Some((told, entry.path()))
        })
    }

    fn make(&self, now: DateTime<Utc>) -> Result<PathBuf, String> {
        if !self.folder.is_dir() {
            return Err(format!("there is no folder {}", self.folder.display()));
        }
        let path = self.folder.join(now.format(NAME).to_string());
        self.remove_left_over(&path);
        let unchecked = with_suffix(&path, UNCHECKED);
        // Other processes leave it alone as long as it is locked.
        let _lock = copies::copy(&self.from, &unchecked).map_err(|error| error.to_string())?;
        let made = self
            .check(&unchecked)
            .and_then(|()| publish(&unchecked, &path).map_err(|error| error.to_string()));
        if made.is_err() {
            remove_all(&unchecked);
        }
        made.map(|()| path)
    }

    /// What processes that were killed left behind.
    fn remove_left_over(&self, beside: &Path) {
        partial_copy::remove_left_over(beside);
        let unchecked = |name: &str| time_of(name.strip_suffix(UNCHECKED)?);
        for (_, path) in self.files(unchecked) {
            if File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
                remove_all(&path);
            }
        }
    }

    /// # Errors
    /// When the file is damaged. Counts that are wrong are wrong in the database, too:
    /// they are reported, and a restore puts them right.
    fn check(&self, copy: &Path) -> Result<(), String> {
        let damage = integrity::damage(copy).map_err(|error| error.to_string())?;
        if !damage.is_empty() {
            return Err(format!("the copy is damaged: {}", damage.join("; ")));
        }
        // On a thread of its own: the connections that are kept for it end with it.
        let wrong = std::thread::scope(|scope| {
            let checked = scope.spawn(|| self.findings(copy)).join();
            checked.unwrap_or_else(|_| Err("the check panicked".to_owned()))
        })?;
        for finding in wrong {
            log::error!("the directory has a mistake (see `rolecall check`): {finding}");
        }
        copies::settle_alone(copy).map_err(|error| error.to_string())
    }

    fn findings(&self, copy: &Path) -> Result<Vec<String>, String> {
        let settings = Database {
            url: DatabaseUrl::Sqlite(copy.to_owned()),
            statement_timeout_ms: 0,
            ..self.database.clone()
        };
        let store = Store::open(&settings, Empty::Refuse).map_err(|error| error.to_string())?;
        let directory = Directory::new(store, self.clock.clone());
        let context = Context::of_program(self.clock.now(), RequestId(0));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let mut wrong = Vec::new();
        for part in Part::ALL {
            let check = Check {
                part,
                repair: false,
            };
            let found = runtime.block_on(directory.read(&context, check));
            let found = found.map_err(|error| format!("{}: {error}", part.name()))?;
            wrong.extend(
                found
                    .into_iter()
                    .map(|it| format!("{}: {}", part.name(), it.what)),
            );
        }
        Ok(wrong)
    }

    fn remove_old(&self) {
        let backups = self.backups();
        let many = backups.len().saturating_sub(self.keep);
        for (_, path) in backups.into_iter().take(many) {
            let removed = fs::remove_file(&path);
            let removed = removed.and_then(|()| remove_if_there(&with_suffix(&path, HASH)));
            match removed {
                Ok(()) => log::info!("removed the old backup {}", path.display()),
                Err(error) => log::warn!("could not remove {}: {error}", path.display()),
            }
        }
    }
}

/// The moment that the name of a backup tells.
fn time_of(name: &str) -> Option<DateTime<Utc>> {
    let time = NaiveDateTime::parse_from_str(name, NAME).ok()?.and_utc();
    // Numbers can be written in other ways.
    (time.format(NAME).to_string() == name).then_some(time)
}

/// Writes the hash beside it, then gives the copy its name.
fn publish(unchecked: &Path, path: &Path) -> io::Result<()> {
    let hash = hash(unchecked)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let file = with_suffix(path, HASH);
    // As `sha256sum --check` reads it.
    fs::write(&file, format!("{hash}  {name}\n"))?;
    File::open(&file)?.sync_all()?;
    File::open(unchecked)?.sync_all()?;
    fs::rename(unchecked, path)?;
    copies::sync_folder(path)
}

fn hash(path: &Path) -> io::Result<String> {
    let (mut file, mut digest) = (File::open(path)?, Sha256::new());
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else {
            break;
        };
        digest.update(read);
    }
    let digest = digest.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn remove_all(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(with_suffix(path, suffix));
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_our_backups_tell_a_time() {
        let time = time_of("rolecall-20261201T131415Z.db").unwrap();
        assert_eq!(clock::text(time), "2026-12-01T13:14:15+00:00");
        for name in [
            "rolecall.db",
            "rolecall-20261201T131415Z.db.sha256",
            "rolecall-2026121T131415Z.db",
            "rolecall-20261301T131415Z.db",
            "rolecall-20261201T131415Z",
        ] {
            assert!(time_of(name).is_none(), "{name}");
        }
    }
}
