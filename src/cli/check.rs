//! `rolecall check`.

use super::failure::Failure;
use super::output;
use super::runtime::Session;
use crate::config::Settings;
use crate::directory::bulk::{Check, Part};

pub fn run(repair: bool, settings: Settings) -> Result<(), Failure> {
    let wrong = Session::open(settings)?.run(async |session| {
        let mut wrong = 0;
        for part in Part::ALL {
            let findings = session.write(Check { part, repair }).await?;
            if findings.is_empty() {
                output::print(&format!("{}: right\n", part.name()))?;
            }
            for finding in findings {
                wrong += 1;
                let remedy = if repair {
                    format!(": {}", finding.remedy)
                } else {
                    String::new()
                };
                output::print(&format!("{}: {}{remedy}\n", part.name(), finding.what))?;
            }
        }
        Ok(wrong)
    })?;
    match (wrong, repair) {
        (0, _) | (_, true) => Ok(()),
        (wrong, false) => Err(Failure::failed(format!(
            "{wrong} things are wrong: `rolecall check --repair` puts right what it can"
        ))),
    }
}
