//! Misspelt variables: a `ROLECALL_` name that means nothing is refused instead of ignored.

use super::suggest::closest;
use super::table::{Setting, settings};
use super::{CONFIG_FILE_VARIABLE, ConfigError};

const OURS: &str = "ROLECALL_";

/// Names that the examples and the tests read.
const OTHER_READERS: &[&str] = &[
    "ROLECALL_URL",
    "ROLECALL_USER",
    "ROLECALL_PASSWORD",
    "ROLECALL_BIN",
    "ROLECALL_SKIP_DENY",
];

/// Another name by which a setting goes, as `DATABASE_URL` does not begin with ours either.
const OTHER_NAMES: &[(&str, &str)] = &[("ROLECALL_DATABASE_REPLICA_URL", "DATABASE_REPLICA_URL")];

/// The variables of a setting; the first that is set counts.
pub fn names(setting: &Setting) -> impl Iterator<Item = &'static str> + use<> {
    let own = setting.env;
    let others = OTHER_NAMES.iter().filter(move |(name, _)| *name == own);
    std::iter::once(own).chain(others.map(|(_, other)| *other))
}

/// Refuses the first name that begins like one of ours and is none.
pub fn check_environment(
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<(), ConfigError> {
    let first = unknown_variables(variables).into_iter().next();
    first.map_or(Ok(()), Err)
}

/// All of them.
pub fn unknown_variables(
    variables: impl IntoIterator<Item = (String, String)>,
) -> Vec<ConfigError> {
    let stray = variables.into_iter().filter(|(name, value)| {
        name.starts_with(OURS) && !is_known(name) && !is_from_kubernetes(name, value)
    });
    let unknown = |(name, _): (String, String)| {
        let hint = closest(&name, settings().map(|setting| setting.env))
            .map_or_else(String::new, |hint| format!("; did you mean `{hint}`?"));
        ConfigError::new(name, format!("there is no setting of this name{hint}"))
    };
    stray.map(unknown).collect()
}

fn is_known(name: &str) -> bool {
    name == CONFIG_FILE_VARIABLE
        || name.starts_with("ROLECALL_TEST_")
        || OTHER_READERS.contains(&name)
        || settings().any(|setting| setting.env == name)
}

/// A service called `rolecall` makes Kubernetes set these in every container of the name space.
fn is_from_kubernetes(name: &str, value: &str) -> bool {
    let rest = name.strip_prefix(OURS).unwrap_or_default();
    let numbered = rest
        .strip_prefix("PORT_")
        .and_then(|rest| rest.chars().next());
    rest.starts_with("SERVICE_HOST")
        || rest.starts_with("SERVICE_PORT")
        || numbered.is_some_and(|letter| letter.is_ascii_digit())
        || (rest == "PORT" && value.contains("://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str) -> Result<(), String> {
        let variables = [
            ("PATH".to_owned(), "/bin".to_owned()),
            (name.to_owned(), value.to_owned()),
        ];
        check_environment(variables).map_err(|error| error.to_string())
    }

    #[test]
    fn a_misspelt_variable_is_refused_with_a_suggestion() {
        assert_eq!(
            check("ROLECALL_LISTNE", "127.0.0.1:1").unwrap_err(),
            "ROLECALL_LISTNE: there is no setting of this name; did you mean `ROLECALL_LISTEN`?"
        );
        assert_eq!(
            check("ROLECALL_PORT", "8080").unwrap_err(),
            "ROLECALL_PORT: there is no setting of this name"
        );
    }

    #[test]
    fn the_names_of_settings_tests_and_examples_pass() {
        for name in [
            "ROLECALL_LISTEN",
            "ROLECALL_CONFIG",
            "ROLECALL_TEST_POSTGRES",
            "ROLECALL_URL",
        ] {
            assert_eq!(check(name, "x"), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_kubernetes_sets_by_itself_passes() {
        for (name, value) in [
            ("ROLECALL_SERVICE_HOST", "10.0.0.1"),
            ("ROLECALL_SERVICE_PORT_HTTP", "80"),
            ("ROLECALL_PORT", "tcp://10.0.0.1:80"),
            ("ROLECALL_PORT_80_TCP_ADDR", "10.0.0.1"),
        ] {
            assert_eq!(check(name, value), Ok(()), "{name}");
        }
    }
}
