//! The settings as this process was given them.

use std::collections::HashMap;
use std::ffi::OsString;

use super::arguments::Flags;
use super::error::CommandError;
use crate::config::{
    CONFIG_FILE_VARIABLE, Settings, check_environment, settings, unknown_variables,
};

pub fn load(flags: &Flags) -> Result<Settings, CommandError> {
    let (environment, unreadable) = readable(std::env::vars_os());
    if let Some(problem) = unreadable.into_iter().next() {
        return Err(CommandError::Usage(problem));
    }
    check_environment(environment.clone())?;
    let variable = |name: &str| environment.get(name).cloned();
    Ok(Settings::load(
        flags.overrides(),
        &variable,
        flags.config(),
    )?)
}

/// All that is wrong with them, a sentence each; what is wrong has its default.
pub fn examine(flags: &Flags) -> (Settings, Vec<String>) {
    let (environment, mut problems) = readable(std::env::vars_os());
    let variable = |name: &str| environment.get(name).cloned();
    let (settings, wrong) = Settings::examine(flags.overrides(), &variable, flags.config());
    let unknown = unknown_variables(environment.clone());
    problems.extend(unknown.iter().chain(&wrong).map(ToString::to_string));
    (settings, problems)
}

/// The environment as text. A setting that is no text is a problem, the rest is not ours.
fn readable(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> (HashMap<String, String>, Vec<String>) {
    let (mut environment, mut problems) = (HashMap::new(), Vec::new());
    for (name, value) in variables {
        let name = name.to_string_lossy().into_owned();
        match value.into_string() {
            Ok(value) => drop(environment.insert(name, value)),
            Err(_) if is_ours(&name) => problems.push(format!("{name}: is not valid UTF-8")),
            Err(value) => drop(environment.insert(name, value.to_string_lossy().into_owned())),
        }
    }
    (environment, problems)
}

fn is_ours(name: &str) -> bool {
    name == CONFIG_FILE_VARIABLE || settings().any(|setting| setting.env == name)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn problems(name: &str) -> Vec<String> {
        let value = OsString::from_vec(vec![b'a', 0xff]);
        readable([(OsString::from(name), value)].into_iter()).1
    }

    #[test]
    fn a_setting_that_is_no_text_is_refused() {
        assert_eq!(
            problems("ROLECALL_ADMIN_PASSWORD"),
            ["ROLECALL_ADMIN_PASSWORD: is not valid UTF-8"]
        );
    }

    #[test]
    fn what_other_programs_put_there_may_be_anything() {
        assert!(problems("LS_COLORS").is_empty());
    }
}
