//! `[log]`: what is logged.

use super::table::{Kind, Preset, Setting};

/// As `RUST_LOG` takes it.
#[derive(Clone, Debug)]
pub struct Log {
    pub level: String,
}

const LEVEL: &str = "info,actix_server=warn";

impl Default for Log {
    fn default() -> Log {
        Log {
            level: LEVEL.to_owned(),
        }
    }
}

pub(super) const SETTINGS: &[Setting] = &[Setting {
    key: "log.level",
    env: "ROLECALL_LOG_LEVEL",
    flag: None,
    kind: Kind::Text,
    preset: Preset::Value(LEVEL),
    meaning: "What the service logs, unless RUST_LOG says it: error, warn, info, debug, trace or off, also for a part (rolecall::storage=debug), separated by commas. SIGHUP reads it again.",
    set: |settings, text| {
        settings.log.level = filter(text)?;
        Ok(())
    },
}];

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What `env_logger` would take for a part of the program may be a misspelt level.
fn filter(text: &str) -> Result<String, String> {
    for rule in text.split(',') {
        let level = rule.rsplit_once('=').map_or(rule, |(_, level)| level);
        if !LEVELS.contains(&level) {
            return Err(format!(
                "`{level}` is none of error, warn, info, debug, trace and off"
            ));
        }
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn a_filter_is_of_levels_for_all_and_for_parts() {
        for text in [
            "warn",
            "info,rolecall::storage=debug",
            "off,actix_server=trace",
        ] {
            assert_eq!(filter(text).as_deref(), Ok(text));
        }
        for text in ["", "inof", "info,", "rolecall", "rolecall=loud"] {
            assert!(filter(text).is_err(), "{text}");
        }
    }
}
