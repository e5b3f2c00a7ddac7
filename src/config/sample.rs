//! The table of settings, written for people: the page of settings and the sample file.

use super::table::{Kind, Preset, Setting, settings};
use std::fmt::Write;

/// A Markdown table, a row per setting.
pub fn markdown_table() -> String {
    let mut out =
        String::from("| environment | flag | file | default | meaning |\n|---|---|---|---|---|\n");
    out.push_str("| `ROLECALL_CONFIG` | `--config` | | | The file with settings. |\n");
    for setting in settings() {
        let flag = setting.flag.map(code).unwrap_or_default();
        let default = match setting.preset {
            Preset::Value("") | Preset::Unset { .. } => String::new(),
            Preset::Value(text) => code(text),
        };
        let (env, key) = (code(setting.env), code(setting.key));
        let meaning = setting.meaning.replace('|', "\\|").replace('*', "\\*");
        // Writing to a String cannot fail.
        let _ = writeln!(out, "| {env} | {flag} | {key} | {default} | {meaning} |");
    }
    out
}

/// A complete configuration file with every value commented out.
pub fn sample() -> String {
    let mut out = String::from(
        "# Settings of rolecall, all at their defaults. Take the # off a line to change it.\n\
         # Flags and environment variables win over this file.\n",
    );
    let mut current = "";
    for setting in settings() {
        let (section, name) = setting.section_and_name();
        if section != current {
            current = section;
            let _ = writeln!(out, "\n[{section}]");
        }
        let _ = writeln!(out, "# {} ({})", setting.meaning, setting.env);
        let _ = writeln!(out, "#{name} = {}", literal(setting));
    }
    out
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn literal(setting: &Setting) -> String {
    let (Preset::Value(text) | Preset::Unset { example: text }) = setting.preset;
    match setting.kind {
        Kind::Text | Kind::Secret => quoted(text),
        Kind::Number | Kind::Switch => text.to_owned(),
        Kind::List => {
            let items = text.split(',').filter(|item| !item.is_empty()).map(quoted);
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    // Rust and TOML escape the plain texts of our table alike.
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, Settings};

    fn load(text: &str, name: &str) -> Settings {
        let path =
            std::env::temp_dir().join(format!("rolecall-{name}-{}.toml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let loaded = Settings::load(Overrides::default(), &|_| None, Some(&path));
        std::fs::remove_file(&path).unwrap();
        loaded.unwrap()
    }

    #[test]
    fn the_sample_changes_nothing() {
        let loaded = load(&sample(), "sample");
        assert_eq!(format!("{loaded:?}"), format!("{:?}", Settings::default()));
    }

    #[test]
    fn every_line_of_the_sample_can_be_taken_into_use() {
        let text: String = sample()
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        // Most of it belongs to PostgreSQL, spoken to in secret; backups belong to SQLite.
        let url = "postgres://rolecall@db/rolecall?sslmode=verify-full";
        let text = text.replace("sqlite://rolecall.db", url);
        let text = text.replace("every = \"24h\"\n", "");
        let loaded = load(&text, "whole-sample");
        assert_eq!(
            loaded.server.base_url.as_deref(),
            Some("https://people.example.org")
        );
        assert_eq!(loaded.limits.page_size_max, 100);
    }

    #[test]
    fn the_table_has_a_row_per_setting() {
        let table = markdown_table();
        assert_eq!(table.lines().count(), settings().count() + 3);
        assert!(
            table.lines().all(|line| line.matches('|').count() == 6),
            "{table}"
        );
        assert!(
            table.contains(
                "| `ROLECALL_LISTEN` | `--listen` | `server.listen` | `127.0.0.1:8080` |"
            )
        );
    }
}
