//! Errors of commands: one sentence and an exit code.

use std::fmt;
use std::process::ExitCode;

use super::output;
use crate::config::ConfigError;
use crate::directory::{DirectoryError, FieldError};

#[derive(Debug)]
pub enum CommandError {
    /// The arguments or the configuration are wrong.
    Usage(String),
    /// The command was correct, but failed.
    Failed(String),
    /// The reader of the output has closed it, as `head` does.
    OutputClosed,
}

impl CommandError {
    pub fn usage(sentence: impl fmt::Display) -> Self {
        Self::Usage(sentence.to_string())
    }

    pub fn failed(sentence: impl fmt::Display) -> Self {
        Self::Failed(sentence.to_string())
    }

    /// An invalid value of an argument.
    pub fn argument(name: &str, problem: FieldError) -> Self {
        Self::Usage(format!("{name}: {}", problem.message))
    }

    /// Prints the error on standard error.
    pub fn report(&self) -> ExitCode {
        let (code, sentence) = self.meaning();
        if let Some(sentence) = sentence {
            output::remark(&format!("rolecall: {}", one_line(sentence)));
        }
        ExitCode::from(code)
    }

    fn meaning(&self) -> (u8, Option<&str>) {
        match self {
            Self::Usage(sentence) => (2, Some(sentence)),
            Self::Failed(sentence) => (1, Some(sentence)),
            Self::OutputClosed => (0, None),
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, sentence) = self.meaning();
        out.write_str(sentence.unwrap_or_default())
    }
}

/// Causes from other libraries may have several lines.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self::usage(error)
    }
}

impl From<DirectoryError> for CommandError {
    fn from(error: DirectoryError) -> Self {
        Self::Failed(match error {
            DirectoryError::Busy(why) => format!("the database is busy: {why}"),
            DirectoryError::TimedOut(why) => format!("the database took too long: {why}"),
            DirectoryError::Unavailable(why) => format!("the database is unavailable: {why}"),
            DirectoryError::Internal(why) => format!("a defect of rolecall: {why}"),
            DirectoryError::NotFound | DirectoryError::RelatedNotFound { .. } => {
                "somebody removed it at the same moment".to_owned()
            }
            DirectoryError::Again | DirectoryError::Stale => {
                "somebody changed it at the same moment".to_owned()
            }
            DirectoryError::Invalid(_)
            | DirectoryError::Protected(_)
            | DirectoryError::Forbidden(_)
            | DirectoryError::KeyReused
            | DirectoryError::InProgress
            | DirectoryError::TooOften { .. }
            | DirectoryError::Step { .. } => error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_usage_and_failures_have_different_codes() {
        assert_eq!(CommandError::usage("no").meaning(), (2, Some("no")));
        assert_eq!(CommandError::failed("no").meaning(), (1, Some("no")));
        assert_eq!(CommandError::OutputClosed.meaning(), (0, None));
    }

    #[test]
    fn a_cause_of_several_lines_becomes_one() {
        assert_eq!(
            one_line("error:\n\n  the server\r\n  is gone\n"),
            "error: the server is gone"
        );
    }
}
