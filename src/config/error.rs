//! Why a configuration was refused.

use std::fmt;

use super::table::{self, Setting};

/// Displays as one sentence: where the value stands, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    origin: String,
    problem: String,
}

impl ConfigError {
    pub(super) fn new(origin: impl Into<String>, problem: impl Into<String>) -> ConfigError {
        ConfigError {
            origin: origin.into(),
            problem: problem.into(),
        }
    }

    /// Whether `other` tells of a value of the setting that this contradiction names.
    pub(super) fn is_about_the_setting_of(&self, other: &ConfigError) -> bool {
        let names = |setting: &Setting| {
            let place = other.origin.as_str();
            place == setting.env
                || setting.flag == Some(place)
                || place.ends_with(&format!(", {}", setting.key))
        };
        table::find(&self.origin).is_some_and(names)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.origin, self.problem)
    }
}

impl std::error::Error for ConfigError {}
