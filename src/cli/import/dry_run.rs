//! A dry run without an existing database uses a temporary one.

use std::path::PathBuf;

use crate::cli::error::CommandError;
use crate::cli::runtime::Session;
use crate::config::{DatabaseUrl, Settings};

/// The folder of the temporary database, which is removed on drop; none if there is a
/// database.
pub struct DryRunFolder(Option<PathBuf>);

impl DryRunFolder {
    pub fn none() -> Self {
        Self(None)
    }
}

/// Opens the database of the dry run.
pub fn session(mut settings: Settings) -> Result<(DryRunFolder, Session), CommandError> {
    let is_missing = match &settings.database.url {
        DatabaseUrl::Sqlite(path) => !path.exists(),
        _ => false,
    };
    if !is_missing {
        return Ok((DryRunFolder(None), Session::open(settings)?));
    }
    let number = getrandom::u64()
        .map_err(|error| CommandError::failed(format!("the system has no randomness: {error}")))?;
    let folder = std::env::temp_dir().join(format!("rolecall-dry-run-{number:016x}"));
    make(&folder).map_err(|error| {
        CommandError::failed(format!("cannot make {}: {error}", folder.display()))
    })?;
    settings.database.url = DatabaseUrl::Sqlite(folder.join("rolecall.db"));
    let folder = DryRunFolder(Some(folder));
    Ok((folder, Session::make(settings)?))
}

/// Creates a private folder, since the rows are personal data.
fn make(folder: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

impl Drop for DryRunFolder {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
