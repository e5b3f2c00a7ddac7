//! `[backup]`: copies of the SQLite database that the service makes by itself.

use std::path::PathBuf;
use std::time::Duration;

use super::table::{Kind, Preset, Setting};
use super::{ConfigError, DatabaseUrl, value};

#[derive(Clone, Debug)]
pub struct Backup {
    pub every: Option<Duration>,
    pub keep: usize,
    pub folder: Option<PathBuf>,
}

impl Default for Backup {
    fn default() -> Backup {
        Backup {
            every: None,
            keep: 7,
            folder: None,
        }
    }
}

impl Backup {
    /// What no single value can tell.
    pub(super) fn contradiction(&self, database: &DatabaseUrl) -> Option<ConfigError> {
        self.every?;
        if matches!(database, DatabaseUrl::Postgres(_)) {
            let problem = format!(
                "needs SQLite, but database.url is {database}: PostgreSQL has tools of its own (docs/guides/backup.md)"
            );
            return Some(ConfigError::new("backup.every", problem));
        }
        let problem = "is needed with backup.every";
        let is_missing = self.folder.is_none();
        is_missing.then(|| ConfigError::new("backup.folder", problem))
    }
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "backup.every",
        env: "ROLECALL_BACKUP_EVERY",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Unset { example: "24h" },
        meaning: "SQLite: how often the service makes a backup, as a number and s, m, h or d; without it none.",
        set: |settings, text| {
            let (shortest, longest) = (Duration::from_secs(1), Duration::from_secs(366 * 86_400));
            settings.backup.every = Some(value::duration(text, shortest..=longest)?);
            Ok(())
        },
    },
    Setting {
        key: "backup.keep",
        env: "ROLECALL_BACKUP_KEEP",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("7"),
        meaning: "How many of these backups are kept; older ones are deleted once a new one is complete.",
        set: |settings, text| {
            settings.backup.keep = value::number(text, 1..=100_000)?;
            Ok(())
        },
    },
    Setting {
        key: "backup.folder",
        env: "ROLECALL_BACKUP_FOLDER",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "/var/lib/rolecall/backups",
        },
        meaning: "Folder for these backups, which must exist.",
        set: |settings, text| {
            settings.backup.folder = Some(value::name(text)?.into());
            Ok(())
        },
    },
];
