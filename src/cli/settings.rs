//! The settings as this process was given them.

use std::collections::HashMap;
use std::ffi::OsString;

use super::arguments::Flags;
use super::failure::Failure;
use crate::config::{CONFIG_FILE_VARIABLE, Settings, check_environment, settings};

pub fn load(flags: &Flags) -> Result<Settings, Failure> {
    let environment = readable(std::env::vars_os())?;
    check_environment(environment.clone())?;
    let variable = |name: &str| environment.get(name).cloned();
    Ok(Settings::load(
        flags.overrides(),
        &variable,
        flags.config(),
    )?)
}

/// The environment as text. A setting that is no text is refused, the rest is not ours.
fn readable(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<HashMap<String, String>, Failure> {
    let mut environment = HashMap::new();
    for (name, value) in variables {
        let name = name.to_string_lossy().into_owned();
        match value.into_string() {
            Ok(value) => environment.insert(name, value),
            Err(_) if is_ours(&name) => {
                return Err(Failure::usage(format!("{name}: is not valid UTF-8")));
            }
            Err(value) => environment.insert(name, value.to_string_lossy().into_owned()),
        };
    }
    Ok(environment)
}

fn is_ours(name: &str) -> bool {
    name == CONFIG_FILE_VARIABLE || settings().any(|setting| setting.env == name)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn broken(name: &str) -> Result<HashMap<String, String>, Failure> {
        let value = OsString::from_vec(vec![b'a', 0xff]);
        readable([(OsString::from(name), value)].into_iter())
    }

    #[test]
    fn a_setting_that_is_no_text_is_refused() {
        let Err(Failure::Usage(sentence)) = broken("ROLECALL_ADMIN_PASSWORD") else {
            panic!("it was accepted");
        };
        assert_eq!(sentence, "ROLECALL_ADMIN_PASSWORD: is not valid UTF-8");
    }

    #[test]
    fn what_other_programs_put_there_may_be_anything() {
        assert!(broken("LS_COLORS").is_ok());
    }
}
