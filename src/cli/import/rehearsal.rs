//! A dry run makes no directory: where there is none, it has one of its own.

use std::path::PathBuf;

use crate::cli::failure::Failure;
use crate::cli::runtime::Session;
use crate::config::{DatabaseUrl, Settings};

/// The folder of that directory, gone with this; none where there is a directory.
pub struct Stage(Option<PathBuf>);

impl Stage {
    pub fn none() -> Self {
        Self(None)
    }
}

/// The directory to rehearse in.
pub fn session(mut settings: Settings) -> Result<(Stage, Session), Failure> {
    let is_missing = match &settings.database.url {
        DatabaseUrl::Sqlite(path) => !path.exists(),
        _ => false,
    };
    if !is_missing {
        return Ok((Stage(None), Session::open(settings)?));
    }
    let number = getrandom::u64()
        .map_err(|error| Failure::failed(format!("the system has no randomness: {error}")))?;
    let folder = std::env::temp_dir().join(format!("rolecall-dry-run-{number:016x}"));
    make(&folder)
        .map_err(|error| Failure::failed(format!("cannot make {}: {error}", folder.display())))?;
    settings.database.url = DatabaseUrl::Sqlite(folder.join("rolecall.db"));
    let stage = Stage(Some(folder));
    Ok((stage, Session::make(settings)?))
}

/// For its owner only: the rows are people.
fn make(folder: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
