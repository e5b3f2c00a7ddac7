//! A row per setting: its names, its default, its meaning, and where its text goes.

use super::{
    ConfigError, Settings, audit, auth, backup, database, ldap, limits, log, mail, server, sign_in,
};

/// One setting, under all of its names.
pub struct Setting {
    /// `section.name`, as in the file.
    pub key: &'static str,
    /// The environment variable.
    pub env: &'static str,
    /// The flag, where there is one.
    pub flag: Option<&'static str>,
    pub kind: Kind,
    pub preset: Preset,
    /// A sentence for people.
    pub meaning: &'static str,
    pub(super) set: fn(&mut Settings, &str) -> Result<(), String>,
}

/// What the file has to hold. Everywhere else a value is text, and a list is separated by commas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A text taken as it is, blanks at its ends included.
    Secret,
    Number,
    Switch,
    List,
}

/// What holds when nobody sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// This value, as it would be written in the environment.
    Value(&'static str),
    /// Nothing; the meaning says what follows from that. The example is for the sample file.
    Unset { example: &'static str },
}

impl Setting {
    /// The two halves of the key.
    pub fn section_and_name(&self) -> (&'static str, &'static str) {
        self.key.split_once('.').unwrap_or(("", self.key))
    }

    pub(super) fn apply(
        &self,
        settings: &mut Settings,
        text: &str,
        origin: impl FnOnce() -> String,
    ) -> Result<(), ConfigError> {
        let text = match self.kind {
            Kind::Secret => text,
            _ => text.trim(),
        };
        (self.set)(settings, text).map_err(|problem| ConfigError::new(origin(), problem))
    }
}

/// Every setting, section by section, in the order in which people read them.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    [
        server::SETTINGS,
        database::SETTINGS,
        auth::SETTINGS,
        sign_in::SETTINGS,
        ldap::SETTINGS,
        mail::SETTINGS,
        limits::SETTINGS,
        audit::SETTINGS,
        backup::SETTINGS,
        log::SETTINGS,
    ]
    .into_iter()
    .flatten()
}

pub(super) fn find(key: &str) -> Option<&'static Setting> {
    settings().find(|setting| setting.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_defaults_that_the_table_shows_are_the_defaults() {
        for setting in settings() {
            let Preset::Value(text) = setting.preset else {
                continue;
            };
            let mut settings = Settings::default();
            setting.apply(&mut settings, text, String::new).unwrap();
            assert_eq!(
                format!("{settings:?}"),
                format!("{:?}", Settings::default()),
                "{}",
                setting.key
            );
        }
    }

    #[test]
    fn every_example_is_accepted_and_changes_something() {
        for setting in settings() {
            let Preset::Unset { example } = setting.preset else {
                continue;
            };
            let mut settings = Settings::default();
            setting.apply(&mut settings, example, String::new).unwrap();
            assert_ne!(
                format!("{settings:?}"),
                format!("{:?}", Settings::default()),
                "{}",
                setting.key
            );
        }
    }

    #[test]
    fn every_field_has_a_row() {
        let default = format!("{:#?}", Settings::default());
        let fields = default.lines().filter(|line| {
            let indent = line.len() - line.trim_start().len();
            indent == 8 && line.contains(": ")
        });
        assert_eq!(fields.count(), settings().count());
        for setting in settings() {
            let (_, name) = setting.section_and_name();
            assert!(
                default.contains(&format!("        {name}: ")),
                "{name} is no field"
            );
        }
    }

    #[test]
    fn no_name_is_used_twice() {
        let mut seen = HashSet::new();
        for setting in settings() {
            assert!(seen.insert(setting.key), "{}", setting.key);
            assert!(seen.insert(setting.env), "{}", setting.env);
            assert!(
                setting.flag.is_none_or(|flag| seen.insert(flag)),
                "{}",
                setting.key
            );
        }
    }
}
