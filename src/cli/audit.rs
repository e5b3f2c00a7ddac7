//! `rolecall audit`.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::{AuditCommand, PruneFlags};
use super::error::CommandError;
use super::output;
use super::runtime::Session;
use crate::config::Settings;
use crate::directory::clock;
use crate::directory::plural::pluralize;
use crate::directory::pruning::{CountPrunable, PruneEvents, Pruned};

/// Between two steps, so that whoever waits to write comes first.
const PAUSE: Duration = Duration::from_millis(20);

pub fn run(command: AuditCommand, settings: Settings) -> Result<(), CommandError> {
    match command {
        AuditCommand::Prune(flags) => prune(&flags, settings),
    }
}

fn prune(flags: &PruneFlags, settings: Settings) -> Result<(), CommandError> {
    let before = clock::parse(&flags.before).ok_or_else(|| {
        CommandError::usage(format!(
            "--before: {:?} is not {}",
            flags.before,
            clock::FORM
        ))
    })?;
    let session = Session::open(settings)?;
    // The event that records the pruning must not be among what is pruned.
    if before > session.context.now {
        return Err(CommandError::usage(
            "--before: this moment is still to come",
        ));
    }
    let before = clock::precise_text(before);
    if flags.dry_run {
        let old =
            session.run(async |session| Ok(session.read(CountPrunable { before }).await?))?;
        return output::print(&format!(
            "{} be removed\n",
            pluralize(old, "event would", "events would")
        ));
    }
    let pruned = session.run(async |session| steps(session, before, flags.batch).await)?;
    output::print(&match pruned.event_id {
        None => "no events are that old\n".to_owned(),
        Some(event_id) => format!(
            "{} removed, up to {}; event {event_id} records it\n",
            pluralize(pruned.rows, "event was", "events were"),
            pruned.up_to_id
        ),
    })
}

async fn steps(session: &Session, before: String, most: i64) -> Result<Pruned, CommandError> {
    let bar = bar();
    let mut step = PruneEvents {
        before,
        most,
        so_far: Pruned::default(),
        by: system_user(),
    };
    loop {
        let pruned = session.write(step.clone()).await?;
        bar.set_position(u64::try_from(pruned.rows).unwrap_or_default());
        if pruned == step.so_far {
            bar.finish_and_clear();
            return Ok(pruned);
        }
        step.so_far = pruned;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Drawn on a terminal only.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} events  {per_sec}") {
        bar.set_style(style);
    }
    bar
}

/// Who runs this, as far as the system tells: its number cannot be made up.
fn system_user() -> String {
    let named = |variable: &str| std::env::var(variable).ok().filter(|name| !name.is_empty());
    let name = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(named);
    let name = name.map(|name| name.chars().take(100).collect::<String>());
    match (name, user_number()) {
        (Some(name), Some(number)) => format!("{name} (uid {number})"),
        (None, Some(number)) => format!("uid {number}"),
        (Some(name), None) => name,
        (None, None) => "unknown".to_owned(),
    }
}

fn user_number() -> Option<u32> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        Some(std::fs::metadata("/proc/self").ok()?.uid())
    }
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::runtime::testing::Scratch;

    fn flags(before: &str) -> PruneFlags {
        PruneFlags {
            before: before.to_owned(),
            batch: 10,
            dry_run: false,
        }
    }

    #[test]
    fn only_a_moment_that_has_passed_can_be_pruned_to() {
        let scratch = Scratch::filled();
        for before in ["yesterday", "2026-01-31", "9999-01-01T00:00:00Z"] {
            let refused = prune(&flags(before), scratch.settings()).err().unwrap();
            assert!(matches!(refused, CommandError::Usage(text) if text.starts_with("--before: ")));
        }
        assert!(prune(&flags("2020-01-01T00:00:00Z"), scratch.settings()).is_ok());
    }
}
