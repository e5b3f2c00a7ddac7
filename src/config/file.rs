//! The configuration file: TOML, a table per section, nothing unknown.

use super::suggest::closest;
use super::table::{self, Kind, Setting};
use super::{ConfigError, Settings};
use std::path::Path;
use toml::{Table, Value};

pub fn apply(path: &Path, settings: &mut Settings, problems: &mut Vec<ConfigError>) {
    let origin = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => apply_text(&origin, &text, settings, problems),
        Err(cause) => problems.push(ConfigError::new(
            origin,
            format!("cannot be read ({cause})"),
        )),
    }
}

fn apply_text(origin: &str, text: &str, settings: &mut Settings, problems: &mut Vec<ConfigError>) {
    let file: Table = match toml::from_str(text) {
        Ok(file) => file,
        Err(cause) => return problems.push(not_toml(origin, text, &cause)),
    };
    for (section, content) in &file {
        let Value::Table(values) = content else {
            problems.push(unknown(origin, section, false));
            continue;
        };
        if !table::settings().any(|setting| setting.section_and_name().0 == section) {
            problems.push(unknown(origin, section, true));
            continue;
        }
        for (name, value) in values {
            let key = format!("{section}.{name}");
            problems.extend(apply_value(origin, &key, value, settings).err());
        }
    }
}

fn apply_value(
    origin: &str,
    key: &str,
    value: &Value,
    settings: &mut Settings,
) -> Result<(), ConfigError> {
    let setting = table::find(key).ok_or_else(|| unknown(origin, key, false))?;
    let place = || format!("{origin}, {key}");
    let text = plain(setting, value).map_err(|problem| ConfigError::new(place(), problem))?;
    setting.apply(settings, &text, place)
}

fn not_toml(origin: &str, text: &str, cause: &toml::de::Error) -> ConfigError {
    let before = cause.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    let problem = cause.message().replace('\n', ", ");
    ConfigError::new(format!("{origin}, line {line}"), problem)
}

fn unknown(origin: &str, key: &str, is_section: bool) -> ConfigError {
    let (what, hint) = if is_section {
        let sections = table::settings().map(|setting| setting.section_and_name().0);
        ("section", closest(key, sections))
    } else {
        let same_name = table::settings().find(|setting| setting.section_and_name().1 == key);
        let keys = table::settings().map(|setting| setting.key);
        (
            "setting",
            same_name
                .map(|setting| setting.key)
                .or_else(|| closest(key, keys)),
        )
    };
    let hint = hint.map_or_else(String::new, |hint| format!("; did you mean `{hint}`?"));
    ConfigError::new(origin, format!("there is no {what} `{key}`{hint}"))
}

/// The value as it would be written in the environment.
fn plain(setting: &Setting, value: &Value) -> Result<String, String> {
    let text = match (setting.kind, value) {
        (Kind::Text | Kind::Secret, Value::String(text)) => Some(text.clone()),
        (Kind::Number, Value::Integer(number)) => Some(number.to_string()),
        (Kind::Switch, Value::Boolean(switch)) => Some(switch.to_string()),
        (Kind::List, Value::Array(items)) => {
            let items: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        _ => None,
    };
    text.ok_or_else(|| {
        let wanted = match setting.kind {
            Kind::Text | Kind::Secret => "a text in quotes",
            Kind::Number => "a whole number",
            Kind::Switch => "true or false",
            Kind::List => "a list of texts, like [\"a\", \"b\"]",
        };
        format!("must be {wanted}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Settings, String> {
        let (mut settings, mut problems) = (Settings::default(), Vec::new());
        apply_text("rolecall.toml", text, &mut settings, &mut problems);
        let first = problems.into_iter().next();
        first.map_or(Ok(settings), |problem| Err(problem.to_string()))
    }

    #[test]
    fn each_kind_of_value_is_read() {
        let settings = load(
            "[server]\nlisten = \"0.0.0.0:80\"\ntrusted_proxies = [\"10.0.0.1\"]\n\
             strict_media_types = true\ninvalid_data_status = 422\n",
        )
        .unwrap();
        assert_eq!(settings.server.listen.to_string(), "0.0.0.0:80");
        assert_eq!(settings.server.trusted_proxies.len(), 1);
        assert!(settings.server.strict_media_types);
        assert_eq!(settings.server.invalid_data_status.code(), 422);
    }

    #[test]
    fn an_unknown_name_is_refused_with_a_suggestion() {
        let error = |text| load(text).unwrap_err();
        assert_eq!(
            error("[server]\nlistn = \"127.0.0.1:1\""),
            "rolecall.toml: there is no setting `server.listn`; did you mean `server.listen`?"
        );
        assert_eq!(
            error("listen = \"127.0.0.1:1\""),
            "rolecall.toml: there is no setting `listen`; did you mean `server.listen`?"
        );
        assert_eq!(
            error("[servers]"),
            "rolecall.toml: there is no section `servers`; did you mean `server`?"
        );
        assert_eq!(
            error("[cookies]"),
            "rolecall.toml: there is no section `cookies`"
        );
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused() {
        let error = |text| load(text).unwrap_err();
        assert_eq!(
            error("[limits]\nbody_bytes = \"large\""),
            "rolecall.toml, limits.body_bytes: must be a whole number"
        );
        assert_eq!(
            error("[server]\ncors_origins = \"*\""),
            "rolecall.toml, server.cors_origins: must be a list of texts, like [\"a\", \"b\"]"
        );
        assert_eq!(
            error("[limits]\nbody_bytes = -1"),
            "rolecall.toml, limits.body_bytes: `-1` is not a whole number"
        );
    }

    #[test]
    fn text_that_is_no_toml_is_refused_with_its_line() {
        let error = load("[server]\nlisten = \n").unwrap_err();
        assert!(error.starts_with("rolecall.toml, line 2: "), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_refused() {
        let mut problems = Vec::new();
        apply(
            Path::new("/no/such/file.toml"),
            &mut Settings::default(),
            &mut problems,
        );
        let error = &problems[0];
        assert!(
            error
                .to_string()
                .starts_with("/no/such/file.toml: cannot be read"),
            "{error}"
        );
    }
}
