//! `rolecall check`.

use super::error::CommandError;
use super::output;
use super::runtime::Session;
use crate::config::{DatabaseUrl, Settings};
use crate::directory::DirectoryError;
use crate::directory::bulk::{Check, Finding, Part};
use crate::directory::plural::pluralize;
use crate::storage::sqlite::integrity;
use crate::storage::{Empty, StorageError, migrations};

pub fn run(repair: bool, settings: Settings) -> Result<(), CommandError> {
    let damage = damage(&settings)?;
    let looked = Session::open(settings).and_then(|session| {
        session.run(async |session| {
            let mut wrong = 0;
            for part in Part::ALL {
                wrong += report(part, look(session, part, repair).await, repair)?;
            }
            Ok(wrong)
        })
    });
    let wrong = match looked {
        Ok(wrong) => wrong,
        Err(failure) if damage == 0 => return Err(failure),
        Err(failure) => {
            failure.report();
            0
        }
    };
    match (damage, wrong, repair) {
        (0, 0, _) => Ok(()),
        (0, wrong, false) => Err(CommandError::failed(format!(
            "{}: `rolecall check --repair` puts right what it can",
            pluralize(wrong, "thing is wrong", "things are wrong")
        ))),
        (0, _, true) => Ok(()),
        _ => Err(CommandError::failed(
            "the file is damaged, which cannot be repaired here: restore a backup (docs/guides/backup.md)",
        )),
    }
}

/// Every part's findings, by the part's name.
pub async fn findings(
    session: &Session,
    repair: bool,
) -> Result<Vec<(&'static str, Finding)>, CommandError> {
    let mut all = Vec::new();
    for part in Part::ALL {
        let found = look(session, part, repair).await?;
        all.extend(found.into_iter().map(|finding| (part.name(), finding)));
    }
    Ok(all)
}

/// What only looks holds up no changes, where the database can look that way.
async fn look(session: &Session, part: Part, repair: bool) -> Result<Vec<Finding>, DirectoryError> {
    let check = Check { part, repair };
    if repair {
        session.write(check).await
    } else {
        session.read(check).await
    }
}

/// Prints a line for each finding; how many there are.
fn report(
    part: Part,
    found: Result<Vec<Finding>, DirectoryError>,
    repair: bool,
) -> Result<usize, CommandError> {
    let name = part.name();
    let findings = match found {
        Ok(findings) => findings,
        // The other parts may be well.
        Err(error) => {
            output::print(&format!("{name}: cannot be read: {error}\n"))?;
            return Ok(1);
        }
    };
    if findings.is_empty() {
        output::print(&format!("{name}: right\n"))?;
    }
    for finding in &findings {
        let remedy = if repair {
            format!(": {}", finding.remedy)
        } else {
            String::new()
        };
        output::print(&format!("{name}: {}{remedy}\n", finding.what))?;
    }
    Ok(findings.len())
}

/// What SQLite itself says of its file; how many kinds of damage there are.
///
/// # Errors
/// When there is no directory in it at all.
fn damage(settings: &Settings) -> Result<usize, CommandError> {
    let DatabaseUrl::Sqlite(path) = &settings.database.url else {
        return Ok(0);
    };
    if !path.exists() {
        // Opening it says so.
        return Ok(0);
    }
    let shown = path.display();
    let unreadable = |error: std::io::Error| CommandError::failed(format!("{shown}: {error}"));
    if let Some(what) = integrity::foreign(path).map_err(unreadable)? {
        output::print(&format!("file: {shown} {what}\n"))?;
        return Err(CommandError::failed(
            "there is no directory to check: name its file by --database, or restore a backup (docs/guides/backup.md)",
        ));
    }
    if let Err(error @ StorageError::NotOurs(_)) = migrations::check_file(path, Empty::Refuse) {
        output::print(&format!("file: {error}\n"))?;
        return Err(CommandError::failed(format!("{shown}: {error}")));
    }
    let damage = integrity::damage(path).map_err(CommandError::failed)?;
    if damage.is_empty() {
        output::print("file: right\n")?;
    }
    for line in &damage {
        output::print(&format!("file: {line}\n"))?;
    }
    Ok(damage.len())
}
