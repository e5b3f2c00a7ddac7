//! Why a configuration was refused.

use std::fmt;

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
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.origin, self.problem)
    }
}

impl std::error::Error for ConfigError {}
